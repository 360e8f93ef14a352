import { describe, expect, it } from 'vitest';
import { readTraceText } from '../../../src/core/trace/formats/read.ts';
import { normaliseTraces } from '../../../src/core/trace/normalise/normalise-trace.ts';
import { rollUp } from '../../../src/core/trace/roll-up.ts';
import { randomOf } from './random.ts';
import { TRACE } from './spans.ts';

const SPAN = 'b7ad6b7169203331';

/** One small valid document of each shape, with the members that readers look at. */
const SEEDS: readonly unknown[] = [
  { resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 's' } }] }, scopeSpans: [{ scope: { name: 'ai' }, spans: [{ traceId: TRACE, spanId: SPAN, parentSpanId: SPAN, name: 'chat', kind: 3, startTimeUnixNano: '5', endTimeUnixNano: '9', flags: 1, status: { code: 2, message: 'm' }, attributes: [{ key: 'gen_ai.operation.name', value: { stringValue: 'chat' } }, { key: 'gen_ai.input.messages', value: { stringValue: '[{"role":"user","parts":[{"type":"text","content":"q"}]}]' } }, { key: 'llm.input_messages.0.message.role', value: { stringValue: 'user' } }, { key: 'ai.prompt.messages', value: { arrayValue: { values: [{ kvlistValue: { values: [] } }] } } }, { key: 'langfuse.observation.usage_details', value: { stringValue: '{"input":1}' } }, { key: 'mlflow.spanInputs', value: { stringValue: '{"messages":[]}' } }, { key: 'gcp.vertex.agent.llm_request', value: { stringValue: '{"contents":[]}' } }, { key: 'genkit:input', value: { stringValue: '{}' } }, { key: 'all_messages_events', value: { stringValue: '[]' } }, { key: 'langsmith.span.kind', value: { stringValue: 'llm' } }], events: [{ timeUnixNano: '6', name: 'gen_ai.choice', attributes: [{ key: 'message', value: { stringValue: '{}' } }] }], links: [{ traceId: TRACE, spanId: SPAN }] }] }] }] },
  { resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '5', traceId: TRACE, spanId: SPAN, eventName: 'codex.sse_event', body: { stringValue: 'b' }, attributes: { 'event.kind': 'response.completed' } }] }] }] },
  { data: [{ traceID: TRACE, spans: [{ traceID: TRACE, spanID: SPAN, operationName: 'o', startTime: 5, duration: 2, processID: 'p1', references: [{ refType: 'CHILD_OF', traceID: TRACE, spanID: '1' }], tags: [{ key: 'a', type: 'int64', value: 1 }], logs: [{ timestamp: 6, fields: [{ key: 'event', type: 'string', value: 'e' }] }] }], processes: { p1: { serviceName: 's', tags: [] } } }] },
  { trace: { id: 't', name: 'n', timestamp: '2025-01-01T00:00:00Z', scores: [{ name: 's', value: 1 }], tags: ['a'] }, observations: [{ id: 'o', traceId: 't', type: 'TOOL', startTime: '2025-01-01T00:00:00Z', endTime: null, name: 'n', input: { a: 1 }, output: 'x', metadata: { attributes: { 'tool.name': 'x' }, scope: { name: 's' }, resourceAttributes: {} }, usageDetails: { input: 1 }, costDetails: { total: 1 } }] },
  { post: [{ id: 'a', trace_id: 'a', run_type: 'llm', name: 'n', dotted_order: '20250101T000000000000Za', start_time: '2025-01-01T00:00:00Z', inputs: { messages: [[{ lc: 1, id: ['HumanMessage'], kwargs: { content: 'q' } }]] }, outputs: { generations: [[{ message: { kwargs: {} } }]] }, extra: { metadata: { a: 1 } }, events: [{ name: 'new_token', time: '2025-01-01T00:00:00Z' }], tags: ['x'] }], patch: [] },
  { traceId: TRACE, spans: { [SPAN]: { spanId: SPAN, traceId: TRACE, startTime: 1_710_862_641_416, endTime: 5, attributes: { 'genkit:type': 'action' }, timeEvents: { timeEvent: [{ time: 1, annotation: {} }] }, status: { code: 2 } } } },
  { data: [{ object: 'trace', id: 'trace_1', workflow_name: 'w' }, { object: 'trace.span', id: 'span_1', trace_id: 'trace_1', started_at: '2025-01-01T00:00:00Z', span_data: { type: 'response', response: { output: [{ type: 'function_call', name: 'f', call_id: 'c', arguments: '{}' }], usage: { input_tokens: 1 } } } }] },
  { name: 'n', context: { trace_id: `0x${TRACE}`, span_id: `0x${SPAN}` }, kind: 'SpanKind.CLIENT', start_time: '2025-01-01T00:00:00Z', status: { status_code: 'ERROR' }, attributes: { a: [1] }, events: [{ name: 'e' }], resource: { attributes: {} } },
  { _spanContext: { traceId: TRACE, spanId: SPAN }, startTime: [5, 6], endTime: [7, 8], kind: 1, attributes: {}, events: [{ name: 'e', time: [5, 7] }], resource: { _rawAttributes: [['a', 'b']] } },
  { id: 'c', op_name: 'weave:///e/p/op/x:1', trace_id: 't', started_at: '2025-01-01T00:00:00Z', inputs: {}, summary: { usage: { m: { input_tokens: 1 } } } },
  { trajectory: [{ action: 'ls', observation: 'o', response: 'r', execution_time: 1 }], history: [{ role: 'assistant', content: 'c', tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{}' } }] }], info: { model_stats: { tokens_sent: 1 } } },
  { task_id: 1, reward: 0, traj: [{ role: 'assistant', content: 'c', tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{}' } }] }, { role: 'tool', tool_call_id: 'c', content: 'r' }], info: { task: {} } },
  { history: [{ role: 'Orchestrator (-> A)', content: 'c' }], mistake_agent: 'A', mistake_step: '0', question: 'q', system_prompt: { A: 'p' } },
  { type: 'assistant', message: { id: 'm', role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'Task', input: { prompt: 'p' } }], usage: { input_tokens: 1 } }, uuid: 'u', sessionId: 's', timestamp: '2025-01-01T00:00:00Z' },
  { type: 'response_item', payload: { type: 'function_call', name: 'f', arguments: '{}', call_id: 'c' }, timestamp: '2025-01-01T00:00:00Z' },
  { scopeName: 's', spanName: 'n', attributes: { a: { values: [{ stringValue: 'x' }] } } },
];

const JUNK: readonly unknown[] = [null, true, 0, -1, 1.5, 1e308, '', 'x', '0', '[', '{"a":', '9'.repeat(30), [], {}, [[]], [null], { a: null }, { low: 1, high: 2 }, '\u0000', '__proto__', 'data:image/png;base64,', '2025-13-45T99:99:99Z', { stringValue: { a: 1 } }, { values: 3 }, { role: 'tool' }, [{ role: 1 }], { content: { parts: [7] } }, { lc: 1, id: [], kwargs: { content: [] } }];

/** The document with some places changed: replaced, removed, doubled, given another key. */
function mutate(document: unknown, next: (below: number) => number): unknown {
  const copy: unknown = structuredClone(document);
  for (let times = next(4) + 1; times > 0; times--) {
    const places: [Record<string, unknown>, string][] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        places.push([value as Record<string, unknown>, key]);
        visit(inner);
      }
    };
    visit(copy);
    const [owner, key] = places[next(places.length)] ?? [];
    if (owner === undefined || key === undefined) break;
    switch (next(5)) {
      case 0: delete owner[key]; break;
      case 1: owner[key] = [owner[key], structuredClone(JUNK[next(JUNK.length)])]; break;
      case 2: Object.defineProperty(owner, ['__proto__', 'constructor', 'toString', 'x'][next(4)]!, { value: structuredClone(JUNK[next(JUNK.length)]), enumerable: true, configurable: true, writable: true }); break;
      default: owner[key] = structuredClone(JUNK[next(JUNK.length)]);
    }
  }
  return copy;
}

describe('hostile input', () => {
  it('4,000 damaged documents end in spans or in reasons, never in an exception', () => {
    let spans = 0;
    for (let seed = 1; seed <= 4000; seed++) {
      const next = randomOf(seed);
      const document = mutate(SEEDS[seed % SEEDS.length], next);
      let text = JSON.stringify(document) ?? '';
      if (next(10) === 0) text = text.slice(0, next(text.length + 1));
      if (next(10) === 0) text += `\n${text}`;
      try {
        const read = readTraceText(text);
        for (const trace of normaliseTraces(read.spans, read.logs)) {
          rollUp(trace.spans, trace.tree);
          JSON.stringify(trace.spans);
          spans += trace.spans.length;
        }
        expect(read.rejected.filter(({ reason }) => reason.startsWith('cannot be read as')), `seed ${seed}: ${text}`).toEqual([]);
      } catch (error) {
        throw new Error(`seed ${seed}: ${text}`, { cause: error });
      }
    }
    // Most damage is taken in stride.
    expect(spans).toBeGreaterThan(2000);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('keeps no values of depth, and none of a prototype', () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const attribute = (value: string): string => `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${TRACE}","spanId":"${SPAN}","attributes":{"a":${value}}}]}]}]}`;
    expect(readTraceText(attribute(deep)).rejected).toMatchObject([{ reason: 'a value is nested deeper than 100 levels' }]);
    // as text it is one attribute like any other
    const { spans } = readTraceText(attribute(JSON.stringify(deep)).replace('"a"', '"gen_ai.input.messages"'));
    expect(normaliseTraces(spans)[0]!.spans).toHaveLength(1);
    expect(readTraceText(deep).rejected).toHaveLength(1);
    expect(readTraceText(attribute('{"__proto__":{"x":1}}')).spans).toHaveLength(1);
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it('keeps keys with very many dots', () => {
    const key = `llm.input_messages.${Array.from({ length: 20_000 }, () => '0').join('.')}`;
    const { spans } = readTraceText(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: TRACE, spanId: SPAN, attributes: { [key]: 'x' } }] }] }] }));
    expect(normaliseTraces(spans)[0]!.spans[0]!.attributes[key]).toBe('x');
  });
});
