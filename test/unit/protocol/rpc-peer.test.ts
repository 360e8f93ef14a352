import { setImmediate as turn } from 'node:timers/promises';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { TouchstoneError } from '../../../src/core/errors.ts';
import { decoded, RpcPeer, type RpcOptions } from '../../../src/protocol/rpc-peer.ts';
import type { RpcMessage } from '../../../src/protocol/rpc.ts';

interface Methods {
  add: [{ a: number; b: number }, number];
  slow: [Record<string, never>, string];
  missing: [Record<string, never>, never];
  constructor: [Record<string, never>, never];
  odd: [Record<string, never>, unknown];
}
interface Notes {
  told: { text: string };
}

/** Two peers, joined by JSON as an IPC channel joins them; `wire` keeps what the asking side received. */
function pair(answering: RpcOptions, asking: RpcOptions = {}) {
  const wire: RpcMessage[] = [];
  const sent: RpcMessage[] = [];
  const asker = new RpcPeer<Methods, Notes>((message) => {
    sent.push(message);
    const copy: unknown = JSON.parse(JSON.stringify(message));
    queueMicrotask(() => answerer.receive(copy));
  }, asking);
  const answerer: RpcPeer<Record<never, never>> = new RpcPeer((message) => {
    const copy = JSON.parse(JSON.stringify(message)) as RpcMessage;
    wire.push(copy);
    queueMicrotask(() => asker.receive(copy));
  }, answering);
  return { asker, answerer, wire, sent };
}

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => { resolve = settle; });
  return { promise, resolve };
}

const add = decoded(v.object({ a: v.number(), b: v.number() }), ({ a, b }) => a + b);

describe('requests', () => {
  test('replies answer their own request, in whatever order they come', async () => {
    const slow = deferred<string>();
    const { asker } = pair({ handlers: { add, slow: () => slow.promise } });
    const late = asker.request('slow', {});
    await expect(asker.request('add', { a: 2, b: 3 })).resolves.toBe(5);
    slow.resolve('done');
    await expect(late).resolves.toBe('done');
  });

  test('a handler that throws still replies, with its code and place', async () => {
    const error = new TouchstoneError('invalid-prompt', 'No messages.', { place: { file: '/a.yml', line: 3 } });
    const { asker, wire } = pair({ handlers: { slow: () => { throw error; } } });
    await expect(asker.request('slow', {})).rejects.toMatchObject({ code: 'invalid-prompt', message: 'No messages.', place: { file: '/a.yml', line: 3 } });
    expect(wire).toHaveLength(1);
  });

  test('a handler that rejects with something odd still replies', async () => {
    const { asker } = pair({ handlers: { slow: () => Promise.reject(new RangeError('too far')) } });
    await expect(asker.request('slow', {})).rejects.toMatchObject({ code: 'internal', message: 'too far' });
  });

  test('a result that cannot be sent is a failure, not silence', async () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const { asker } = pair({ handlers: { odd: () => circle } });
    await expect(asker.request('odd', {})).rejects.toMatchObject({ code: 'internal' });
  });

  test('a result of nothing arrives', async () => {
    const { asker } = pair({ handlers: { odd: () => undefined } });
    await expect(asker.request('odd', {})).resolves.toBeUndefined();
  });

  test.each(['missing', 'constructor'] as const)('an unknown method %s fails by name', async (method) => {
    const { asker } = pair({ handlers: { add } });
    await expect(asker.request(method, {})).rejects.toMatchObject({ code: 'invalid-message', message: `Nothing here answers "${method}".` });
  });

  test('parameters that do not fit are the asker\'s failure and name the place', async () => {
    const { answerer, wire } = pair({ handlers: { add } });
    answerer.receive({ type: 'request', id: 9, method: 'add', params: { a: 1, b: 'two' } });
    await turn();
    expect(wire).toMatchObject([{ type: 'failure', id: 9, error: { code: 'invalid-message' } }]);
    expect(JSON.stringify(wire)).toContain('b:');
  });

  test('a result that does not decode rejects', async () => {
    const { asker } = pair({ handlers: { odd: () => ({ rows: 'none' }) } }, {
      decodeResult: () => { throw new TouchstoneError('invalid-message', 'rows: expected a list'); },
    });
    await expect(asker.request('odd', {})).rejects.toMatchObject({ code: 'invalid-message' });
  });

  test('a send that throws rejects the request', async () => {
    const peer = new RpcPeer<Methods>(() => { throw new Error('channel closed'); });
    await expect(peer.request('slow', {})).rejects.toMatchObject({ message: 'channel closed' });
  });
});

describe('cancelling', () => {
  test('rejects at once, aborts the handler, and the handler\'s late reply is ignored', async () => {
    const ended = deferred<string>();
    let signal: AbortSignal | undefined;
    const problems: TouchstoneError[] = [];
    const { asker, wire } = pair({ handlers: { slow: (_, given) => { signal = given; return ended.promise; } } }, { onProblem: (problem) => problems.push(problem) });
    const controller = new AbortController();
    const request = asker.request('slow', {}, controller.signal);
    await turn();
    controller.abort();
    await expect(request).rejects.toMatchObject({ code: 'cancelled' });
    await turn();
    expect(signal?.aborted).toBe(true);
    ended.resolve('too late');
    await turn();
    expect(wire).toEqual([{ type: 'reply', id: 1, result: 'too late' }]);
    expect(problems).toEqual([]);
  });

  test('an aborted signal sends nothing', async () => {
    const { asker, sent } = pair({});
    await expect(asker.request('slow', {}, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
    expect(sent).toEqual([]);
  });

  test('aborting after the reply sends no cancel', async () => {
    const { asker, sent } = pair({ handlers: { add } });
    const controller = new AbortController();
    await asker.request('add', { a: 1, b: 1 }, controller.signal);
    controller.abort();
    expect(sent.map((message) => message.type)).toEqual(['request']);
  });
});

describe('closing', () => {
  test('dispose rejects what is pending and what comes later', async () => {
    const { asker } = pair({ handlers: { slow: () => new Promise(() => undefined) } });
    const pending = asker.request('slow', {});
    asker.dispose(new TouchstoneError('engine-stopped', 'The engine has stopped.'));
    await expect(pending).rejects.toMatchObject({ code: 'engine-stopped', message: 'The engine has stopped.' });
    await expect(asker.request('add', { a: 1, b: 1 })).rejects.toMatchObject({ code: 'engine-stopped' });
  });

  test('dispose aborts what is being answered and nothing is sent afterwards', async () => {
    const ended = deferred<string>();
    let signal: AbortSignal | undefined;
    const { asker, answerer, wire } = pair({ handlers: { slow: (_, given) => { signal = given; return ended.promise; } } });
    void asker.request('slow', {}).catch(() => undefined);
    await turn();
    answerer.dispose();
    expect(signal?.aborted).toBe(true);
    ended.resolve('nobody hears');
    await turn();
    expect(wire).toEqual([]);
  });
});

describe('what arrives', () => {
  test.each([
    ['text', 'hello'], ['nothing', null], ['an unknown type', { type: 'shout', id: 1 }],
    ['a reply without an id', { type: 'reply', result: 1 }], ['a request with an odd id', { type: 'request', id: 1.5, method: 'add' }],
  ])('%s is reported and breaks nothing', async (_, message) => {
    const problems: TouchstoneError[] = [];
    const { asker, answerer, wire } = pair({ handlers: { add }, onProblem: (problem) => problems.push(problem) });
    answerer.receive(message);
    await turn();
    expect(problems.map((problem) => problem.code)).toEqual(['invalid-message']);
    expect(wire).toEqual([]);
    await expect(asker.request('add', { a: 1, b: 2 })).resolves.toBe(3);
  });

  test('a malformed request that has an id gets its failure', async () => {
    const { answerer, wire } = pair({ handlers: { add } });
    answerer.receive({ type: 'request', id: 4, method: 7 });
    await turn();
    expect(wire).toMatchObject([{ type: 'failure', id: 4, error: { code: 'invalid-message' } }]);
  });

  test('a second request under an id in use does not answer the first', async () => {
    const first = deferred<string>();
    const { answerer, wire } = pair({ handlers: { slow: () => first.promise, add } });
    answerer.receive({ type: 'request', id: 1, method: 'slow', params: {} });
    answerer.receive({ type: 'request', id: 1, method: 'add', params: { a: 1, b: 1 } });
    first.resolve('first');
    await turn();
    expect(wire).toEqual([{ type: 'reply', id: 1, result: 'first' }]);
  });

  test('notifications reach their listener; a listener that throws is reported', async () => {
    const heard: unknown[] = [];
    const problems: TouchstoneError[] = [];
    const { asker, answerer } = pair({
      listeners: { told: (params) => { heard.push(params); throw new Error('listener broke'); } },
      onProblem: (problem) => problems.push(problem),
    });
    asker.notify('told', { text: 'hi' });
    answerer.receive({ type: 'notify', method: 'toString' });
    await turn();
    expect(heard).toEqual([{ text: 'hi' }]);
    expect(problems.map((problem) => problem.message)).toEqual(['Nothing here listens to "toString".', 'listener broke']);
  });
});
