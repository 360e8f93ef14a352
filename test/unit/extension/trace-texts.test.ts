import { describe, expect, it } from 'vitest';
import { environmentOf, withVariables } from '../../../src/extension/features/receiver/debug-environment.ts';
import { variablesIn } from '../../../src/extension/features/receiver/env-file.ts';
import { rejectionText } from '../../../src/extension/features/sources-view/rejection-text.ts';
import { describeBreakdown } from '../../../src/extension/features/traces-view/compare.ts';
import { formatBytes } from '../../../src/extension/traces/numbers.ts';
import type { TraceBreakdown, TraceRow } from '../../../src/protocol/traces.ts';

describe('what was sent and could not be read, as a text', () => {
  it('is JSON as it came, whole or not', () => {
    expect(rejectionText('application/json; charset=utf-8', new TextEncoder().encode('{"resourceSpans": [ä'))).toEqual({ ending: 'json', text: '{"resourceSpans": [ä' });
  });

  it('is bytes where it is protobuf, or says to be a text and is none', () => {
    const bytes = new Uint8Array([0x0a, 0xff, 0x41, 0x42, 0x00, ...new TextEncoder().encode('hello, receiver')]);
    const dump = '00000000  0a ff 41 42 00 68 65 6c 6c 6f 2c 20 72 65 63 65  ..AB.hello, rece\n00000010  69 76 65 72                                      iver\n';
    expect(rejectionText('application/x-protobuf', bytes)).toEqual({ ending: 'txt', text: dump });
    expect(rejectionText('application/json', bytes).text).toBe(dump);
  });

  it('is cut where nobody would read on, also within a letter', () => {
    const { text } = rejectionText('application/json', new TextEncoder().encode(`"${'ä'.repeat(200_000)}`));
    expect(text.length).toBeLessThan(140_000);
    expect(text).toMatch(/ä\n… 137857 bytes more\n$/);
    expect(text).not.toContain('\ufffd');
  });
});

describe('variables of an environment file', () => {
  it('are found in every usual spelling, those that matter only', () => {
    const text = '# OTEL_A=no\nexport OTEL_A="http://collector:4318"\r\n OTEL_B = \'two words\' \nOTHER=x\nOTEL_C=\nnot a line\n';
    expect(variablesIn(text, ['OTEL_A', 'OTEL_B', 'OTEL_C', 'OTEL_D'])).toEqual({ OTEL_A: 'http://collector:4318', OTEL_B: 'two words', OTEL_C: '' });
  });
});

describe('the environment of a debug configuration', () => {
  const added = { OTEL_A: 'http://127.0.0.1:4318' };
  it('is read and added to in the form that its type takes', () => {
    expect(environmentOf({ A: '1', B: null })).toEqual({ A: '1', B: undefined });
    expect(environmentOf([{ name: 'A', value: '1' }, { value: 'no name' }])).toEqual({ A: '1' });
    expect(environmentOf(['A=1=2', '=x', 7])).toEqual({ A: '1=2' });
    expect(environmentOf(undefined)).toEqual({});
    expect(withVariables({ A: '1' }, 'object', added)).toEqual({ ...added, A: '1' });
    expect(withVariables(undefined, 'object', added)).toEqual(added);
    expect(withVariables([{ name: 'A', value: '1' }], 'pairs', added)).toEqual([{ name: 'OTEL_A', value: added.OTEL_A }, { name: 'A', value: '1' }]);
    expect(withVariables(undefined, 'assignments', added)).toEqual(['OTEL_A=http://127.0.0.1:4318']);
    expect(withVariables({ A: '1' }, 'assignments', added)).toEqual({ ...added, A: '1' });
  });
  it('is left alone where it has a form that the type does not take', () => {
    expect(withVariables(['A=1'], 'object', added)).toEqual(['A=1']);
    expect(withVariables('A=1', 'pairs', added)).toBe('A=1');
  });
});

const ROW: TraceRow = {
  traceId: '0af7651916cd43dd8448eb211c80319c', name: 'refund', startNs: '1790000000000000000', durationNs: '4200000000', spans: 31, running: 0, errors: 1, hiddenErrors: 0, llmCalls: 9, toolCalls: 6,
  tokens: 31_204, inputTokens: 30_000, outputTokens: 1204, cost: 0.083, unpriced: 0, service: 'refund-bot', environment: null, session: null, user: null, models: ['gpt-5-mini', 'gpt-5'], tags: [], preview: null, origin: 'received', revision: 3,
};
const GROUPS: TraceBreakdown['groups'] = [
  { kind: 'tool', name: 'lookup_order', model: null, count: 3, errors: 0, p50Ms: 80, totalMs: 241, tokens: null, cost: null },
  { kind: 'llm', name: 'next_action', model: 'gpt-5', count: 6, errors: 1, p50Ms: 424, totalMs: 2500, tokens: 20_000, cost: 0.06 },
];

describe('a trace as a text to compare', () => {
  it('has one value a line, and its steps in the same order whatever the trace', () => {
    const text = describeBreakdown({ row: ROW, groups: GROUPS });
    expect(text).toContain('duration:      4.2 s\n');
    expect(text).toContain('cost:          $0.0830\n');
    expect(text).toContain('models:        gpt-5, gpt-5-mini\n');
    expect(text).toContain('\nllm next_action gpt-5\n  count:         6\n  errors:        1\n  p50:           424 ms\n');
    expect(text.indexOf('llm next_action')).toBeLessThan(text.indexOf('tool lookup_order'));
    expect(describeBreakdown({ row: ROW, groups: [...GROUPS].reverse() })).toBe(text);
    expect(text).not.toContain('environment');
  });

  it('never says 0 of what is not known', () => {
    const text = describeBreakdown({ row: { ...ROW, tokens: null, inputTokens: null, outputTokens: null, cost: null, durationNs: null }, groups: [] });
    expect(text).toContain('tokens:        unknown\n');
    expect(text).toContain('cost:          unknown\n');
    expect(text).toContain('duration:      running\n');
    expect(describeBreakdown({ row: { ...ROW, unpriced: 2 }, groups: [] })).toContain('cost:          at least $0.0830\n');
  });
});

it('sizes of files are three digits and a unit', () => {
  expect([0, 812, 999, 1000, 1536, 120 * 1024 * 1024, 3 * 1024 ** 3].map(formatBytes)).toEqual(['0 B', '812 B', '999 B', '1.0 KB', '1.5 KB', '120 MB', '3.0 GB']);
});
