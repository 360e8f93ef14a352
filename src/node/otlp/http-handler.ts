import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorMessage } from '../../core/errors.ts';
import type { Admission, Place } from './admission.ts';
import { projectOf, type Guard } from './guard.ts';
import { readEncoding, tooLarge, type Inflater } from './inflate.ts';
import type { Intake } from './intake.ts';
import type { ReceiverLimits } from './limits.ts';
import { readBody } from './read-body.ts';
import { Refusal } from './refusal.ts';
import { mediaType, plainFailure, routeOf, type Answer, type Route } from './routes.ts';

export interface HttpContext {
  readonly intake: Intake;
  readonly guard: Guard;
  readonly admission: Admission;
  readonly inflater: Inflater;
  readonly limits: ReceiverLimits;
  readonly onProblem: (message: string) => void;
  /** The receiver is going: what is under way is finished, nothing new is taken. */
  readonly closing: () => boolean;
}

/** Answers one request. Never throws. */
export async function serveHttp(context: HttpContext, request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Promise<void> {
  const reply = new Reply(context, request, response);
  let place: Place | null = null;
  let route: Route | null = null;
  const contentType = request.headers['content-type'] ?? '';
  try {
    if (request.method === 'OPTIONS') {
      reply.allow(context.guard.preflight(request.headers));
      await reply.send({ status: 204, contentType: '', body: new Uint8Array() });
      return;
    }
    reply.allow(context.guard.admit(request.headers));
    const path = pathOf(request.url ?? '/');
    const found = routeOf(request.method ?? 'GET', path);
    ({ route } = found);
    const takesBody = route.accepts.length > 0;
    if (takesBody) context.guard.authorise(request.headers.authorization, headerOf(request, 'x-api-key'));
    if (context.closing()) throw new Refusal(503, 'the receiver is closing', { retryAfter: 1 });
    const encoding = takesBody ? checkBody(request, route, contentType, context.limits.body) : null;
    place = context.admission.enter();
    if (expectsContinue) response.writeContinue();
    let body: Uint8Array = new Uint8Array();
    if (takesBody) {
      body = await context.inflater.inflate(await readBody(request, context.limits.body, place), encoding);
      place.hold(body.length);
    }
    const project = projectOf((name) => headerOf(request, name));
    const origin = { kind: 'received', place: path, ...(project === undefined ? {} : { project }) } as const;
    await reply.send(await route.answer({ intake: context.intake, bodyLimit: context.limits.body, path: found.match, method: request.method ?? '', contentType, body, origin }));
  } catch (error) {
    const refusal = error instanceof Refusal ? error : unexpected(context, error);
    await reply.refuse(refusal, route ? route.failure(refusal, contentType) : plainFailure(refusal, contentType));
  } finally {
    place?.leave();
  }
}

/** The body's encoding. @throws Refusal 413, 415, before a byte of it is read */
function checkBody(request: IncomingMessage, route: Route, contentType: string, limit: number): string | null {
  if (!route.accepts.includes(mediaType(contentType))) {
    throw new Refusal(415, `Content-Type ${JSON.stringify(contentType.slice(0, 100))} is not supported here: send ${route.accepts.join(' or ')}`, { headers: { accept: route.accepts.join(', ') } });
  }
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  return readEncoding(request.headers['content-encoding']);
}

function unexpected(context: HttpContext, error: unknown): Refusal {
  context.onProblem(`A request to the receiver failed: ${errorMessage(error)}`);
  // Nothing says that it can never be taken.
  return new Refusal(503, 'the request could not be served', { retryAfter: 5, cause: error });
}

/** Shorter rests of a refused body are read by Node itself, and the connection stays. */
const SHORT_BODY = 64 * 1024;

function isLong(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > SHORT_BODY;
}

/** The path without query and trailing slashes. */
function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  let path = end < 0 ? url : url.slice(0, end);
  // A client behind a proxy may send the whole address.
  path = path.replace(/^https?:\/\/[^/]*/i, '');
  while (path.length > 1 && path.endsWith('/')) path = path.slice(0, -1);
  return path === '' ? '/' : path;
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The one answer of a request. */
class Reply {
  readonly #context: HttpContext;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #headers: Readonly<Record<string, string>> = {};

  constructor(context: HttpContext, request: IncomingMessage, response: ServerResponse) {
    this.#context = context;
    this.#request = request;
    this.#response = response;
    // A sender that goes away is no failure of ours.
    response.on('error', () => { /* the request's own error tells it */ });
  }

  /** Headers that every answer carries from here on. */
  allow(headers: Readonly<Record<string, string>>): void {
    this.#headers = headers;
  }

  async send(answer: Answer, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const { status, contentType, body } = answer;
    if (this.#response.destroyed || this.#response.headersSent) return;
    const unread = !this.#request.complete && isLong(this.#request);
    this.#response.writeHead(status, {
      ...(status === 204 ? {} : { 'content-type': contentType, 'content-length': String(body.length) }),
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      ...this.#headers,
      ...headers,
      ...(unread || this.#context.closing() ? { connection: 'close' } : {}),
    });
    const withBody = this.#request.method !== 'HEAD' && status !== 204;
    if (unread) await this.#linger(withBody ? body : new Uint8Array());
    this.#response.end(withBody && !unread ? body : undefined);
  }

  async refuse(refusal: Refusal, answer: Answer): Promise<void> {
    await this.send(answer, { ...refusal.headers, ...(refusal.retryAfter === undefined ? {} : { 'retry-after': String(refusal.retryAfter) }) });
  }

  /**
   * The sender is still sending, and would not see an answer over a connection that is reset under it: the answer goes out, the
   * rest of the body is thrown away for a while, then the connection is closed.
   */
  async #linger(body: Uint8Array): Promise<void> {
    if (body.length > 0) this.#response.write(body);
    else this.#response.flushHeaders();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#context.limits.lingerMs);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#request.once('end', done).once('close', done).once('error', done).resume();
    });
  }
}
