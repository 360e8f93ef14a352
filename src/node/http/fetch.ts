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

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<LeanResponse>;

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
    const { signal } = init;
    const body = init.body ?? '';
    if (typeof body !== 'string') throw new TypeError('This fetch sends text only.');
    const { url, options, agent } = await addressOf(typeof input === 'string' ? input : input instanceof URL ? input.href : input.url);
    if (signal?.aborted === true) throw reasonOf(signal);
    return new Promise((resolve, reject) => {
      const all: RequestOptions = { ...options, method: init.method ?? 'GET', headers: headersOf(init.headers, body), timeout: idleTimeoutMs, agent };
      const request = url.protocol === 'https:' ? httpsRequest(all) : httpRequest(all);
      let message: IncomingMessage | undefined;
      const giveUp = (error: Error): void => {
        if (message === undefined) request.destroy(error);
        else message.destroy(error);
      };
      const onAbort = (): void => giveUp(reasonOf(signal));
      signal?.addEventListener('abort', onAbort);
      request.on('close', () => signal?.removeEventListener('abort', onAbort));
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
  // A plain object is taken as it is: node:http checks names and values itself.
  const plain = headers === undefined || Symbol.iterator in headers ? Object.fromEntries(new Headers(headers)) : (headers as Record<string, string>);
  return body === '' ? plain : { ...plain, 'content-length': String(Buffer.byteLength(body)) };
}
