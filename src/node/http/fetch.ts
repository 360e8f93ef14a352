import { request as httpRequest, type Agent, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import type { AgentSource } from './agents.ts';
import { LeanHeaders } from './lean-headers.ts';
import { LeanResponse } from './lean-response.ts';

/** No byte came for as long as we wait. */
export class IdleError extends Error {
  override readonly name = 'IdleError';
  readonly idleMs: number;

  constructor(idleMs: number) {
    super(`No byte arrived for ${idleMs / 1000} s.`);
    this.idleMs = idleMs;
  }
}

export interface FetchOptions {
  readonly agents: AgentSource;
  /** Milliseconds without a byte in either direction, connecting included, before the request is given up with an IdleError. */
  readonly idleTimeoutMs: number;
}

/**
 * `cancel` is a second signal beside `signal`: the SDK joins the caller's signal with one of its own on every call
 * (AbortSignal.any), which costs as much as sending the request. Whoever can, hands its signal straight to the fetch.
 */
export interface FetchInit extends RequestInit {
  readonly cancel?: AbortSignal;
}

export type Fetch = (input: string | URL | Request, init?: FetchInit) => Promise<LeanResponse>;

/** The SDK tells its endpoint about the machine; nothing leaves it that the request does not need. */
const LEFT_OUT = 'x-stainless-';

/** An address in the form that node:http takes. */
interface Address {
  readonly text: string;
  readonly url: URL;
  readonly options: RequestOptions;
  readonly agent: Agent;
}

/**
 * A `fetch` for JSON interfaces over node:http: kept-alive connections, proxies by its agents, our own idle limit, and about half
 * of the built-in fetch's processor time for a short exchange. Bodies are texts; redirects are answers like any other
 * (following one would carry a key to another host).
 */
export function createFetch({ agents, idleTimeoutMs }: FetchOptions): Fetch {
  // A run asks the same address again and again.
  let last: Address | null = null;
  const addressOf = async (text: string): Promise<Address> => {
    if (last?.text === text) return last;
    const url = new URL(text);
    last = { text, url, options: urlToHttpOptions(url), agent: await agents.for(url) };
    return last;
  };

  return async (input, init = {}) => {
    const { cancel, signal } = init;
    const body = init.body ?? '';
    if (typeof body !== 'string') throw new TypeError('This fetch sends text only.');
    const { url, options, agent } = await addressOf(typeof input === 'string' ? input : input instanceof URL ? input.href : input.url);
    for (const stop of [cancel, signal]) if (stop?.aborted === true) throw reasonOf(stop);
    return new Promise((resolve, reject) => {
      const all: RequestOptions = { ...options, method: init.method ?? 'GET', headers: headersOf(init.headers, body), timeout: idleTimeoutMs, agent };
      const request = url.protocol === 'https:' ? httpsRequest(all) : httpRequest(all);
      let message: IncomingMessage | undefined;
      const giveUp = (error: Error): void => {
        if (message === undefined) request.destroy(error);
        else message.destroy(error);
      };
      const onCancel = (): void => giveUp(reasonOf(cancel));
      const onAbort = (): void => giveUp(reasonOf(signal));
      cancel?.addEventListener('abort', onCancel);
      signal?.addEventListener('abort', onAbort);
      request.on('close', () => {
        cancel?.removeEventListener('abort', onCancel);
        signal?.removeEventListener('abort', onAbort);
      });
      request.on('timeout', () => giveUp(new IdleError(idleTimeoutMs)));
      request.on('error', (error) => {
        if (message === undefined) reject(error);
        else message.destroy(error);
      });
      request.on('response', (incoming) => {
        message = incoming;
        resolve(new LeanResponse(url.href, incoming.statusCode ?? 0, incoming.statusMessage ?? '', new LeanHeaders(incoming.headers), incoming));
      });
      request.end(body);
    });
  };
}

function reasonOf(signal: AbortSignal | null | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('The request was cancelled.');
}

function headersOf(headers: RequestInit['headers'], body: string): Record<string, string> {
  const sent: Record<string, string> = {};
  for (const [name, value] of headers instanceof Headers ? headers : new Headers(headers)) if (!name.startsWith(LEFT_OUT)) sent[name] = value;
  if (body !== '') sent['content-length'] = String(Buffer.byteLength(body));
  return sent;
}
