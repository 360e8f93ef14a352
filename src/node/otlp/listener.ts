import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ReceiverLimits } from './limits.ts';

export interface Protocols {
  readonly limits: ReceiverLimits;
  readonly onRequest: (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => void;
  /** A connection on which HTTP/2 is spoken, which gRPC always is. Nothing was taken from it. */
  readonly onHttp2: (connection: Socket) => void;
}

/** One port on the loopback addresses. */
export interface Listener {
  readonly port: number;
  /** Takes no more connections; those that answer a request may finish for so many milliseconds. */
  close(graceMs: number): Promise<void>;
}

/** What a client of HTTP/2 says first (RFC 9113, 3.4); no method of HTTP/1 begins like that. */
const HTTP2_PREFACE = 'PRI';

const MAX_HEADERS = 100;
const MAX_HEADER_BYTES = 16 * 1024;
/** How often Node looks for connections that are too slow. */
const CHECK_MS = 2000;

/** A system may come without IPv6, or without an address for it on loopback. */
const NO_IPV6 = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL', 'ENOTSUP', 'EPROTONOSUPPORT']);
/** Somebody has the port, or (on Windows) has reserved it, or it may not be had. */
const TAKEN = new Set(['EADDRINUSE', 'EACCES']);

/**
 * Listens on 127.0.0.1 and, where there is one, on ::1: never on an address that another machine reaches. Each port takes HTTP/1
 * and HTTP/2, because many programs name the one port in their environment and speak the other protocol in their code.
 * `null`: the port is taken. 0: any free one.
 */
export async function listenOnLoopback(port: number, protocols: Protocols): Promise<Listener | null> {
  const first = await listen('127.0.0.1', port, protocols);
  if (typeof first === 'string') {
    if (TAKEN.has(first)) return null;
    throw new Error(`cannot listen on 127.0.0.1:${port} (${first})`);
  }
  const second = await listen('::1', first.port, protocols);
  if (typeof second !== 'string') return { port: first.port, close: async (graceMs) => { await Promise.all([first.close(graceMs), second.close(graceMs)]); } };
  if (NO_IPV6.has(second)) return first;
  // "localhost" may mean ::1, and the other program there would get what is meant for us.
  await first.close(0);
  return null;
}

/** The listener, or the code of the error. */
function listen(host: string, port: number, protocols: Protocols): Promise<Listener | string> {
  const { limits } = protocols;
  const server = createServer({
    requestTimeout: limits.requestMs,
    headersTimeout: limits.headersMs,
    keepAliveTimeout: limits.restMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, limits.headersMs),
    maxHeaderSize: MAX_HEADER_BYTES,
    noDelay: true,
  });
  server.maxHeadersCount = MAX_HEADERS;
  server.maxConnections = limits.connections;
  server.on('request', (request: IncomingMessage, response: ServerResponse) => { protocols.onRequest(request, response, false); });
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => { protocols.onRequest(request, response, true); });
  const sockets: Sockets = { all: new Set(), silent: new Set() };
  divert(server, protocols, sockets);
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => { resolve(error.code ?? 'ENOENT'); });
    server.listen({ host, port, exclusive: true, ipv6Only: true }, () => {
      server.removeAllListeners('error');
      // Running out of file descriptors is one; those that are open are served on.
      server.on('error', () => { /* the next connection may work */ });
      resolve({ port: (server.address() as AddressInfo).port, close: (graceMs) => close(server, sockets, graceMs) });
    });
  });
}

interface Sockets {
  readonly all: Set<Socket>;
  /** Have not said what they speak. */
  readonly silent: Set<Socket>;
}

/** Looks at the first bytes of each connection before HTTP/1's parser gets it. */
function divert(server: Server, { limits, onHttp2 }: Protocols, { all, silent }: Sockets): void {
  const serveHttp1 = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    all.add(socket);
    silent.add(socket);
    socket.once('close', () => {
      all.delete(socket);
      silent.delete(socket);
    });
    let seen = Buffer.alloc(0);
    const drop = (): void => { socket.destroy(); };
    const look = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk]);
      const start = seen.toString('latin1', 0, HTTP2_PREFACE.length);
      if (start.length < HTTP2_PREFACE.length && HTTP2_PREFACE.startsWith(start)) return;
      silent.delete(socket);
      socket.off('data', look).off('error', drop).off('timeout', drop).setTimeout(0);
      socket.pause();
      socket.unshift(seen);
      if (start === HTTP2_PREFACE) onHttp2(socket);
      else {
        for (const serve of serveHttp1) Reflect.apply(serve, server, [socket]);
        socket.resume();
      }
    };
    socket.setTimeout(limits.headersMs).on('timeout', drop).on('error', drop).on('data', look);
  });
}

async function close(server: Server, { all, silent }: Sockets, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
  server.closeIdleConnections();
  for (const socket of silent) socket.destroy();
  const timer = setTimeout(() => { for (const socket of all) socket.destroy(); }, graceMs);
  await closed;
  clearTimeout(timer);
}
