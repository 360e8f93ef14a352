import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import type { AgentSource } from './agents.ts';
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

/** A run asks the same address again and again. */
function urlCache(): (url: string) => URL {
  let last: URL | null = null;
  let text = '';
  return (url) => {
    if (last === null || url !== text) {
      last = new URL(url);
      text = url;
    }
    return last;
  };
}

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** The SDK tells its endpoint about the machine; nothing leaves it that the request does not need. */
const LEFT_OUT = /^x-stainless-/;

/**
 * A `fetch` for JSON interfaces over node:http: kept-alive connections, proxies by its agents, our own idle limit, and about half
 * of the built-in fetch's processor time for a short exchange. Bodies are texts; redirects are answers like any other
 * (following one would carry a key to another host).
 */
export function createFetch({ agents, idleTimeoutMs }: FetchOptions): Fetch {
  const parse = urlCache();
  return async (input, init = {}) => {
    const url = parse(typeof input === 'string' ? input : input instanceof URL ? input.href : input.url);
    const signal = init.signal ?? undefined;
    if (signal?.aborted === true) throw signal.reason;
    const body = init.body ?? '';
    if (typeof body !== 'string') throw new TypeError('This fetch sends text only.');
    const agent = await agents.for(url);
    return new Promise<Response>((resolve, reject) => {
      const options: RequestOptions = { ...urlToHttpOptions(url), method: init.method ?? 'GET', headers: headersOf(init.headers, body), timeout: idleTimeoutMs, agent };
      const request = url.protocol === 'https:' ? httpsRequest(options) : httpRequest(options);
      let message: IncomingMessage | undefined;
      const giveUp = (reason: unknown): void => {
        const error = reason instanceof Error ? reason : new Error('The request was cancelled.');
        if (message === undefined) request.destroy(error);
        else message.destroy(error);
      };
      const abort = (): void => giveUp(signal?.reason);
      signal?.addEventListener('abort', abort, { once: true });
      request.once('close', () => signal?.removeEventListener('abort', abort));
      request.once('timeout', () => giveUp(new IdleError(idleTimeoutMs)));
      request.on('error', (error) => {
        if (message === undefined) reject(error);
        else message.destroy(error);
      });
      request.once('response', (incoming) => {
        message = incoming;
        resolve(new LeanResponse(url.href, incoming.statusCode ?? 0, incoming.statusMessage ?? '', responseHeaders(incoming), incoming));
      });
      request.end(body);
    });
  };
}

function headersOf(headers: RequestInit['headers'], body: string): Record<string, string> {
  const sent: Record<string, string> = {};
  for (const [name, value] of headers instanceof Headers ? headers : new Headers(headers)) if (!LEFT_OUT.test(name)) sent[name] = value;
  if (body !== '') sent['content-length'] = String(Buffer.byteLength(body));
  return sent;
}

function responseHeaders(message: IncomingMessage): Headers {
  const headers = new Headers();
  const raw = message.rawHeaders;
  for (let i = 0; i + 1 < raw.length; i += 2) headers.append(raw[i]!, raw[i + 1]!);
  return headers;
}
