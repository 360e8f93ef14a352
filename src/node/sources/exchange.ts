import { request as httpRequest, type Agent, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { urlToHttpOptions } from 'node:url';
import { createGunzip, createInflate, type Gunzip, type Inflate } from 'node:zlib';
import type { Readable } from 'node:stream';
import { IdleError } from '../http/fetch.ts';

export interface Exchange {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly agent: Agent;
  /** Absent where a proxy resolves the name. */
  readonly lookup?: LookupFunction;
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** The head of an answer, and its body as it comes. */
export interface Incoming {
  readonly status: number;
  header(name: string): string | null;
  /** Inflated. */
  readonly body: Readable;
  /** Bytes of the compressed answer that what came of the body was made from; `null`: it is not compressed. */
  deflated(): number | null;
  /** Ends the connection of an answer that nobody reads to its end. */
  drop(): void;
}

/** One request and the head of its answer. No redirect is followed, no cookie kept. */
export function exchange({ url, method, headers, body, agent, lookup, idleTimeoutMs, signal }: Exchange): Promise<Incoming> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send({
      ...urlToHttpOptions(url),
      method,
      headers: { 'accept-encoding': 'gzip, deflate', ...headers, ...(body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }) },
      timeout: idleTimeoutMs,
      agent,
      ...(lookup === undefined ? {} : { lookup }),
    });
    let message: IncomingMessage | undefined;
    const giveUp = (error: Error): void => void (message ?? request).destroy(error);
    const onAbort = (): void => giveUp(signal.reason instanceof Error ? signal.reason : new Error('The request was cancelled.'));
    signal.addEventListener('abort', onAbort, { once: true });
    request.on('close', () => signal.removeEventListener('abort', onAbort));
    request.on('timeout', () => giveUp(new IdleError(idleTimeoutMs)));
    request.on('error', (error) => {
      if (message === undefined) reject(error);
      else message.destroy(error);
    });
    request.on('response', (incoming) => {
      message = incoming;
      const inflate = inflaterFor(incoming);
      const body = inflate === null ? incoming : incoming.pipe(inflate);
      // An answer that nobody reads to its end must not end the process.
      body.on('error', () => undefined);
      resolve({
        status: incoming.statusCode ?? 0,
        header: (name) => {
          const value = incoming.headers[name];
          return value === undefined ? null : typeof value === 'string' ? value : value.join(', ');
        },
        body,
        deflated: () => inflate?.bytesWritten ?? null,
        drop: () => incoming.destroy(),
      });
    });
    request.end(body);
  });
}

/** `null`: it is sent as it is. Brotli is not asked for: it has no limit to how many times longer an answer gets. */
function inflaterFor(message: IncomingMessage): Gunzip | Inflate | null {
  const encoding = message.headers['content-encoding']?.trim().toLowerCase();
  const inflate = encoding === 'gzip' || encoding === 'x-gzip' ? createGunzip() : encoding === 'deflate' ? createInflate() : null;
  if (inflate === null) return null;
  message.on('error', (error) => inflate.destroy(error));
  message.on('aborted', () => inflate.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })));
  inflate.on('close', () => message.destroy());
  return inflate;
}
