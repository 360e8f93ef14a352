import { describe, expect, it } from 'vitest';
import { jsonOfAttributes } from '../../../src/core/trace/any-value.ts';
import { readTraceDocuments, readTraceText, type ReadTraces } from '../../../src/core/trace/formats/read.ts';
import { splitDocuments } from '../../../src/core/trace/formats/split-documents.ts';
import { normaliseTrace } from '../../../src/core/trace/normalise/normalise-trace.ts';
import { TRACE } from './spans.ts';

const SPAN = 'b7ad6b7169203331';

function read(...documents: unknown[]): ReadTraces {
  return readTraceText(documents.map((document) => JSON.stringify(document)).join('\n'));
}

function one(document: unknown, format: string): { span: ReadTraces['spans'][number]; attributes: ReturnType<typeof jsonOfAttributes> } {
  const { spans, formats, rejected } = read(document);
  expect([formats, rejected]).toEqual([[format], []]);
  expect(spans).toHaveLength(1);
  return { span: spans[0]!, attributes: jsonOfAttributes(spans[0]!.attributes) };
}

describe('documents of a text', () => {
  it.each([
    ['a file that is one value', '{\n "a": [1,\n 2]\n}\n', [['', '{\n "a": [1,\n 2]\n}']]],
    ['one value a line', '{"a":1}\n\n{"a":"}"}\r\n', [['line 1', '{"a":1}'], ['line 3', '{"a":"}"}']]],
    ['values over many lines', '{\n"a":"}\\""\n}\n{\n"b":2\n}\n', [['line 1', '{\n"a":"}\\""\n}'], ['line 4', '{\n"b":2\n}']]],
    ['a damaged line among lines', '{"a":1}\n{"a":\n{"a":2}\n', [['line 1', '{"a":1}'], ['line 2', '{"a":'], ['line 3', '{"a":2}']]],
    ['nothing', ' \n', []],
    ['a byte order mark', '\uFEFF[1]', [['', '[1]']]],
  ])('%s', (_, text, expected) => {
    expect(splitDocuments(text).map((document) => [document.where, document.text.trimEnd()])).toEqual(expected);
  });
});

describe('formats of traces', () => {
  it('says what it cannot read, and reads the rest', () => {
    const { spans, rejected } = readTraceText(`{"traceId":"${TRACE}","spanId":"${SPAN}","startTimeUnixNano":"1"}\n{"a":\n{}\n{"x":1}\n`);
    expect(spans).toHaveLength(1);
    expect(rejected.map(({ where, reason }) => [where, reason.slice(0, 30)])).toEqual([['line 2', 'not valid JSON: Unexpected end'], ['line 3', 'an empty object: GitHub Copilo'], ['line 4', 'no known format of traces']]);
  });

  it('reads what a receiver has parsed', () => {
    expect(readTraceDocuments([{ where: '', value: { post: [{ id: 'a', run_type: 'tool', start_time: '2025-01-01T00:00:00Z' }] } }])).toMatchObject({ formats: ['langsmith'], spans: [{}], rejected: [] });
  });

  it('OTLP in the envelopes of Tempo, Jaeger, recordings and lists', () => {
    const request = { resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: TRACE, spanId: SPAN }] }] }] };
    for (const document of [request, { trace: request }, { result: request }, { payload: request, at: 1 }, [request], { batches: request.resourceSpans }]) expect(one(document, 'otlp').span.spanId).toBe(SPAN);
    expect(read({ resourceMetrics: [] })).toMatchObject({ formats: ['otlp'], spans: [], rejected: [] });
  });

  it('Jaeger: tags by type, logs, references, processes', () => {
    const document = { data: [{ traceID: TRACE, processes: { p1: { serviceName: 'shop', tags: [{ key: 'host', type: 'string', value: 'h' }] } }, spans: [{ traceID: TRACE, spanID: 'b7ad', operationName: 'op', startTime: 1_706_678_909_209_712, duration: 5, processID: 'p1', flags: 1, references: [{ refType: 'FOLLOWS_FROM', traceID: '1', spanID: '2' }, { refType: 'CHILD_OF', traceID: TRACE, spanID: SPAN }], tags: [{ key: 'i', type: 'int64', value: '9007199254740993' }, { key: 'f', type: 'float64', value: 2 }, { key: 'b', type: 'bool', value: true }, { key: 'bin', type: 'binary', value: 'AAA=' }, { key: 'span.kind', type: 'string', value: 'client' }, { key: 'error', type: 'bool', value: true }, { key: 'otel.status_description', type: 'string', value: 'no' }, { key: 'otel.scope.name', type: 'string', value: 'lib' }], logs: [{ timestamp: 1_706_678_909_209_713, fields: [{ key: 'event', type: 'string', value: 'e' }, { key: 'k', type: 'string', value: 'v' }] }] }] }] };
    const { span } = one(document, 'jaeger');
    expect(span).toMatchObject({
      spanId: '000000000000b7ad', parentSpanId: SPAN, kind: 3, startTimeUnixNano: '1706678909209712000', endTimeUnixNano: '1706678909209717000', flags: 1, status: { code: 2, message: 'no' }, scope: { name: 'lib' },
      attributes: [{ key: 'i', value: { intValue: '9007199254740993' } }, { key: 'f', value: { doubleValue: 2 } }, { key: 'b', value: { boolValue: true } }, { key: 'bin', value: { bytesValue: 'AAA=' } }, { key: 'error', value: { boolValue: true } }],
      events: [{ name: 'e', timeUnixNano: '1706678909209713000', attributes: [{ key: 'k', value: { stringValue: 'v' } }] }],
      links: [{ traceId: '00000000000000000000000000000001', spanId: '0000000000000002', attributes: [{ key: 'opentracing.ref_type', value: { stringValue: 'follows_from' } }] }],
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }, { key: 'host', value: { stringValue: 'h' } }] },
    });
  });

  it('Langfuse: what came in by OpenTelemetry goes back to its place, the rest gets Langfuse’s own names', () => {
    const observation = { id: SPAN, traceId: TRACE, type: 'GENERATION', startTime: '2025-06-11T14:01:32.598Z', endTime: '2025-06-11T14:01:33.598Z', name: 'chat', parentObservationId: null, model: 'gpt-4o', usageDetails: { input: 1 }, level: 'ERROR', statusMessage: 'no', input: { messages: [{ role: 'user', content: 'q' }] }, metadata: { attributes: { 'llm.provider': 'openai' }, resourceAttributes: { 'service.name': 'bot' }, scope: { name: 's', version: '1' }, own: 1 }, latency: 1000 };
    const { span, attributes } = one({ trace: { id: TRACE, sessionId: 'session', tags: ['t'], output: 'a', scores: [{ name: 'good', value: 1, timestamp: '2025-06-11T14:01:40Z', dataType: 'NUMERIC' }] }, observations: [observation] }, 'langfuse');
    expect(span).toMatchObject({ traceId: TRACE, spanId: SPAN, parentSpanId: null, startTimeUnixNano: '1749650492598000000', endTimeUnixNano: '1749650493598000000', status: { code: 2, message: 'no' }, scope: { name: 's' }, events: [{ name: 'gen_ai.evaluation.result' }] });
    expect(attributes).toMatchObject({ 'langfuse.observation.type': 'generation', 'llm.provider': 'openai', 'langfuse.observation.model.name': 'gpt-4o', 'langfuse.observation.input': '{"messages":[{"role":"user","content":"q"}]}', 'langfuse.observation.metadata.own': 1, 'langfuse.session.id': 'session', 'langfuse.trace.output': 'a', 'langfuse.export.latency': 1000 });
    // Texts of JSON are opened, the beginning of one that was cut is not kept, what only looks like one is.
    const told = one({ ...observation, metadata: { attributes: '{{name}} is a template', resourceAttributes: '{"service.name":"shop"}', scope: `{"name":"${'s'.repeat(300)}`.slice(0, 203) } }, 'langfuse');
    expect([told.attributes['langfuse.observation.metadata.attributes'], told.span.resource.attributes[0]?.key, Object.keys(told.attributes).some((key) => key.endsWith('.scope'))]).toEqual(['{{name}} is a template', 'service.name', false]);
    expect(read(observation).spans).toHaveLength(1);
    expect(read({ data: [observation, { ...observation, id: 'uuid-like' }], meta: {} }).spans.map((other) => other.spanId)).toEqual([SPAN, expect.stringMatching(/^[0-9a-f]{16}$/)]);
    expect(read({ trace: { id: 'my-trace', name: 'only', timestamp: '2025-06-11T14:01:32Z', latency: 2 }, observations: [] }).spans).toMatchObject([{ name: 'only', endTimeUnixNano: '1749650494000000000' }]);
  });

  it('LangSmith: post and patch are one run; ids are stable', () => {
    const id = 'a8b34ded-ccd2-4fb7-bccb-9cd625066a14';
    const post = { id, trace_id: id, run_type: 'llm', name: 'ChatOpenAI', start_time: '2024-10-11T20:58:24.544431+00:00', inputs: { messages: [{ role: 'user', content: 'q' }] }, outputs: {}, extra: { metadata: { ls_provider: 'openai' } }, tags: ['x'] };
    const { span, attributes } = one({ post: [post], patch: [{ id, trace_id: id, end_time: '2024-10-11T20:58:39.682524+00:00', outputs: { choices: [] }, error: 'ValueError: no\nTraceback', inputs: {}, prompt_tokens: 3 }] }, 'langsmith');
    expect(span).toMatchObject({ traceId: id.replaceAll('-', ''), parentSpanId: null, startTimeUnixNano: '1728680304544431000', endTimeUnixNano: '1728680319682524000', status: { code: 2, message: 'ValueError: no' } });
    expect(attributes).toMatchObject({ 'langsmith.span.kind': 'llm', 'langsmith.metadata.ls_provider': 'openai', 'langsmith.span.tags': 'x', 'gen_ai.prompt': '{"messages":[{"role":"user","content":"q"}]}', 'gen_ai.completion': '{"choices":[]}', 'gen_ai.usage.input_tokens': 3, 'langsmith.run.error': 'ValueError: no\nTraceback' });
    expect(normaliseTrace([span]).spans[0]).toMatchObject({ error: { type: 'ValueError', message: 'ValueError: no' } });
    const child = one({ ...post, id: 'f0000000-0000-4000-8000-000000000001', trace_id: undefined, start_time: undefined, dotted_order: `20241011T205824544431Z${id}.20241011T205825000000Zf0000000-0000-4000-8000-000000000001` }, 'langsmith').span;
    expect(child).toMatchObject({ traceId: span.traceId, parentSpanId: span.spanId, startTimeUnixNano: '1728680305000000000' });
  });

  it('LangSmith: a patch that comes apart from its post', () => {
    const id = 'a8b34ded-ccd2-4fb7-bccb-9cd625066a14';
    const post = read({ post: [{ id, trace_id: id, run_type: 'llm', name: 'Chat', start_time: '2025-01-01T00:00:00Z', inputs: { messages: [{ role: 'user', content: 'q' }] } }] }).spans;
    const patch = read({ patch: [{ id, trace_id: id, dotted_order: undefined, run_type: 'llm', end_time: '2025-01-01T00:00:02Z', outputs: { choices: [{ message: { role: 'assistant', content: 'a' } }] } }] }).spans;
    for (const order of [[...post, ...patch], [...patch, ...post]]) expect(normaliseTrace(order).spans).toMatchObject([{ name: 'Chat', startNs: '1735689600000000000', endNs: '1735689602000000000', input: [{ role: 'user' }], output: [{ role: 'assistant' }] }]);
  });

  it('Genkit: milliseconds and microseconds', () => {
    const trace = (unit: number): object => ({ traceId: TRACE, spans: { [SPAN]: { spanId: SPAN, traceId: TRACE, startTime: 1_710_862_641_416 * unit, endTime: 1_710_862_641_417.5 * unit, displayName: 'f', attributes: { 'genkit:isRoot': true }, spanKind: 'INTERNAL', status: { code: 2, message: 'no' }, timeEvents: { timeEvent: [{ time: 1_710_862_641_416 * unit, annotation: { description: 'exception', attributes: { 'exception.message': 'm' } } }] } } } });
    for (const unit of [1, 1000]) expect(one(trace(unit), 'genkit').span).toMatchObject({ startTimeUnixNano: '1710862641416000000', endTimeUnixNano: '1710862641417500000', kind: 1, status: { code: 2 }, events: [{ name: 'exception' }] });
  });

  it('OpenAI Agents SDK: the trace is the root, spans by their type', () => {
    const span = (id: string, data: object, extra: object = {}): object => ({ object: 'trace.span', id: `span_${id}`, trace_id: `trace_${TRACE}`, parent_id: null, started_at: '2025-01-01T00:00:01+00:00', ended_at: '2025-01-01T00:00:02+00:00', span_data: data, error: null, ...extra });
    const { spans, formats } = read({ data: [
      { object: 'trace', id: `trace_${TRACE}`, workflow_name: 'w', group_id: 'g' },
      span('1', { type: 'agent', name: 'a', tools: ['weather'] }),
      span('2', { type: 'generation', model: 'gpt-4o', input: [{ role: 'user', content: 'q' }], output: [{ role: 'assistant', content: 'a' }], usage: { input_tokens: 3, output_tokens: 1 } }, { parent_id: 'span_1' }),
      span('3', { type: 'function', name: 'weather', input: '{"city":"Bern"}', output: '4 C' }, { error: { message: 'no', data: { a: 1 } } }),
      span('4', { type: 'handoff', from_agent: 'a', to_agent: 'b' }),
      span('5', { type: 'guardrail', name: 'g', triggered: true }),
      span('6', { type: 'response', response_id: 'r', response: { model: 'gpt-5', output: [{ type: 'function_call', call_id: 'c', name: 'weather', arguments: '{}' }], usage: { input_tokens: 4, output_tokens: 2, input_tokens_details: { cached_tokens: 1 } } }, input: [{ role: 'user', content: 'q' }] }),
    ] });
    expect(formats).toEqual(['openai-agents']);
    const trace = normaliseTrace(spans);
    expect(trace.traceId).toBe(TRACE);
    expect(trace.spans.map((s) => [s.kind, s.name, s.parentId === null])).toEqual([['chain', 'w', true], ['agent', 'a', false], ['llm', 'chat gpt-4o', false], ['tool', 'weather', false], ['other', 'handoff a → b', false], ['guardrail', 'g', false], ['llm', 'response', false]]);
    expect(trace.spans[0]).toMatchObject({ session: 'g', startNs: '1735689601000000000', endNs: '1735689602000000000' });
    expect(trace.spans[2]).toMatchObject({ input: [{ role: 'user' }], output: [{ role: 'assistant' }], tokens: { input: 3, output: 1 } });
    expect(trace.spans[3]).toMatchObject({ toolName: 'weather', toolArguments: { city: 'Bern' }, toolResult: '4 C', status: 'error', statusMessage: 'no' });
    expect(trace.spans[6]).toMatchObject({ model: 'gpt-5', responseId: 'r', output: [{ parts: [{ type: 'tool_call', id: 'c', name: 'weather' }] }], tokens: { input: 3, cacheRead: 1, output: 2 } });
    expect(trace.tree.roots).toEqual([0]);
  });

  it('Python’s console exporter, which writes over many lines', () => {
    const span = { name: 'chat', context: { trace_id: `0x${TRACE}`, span_id: `0x${SPAN}`, trace_state: '[]' }, kind: 'SpanKind.CLIENT', parent_id: null, start_time: '2025-01-01T00:00:00.123456Z', end_time: '2025-01-01T00:00:01Z', status: { status_code: 'ERROR', description: 'no' }, attributes: { a: 1 }, events: [{ name: 'e', timestamp: '2025-01-01T00:00:00.5Z', attributes: { k: 'v' } }], links: [], resource: { attributes: { 'service.name': 's' }, schema_url: '' } };
    const { spans } = readTraceText(`${JSON.stringify(span, null, 4)}\n${JSON.stringify({ ...span, parent_id: '0x00000000000000ff' }, null, 4)}\n`);
    expect(spans).toMatchObject([{ traceId: TRACE, spanId: SPAN, kind: 3, startTimeUnixNano: '1735689600123456000', status: { code: 2, message: 'no' }, events: [{ name: 'e' }] }, { parentSpanId: '00000000000000ff' }]);
  });

  it('Phoenix, JavaScript SDK, Weave, bare attributes', () => {
    expect(one({ data: [{ id: 'x', name: 'LLM', context: { trace_id: TRACE, span_id: SPAN }, span_kind: 'LLM', parent_id: null, start_time: '2025-01-01T00:00:00+00:00', end_time: '2025-01-01T00:00:01+00:00', status_code: 'OK', status_message: '', attributes: { 'llm.model_name': 'm' }, events: [] }], next_cursor: null }, 'phoenix')).toMatchObject({ span: { status: { code: 1 } }, attributes: { 'openinference.span.kind': 'LLM' } });
    expect(one({ _spanContext: { traceId: TRACE, spanId: SPAN, traceFlags: 1 }, parentSpanContext: { spanId: 'ff' }, name: 'n', kind: 2, startTime: [1_735_689_600, 5], endTime: [1_735_689_601, 0], attributes: { a: [1] }, events: [{ name: 'e', time: [1_735_689_600, 6], attributes: {} }], links: [], status: { code: 2, message: 'm' }, resource: { _rawAttributes: [['service.name', 's']] }, instrumentationScope: { name: 'i', version: '1' } }, 'js-sdk').span).toMatchObject({ kind: 3, startTimeUnixNano: '1735689600000000005', parentSpanId: '00000000000000ff', resource: { attributes: [{ key: 'service.name' }] }, scope: { name: 'i' } });
    const weave = one({ id: 'c1', op_name: 'weave:///e/p/op/openai.chat.completions.create:abc', trace_id: 't', parent_id: 'c0', started_at: '2025-01-01T00:00:00Z', ended_at: '2025-01-01T00:00:01Z', inputs: { model: 'gpt-4o', messages: [{ role: 'user', content: 'q' }] }, output: { choices: [{ message: { role: 'assistant', content: 'a' } }] }, summary: { usage: { 'gpt-4o': { prompt_tokens: 3, completion_tokens: 1 } } }, exception: null }, 'weave').span;
    expect(normaliseTrace([weave]).spans[0]).toMatchObject({ kind: 'llm', name: 'openai.chat.completions.create', input: [{ role: 'user' }], output: [{ role: 'assistant' }], tokens: { input: 3, output: 1 } });
    expect(one({ scopeName: 's', spanName: 'n', attributes: { a: 1, list: { values: [{ stringValue: 'x' }] } } }, 'attributes')).toMatchObject({ span: { name: 'n', scope: { name: 's' } }, attributes: { a: 1, list: ['x'] } });
  });
});
