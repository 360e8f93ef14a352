import { describe, expect, it } from 'vitest';
import { ordinalOfTrace, rootSpanOfCell, spanOfAttempt, traceIdOfCell, traceparentOfAttempt } from '../../../src/core/eval/cell-trace-id.ts';
import { spansOfCell, type JournaledCell } from '../../../src/core/eval/cell-trace.ts';
import type { AttemptInfo, CellResult, RunInfo } from '../../../src/core/eval/model.ts';
import { findIn } from '../../../src/core/trace/findings/find.ts';
import type { RawSpan } from '../../../src/core/trace/model.ts';
import { rollUp } from '../../../src/core/trace/roll-up.ts';
import { normaliseTraces } from '../../../src/core/trace/normalise/normalise-trace.ts';

const run = {
  id: 'run-1', promptId: 'triage', promptName: 'Triage', promptPath: '/w/triage.prompt.yml', promptHash: 'abcdef0123456789', workingCopy: false, datasetName: null, datasetHash: '', assertionsHash: '',
  models: [{ label: 'mini', id: 'openai/gpt-5-mini', kind: 'remote' }], cases: 3, repeats: 2, status: 'finished', startedAt: '2026-11-22T10:00:00.000Z', durationMs: 1000, budgetUsd: null,
  estimate: { usd: null, requests: 0, inputTokens: 0, outputTokens: 0, unpriced: [] },
} satisfies RunInfo;
const result = {
  caseIndex: 2, modelIndex: 0, repeat: 1, caseId: 'refund', status: 'done', output: 'billing', pass: false, score: 0.5, error: null, latencyMs: 800, cached: false, attempts: 2, finishReason: 'stop', traceId: null, namedScores: {},
  assertions: [{ type: 'equals', pass: true, score: 1, reason: 'equal', weight: 1, metric: null }, { type: 'llm-rubric', name: 'polite', pass: false, score: 0, reason: 'rude', weight: 1, metric: 'tone', cost: 0.001 }],
  usage: { input: 100, cachedInput: 40, output: 20, reasoning: 5 }, cost: 0.011, toolCalls: [{ id: 'c1', name: 'lookup', arguments: '{"id":7}' }],
} satisfies CellResult;
const attempts = [
  { number: 1, startedAt: '2026-11-22T10:00:01.000Z', durationMs: 200, outcome: 'failed', error: { code: 'rate-limited', message: 'too many requests' }, usage: null },
  { number: 2, startedAt: '2026-11-22T10:00:02.000Z', durationMs: 800, outcome: 'answered', error: null, usage: result.usage },
] satisfies AttemptInfo[];
const item = { id: 'refund', vars: { text: 'money back' }, expected: 'refunds', tags: ['es'], metadata: {}, assertions: [], options: {}, place: { file: '/w/a.jsonl', range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } } } } as unknown as JournaledCell['case'];
const traceId = traceIdOfCell(run.id, 5);
const cell: JournaledCell = {
  run, traceId, case: item, result, attempts,
  request: { messages: [{ role: 'system', content: 'Triage.' }, { role: 'user', content: [{ type: 'text', text: 'money back' }, { type: 'image', url: 'data:image/png;base64,AAAA' }] }], inserted: [], parameters: { temperature: 0, maxTokens: 50, tools: [{ name: 'lookup', parameters: { type: 'object' } }] } },
};

/** Errors of a trace, as its root counts them. */
function rollUpOf(spans: RawSpan[]): number {
  const [trace] = normaliseTraces(spans);
  return rollUp(trace!.spans, trace!.tree)[trace!.tree.order[0]!]!.errors;
}

describe('the trace of a cell', () => {
  it('has an id that leads back to the cell', () => {
    expect(traceId).toMatch(/^[0-9a-f]{24}00000005$/);
    expect([ordinalOfTrace(traceId, 'run-1'), ordinalOfTrace(traceId, 'run-2'), ordinalOfTrace(traceId.slice(0, 20), 'run-1')]).toEqual([5, null, null]);
    expect(traceparentOfAttempt(traceId, 2)).toBe(`00-${traceId}-${spanOfAttempt(traceId, 2)}-01`);
    expect(() => traceIdOfCell('run-1', -1)).toThrow(RangeError);
  });

  it('has the case as its root and a call for each attempt, as other traces have them', () => {
    const [trace] = normaliseTraces(spansOfCell(cell));
    const [root, failed, answered, checks] = trace!.tree.order.length === 4 ? [...trace!.tree.order].map((index) => trace!.spans[index]!) : [];
    expect(root).toMatchObject({ name: 'eval refund', kind: 'chain', parentId: null, status: 'unset', session: 'run-1', promptName: 'Triage', promptVersion: 'abcdef012345', tags: ['es'], input: { text: 'money back' }, output: 'billing', startNs: '1795341601000000000', endNs: '1795341602800000000', service: 'touchstone eval' });
    expect(checks).toMatchObject({ name: 'checks', kind: 'evaluator', parentId: rootSpanOfCell(traceId), startNs: root!.endNs });
    expect(checks!.scores).toEqual([{ name: 'checks', value: 0.5, label: 'fail', explanation: 'tone: rude' }, { name: 'equals', value: 1, label: 'pass', explanation: 'equal' }, { name: 'tone', value: 0, label: 'fail', explanation: 'rude' }]);
    expect(failed).toMatchObject({ kind: 'llm', parentId: rootSpanOfCell(traceId), status: 'error', statusMessage: 'too many requests', error: { type: 'rate-limited' }, tokens: null, output: null });
    expect(answered).toMatchObject({ name: 'chat gpt-5-mini', kind: 'llm', provider: 'openai', model: 'gpt-5-mini', inputForm: 'messages', finishReasons: ['stop'], tokens: { input: 60, cacheRead: 40, cacheWrite: null, output: 15, reasoning: 5 }, costSource: 'reported', usageRole: 'leaf', parameters: { temperature: 0, max_tokens: 50 } });
    expect(answered!.cost).toBeCloseTo(0.01, 12);
    expect(answered!.input).toEqual([{ role: 'system', parts: [{ type: 'text', text: 'Triage.' }] }, { role: 'user', parts: [{ type: 'text', text: 'money back' }, { type: 'image', mimeType: 'image/png', data: 'AAAA', url: null }] }]);
    expect(answered!.output).toEqual([{ role: 'assistant', parts: [{ type: 'text', text: 'billing' }, { type: 'tool_call', id: 'c1', name: 'lookup', arguments: { id: 7 } }], finishReason: 'stop' }]);
    expect(answered!.tools).toEqual([{ name: 'lookup', parameters: { type: 'object' } }]);
  });

  it('counts as failed when its checks say so, and only then', () => {
    const errors = (changed: Partial<CellResult>): number => rollUpOf(spansOfCell({ ...cell, attempts: attempts.slice(1), result: { ...result, ...changed } }));
    expect(errors({})).toBe(1);
    const [right, wrong] = result.assertions;
    expect(errors({ pass: true, score: 1, assertions: [right!, { ...wrong!, weight: 0 }] })).toBe(0);
    expect(findIn(normaliseTraces(spansOfCell({ ...cell, attempts: attempts.slice(1) }))[0]!).map(({ rule, message }) => [rule, message])).toContainEqual(['failed-check', 'checks failed: “tone: rude”']);
  });

  it('does not count an answer from the cache again', () => {
    const spans = normaliseTraces(spansOfCell({ ...cell, attempts: [], result: { ...result, cached: true, cost: 0, attempts: 0, assertions: [] } }))[0]!.spans;
    expect(spans[0]!.tags).toEqual(['es', 'cached']);
    expect(spans.map(({ name, tokens, cost, startNs }) => ({ name, tokens, cost, startNs }))).toEqual([
      { name: 'eval refund', tokens: null, cost: null, startNs: '1795341600000000000' },
      { name: 'chat gpt-5-mini', tokens: null, cost: 0, startNs: '1795341600000000000' },
    ]);
  });

  it('tells an error of the cell, and an attempt whose end nobody saw', () => {
    const failed: CellResult = { ...result, status: 'error', output: null, pass: null, score: null, assertions: [], error: { code: 'network', message: 'no route' }, toolCalls: [], finishReason: null };
    const spans = normaliseTraces(spansOfCell({ ...cell, result: failed, attempts: [{ number: 1, startedAt: '2026-11-22T10:00:01.000Z', durationMs: null, outcome: 'open', error: null, usage: null }] }))[0]!.spans;
    expect(spans.map(({ status, statusMessage, endNs, startNs }) => [status, statusMessage, endNs === startNs])).toEqual([['error', 'network: no route', true], ['error', 'the process ended before the answer came', true]]);
    expect(spansOfCell({ ...cell, result: failed, attempts: [] })).toHaveLength(1);
  });

  it('takes the names of models apart as they are written', () => {
    const names = ['openai/gpt-5-mini', 'openai:chat:gpt-4o', 'ollama:llama3:8b', 'exec:python agent.py', 'echo', 'azure/my-deployment', 'openrouter:meta/llama-3'].map((id) => {
      const span = spansOfCell({ ...cell, run: { ...run, models: [{ label: 'x', id, kind: 'remote' }] } })[1]!;
      const text = (key: string): unknown => span.attributes.find((attribute) => attribute.key === key)?.value;
      return [text('gen_ai.provider.name'), text('gen_ai.request.model')];
    });
    expect(names).toEqual([['openai', 'gpt-5-mini'], ['openai', 'gpt-4o'], ['ollama', 'llama3:8b'], ['exec', 'exec:python agent.py'], ['echo', 'echo'], ['azure', 'my-deployment'], ['openrouter', 'meta/llama-3']].map((pair) => pair.map((stringValue) => ({ stringValue }))));
  });
});
