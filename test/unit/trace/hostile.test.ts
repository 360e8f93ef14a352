import { describe, expect, it } from 'vitest';
import { attributesOf } from '../../../src/core/trace/any-value.ts';
import { findIn } from '../../../src/core/trace/findings/find.ts';
import { makeResource, makeSpan } from '../../../src/core/trace/formats/build.ts';
import { History } from '../../../src/core/trace/formats/conversation.ts';
import { mergeSpans } from '../../../src/core/trace/merge.ts';
import type { RawLog, RawSpan } from '../../../src/core/trace/model.ts';
import { joinLogs } from '../../../src/core/trace/normalise/join-logs.ts';
import { normaliseTrace, normaliseTraces } from '../../../src/core/trace/normalise/normalise-trace.ts';
import { rawLog, rawSpan, read } from './spans.ts';

const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, '0');

/**
 * Inputs that somebody sends in order to hurt, each about what one request may hold. Whatever takes time with the square of them takes
 * minutes and runs into the limit of a test; what does not is done in a second or two.
 */
describe('hostile input', () => {
  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'])('an operation, a kind, a type by the name of %s', (name) => {
    const keys = ['gen_ai.operation.name', 'openinference.span.kind', 'langfuse.observation.type', 'traceloop.span.kind', 'mlflow.spanType', 'genkit:type', 'span.type', 'ai.operationId', 'gen_ai.provider.name', 'gen_ai.request.model', 'langsmith.span.kind'];
    const span = read(Object.fromEntries<unknown>([...keys.map((key): [string, unknown] => [key, name]), [name, name], [`gen_ai.prompt.0.${name}`, name], [`llm.input_messages.${name}.message.role`, name]]));
    expect(typeof span.kind).toBe('string');
    expect(JSON.parse(JSON.stringify(span))).toMatchObject({ kind: 'llm', model: name });
    expect(Object.hasOwn(span.attributes, name)).toBe(true);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('messages and tools whose members have the names of prototypes', () => {
    const span = read({ 'gen_ai.input.messages': '[{"role":"__proto__","parts":[{"type":"constructor","content":"x"},{"type":"tool_call","name":"toString","arguments":{"__proto__":{"polluted":true}}}]}]', 'gen_ai.tool.definitions': '[{"name":"__proto__","parameters":{"__proto__":{"polluted":true}}}]', 'gen_ai.operation.name': 'chat' });
    expect(span.tools).toMatchObject([{ name: '__proto__' }]);
    expect(span.input).toMatchObject([{ role: '__proto__', parts: [{ type: 'json' }, { type: 'tool_call', name: 'toString' }] }]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('one span sent again and again, each time with another attribute', () => {
    const versions = Array.from({ length: 60_000 }, (_, index) => makeSpan({ traceId: hex(1, 32), spanId: hex(1, 16), parentSpanId: null, name: 's', startTimeUnixNano: '1', endTimeUnixNano: '2', attributes: attributesOf({ [`k${index}`]: index }) }));
    const merged = mergeSpans(versions);
    expect(merged).toHaveLength(1);
    expect(merged[0]!.span.attributes).toHaveLength(60_000);
    expect(merged[0]!.span.attributes[0]!.key).toBe('k59999');
  });

  it('as many traces as log records', () => {
    const spans = Array.from({ length: 30_000 }, (_, index): RawSpan => ({ ...rawSpan({}), traceId: hex(index + 1, 32) }));
    const logs = spans.map((span, index): RawLog => ({ ...rawLog('x', {}), ...(index % 2 === 0 ? { traceId: span.traceId, spanId: span.spanId } : {}) }));
    expect(normaliseTraces(spans, logs)).toHaveLength(30_000);
  });

  it('one session of requests and records that only their time brings together', () => {
    const count = 30_000;
    const spans = Array.from({ length: count }, (_, index) => rawSpan({ 'session.id': 's', model: 'm' }, { id: hex(index + 1, 16), name: 'claude_code.llm_request', start: 1000 + index * 10, end: 1005 + index * 10 }));
    const logs = Array.from({ length: count }, (_, index) => rawLog('claude_code.api_request', { 'session.id': 's', model: 'm', n: index }, { time: 1006 + index * 10 }));
    const joined = joinLogs(spans, logs);
    expect(joined.size).toBe(count);
    expect(joined.get(spans[777]!)).toEqual([logs[777]]);
    // None of another model, and none for long after the end
    expect(joinLogs(spans, [rawLog('claude_code.api_request', { 'session.id': 's', model: 'other' }, { time: 1006 })]).size).toBe(0);
    expect(joinLogs(spans.slice(0, 1), [rawLog('claude_code.api_request', { 'session.id': 's' }, { time: 9_000_000 })]).size).toBe(0);
  });

  it('many spans of one large resource', () => {
    const resource = makeResource(Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`r${index}`, index])));
    const spans = Array.from({ length: 20_000 }, (_, index): RawSpan => ({ ...rawSpan({}, { id: hex(index + 1, 16) }), resource }));
    const trace = normaliseTrace(spans);
    expect(trace.spans[19_999]!.resource).toMatchObject({ r19999: 19_999 });
    expect(trace.spans[0]!.resource).toBe(trace.spans[1]!.resource);
  });

  it('as many tools as calls, and arguments of a schema with a long enumeration', () => {
    const many = Array.from({ length: 40_000 }, (_, index) => `t${index}`);
    const call = rawSpan({ 'gen_ai.operation.name': 'chat', 'gen_ai.tool.definitions': JSON.stringify(many.map((name) => ({ name, parameters: {} }))), 'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', parts: many.map((name) => ({ type: 'tool_call', id: name, name, arguments: {} })) }]) });
    expect(findIn(normaliseTrace([call]))).toEqual([]);
    const parameters = { type: 'object', properties: { list: { type: 'array', items: { enum: Array.from({ length: 300_000 }, (_, index) => index) } } } };
    const listed = rawSpan({ 'gen_ai.operation.name': 'chat', 'gen_ai.tool.definitions': JSON.stringify([{ name: 'f', parameters }]), 'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', parts: [{ type: 'tool_call', name: 'f', arguments: { list: Array.from({ length: 100_000 }, () => 'x') } }] }]) });
    expect(findIn(normaliseTrace([listed]))).toEqual([]);
  });

  it('a conversation of so many turns that their histories would fill the memory', () => {
    const history = new History();
    let carried = 0;
    for (let turn = 0; turn < 60_000; turn++) {
      history.add({ role: 'user', parts: [] });
      const { arrayValue } = history.value() as { arrayValue: { values: unknown[] } };
      carried += arrayValue.values.length;
      if (turn === 1999) expect(arrayValue.values).toHaveLength(2000);
      if (turn === 59_999) expect(arrayValue.values).toHaveLength(100);
    }
    expect(carried).toBeLessThan(4_002_000 + 60_000 * 100);
  });

  it.each([
    ['a name of blanks', { name: `invoke_agent ${' '.repeat(500_000)}]x` }, { 'gcp.vertex.agent.event_id': 'e' }],
    ['an operation of a database of blanks', { name: 'q' }, { 'db.system': 'qdrant', 'db.operation': `${' .'.repeat(300_000)}x` }],
    ['a model of slashes', { name: 'q' }, { 'gen_ai.request.model': 'a/'.repeat(300_000), 'gen_ai.usage.input_tokens': 1 }],
    ['a stack of one line', { name: 'q', status: { code: 2 } }, { 'exception.stacktrace': `    at ${'('.repeat(400_000)}` }],
    ['a stack of Python’s quotes', { name: 'q', status: { code: 2 } }, { 'exception.stacktrace': `File "${'"'.repeat(400_000)}` }],
    ['an error of LangSmith', { name: 'q' }, { 'langsmith.run.error': `${'E'.repeat(400_000)}rror` }],
    ['texts that begin like JSON', { name: 'q' }, Object.fromEntries(['gen_ai.input.messages', 'gen_ai.output.messages', 'input.value', 'output.value', 'ai.prompt.messages', 'langfuse.observation.input'].map((key) => [key, `[${'{"a":['.repeat(80_000)}`]))],
    ['metadata that begin like Python’s', { name: 'q', events: [['db.query.result', { 'db.query.result.metadata': `{${"'a': {".repeat(80_000)}` }]] as const }, { 'db.system': 'pinecone' }],
    ['a data address of semicolons', { name: 'q' }, { 'gen_ai.input.messages': JSON.stringify([{ role: 'user', content: [{ type: 'image_url', image_url: { url: `data:${';a=b'.repeat(100_000)}` } }] }]) }],
  ])('%s', (_, sketch, attributes) => {
    expect(typeof read(attributes, sketch).kind).toBe('string');
  });
});
