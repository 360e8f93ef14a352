import { isObject, type JsonObject } from '../../../core/json.ts';
import type { RawSpan, TokenBuckets } from '../../../core/trace/model.ts';
import { compareNanos, nanosOf } from '../../../core/trace/time.ts';
import { normaliseTrace } from '../../../core/trace/normalise/normalise-trace.ts';
import type { Answer } from '../answer.ts';
import { answerError, SourceError, type SourceSubject } from '../errors.ts';
import type { ListedTrace, TraceRef } from '../source.ts';

/** Pages of a list that never ends are somebody's mistake; a trace of so many spans is not shown anywhere either. */
export const MOST_PAGES = 1000;

export function listOf(value: unknown, ...keys: string[]): JsonObject[] {
  const list = Array.isArray(value) ? value : isObject(value) ? keys.map((key) => value[key]).find(Array.isArray) : undefined;
  return Array.isArray(list) ? (list as unknown[]).filter(isObject) : [];
}

/** The items of a page; an answer of another interface is no empty page. @throws SourceError */
export function itemsOf(page: unknown, subject: SourceSubject, ...keys: string[]): JsonObject[] {
  const list = Array.isArray(page) ? page : isObject(page) ? keys.map((key) => page[key]).find(Array.isArray) : undefined;
  if (list === undefined) throw answerError('answered, but not with a list', isObject(page) ? JSON.stringify({ message: page['message'] ?? page['error'] ?? page['detail'] }) : '', subject, false);
  return listOf(list);
}

export function json(answer: Answer): Promise<unknown> {
  return answer.json();
}

/** What `read` makes of an answer; `null`: its status is one of those that were expected beside success. */
export function unlessRefused<T>(read: (answer: Answer) => Promise<T>): (answer: Answer) => Promise<T | null> {
  return (answer) => {
    if (answer.status < 400) return read(answer);
    answer.drop();
    return Promise.resolve(null);
  };
}

export function textAt(value: unknown, ...path: string[]): string | null {
  let at = value;
  for (const key of path) at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return typeof at === 'string' && at !== '' ? at : typeof at === 'number' ? String(at) : null;
}

export function numberAt(value: unknown, ...path: string[]): number | null {
  let at = value;
  for (const key of path) at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  const number = typeof at === 'string' && at.trim() !== '' ? Number(at) : at;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

export function notFound(subject: SourceSubject, id: string, advice = 'it may be of another project, too old, or not stored yet'): SourceError {
  return new SourceError('not-found', `${subject.vendor} at ${subject.host} (source "${subject.name}") has no trace ${id}: ${advice}.`, { status: 404 });
}

export function wantedId(ref: TraceRef, subject: SourceSubject): string {
  if (ref.traceId !== null) return ref.traceId;
  throw new SourceError('source-request', `The link names no trace that ${subject.vendor} could be asked for: open it in the browser, open a trace there, and copy that address.`);
}

const LAST_MS = Date.UTC(9999, 11, 31);

/** A moment as backends take it; what lies before 1970 or beyond the year 9999 is put at that end. */
export function isoAt(ms: number): string {
  return new Date(Math.min(Math.max(ms, 0), LAST_MS)).toISOString();
}

/** Nanoseconds of a length in the given unit, as a decimal; `null`: it is none. */
export function lengthNanos(value: number | null, nanosPerUnit: 1e6 | 1e9): string | null {
  if (value === null || value < 0 || value > LAST_MS) return null;
  return BigInt(Math.round(value * nanosPerUnit)).toString();
}

/** Nanoseconds from a start to an end in any of the spellings of time. */
export function nanosBetween(start: unknown, end: unknown): string | null {
  const [from, to] = [nanosOf(start), nanosOf(end)];
  return from === null || to === null ? null : (BigInt(to) - BigInt(from) > 0n ? BigInt(to) - BigInt(from) : 0n).toString();
}

/** Rows of whole traces, for backends whose search answers with spans; newest first. */
export function rowsOf(spans: readonly RawSpan[]): ListedTrace[] {
  const traces = new Map<string, RawSpan[]>();
  for (const span of spans) {
    const known = traces.get(span.traceId);
    if (known) known.push(span);
    else traces.set(span.traceId, [span]);
  }
  return [...traces].map(([id, list]) => rowOf(id, list)).sort((a, b) => compareNanos(b.startNs, a.startNs));
}

function rowOf(id: string, raw: readonly RawSpan[]): ListedTrace {
  const { spans } = normaliseTrace(raw, []);
  const root = spans.find(({ parentId }) => parentId === null) ?? spans[0]!;
  const startNs = spans.reduce((least, { startNs: start }) => (compareNanos(start, least) < 0 ? start : least), root.startNs);
  const endNs = spans.some(({ endNs: end }) => end === null) ? null : spans.reduce((most, { endNs: end }) => (compareNanos(end!, most) > 0 ? end! : most), startNs);
  const counted = spans.filter(({ usageRole, tokens }) => usageRole === 'leaf' && tokens !== null);
  const priced = spans.filter(({ usageRole, cost }) => usageRole === 'leaf' && cost !== null);
  return {
    id, name: root.name, startNs,
    durationNs: endNs === null ? null : (BigInt(endNs) - BigInt(startNs)).toString(),
    spans: spans.length,
    errors: spans.filter(({ status, error }) => status === 'error' || error !== null).length,
    tokens: counted.length === 0 ? null : counted.reduce((sum, { tokens }) => sum + sumOf(tokens!), 0),
    cost: priced.length === 0 ? null : priced.reduce((sum, { cost }) => sum + cost!, 0),
    service: root.service,
    session: spans.find(({ session }) => session !== null)?.session ?? null,
    user: spans.find(({ user }) => user !== null)?.user ?? null,
  };
}

function sumOf({ input, cacheRead, cacheWrite, output, reasoning }: TokenBuckets): number {
  return (input ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0) + (output ?? 0) + (reasoning ?? 0);
}
