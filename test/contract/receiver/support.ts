import { mkdtempSync, rmSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { TraceSink } from '../../../src/core/trace/sink.ts';
import type { GuardOptions } from '../../../src/node/otlp/guard.ts';
import { createReceiver, type Receiver, type ReceiverOptions } from '../../../src/node/otlp/receiver.ts';
import { MemorySink } from '../../fixtures/memory-sink.ts';

export const TRACE = '0af7651916cd43dd8448eb211c80319c';
export const SPAN = 'b7ad6b7169203331';
export const JSON_TYPE = 'application/json';
export const PROTOBUF = 'application/x-protobuf';

/** OTLP/JSON of spans with these members. */
export function traceRequest(...spans: object[]): { resourceSpans: object[] } {
  return { resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] }, scopeSpans: [{ scope: { name: 'test' }, spans }] }] };
}

export function span(members: object = {}): object {
  return { traceId: TRACE, spanId: SPAN, name: 'chat', kind: 3, startTimeUnixNano: '1790000000000000000', endTimeUnixNano: '1790000001250000000', ...members };
}

export interface Served<S extends TraceSink> extends AsyncDisposable {
  readonly receiver: Receiver;
  readonly sink: S;
  readonly folder: string;
  readonly http: number;
  readonly grpc: number;
  readonly url: string;
  readonly problems: string[];
}

export async function serve<S extends TraceSink = MemorySink>({ origins, hosts, token, ...options }: Partial<ReceiverOptions> & GuardOptions & { sink?: S } = {}): Promise<Served<S>> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'touchstone-receiver-'));
  const sink = (options.sink ?? new MemorySink()) as S;
  const problems: string[] = [];
  const receiver = createReceiver({ owner: 'a test', onProblem: (message) => problems.push(message), guard: () => Promise.resolve({ origins, hosts, token }), ...options, folder, sink });
  const status = await receiver.start({ http: 0, grpc: 0 });
  if (status.state !== 'on') throw new Error(JSON.stringify(status));
  return {
    receiver, sink, folder, problems, http: status.http, grpc: status.grpc ?? 0, url: `http://127.0.0.1:${status.http}`,
    async [Symbol.asyncDispose]() {
      await receiver.stop();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Lets no batch be committed from now on, until `release`. */
export function holdBack(sink: MemorySink): { readonly release: () => void; readonly isHeld: (batches: number) => Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let held = 0;
  sink.before = () => {
    held++;
    return promise;
  };
  return {
    release: resolve,
    isHeld: (batches) => expect.poll(() => held).toBe(batches),
  };
}

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly json: unknown;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | object;
  readonly host?: string;
}

/** Sends a request with just these headers: `fetch` would not let a test choose Host and Origin. */
export function send(port: number, path: string, { method, headers = {}, body, host = '127.0.0.1' }: Sent = {}): Promise<Got> {
  const bytes = body === undefined ? undefined : body instanceof Uint8Array || typeof body === 'string' ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, path, method: method ?? (bytes ? 'POST' : 'GET'), headers: { ...(bytes ? { 'content-length': String(bytes.length) } : {}), ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject).on('end', () => {
        const all = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: all, get json() { return JSON.parse(all.toString('utf8')) as unknown; } });
      });
    });
    sent.on('error', reject).end(bytes);
  });
}

export function post(port: number, path: string, contentType: string, body: Uint8Array | string | object, headers: Readonly<Record<string, string>> = {}): Promise<Got> {
  return send(port, path, { headers: { 'content-type': contentType, ...headers }, body });
}

/** Writes bytes to a connection and returns all that comes back until it is closed. */
export function speak(port: number, ...pieces: (string | Uint8Array)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => { for (const piece of pieces) socket.write(piece); });
    socket.setEncoding('utf8').on('data', (text: string) => { heard += text; }).on('close', () => { resolve(heard); }).on('error', reject);
  });
}
