import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { findIn } from '../../../src/core/trace/findings/find.ts';
import { normaliseTrace } from '../../../src/core/trace/normalise/normalise-trace.ts';
import type { RawSpan } from '../../../src/core/trace/model.ts';
import { rawSpan, type SpanSketch } from './spans.ts';

let made = 1;
const at = (sketch: SpanSketch): SpanSketch => ({ id: String(++made), parent: '1', start: made * 10, end: made * 10 + 5, ...sketch });
const agent = (name = 'a', sketch: SpanSketch = { id: '1', parent: null, start: 1, end: 99_999 }): RawSpan => rawSpan({ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': name }, { name: `invoke_agent ${name}`, ...sketch });
const tool = (name: string, args: unknown, result: unknown = 'ok', sketch: SpanSketch = {}, more: JsonObject = {}): RawSpan => rawSpan({ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name, 'gen_ai.tool.call.arguments': JSON.stringify(args), 'gen_ai.tool.call.result': typeof result === 'string' ? result : JSON.stringify(result), ...more }, at({ name: `execute_tool ${name}`, ...sketch }));
const say = (role: string, content: string): object => ({ role, parts: [{ type: 'text', content }] });
const want = (name: string, args: object, id = 'c1'): object => ({ role: 'assistant', parts: [{ type: 'tool_call', id, name, arguments: args }] });
const call = (input: readonly object[], output: object, more: JsonObject = {}): RawSpan => rawSpan({ 'gen_ai.operation.name': 'chat', 'gen_ai.input.messages': JSON.stringify(input), 'gen_ai.output.messages': JSON.stringify([output]), ...more }, at({ name: 'chat m' }));

function rulesOf(...spans: readonly RawSpan[]): string[] {
  return findIn(normaliseTrace([agent(), ...spans])).map(({ rule, message }) => `${rule}: ${message}`);
}

describe('findings', () => {
  it('says nothing of a run without a fault', () => {
    expect(rulesOf(call([say('user', 'q')], want('find', { a: 1 })), tool('find', { a: 1 }, 'x', {}, { 'gen_ai.tool.call.id': 'c1' }), call([say('user', 'q'), want('find', { a: 1 }), { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: 'x' }] }], say('assistant', 'done'), { 'gen_ai.response.finish_reasons': ['stop'] }))).toEqual([]);
  });

  it('the same call three times, whatever the order of its arguments', () => {
    expect(rulesOf(tool('find', { a: 1, b: 2 }), tool('find', { b: 2, a: 1 }), tool('find', { a: 1, b: 2 }))).toEqual(['repeated-call: find was called 3 times with the same arguments']);
    expect(rulesOf(tool('find', { a: 1 }), tool('find', { a: 2 }), tool('find', { a: 1 }))).toEqual([]);
  });

  it('but not when two agents call it, or when nobody knows the arguments', () => {
    const sub = agent('b', { id: 'ffff', parent: '1', start: 2, end: 9 });
    expect(rulesOf(sub, tool('find', {}), tool('find', {}, 'ok', { parent: 'ffff' }), tool('find', {}, 'ok', { parent: 'ffff' }))).toEqual([]);
    const silent = (): RawSpan => rawSpan({ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'find' }, at({}));
    expect(rulesOf(silent(), silent(), silent())).toEqual([]);
  });

  it('rounds', () => {
    expect(rulesOf(tool('open', { f: 1 }), tool('edit', { f: 1 }), tool('open', { f: 1 }), tool('edit', { f: 1 }))).toEqual(['cycle: the agent went round 2 times: open → edit']);
    expect(rulesOf(tool('open', { f: 1 }), tool('edit', { f: 1 }), tool('open', { f: 1 }))).toEqual([]);
  });

  it.each([
    ['Error: no such file', 'Error: no such file'], ['ValueError: bad', 'ValueError: bad'], [{ isError: true, content: [{ type: 'text', text: 'denied' }] }, 'denied'], [{ error: { message: 'quota' } }, 'quota'], [{ status_code: 503 }, 'HTTP status 503'], [{ exit_code: 2 }, 'exit code 2'],
    ['Traceback (most recent call last):\n  File "x"\nKeyError: 1\n', 'KeyError: 1'], ['exitcode: 1 (execution failed)\nTraceback (most recent call last):\nTypeError: no', 'TypeError: no'],
    ['exitcode: 1\nTraceback (most recent call last):\n  File "a", line 1\nValueError: first\n\nDuring handling of it:\n\nTraceback (most recent call last):\n  File "b", line 2\n    raise\nKeyError: 2\nprinted afterwards', 'KeyError: 2'],
  ])('an error that only the result tells: %j', (result, message) => {
    expect(rulesOf(tool('find', {}, result))).toEqual([`error-in-result: find returned an error: “${message}”`]);
  });

  it.each(['The page says: Error: 404 is common', 'Errors are listed below', { error: null }, { errors: [] }, { status: 'failed?' }, { status_code: 200 }, { exit_code: 0 }, 'exitcode: 0 (execution succeeded)'])('no error: %j', (result) => {
    expect(rulesOf(tool('find', {}, result))).toEqual([]);
  });

  it('one error of a result singly, the same one again as repeated', () => {
    expect(rulesOf(tool('find', { a: 1 }, { error: 'quota' }), tool('find', { a: 2 }, { error: 'quota' }), tool('open', {}, { error: 'denied' }))).toEqual([
      'error-in-result: open returned an error: “denied”',
      'repeated-error: find failed 2 times in the same way: “quota”',
    ]);
  });

  it('errors, the innermost only, and the same one again', () => {
    const failed = { status: { code: 2, message: 'no' } };
    expect(findIn(normaliseTrace([rawSpan({}, { id: '1', status: { code: 2 } }), tool('find', { a: 1 }, '', failed), tool('find', { a: 2 }, '', failed)])).map(({ rule, severity, spanIds }) => [rule, severity, spanIds.length])).toEqual([['tool-error', 'error', 2], ['repeated-error', 'warning', 2]]);
  });

  it('tools that were not offered, arguments that do not fit', () => {
    const offered = { 'gen_ai.tool.definitions': JSON.stringify([{ name: 'find', parameters: { type: 'object', properties: { a: { type: 'integer' }, how: { enum: ['x', 'y'] } }, required: ['a'], additionalProperties: false } }]) };
    expect(rulesOf(call([say('user', 'q')], want('lost', {}), offered))).toEqual(['unknown-tool: the model called lost, which it was not offered']);
    const problems = ([{}, { a: '1' }, { a: 1, how: 'z' }, { a: 1, b: 2 }, { a: 1, how: 'x' }] as const).flatMap((args) => rulesOf(call([say('user', 'q')], want('find', args), offered)));
    expect(problems.map((problem) => problem.split('do not fit: ')[1])).toEqual(['the arguments lack “a”', '“a” should be integer', '“how” is none of ["x","y"]', 'the arguments have “b”, which is not known']);
  });

  it('calls without a result, cut and withheld answers', () => {
    expect(rulesOf(call([say('user', 'q')], want('find', {})), call([say('user', 'q'), want('find', {}), say('user', 'and?')], say('assistant', 'x')))).toEqual(['unanswered-call: the call of find got no result']);
    expect(rulesOf(call([say('user', 'q')], say('assistant', 'x'), { 'gen_ai.response.finish_reasons': ['length'] }))).toEqual(['truncated: the answer of chat m was cut off at its length limit']);
    expect(rulesOf(call([say('user', 'q')], say('assistant', 'x'), { 'gen_ai.response.finish_reasons': ['content_filter'] }))).toEqual(['content-filter: the answer of chat m was withheld (content_filter)']);
  });

  it('no progress while the input grows', () => {
    const calls = [100, 200, 300].map((tokens) => call([say('user', 'q')], want('find', { a: 1 }, `c${tokens}`), { 'gen_ai.usage.input_tokens': tokens, 'gen_ai.usage.output_tokens': 1 }));
    expect(rulesOf(...calls).filter((finding) => finding.startsWith('no-progress'))).toEqual(['no-progress: 3 calls of the model gave the same answer while their input grew']);
  });

  it('agents that send each other back and forth', () => {
    const turns = ['a', 'b', 'a', 'b', 'a', 'b'].map((name) => agent(name, at({})));
    expect(rulesOf(...turns)).toEqual(['ping-pong: a and b handed over to each other 5 times']);
    expect(rulesOf(...turns.slice(0, 5))).toEqual([]);
  });

  it('steps after the final answer, unless the user speaks', () => {
    const stop = { 'gen_ai.response.finish_reasons': ['stop'] };
    const final = call([say('user', 'q')], say('assistant', 'done'), stop);
    expect(rulesOf(final, call([say('user', 'q'), say('assistant', 'done')], say('assistant', 'really'), stop))).toEqual(['after-final-answer: 1 call of the model after the final answer']);
    expect(rulesOf(final, call([say('user', 'q'), say('assistant', 'done'), say('user', 'more')], say('assistant', 'ok'), stop))).toEqual([]);
  });
});
