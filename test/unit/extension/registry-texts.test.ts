import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { copyPrompt } from '../../../src/extension/registry/copy-prompt.ts';
import { age } from '../../../src/extension/registry/age.ts';
import { readSearchQuery } from '../../../src/extension/registry/search-query.ts';

describe('ages', () => {
  it('tells an age in the largest unit that is full', () => {
    const minute = 60_000;
    expect(age(-5)).toEqual({ value: 0, unit: 'minute' });
    expect(age(59 * minute)).toEqual({ value: 59, unit: 'minute' });
    expect(age(60 * minute)).toEqual({ value: 1, unit: 'hour' });
    expect(age(30 * 24 * 60 * minute)).toEqual({ value: 30, unit: 'day' });
    expect(age(31 * 24 * 60 * minute)).toEqual({ value: 1, unit: 'month' });
    expect(age(364 * 24 * 60 * minute)).toEqual({ value: 11, unit: 'month' });
    expect(age(366 * 24 * 60 * minute)).toEqual({ value: 1, unit: 'year' });
  });
});

describe('the line that searches the registry', () => {
  it('takes filters out and leaves the words', () => {
    expect(readSearchQuery('late refund  tag:spanish tag:#cheap model:gpt-5* owner:"Anna B" score:>0.8')).toEqual({ words: 'late refund', tags: ['spanish', 'cheap'], model: 'gpt-5*', owner: 'Anna B', minPassRate: 0.8 });
  });

  it('understands scores as shares and percentages, and leaves out what is unfinished or impossible', () => {
    expect(readSearchQuery('score:80%').minPassRate).toBe(0.8);
    expect(readSearchQuery('score:>=0.5').minPassRate).toBe(0.5);
    for (const line of ['score:', 'score:>', 'score:good', 'score:7']) expect(readSearchQuery(line)).toEqual({ words: '', tags: [] });
    expect(readSearchQuery('tag: mail:x http://a')).toEqual({ words: 'mail:x http://a', tags: [] });
  });
});

describe('a prompt made from another one', () => {
  const original = '# Sorts tickets.\nname: Triage\nmodel: echo # for now\nmessages:\n  - role: user\n    content: |-\n      {{body}}\n\n      A line.\n';

  it('keeps the text and its comments, and says where it comes from', () => {
    const copy = copyPrompt(original, { name: 'Triage: "two"', from: 'prompts/triage@3f9a1c2e' });
    expect(parse(copy)).toEqual({ ...(parse(original) as object), name: 'Triage: "two"', metadata: { from: 'prompts/triage@3f9a1c2e' } });
    expect(copy).toContain('# Sorts tickets.');
    expect(copy).toContain('# for now');
  });

  it('adds to the metadata that is there', () => {
    expect(parse(copyPrompt(`${original}metadata: { owner: anna }\n`, { name: 'B', from: 'x' }))).toMatchObject({ metadata: { owner: 'anna', from: 'x' } });
  });

  it('describes a config of promptfoo, which has no name', () => {
    const copy = copyPrompt('description: Old\nprompts: [a.txt]\nproviders: [echo]\n', { name: 'New', from: 'old@1' });
    expect(parse(copy)).toEqual({ description: 'New', prompts: ['a.txt'], providers: ['echo'] });
    expect(copy).toMatch(/^# Made from old@1\./);
  });

  it('refuses what is no prompt', () => {
    expect(() => copyPrompt('- a\n', { name: 'B', from: 'x' })).toThrow('x is not a prompt file');
    expect(() => copyPrompt('a: [', { name: 'B', from: 'x' })).toThrow('x is not a prompt file');
  });
});
