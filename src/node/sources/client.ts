import { setTimeout as sleep } from 'node:timers/promises';
import type { BackendSource } from '../../core/config/model.ts';
import { TouchstoneError } from '../../core/errors.ts';
import { backoffMs } from '../../core/model/backoff.ts';
import { retryAfterMs } from '../../core/model/rate-limit-headers.ts';
import { createAgents, type AgentSource } from '../http/agents.ts';
import { proxyFor, type ProxySettings } from '../http/proxy.ts';
import { AddressError, guardedLookup, literalOf, refusalOf, resolveBySystem, type Resolve } from './addresses.ts';
import { Answer } from './answer.ts';
import { networkError, quotable, SourceError, statusError, type SourceSubject } from './errors.ts';
import { exchange, type Incoming } from './exchange.ts';

/** Headers with the keys of a source, made anew for each request. */
export type Credentials = () => Promise<Readonly<Record<string, string>>>;

export interface SourceClientOptions {
  readonly source: Pick<BackendSource, 'name' | 'url' | 'timeoutMs'>;
  readonly subject: SourceSubject;
  /** Sent to the source's own origin only, as are all headers but `accept`. */
  readonly credentials: Credentials;
  /** Paths below the source's address to which reading posts its question, as the backend documents it. */
  readonly queries?: readonly RegExp[];
  /** Paths to which a person's score is sent. Absent: nothing is ever written. */
  readonly writes?: readonly RegExp[];
  readonly proxy: ProxySettings;
  readonly ca?: readonly string[];
  readonly resolve?: Resolve;
}

export interface Ask {
  /** Below the source's address, beginning with a slash; parts that are not ours are encoded. */
  readonly path: string;
  readonly params?: Readonly<Record<string, string | number | readonly string[] | null | undefined>>;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Statuses that are an answer, not a failure. */
  readonly expect?: readonly number[];
}

const IDLE_MS = 30_000;
const MOST_REDIRECTS = 5;
const MOST_TRIES = 4;
/** Whoever asks to wait longer is not waited for: the person is told. */
const LONGEST_WAIT_MS = 60_000;
/** How often servers and proxies, one after the other, decode an address. */
const MOST_DECODED = 3;
const MARK = '[secret]';
/** Headers that carry a key; a tenant or a user name alone is none. */
const KEY_HEADER = /^authorization$|key$|honeycomb-team$/;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** For streams that break in the middle: the same part is asked for once more. Spans that come twice are one. */
export async function onceMore<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SourceError) || !error.isTemporary) throw error;
    return work();
  }
}

/** Whether a part of a path, or what a server that decodes it twice makes of it, leads to another folder. */
function leadsUp(part: string): boolean {
  let text = part;
  for (let times = 0; times < MOST_DECODED; times++) {
    if (/(?:^|[/\\])\.{1,2}(?:[/\\]|$)/.test(text)) return true;
    text = text.replace(/%(2e|2f|5c|25)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  }
  return /(?:^|[/\\])\.{1,2}(?:[/\\]|$)/.test(text);
}

function itself(answer: Answer): Promise<Answer> {
  return Promise.resolve(answer);
}

/**
 * The only way out to a source. GET, and POST to the paths at which the backend documents a query; keys go to the very origin
 * (scheme, host, port) that touchstone.yml names and nowhere else, through no redirect; private addresses are reached only where the
 * entry names their host.
 */
export class SourceClient {
  readonly #options: SourceClientOptions;
  readonly #base: URL;
  /** Of this source alone: a kept connection of another one was opened under other rules. */
  readonly #agents: AgentSource;
  /** What basic authentication made of keys: whoever keeps keys out of texts knows only the keys themselves. */
  readonly #sent = new Set<string>();
  readonly subject: SourceSubject;

  constructor(options: SourceClientOptions) {
    this.#options = options;
    this.#base = new URL(options.source.url);
    if (this.#base.username !== '' || this.#base.password !== '') throw new TouchstoneError('invalid-config', `The address of source "${options.source.name}" has a user name or password in it.`);
    const { redact } = options.subject;
    this.subject = { ...options.subject, redact: (text) => redact([...this.#sent].reduce((rest, value) => rest.replaceAll(value, MARK), text)) };
    this.#agents = createAgents({ proxy: options.proxy, ...(options.ca === undefined ? {} : { ca: options.ca }) });
  }

  /**
   * GET; what `read` makes of the answer is part of the try: half an answer is asked for again. With the answer itself as the result
   * (no `read`), its body is read once, as it comes.
   * @throws SourceError; the signal's reason
   */
  get(ask: Ask): Promise<Answer>;
  get<T>(ask: Ask, read: (answer: Answer) => Promise<T>): Promise<T>;
  get<T>(ask: Ask, read?: (answer: Answer) => Promise<T>): Promise<T | Answer> {
    return this.#persist<T | Answer>('GET', ask, '', read ?? itself);
  }

  /** A documented query: it reads, though it is posted. @throws SourceError; the signal's reason */
  query(ask: Ask, body: unknown): Promise<Answer>;
  query<T>(ask: Ask, body: unknown, read: (answer: Answer) => Promise<T>): Promise<T>;
  query<T>(ask: Ask, body: unknown, read?: (answer: Answer) => Promise<T>): Promise<T | Answer> {
    return this.#post<T | Answer>(ask, body, 'POST', this.#options.queries ?? [], read ?? itself, false);
  }

  /** Sends a person's score. Tried once: a second try could write it twice. @throws SourceError; the signal's reason */
  async write(ask: Ask, body: unknown, method: 'POST' | 'PUT' = 'POST'): Promise<void> {
    (await this.#post(ask, body, method, this.#options.writes ?? [], itself, true)).drop();
  }

  dispose(): void {
    this.#agents.dispose();
  }

  #post<T>(ask: Ask, body: unknown, method: string, allowed: readonly RegExp[], read: (answer: Answer) => Promise<T>, isOnce: boolean): Promise<T> {
    if (!allowed.some((path) => path.test(ask.path))) throw new TouchstoneError('internal', `${method} ${ask.path} is no documented query.`);
    const isText = typeof body === 'string';
    const headers = { 'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json', ...ask.headers };
    return this.#persist(method, { ...ask, headers }, isText ? body : JSON.stringify(body), read, isOnce);
  }

  /** Again after failures that pass: limits of the rate, servers that fail, connections that break. */
  async #persist<T>(method: string, ask: Ask, body: string, read: (answer: Answer) => Promise<T>, isOnce = false): Promise<T> {
    for (let tried = 1; ; tried++) {
      try {
        return await read(await this.#askOnce(method, ask, body));
      } catch (error) {
        ask.signal.throwIfAborted();
        if (isOnce || !(error instanceof SourceError) || !error.isTemporary || tried >= MOST_TRIES) throw error;
        const wait = backoffMs(tried - 1, Math.random, error.retryAfterMs);
        if (wait > LONGEST_WAIT_MS) throw error;
        await sleep(wait, undefined, { signal: ask.signal });
      }
    }
  }

  async #askOnce(method: string, ask: Ask, body: string): Promise<Answer> {
    const { subject } = this;
    let url = this.#urlOf(ask);
    const credentials = await this.#credentials();
    let headers: Readonly<Record<string, string>> = { accept: ask.accept ?? 'application/json', ...ask.headers, ...credentials };
    for (let redirects = 0; ; redirects++) {
      const incoming = await this.#exchange(url, method, headers, body, ask.signal);
      const { status } = incoming;
      if (REDIRECTS.has(status) && incoming.header('location') !== null) {
        incoming.drop();
        const next = this.#redirected(url, incoming.header('location')!, method, status, redirects);
        // For good: whoever a redirect led to must not be able to send us back with the keys.
        if (next.origin !== this.#base.origin) headers = { accept: headers['accept']! };
        url = next;
        continue;
      }
      const answer = new Answer(incoming, subject, ask.signal);
      if ((status >= 200 && status < 300) || ask.expect?.includes(status) === true) return answer;
      const said = await answer.beginning();
      const wait = retryAfterMs((name) => incoming.header(name), Date.now());
      throw statusError(status, said, wait, subject, { elsewhere: url.origin === this.#base.origin ? null : url.origin, isKeySent: Object.keys(credentials).some((name) => KEY_HEADER.test(name)) });
    }
  }

  async #credentials(): Promise<Readonly<Record<string, string>>> {
    const headers = await this.#options.credentials();
    const basic = /^Basic (.+)$/.exec(headers['authorization'] ?? '')?.[1];
    if (basic !== undefined) this.#sent.add(basic);
    return headers;
  }

  #urlOf({ path, params = {} }: Ask): URL {
    // An id such as `..` would ask something else of the host; some servers take even `..%2F` for it.
    if (path.split('/').some(leadsUp)) throw new SourceError('source-request', `“${quotable(path, this.subject)}” leads out of where ${this.subject.vendor} keeps its traces: this is no id of one.`);
    const url = new URL(`${this.#base.origin}${this.#base.pathname.replace(/\/+$/, '')}${path}`);
    if (url.origin !== this.#base.origin) throw new TouchstoneError('internal', 'A path must not lead to another host.');
    for (const [name, value] of Object.entries(params)) {
      if (value === null || value === undefined) continue;
      for (const item of Array.isArray(value) ? (value as readonly string[]) : [String(value)]) url.searchParams.append(name, item);
    }
    return url;
  }

  async #exchange(url: URL, method: string, headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): Promise<Incoming> {
    const isConfigured = url.origin === this.#base.origin;
    try {
      const literal = literalOf(url);
      const refusal = literal === null ? null : refusalOf(literal, { isConfigured, isLiteral: true });
      if (refusal !== null) throw new AddressError(`${url.host} is not asked: ${refusal}`);
      const proxied = proxyFor(url, this.#options.proxy) !== null;
      // A proxy resolves names itself; names of this machine are not sent through one.
      if (proxied && !isConfigured && /(?:^|\.)(?:localhost|local|internal)\.?$/i.test(url.hostname)) throw new AddressError(`${url.host} is not asked: it names this machine or a private network, and no source in touchstone.yml does`);
      return await exchange({
        url, method, headers, body, signal,
        agent: await this.#agents.for(url),
        ...(proxied ? {} : { lookup: guardedLookup(this.#options.resolve ?? resolveBySystem, isConfigured) }),
        idleTimeoutMs: this.#options.source.timeoutMs ?? IDLE_MS,
      });
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof TouchstoneError ? error : networkError(error, this.subject);
    }
  }

  #redirected(from: URL, location: string, method: string, status: number, redirects: number): URL {
    const { subject } = this;
    const refuse = (why: string): SourceError => new SourceError('source-request', `${subject.vendor} at ${subject.host} (source "${subject.name}") redirects ${why}. Check "url" in touchstone.yml.`, { status });
    const to = URL.canParse(location, from.href) ? new URL(location, from) : null;
    if (to === null || (to.protocol !== 'https:' && to.protocol !== 'http:')) throw refuse('to something that is no address');
    if (to.username !== '' || to.password !== '') throw refuse('to an address with a user name in it');
    if (from.protocol === 'https:' && to.protocol === 'http:') throw refuse(`from https to http (${to.host})`);
    if (redirects >= MOST_REDIRECTS) throw refuse(`more than ${MOST_REDIRECTS} times`);
    // A question must not be told to another host, nor become another one.
    if (method !== 'GET' && (to.origin !== this.#base.origin || (status !== 307 && status !== 308))) throw refuse(`a query to ${to.host}`);
    return to;
  }
}
