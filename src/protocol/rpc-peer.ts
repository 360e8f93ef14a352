import * as v from 'valibot';
import { serializeError, TouchstoneError, type ErrorCode, type SerializedError } from '../core/errors.ts';
import type { RpcMessage } from './rpc.ts';

/** Method → [parameters, result]. */
type MethodMap<T> = { readonly [M in keyof T]: readonly [unknown, unknown] };

/** Answers one method. Parameters come from outside: decode them (see `decoded`) before use. */
export type RpcHandler = (params: unknown, signal: AbortSignal) => unknown;
export type RpcListener = (params: unknown) => void;

export interface RpcOptions {
  /** What this side answers. */
  readonly handlers?: Readonly<Record<string, RpcHandler>>;
  /** What this side listens to. */
  readonly listeners?: Readonly<Record<string, RpcListener>>;
  /** Checks a reply before it reaches the caller; what it throws rejects the request. */
  readonly decodeResult?: (method: string, result: unknown) => unknown;
  /** A message that nobody can be told about by a reply: malformed, unknown notification, a listener that threw. */
  readonly onProblem?: (error: TouchstoneError) => void;
}

const serializedErrorSchema = v.object({
  // Both sides are of one build; a code is not worth refusing a failure for.
  code: v.custom<ErrorCode>((value) => typeof value === 'string'),
  message: v.string(),
  place: v.optional(v.object({ file: v.string(), line: v.optional(v.number()), column: v.optional(v.number()) })),
});

const idSchema = v.pipe(v.number(), v.safeInteger());
// `undefined` does not survive JSON: an absent `params` or `result` is `undefined`, not malformed.
const messageSchema = v.variant('type', [
  v.object({ type: v.literal('request'), id: idSchema, method: v.string(), params: v.optional(v.unknown()) }),
  v.object({ type: v.literal('reply'), id: idSchema, result: v.optional(v.unknown()) }),
  v.object({ type: v.literal('failure'), id: idSchema, error: serializedErrorSchema }),
  v.object({ type: v.literal('cancel'), id: idSchema }),
  v.object({ type: v.literal('notify'), method: v.string(), params: v.optional(v.unknown()) }),
]);
const unreadableRequestSchema = v.object({ type: v.literal('request'), id: idSchema });

interface Pending {
  readonly method: string;
  readonly settle: (outcome: { readonly result: unknown } | { readonly error: Error }) => void;
}

/**
 * One end of the one symmetric RPC (see `RpcMessage`), over any transport that keeps messages in order: an IPC channel,
 * a webview's postMessage, or a pair of functions. Either side may ask; `Methods` and `Notifications` are what this side
 * may ask of, and tell, the other one.
 *
 * Every request that can be read gets exactly one reply. A request settles exactly once: by its reply, by its signal
 * (rejected at once, the other side is told, and a late reply is ignored), or by `dispose`.
 */
export class RpcPeer<Methods extends MethodMap<Methods>, Notifications = Record<never, never>> {
  readonly #send: (message: RpcMessage) => void;
  readonly #options: RpcOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #answering = new Map<number, AbortController>();
  #nextId = 1;
  #closed: TouchstoneError | null = null;

  constructor(send: (message: RpcMessage) => void, options: RpcOptions = {}) {
    this.#send = send;
    this.#options = options;
  }

  /** @throws (rejects) TouchstoneError: the other side's failure; `cancelled` by the signal; `engine-stopped` or the given reason after `dispose` */
  request<M extends keyof Methods & string>(method: M, params: Methods[M][0], signal?: AbortSignal): Promise<Methods[M][1]> {
    if (this.#closed !== null) return Promise.reject(this.#closed);
    if (signal?.aborted) return Promise.reject(cancelled(method));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#trySend({ type: 'cancel', id });
        settle({ error: cancelled(method) });
      };
      const settle: Pending['settle'] = (outcome) => {
        this.#pending.delete(id);
        signal?.removeEventListener('abort', onAbort);
        if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.result);
      };
      this.#pending.set(id, { method, settle });
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        this.#send({ type: 'request', id, method, params });
      } catch (error) {
        settle({ error: asTouchstoneError(error) });
      }
    });
  }

  /** Tells, and expects nothing. On a closed channel it does nothing. */
  notify<N extends keyof Notifications & string>(method: N, params: Notifications[N]): void {
    if (this.#closed === null) this.#trySend({ type: 'notify', method, params });
  }

  /** Takes any value that arrived; never throws. */
  receive(message: unknown): void {
    if (this.#closed !== null) return;
    const parsed = v.safeParse(messageSchema, message);
    if (!parsed.success) {
      this.#refuse(message, parsed.issues);
      return;
    }
    const incoming = parsed.output;
    switch (incoming.type) {
      case 'request':
        void this.#answer(incoming.id, incoming.method, incoming.params);
        return;
      case 'reply':
        this.#settleReply(incoming.id, incoming.result);
        return;
      case 'failure':
        this.#pending.get(incoming.id)?.settle({ error: deserializeError(incoming.error) });
        return;
      case 'cancel':
        this.#answering.get(incoming.id)?.abort(cancelled('the request'));
        return;
      case 'notify':
        this.#hear(incoming.method, incoming.params);
    }
  }

  /** Rejects what is pending, aborts what is being answered, and makes every later call reject. Safe to call twice. */
  dispose(reason = new TouchstoneError('engine-stopped', 'The connection was closed before the answer came.')): void {
    if (this.#closed !== null) return;
    this.#closed = reason;
    for (const pending of [...this.#pending.values()]) pending.settle({ error: reason });
    for (const controller of this.#answering.values()) controller.abort(reason);
    this.#answering.clear();
  }

  #settleReply(id: number, result: unknown): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return; // the answer to a request that was cancelled here
    try {
      pending.settle({ result: this.#options.decodeResult ? this.#options.decodeResult(pending.method, result) : result });
    } catch (error) {
      pending.settle({ error: asTouchstoneError(error) });
    }
  }

  async #answer(id: number, method: string, params: unknown): Promise<void> {
    if (this.#answering.has(id)) {
      // A reply would settle the first request of that id with the wrong answer.
      this.#report(new TouchstoneError('invalid-message', `A second request "${method}" has the id ${id} of one that is still being answered.`));
      return;
    }
    const controller = new AbortController();
    this.#answering.set(id, controller);
    try {
      const handler = ownMember(this.#options.handlers, method);
      if (handler === undefined) throw new TouchstoneError('invalid-message', `Nothing here answers "${method}".`);
      const result = await handler(params, controller.signal);
      if (this.#closed === null) this.#send({ type: 'reply', id, result });
    } catch (error) {
      // Also reached when the result cannot be sent (it is not data): the asker must hear that, too.
      if (this.#closed === null) this.#trySend({ type: 'failure', id, error: serializeError(error) });
    } finally {
      if (this.#answering.get(id) === controller) this.#answering.delete(id);
    }
  }

  #hear(method: string, params: unknown): void {
    const listener = ownMember(this.#options.listeners, method);
    if (listener === undefined) {
      this.#report(new TouchstoneError('invalid-message', `Nothing here listens to "${method}".`));
      return;
    }
    try {
      listener(params);
    } catch (error) {
      this.#report(asTouchstoneError(error));
    }
  }

  #refuse(message: unknown, issues: readonly v.BaseIssue<unknown>[]): void {
    const error = new TouchstoneError('invalid-message', `A message cannot be read: ${describeIssues(issues)}`);
    const request = v.safeParse(unreadableRequestSchema, message);
    if (request.success && !this.#answering.has(request.output.id)) {
      this.#trySend({ type: 'failure', id: request.output.id, error: serializeError(error) });
    }
    this.#report(error);
  }

  #trySend(message: RpcMessage): void {
    try {
      this.#send(message);
    } catch (error) {
      this.#report(asTouchstoneError(error));
    }
  }

  #report(error: TouchstoneError): void {
    this.#options.onProblem?.(error);
  }
}

/** A handler whose parameters are checked first; a mismatch is the asker's failure `invalid-message`, with the place. */
export function decoded<const S extends v.GenericSchema>(
  schema: S,
  handler: (params: v.InferOutput<S>, signal: AbortSignal) => unknown,
): (params: unknown, signal?: AbortSignal) => unknown {
  return (params, signal) => handler(decode(schema, params), signal ?? new AbortController().signal);
}

/** @throws TouchstoneError 'invalid-message' that names the first places that do not fit */
export function decode<const S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  throw new TouchstoneError('invalid-message', `A message cannot be read: ${describeIssues(parsed.issues)}`);
}

function describeIssues(issues: readonly v.BaseIssue<unknown>[]): string {
  return issues.slice(0, 3).map((issue) => {
    const path = v.getDotPath(issue);
    return path === null ? issue.message : `${path}: ${issue.message}`;
  }).join('; ');
}

/** Names come from outside: `constructor` and its like are not members. */
function ownMember<T>(members: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return members !== undefined && Object.hasOwn(members, name) ? members[name] : undefined;
}

function deserializeError(error: SerializedError): TouchstoneError {
  return new TouchstoneError(error.code, error.message, error.place ? { place: error.place } : {});
}

function asTouchstoneError(error: unknown): TouchstoneError {
  if (error instanceof TouchstoneError) return error;
  const { code, message } = serializeError(error);
  return new TouchstoneError(code, message, { cause: error });
}

function cancelled(what: string): TouchstoneError {
  return new TouchstoneError('cancelled', `Cancelled: ${what}.`);
}
