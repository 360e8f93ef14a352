import { TouchstoneError, type ErrorCode } from '../../core/errors.ts';
import { isObject } from '../../core/json.ts';
import { IdleError } from '../http/fetch.ts';
import { AddressError } from './addresses.ts';

/** Whom an error is about, in the words of the person who configured it. */
export interface SourceSubject {
  /** Of touchstone.yml. */
  readonly name: string;
  /** `Langfuse`. */
  readonly vendor: string;
  /** Where it is asked, `host[:port]`. */
  readonly host: string;
  /** Names of the secrets that it takes. */
  readonly secrets: readonly string[];
  readonly redact: (text: string) => string;
}

/** What failed at a source. Temporary failures are worth another try. */
export class SourceError extends TouchstoneError {
  override readonly name = 'SourceError';
  readonly isTemporary: boolean;
  readonly status: number | null;
  /** Milliseconds that the source asks to wait. */
  readonly retryAfterMs: number | null;

  constructor(code: ErrorCode, message: string, options: { temporary?: boolean; status?: number; retryAfterMs?: number | null; cause?: unknown } = {}) {
    super(code, message, options.cause === undefined ? {} : { cause: options.cause });
    this.isTemporary = options.temporary ?? false;
    this.status = options.status ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

const LONGEST_SAID = 300;
/** Half a secret would not be recognised: what is shown ends far before what is looked through. */
export const LOOKED_THROUGH = 4096;

function whoIs({ name, vendor, host }: SourceSubject): string {
  return `${vendor} at ${host} (source "${name}")`;
}

function keysOf({ secrets }: SourceSubject): string {
  return secrets.length === 0 ? 'name one with "key" in its entry in touchstone.yml' : `check ${secrets.join(' and ')}: set with "Touchstone: Set API Key" or in the environment`;
}

interface Asked {
  /** Where a redirect led, without the key. */
  readonly elsewhere: string | null;
  readonly isKeySent: boolean;
}

/** An answer whose status is no success. `body`: the source's own words. */
export function statusError(status: number, body: string, retryAfterMs: number | null, subject: SourceSubject, { elsewhere, isKeySent }: Asked = { elsewhere: null, isKeySent: true }): SourceError {
  const said = saidBy(body, subject);
  const make = (code: ErrorCode, message: string, temporary = false): SourceError => new SourceError(code, `${message}${said}`, { temporary, status, retryAfterMs });
  const who = whoIs(subject);
  if (elsewhere !== null && (status === 401 || status === 403)) return make('source-request', `${who} redirects to ${elsewhere}, to which its key is not sent (${status}): if that is its address, write it into "url" in touchstone.yml.`);
  switch (status) {
    case 401: if (!isKeySent && subject.secrets.length > 0) return make('unauthorized', `${who} wants a key (401), and none is set: set ${subject.secrets.join(' and ')} with "Touchstone: Set API Key" or in the environment.`);
      return make('unauthorized', `${who} does not accept the key (401): ${keysOf(subject)}.`);
    case 403: return make('unauthorized', `${who} refuses what this key may see (403): use a key of the project that has the trace, with the right to read; ${keysOf(subject)}.`);
    case 404: return make('not-found', `${who} does not know this (404): the trace may be of another project, too old or not stored yet, or "url" in touchstone.yml is not the address of the interface.`);
    case 407: return make('network', `The proxy refused the request to ${subject.host} (407): check the user name and password in the proxy's address.`);
    case 413: case 422: return make('source-request', `${who} cannot give this much at once (${status}).`);
    case 429: return make('rate-limited', `${who} limits the rate (429)${retryAfterMs === null ? '' : ` and asks to wait ${Math.ceil(retryAfterMs / 1000)} s`}: try again later.`, true);
    default:
      if (status >= 500) return make('source-server', `${who} failed (${status}): try again later.`, status !== 501 && status !== 505);
      return make('source-request', `${who} refused the request (${status}): its version may differ from those in docs/sources.md.`, status === 408 || status === 425);
  }
}

/** The connection failed, or broke off. */
export function networkError(error: unknown, subject: SourceSubject): SourceError {
  const who = whoIs(subject);
  for (const item of chain(error)) {
    if (item instanceof IdleError) return new SourceError('timeout', `${who} sent nothing for ${item.idleMs / 1000} s: try again, or set "timeoutMs" in its entry in touchstone.yml.`, { temporary: true, cause: error });
    if (item instanceof AddressError) return new SourceError('network', `${subject.redact(item.message)}. Touchstone does not connect to it for ${who}.`, { cause: error });
  }
  const code = codeOf(error);
  // Of a compressed answer: what it was is not known.
  if (code !== null && code.startsWith('Z_')) return answerError(`sent an answer that cannot be inflated (${code})`, '', subject);
  if (code !== null && /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|SSL/.test(code)) return new SourceError('network', `The certificate of ${subject.host} cannot be trusted (${code}): install its authority in the system's store or name it in NODE_EXTRA_CA_CERTS.`, { cause: error });
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new SourceError('network', `The host of source "${subject.name}", ${subject.host}, cannot be found (${code}): check "url" in touchstone.yml and the proxy settings.`, { temporary: true, cause: error });
  if (code === 'ECONNREFUSED') return new SourceError('network', `Nothing answers at ${subject.host} (ECONNREFUSED): is ${subject.vendor} running, and is "url" of source "${subject.name}" right?`, { temporary: true, cause: error });
  return new SourceError('network', `The connection to ${who} broke (${code ?? subject.redact(messageOf(error)).slice(0, LONGEST_SAID)}): try again.`, { temporary: true, cause: error });
}

/** A success that is not what was asked for. */
export function answerError(what: string, body: string, subject: SourceSubject, temporary = true): SourceError {
  const advice = temporary ? 'Try again.' : 'Check "url" in touchstone.yml; its version may differ from those in docs/sources.md.';
  return new SourceError('source-response', `${whoIs(subject)} ${what}. ${advice}${saidBy(body, subject)}`, { temporary });
}

/** A page in a browser's language where data was expected: a sign-in page, or the tool's own. */
export function htmlError(body: string, subject: SourceSubject): SourceError {
  const title = titleOf(body);
  return new SourceError('source-response', `${whoIs(subject)} answered with an HTML page${title === null ? '' : ` (“${quotable(title, subject)}”)`} instead of data: "url" in touchstone.yml is the address of its pages or of a sign-in page before them, not of its interface.`);
}

export function isHtml(contentType: string | null, body: string): boolean {
  return /html/i.test(contentType ?? '') || /^\s*<(?:!doctype|html|head|body)\b/i.test(body.slice(0, 200));
}

function saidBy(body: string, subject: SourceSubject): string {
  const text = isHtml(null, body) ? titleOf(body) : wordsOf(body);
  const plain = quotable(text ?? '', subject);
  return plain === '' ? '' : ` It says: “${plain}”`;
}

/** A source's own words as they may be shown and kept: without keys, on one line, and not too long. */
export function quotable(text: string, { redact }: SourceSubject): string {
  const plain = redact(text.slice(0, LOOKED_THROUGH)).replace(/\s+/g, ' ').trim();
  return plain.length > LONGEST_SAID ? `${plain.slice(0, LONGEST_SAID)}…` : plain;
}

/** The message inside an answer, in the shapes that the backends use. */
function wordsOf(body: string): string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return body;
  }
  for (let depth = 0; depth < 4 && typeof value !== 'string'; depth++) {
    if (Array.isArray(value)) value = (value as unknown[])[0];
    else if (isObject(value)) {
      const object: Readonly<Record<string, unknown>> = value;
      value = ['message', 'msg', 'detail', 'error', 'errors', 'reason'].map((key) => object[key]).find((member) => member !== undefined && member !== null);
    } else return '';
  }
  return typeof value === 'string' ? value : '';
}

function titleOf(html: string): string | null {
  return /<title[^>]*>([^<]+)/i.exec(html.slice(0, LOOKED_THROUGH))?.[1]?.trim() ?? null;
}

function* chain(error: unknown): Generator<unknown> {
  for (let depth = 0, current = error; current !== undefined && current !== null && depth < 6; depth++) {
    yield current;
    if (current instanceof AggregateError) yield* current.errors;
    current = current instanceof Error ? current.cause : undefined;
  }
}

function codeOf(error: unknown): string | null {
  for (const item of chain(error)) {
    const code = (item as { code?: unknown }).code;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
  }
  return null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
