import { TouchstoneError, type ErrorCode } from '../../core/errors.ts';
import { isObject } from '../../core/json.ts';
import { ModelError } from '../../core/model/model.ts';
import { retryAfterMs, type Headers as HeaderSource } from '../../core/model/rate-limit-headers.ts';
import type { Redactor } from '../../core/model/redact.ts';
import { IdleError } from '../http/fetch.ts';

/** Who failed, for the messages. */
export interface ErrorSubject {
  /** Whose endpoint, such as `OpenAI`. */
  readonly vendor: string;
  readonly url: string;
  readonly model: string;
  /** The name of the key that was used, or that is missing. */
  readonly keyName: string | null;
  readonly redactor: Redactor;
}

const LONGEST_MESSAGE = 400;
const LONGEST_EXCERPT = 120;
/** Of an answer or a message that is looked through for what is shown of it: half a secret would not be recognised, so what is shown ends far before what is looked through. */
const EXCERPT_FROM = 4_096;

/** Statuses after which the same request may succeed: RFC 9110 §15.5.9, §15.5.10; 425 RFC 8470; 529 is Anthropic's "overloaded". */
const TRANSIENT_CLIENT_STATUSES = new Set([408, 409, 425]);

export function cancelledError(): TouchstoneError {
  return new TouchstoneError('cancelled', 'The request was cancelled.');
}

export function missingSecret(subject: Pick<ErrorSubject, 'vendor' | 'keyName'>, names: readonly string[]): ModelError {
  return new ModelError('missing-secret', `${subject.vendor} needs a key: set ${names.join(' or ')} with "Touchstone: Set API Key" or in the environment.`, { transient: false });
}

/** An answer with a status that is not a success. `body` is what came with it, parsed where it is JSON. */
export function statusError(status: number, body: unknown, headers: HeaderSource, subject: ErrorSubject, nowMs = Date.now()): ModelError {
  const said = shorten(subject.redactor.redact(endpointMessage(body).slice(0, EXCERPT_FROM)));
  const wait = retryAfterMs(headers, nowMs);
  const make = (code: ErrorCode, message: string, transient: boolean): ModelError => new ModelError(code, message, { transient, status, retryAfterMs: wait });
  const tail = said === '' ? '' : ` ${said}`;
  if (status === 429) {
    if (isQuota(body)) return make('rate-limited', `${subject.vendor}: the account's quota is used up (429).${tail}`, false);
    return make('rate-limited', `${subject.vendor} limits the rate (429).${tail}`, true);
  }
  if (status === 401 || status === 403) {
    const key = subject.keyName === null ? 'It expects a key: name one in touchstone.yml (`apiKey`).' : `Check the key ${subject.keyName} with "Touchstone: Set API Key".`;
    return make('unauthorized', `${subject.vendor} refused access (${status}). ${key}${tail}`, false);
  }
  if (status === 407) return make('network', `The proxy refused the request (407): check the user name and password in the proxy's address.`, false);
  if (status >= 500) return make('model-server', `${subject.vendor} failed (${status}).${tail}`, true);
  if (TRANSIENT_CLIENT_STATUSES.has(status)) return make('model-server', `${subject.vendor} could not serve the request now (${status}).${tail}`, true);
  if (status === 404) return make('model-request', `${subject.vendor} does not know the model "${subject.model}" or the address ${shorten(subject.redactor.redact(subject.url))} (404).${tail}`, false);
  if (status >= 300 && status < 400) return make('model-request', `${subject.vendor} answered with a redirect (${status}), which Touchstone does not follow: check the base URL ${subject.redactor.redact(subject.url)}.`, false);
  return make('model-request', `${subject.vendor} refused the request (${status}).${tail}`, false);
}

/** The connection failed, or broke off before the answer was complete. */
export function networkError(error: unknown, subject: ErrorSubject): ModelError {
  const idle = findIdle(error);
  if (idle !== null) return new ModelError('timeout', `${subject.vendor} sent nothing for ${idle.idleMs / 1000} s.`, { transient: true });
  const code = networkCode(error);
  const host = new URL(subject.url).host;
  if (code !== null && /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|SSL/.test(code)) {
    return new ModelError('network', `The certificate of ${host} cannot be trusted (${code}). Behind a proxy with its own authority, install it in the system's store or name it in NODE_EXTRA_CA_CERTS.`, { transient: false });
  }
  if (code === 'ENOTFOUND') return new ModelError('network', `The host ${host} cannot be found (ENOTFOUND). Check the address and the proxy settings.`, { transient: true });
  if (code === 'ECONNREFUSED') return new ModelError('network', `Nothing answers at ${host} (ECONNREFUSED).`, { transient: true });
  const what = code ?? shorten(subject.redactor.redact(deepestMessage(error)));
  return new ModelError('network', `The connection to ${host} failed (${what}).`, { transient: true });
}

export function brokenAnswer(subject: ErrorSubject, what: string, excerpt?: string): ModelError {
  const tail = excerpt === undefined || excerpt.trim() === '' ? '' : ` It begins: ${JSON.stringify(subject.redactor.redact(excerpt.slice(0, EXCERPT_FROM).trim()).slice(0, LONGEST_EXCERPT))}`;
  return new ModelError('model-response', `${subject.vendor} ${what}.${tail}`, { transient: true });
}

/** The endpoint's own words, in the forms that are in use. */
function endpointMessage(body: unknown): string {
  if (typeof body === 'string') return /^\s*</.test(body) ? htmlTitle(body) : body.trim();
  if (Array.isArray(body)) return endpointMessage(body[0]);
  if (!isObject(body)) return '';
  const { error, message, detail } = body;
  if (isObject(error)) return endpointMessage(error);
  for (const value of [message, detail, error]) if (typeof value === 'string') return value.trim();
  return '';
}

function htmlTitle(html: string): string {
  // Further down no page has its title, and looking for one takes time with the square of what is looked through.
  const title = /<title[^>]*>([^<]{1,200})/i.exec(html.slice(0, EXCERPT_FROM))?.[1]?.trim();
  return title === undefined ? 'It answered with an HTML page.' : `It answered with an HTML page: "${title}".`;
}

function isQuota(body: unknown): boolean {
  const error = isObject(body) && isObject(body['error']) ? body['error'] : body;
  return isObject(error) && [error['code'], error['type']].some((value) => value === 'insufficient_quota' || value === 'billing_hard_limit_reached');
}

function shorten(text: string): string {
  return text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, LONGEST_MESSAGE)}…`;
}

function* chain(error: unknown): Generator<unknown> {
  for (let depth = 0, current = error; current !== undefined && current !== null && depth < 6; depth += 1) {
    yield current;
    current = isObject(current) || current instanceof Error ? (current as { cause?: unknown }).cause : undefined;
  }
}

function findIdle(error: unknown): IdleError | null {
  for (const item of chain(error)) if (item instanceof IdleError) return item;
  return null;
}

function networkCode(error: unknown): string | null {
  for (const item of chain(error)) {
    const code = (item as { code?: unknown }).code;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
    // A host with several addresses fails with one error for each.
    if (item instanceof AggregateError && item.errors.length > 0) return networkCode(item.errors[0]);
  }
  return null;
}

function deepestMessage(error: unknown): string {
  let message = String(error);
  for (const item of chain(error)) if (item instanceof Error) message = item.message;
  return message;
}
