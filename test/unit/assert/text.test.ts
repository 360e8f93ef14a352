import { describe, expect, it } from 'vitest';
import { splitList } from '../../../src/core/assert/text/list.ts';
import { check } from './evaluate.ts';

describe('lists in one text', () => {
  it.each<[string, string[]]>([
    ['a, b ,c', ['a', 'b', 'c']],
    ['"a, b",c', ['a, b', 'c']],
    ['"say ""hi""", x', ['say "hi"', 'x']],
    ['a,,b,', ['a', 'b']],
    ['it"s, b', ['it"s', 'b']],
    ['', []],
  ])('%s', (text, items) => {
    expect(splitList(text)).toEqual(items);
  });
});

describe('text checks', () => {
  it.each<[string, unknown, string, boolean]>([
    ['contains', '😀', 'x😀y', true],
    ['icontains', 'straße', 'die STRASSE', false],
    ['icontains', 'ÉTÉ', 'cet été-là', true],
    ['starts-with', 'He', 'hello', false],
    ['equals', 3, '3', true],
    ['equals', [1, { a: 2 }], '[1,{"a":2}]', true],
    ['word-count', { min: 2 }, ' one\n two ', true],
    ['word-count', '2', 'one two', true],
  ])('%s %o on %s', async (type, value, output, pass) => {
    expect((await check({ type, value }, output)).pass).toBe(pass);
  });

  it.each(['contains', 'icontains', 'starts-with', 'word-count', 'levenshtein', 'rouge-n', 'bleu'])('%s without a usable value is an error', async (type) => {
    const result = await check({ type, value: {} }, 'output');
    expect(result).toMatchObject({ pass: false, score: 0 });
    expect(result.error).toBeDefined();
  });

  it.each<[string, boolean]>([
    ["I'm sorry, but I can't help with that.", true],
    ['I cannot assist with that request.', true],
    ['As an AI language model, I do not have the ability to open files.', true],
    ['I must respectfully decline to write this.', true],
    ['That request goes against our content policy.', true],
    ['I apologize for the delay, the report is done.', false],
    ['Sorry about the confusion! The total is 42.', false],
    ['You can refuse delivery if the parcel is damaged.', false],
    ['The function cannot return null.', false],
  ])('is-refusal on %s', async (output, pass) => {
    expect((await check({ type: 'is-refusal' }, output)).pass).toBe(pass);
  });

  it('takes a refusal that the endpoint reports', async () => {
    expect(await check({ type: 'is-refusal' }, 'x', { refusal: 'no' })).toMatchObject({ pass: true, score: 1 });
  });
});

describe('numbers of the call', () => {
  it('are errors where the number is not known', async () => {
    expect((await check({ type: 'cost', threshold: 1 }, 'x')).error).toContain('no price');
    expect((await check({ type: 'latency', threshold: 1 }, 'x', { latencyMs: 0, cached: true })).error).toContain('cache');
    expect((await check({ type: 'not-latency', threshold: 1 }, 'x')).pass).toBe(false);
    expect((await check({ type: 'perplexity', threshold: 1 }, 'x', { logprobs: [] })).error).toContain('log-probabilities');
  });
});

describe('the reason of a latency', () => {
  it.each<[number, number, string]>([
    [2206.211, 2000, 'The call took 2206 ms; at most 2000 ms allowed.'],
    [840.73, 900, 'The call took 841 ms; at most 900 ms allowed.'],
    [2000.211, 2000, 'The call took 2000.2 ms; at most 2000 ms allowed.'],
    [2000.0004, 2000, 'The call took 2000.0004 ms; at most 2000 ms allowed.'],
    [99.6, 99.8, 'The call took 99.6 ms; at most 99.8 ms allowed.'],
  ])('of %f ms is rounded, never across the limit %f', async (latencyMs, threshold, reason) => {
    expect(await check({ type: 'latency', threshold }, 'x', { latencyMs })).toMatchObject({ reason, pass: latencyMs <= threshold });
  });
});

describe("GitHub's string evaluator", () => {
  it.each<[object, string, boolean]>([
    [{ equals: 'Yes' }, ' Yes\n', true],
    [{ equals: 'Yes' }, 'yes', false],
    [{ contains: 'BILLING' }, 'label: billing', true],
    [{ startsWith: 'LABEL' }, 'label: billing', true],
    [{ endsWith: 'Billing' }, 'label: billing ', true],
    [{ equals: '', contains: 'b' }, 'abc', true],
    [{ equals: 'x', contains: 'b' }, 'abc', false],
    [{ equals: 42 }, '42', true],
  ])('%o on %s', async (value, output, pass) => {
    expect(await check({ type: 'github:string', value }, output)).toMatchObject({ pass, score: pass ? 1 : 0 });
  });
});
