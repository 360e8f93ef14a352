import { describe, expect, test } from 'vitest';
import type { Message } from '../../../src/core/trace/model.ts';
import { SPAN_FLAGS } from '../../../src/core/trace/skeleton.ts';
import { Conversations, conversationSpans, type Turn } from '../../../webview/panels/trace/thread.ts';
import { sketch } from '../../fixtures/traces/skeleton.ts';

const say = (role: string, text: string, finishReason?: string): Message => ({ role, parts: [{ type: 'text', text }], ...(finishReason === undefined ? {} : { finishReason }) });
const texts = (turn: Turn): string[] => [...turn.input, ...turn.output].map(({ message }) => message.parts.map((part) => (part.type === 'text' ? part.text : part.type)).join(' '));

describe('a trace as conversations', () => {
  test('what a call carries along is said once', () => {
    const conversations = new Conversations();
    const history: Message[] = [say('system', 'Be brief.'), say('user', 'hi')];
    const first = conversations.add([...history], [say('assistant', 'hello', 'stop')]);
    history.push(say('assistant', 'hello'), say('user', 'yes'));
    const second = conversations.add([...history], [say('assistant', 'yes', 'stop')]);
    history.push(say('assistant', 'yes'), say('user', 'yes'));
    const third = conversations.add([...history], [say('assistant', 'good')]);
    expect([first, second, third].map(texts)).toEqual([['Be brief.', 'hi', 'hello'], ['yes', 'yes'], ['yes', 'good']]);
    expect([first, second, third].map(({ conversation, begins }) => [conversation, begins])).toEqual([[0, true], [0, false], [0, false]]);
    expect(second.input[0]?.index).toBe(3);
  });

  test('the same instructions do not make one conversation of two', () => {
    const conversations = new Conversations();
    conversations.add([say('system', 'Translate.'), say('user', 'one')], [say('assistant', 'eins')]);
    const other = conversations.add([say('system', 'Translate.'), say('user', 'two')], [say('assistant', 'zwei')]);
    expect(other).toMatchObject({ conversation: 1, begins: true });
    expect(texts(other)).toEqual(['Translate.', 'two', 'zwei']);
  });

  test('an answer is known again without its reasoning and with another id of its call', () => {
    const conversations = new Conversations();
    const call = (id: string): Message['parts'][number] => ({ type: 'tool_call', id, name: 'look', arguments: { a: 1 } });
    conversations.add([say('user', 'go')], [{ role: 'assistant', parts: [{ type: 'reasoning', text: 'hm' }, call('x1')], finishReason: 'tool_calls' }]);
    const next = conversations.add([say('user', 'go'), { role: 'assistant', parts: [call('y2')] }, { role: 'tool', parts: [{ type: 'tool_result', id: 'y2', name: 'look', result: 7 }] }], [say('assistant', 'done')]);
    expect(texts(next)).toEqual(['tool_result', 'done']);
  });
});

test('a call of a tool stands for itself where no message tells of it', () => {
  const conversations = new Conversations();
  conversations.add([say('user', 'go')], [{ role: 'assistant', parts: [{ type: 'tool_call', id: 'x1', name: 'look', arguments: {} }] }]);
  expect([conversations.tells('look', null), conversations.tells('look_up', 'x1'), conversations.tells('write', 'x2'), conversations.tells('write', null)]).toEqual([true, true, false, false]);
  const run = sketch({ roots: [{ kind: 'agent', name: 'run', start: 0, end: 9, below: [{ kind: 'llm', name: 'a', start: 1, end: 2 }, { kind: 'llm', name: 'b', start: 5, end: 6 }, { kind: 'tool', name: 'write', start: 3, end: 4 }] }] });
  expect([...conversationSpans(run)].map((at) => run.texts[run.names[at]!])).toEqual(['a', 'write', 'b']);
});

test('as many calls of a tool are told of as messages tell, whatever ids their spans have', () => {
  const conversations = new Conversations();
  const call = (id: string | null): Message['parts'][number] => ({ type: 'tool_call', id, name: 'search', arguments: {} });
  conversations.add([say('user', 'go')], [{ role: 'assistant', parts: [call('x1'), call(null)] }]);
  expect([conversations.tells('search', null), conversations.tells('search', 'other'), conversations.tells('search', 'third'), conversations.tells('search', 'x1')]).toEqual([true, true, false, true]);
});

test('a call that client and server both recorded is one call', () => {
  const run = sketch({ roots: [{ kind: 'agent', name: 'run', start: 0, end: 9, below: [{ kind: 'llm', name: 'a', start: 1, end: 2 }, { kind: 'tool', name: 'look', start: 3, end: 8, below: [{ kind: 'http', name: 'POST', start: 3, end: 8, below: [{ kind: 'tool', name: 'look', start: 4, end: 7, below: [{ kind: 'tool', name: 'cache', start: 5, end: 6 }] }] }] }] }] });
  expect([...conversationSpans(run)].map((at) => [run.texts[run.names[at]!], run.starts[at]])).toEqual([['a', 1], ['look', 3], ['cache', 5]]);
});

test('calls of models are read, not those that repeat others; without any, what may have messages', () => {
  const run = sketch({ roots: [{ kind: 'agent', name: 'run', start: 0, end: 9, below: [{ kind: 'llm', name: 'b', start: 5, end: 6 }, { kind: 'llm', name: 'a', start: 1, end: 2 }, { kind: 'llm', name: 'twice', start: 1, end: 2, flags: SPAN_FLAGS.duplicate }, { kind: 'http', name: 'POST', start: 1, end: 2 }] }] });
  expect([...conversationSpans(run)].map((at) => run.texts[run.names[at]!])).toEqual(['a', 'b']);
  const silent = sketch({ roots: [{ kind: 'agent', name: 'run', start: 0, end: 9, below: [{ kind: 'http', name: 'POST', start: 1, end: 2 }, { kind: 'event', name: 'human', start: 2, end: 2 }] }] });
  expect([...conversationSpans(silent)].map((at) => silent.texts[silent.names[at]!])).toEqual(['run', 'human']);
});
