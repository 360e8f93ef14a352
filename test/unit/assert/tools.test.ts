import { describe, expect, it } from 'vitest';
import type { ToolCall } from '../../../src/core/model/model.ts';
import { check } from './evaluate.ts';

const tools = [
  { name: 'find_order', parameters: { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'], additionalProperties: false } },
  { name: 'now' },
];
const call = (name: string, args: string): ToolCall => ({ id: 'c', name, arguments: args });

describe('is-valid-openai-tools-call', () => {
  it.each<[string, ToolCall[], boolean]>([
    ['declared, arguments fit', [call('find_order', '{"id":7}'), call('now', '')], true],
    ['arguments of the wrong type', [call('find_order', '{"id":"7"}')], false],
    ['an argument that is not there', [call('find_order', '{"id":7,"x":1}')], false],
    ['broken JSON', [call('find_order', '{"id":')], false],
    ['not declared', [call('refund', '{}')], false],
    ['no call', [], false],
  ])('%s', async (_name, toolCalls, pass) => {
    expect((await check({ type: 'is-valid-openai-tools-call' }, 'text', { toolCalls, tools })).pass).toBe(pass);
  });

  it('reads calls that the output itself describes', async () => {
    const output = { tool_calls: [{ type: 'function', function: { name: 'find_order', arguments: '{"id":7}' } }] };
    expect((await check({ type: 'is-valid-openai-tools-call' }, output, { tools })).pass).toBe(true);
    expect((await check({ type: 'is-valid-function-call' }, { name: 'find_order', arguments: { id: 1 } }, { tools })).pass).toBe(true);
    expect((await check({ type: 'is-valid-openai-function-call' }, { name: 'other', arguments: '{}' }, { tools })).pass).toBe(false);
  });

  it('says that there is nothing to check against where no tool is declared', async () => {
    expect((await check({ type: 'is-valid-openai-tools-call' }, 'x', { toolCalls: [call('a', '{}')] })).error).toContain('declares no tools');
  });
});

describe('tool-call-f1', () => {
  it('counts names once', async () => {
    // Called {a, b, c}, expected {a, d}: one shared, 2·1/(3+2).
    const toolCalls = [call('a', '{}'), call('b', '{}'), call('c', '{}'), call('a', '{}')];
    expect(await check({ type: 'tool-call-f1', value: 'a, d', threshold: 0.4 }, '', { toolCalls })).toMatchObject({ pass: true, score: 0.4 });
  });
});

describe('skill-used', () => {
  it('takes names and patterns', async () => {
    const metadata = { skillCalls: [{ name: 'refunds:partial' }, 'search'] };
    expect((await check({ type: 'skill-used', value: ['search', 'refunds:*'] }, '', { metadata })).pass).toBe(true);
    expect((await check({ type: 'skill-used', value: { pattern: 'ref*al' } }, '', { metadata })).pass).toBe(true);
    expect(await check({ type: 'skill-used', value: ['translate'] }, '', { metadata })).toMatchObject({ pass: false });
    expect((await check({ type: 'not-skill-used', value: ['translate'] }, '', { metadata })).pass).toBe(true);
  });
});

describe('guardrails', () => {
  it('fails what the content filter stopped', async () => {
    expect((await check({ type: 'guardrails' }, '', { finishReason: 'content_filter' })).pass).toBe(false);
    expect((await check({ type: 'guardrails' }, '', { metadata: { guardrails: { flagged: true } } })).pass).toBe(false);
    expect((await check({ type: 'guardrails' }, 'x', { finishReason: 'stop' })).pass).toBe(true);
  });
});
