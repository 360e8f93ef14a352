import { isObject } from '../../../core/json.ts';
import { readSpanId, readTraceId } from '../../../core/trace/ids.ts';
import { UndecodableValue } from '../../../core/trace/any-value.ts';
import { tag, WireReader } from '../../../core/trace/protobuf-reader.ts';
import { compareNanos, readNanos } from '../../../core/trace/time.ts';
import type { Answer } from '../answer.ts';
import { answerError, htmlError, isHtml, LOOKED_THROUGH, quotable, type SourceSubject } from '../errors.ts';
import { plainQuery } from '../plain-query.ts';
import type { FetchedTrace, FetchSink, ListedPage, ListRequest, SourceContext, TraceRef, TraceSource } from '../source.ts';
import { BackendAdapter } from './adapter.ts';
import { lengthNanos, listOf, notFound, numberAt, textAt, unlessRefused } from './shared.ts';
import { takeInSlices } from './slices.ts';

const RESOURCE_SPANS = tag(1, 'bytes');
const HOUR = 3600;
const LONGEST_MESSAGE = 4096;
/** The first spans are shown at once; then in larger pieces. */
const FIRST_PIECE = 64 * 1024;
const PIECE = 1024 * 1024;

/** Grafana Tempo, directly or through Grafana (`datasource`). Protobuf is exact OTLP, so it is asked for; what comes as JSON is read, too. */
export class TempoSource extends BackendAdapter implements TraceSource {
  readonly #prefix: string;

  constructor(context: SourceContext) {
    super(context);
    const { datasource } = context.entry;
    this.#prefix = datasource === undefined ? '' : `/api/datasources/proxy/uid/${encodeURIComponent(datasource)}`;
  }

  async test(signal: AbortSignal): Promise<string> {
    const answer = await this.json(`${this.#prefix}/api/search`, { limit: 1 }, signal);
    if (!isObject(answer) || !('traces' in answer || 'metrics' in answer)) throw answerError('answered, but not as Tempo does', '', this.client.subject, false);
    return `Tempo answered${this.#prefix === '' ? '' : ' through Grafana'}${listOf(answer, 'traces').length === 0 ? ': no traces in the last hour' : ''}.`;
  }

  async fetchTrace(ref: TraceRef, sink: FetchSink, signal: AbortSignal): Promise<FetchedTrace> {
    const { id, traceId } = this.hexTrace(ref);
    const notes: string[] = [];
    const before = sink.spans;
    // A window that is wrong hides the trace: without it all blocks are looked through, which is slower and sure.
    for (const window of ref.time === null ? [null] : [{ start: Math.max(0, Math.floor(ref.time.fromMs / 1000) - HOUR), end: Math.ceil(ref.time.toMs / 1000) + HOUR }, null]) {
      const found = (await this.#ask('/api/v2/traces/', id, window, signal)) ?? (await this.#ask('/api/traces/', id, window, signal));
      if (found === null) continue;
      await this.#take(found.answer, found.path === '/api/v2/traces/', sink, notes);
      await sink.settle();
      if (sink.spans > before) return { ids: { traceId: id, spanId: ref.spanId, project: null, tenant: this.entry.datasource ?? null, callId: null }, traceId, spanId: readSpanId(ref.spanId) ?? null, notes };
    }
    throw notFound(this.client.subject, id);
  }

  async #ask(path: '/api/v2/traces/' | '/api/traces/', id: string, window: { start: number; end: number } | null, signal: AbortSignal): Promise<{ readonly path: string; readonly answer: { readonly bytes: Uint8Array; readonly isProtobuf: boolean } } | null> {
    const answer = await this.client.get({ path: `${this.#prefix}${path}${encodeURIComponent(id)}`, params: window ?? {}, accept: 'application/protobuf', signal, expect: [404] }, unlessRefused((found) => this.#bytes(found)));
    return answer === null ? null : { path, answer };
  }

  async #bytes(answer: Answer): Promise<{ readonly bytes: Uint8Array; readonly isProtobuf: boolean }> {
    const bytes = await answer.bytes();
    const type = answer.header('content-type');
    const begin = new TextDecoder().decode(bytes.subarray(0, LOOKED_THROUGH));
    if (isHtml(type, begin)) throw htmlError(begin, this.client.subject);
    const isProtobuf = /proto/i.test(type ?? '') || !/^\s*\{/.test(begin);
    // Half of a JSON value never ends with its bracket; half of a message of protobuf says so itself.
    if (!isProtobuf && bytes.findLast((byte) => byte > 32) !== 0x7d) throw answerError('sent only half of an answer', begin, this.client.subject);
    if (isProtobuf) this.#check(bytes);
    return { bytes, isProtobuf };
  }

  #check(bytes: Uint8Array): void {
    try {
      for (const _ of fieldsOf(bytes));
    } catch (error) {
      if (error instanceof UndecodableValue) throw answerError('sent an answer that is no protobuf, or only half of it', '', this.client.subject);
      throw error;
    }
  }

  async #take({ bytes, isProtobuf }: { readonly bytes: Uint8Array; readonly isProtobuf: boolean }, isVersion2: boolean, sink: FetchSink, notes: string[]): Promise<void> {
    if (!isProtobuf) {
      const begin = new TextDecoder().decode(bytes.subarray(Math.max(0, bytes.length - LONGEST_MESSAGE)));
      if (/"status"\s*:\s*"?(?:PARTIAL|1)/.test(begin)) notes.push(partial(this.client.subject, /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(begin)?.[1] ?? ''));
      await takeInSlices(bytes, sink);
      return;
    }
    const trace = isVersion2 ? readAnswer(bytes, notes, this.client.subject) : bytes;
    for (const piece of piecesOf(trace)) await sink.protobuf(piece);
  }

  async list(request: ListRequest, signal: AbortSignal): Promise<ListedPage> {
    const { plain, notes } = plainQuery(request.query, request.now, ['service', 'name', 'status', 'session', 'user', 'environment']);
    const conditions = [
      ...(plain.service === null ? [] : [`resource.service.name = ${quoted(plain.service)}`]),
      ...(plain.environment === null ? [] : [`resource.deployment.environment.name = ${quoted(plain.environment)}`]),
      ...(plain.name === null ? [] : [`name = ${quoted(plain.name)}`]),
      ...(plain.isFailed ? ['status = error'] : []),
      ...(plain.session === null ? [] : [`(span.session.id = ${quoted(plain.session)} || span.gen_ai.conversation.id = ${quoted(plain.session)})`]),
      ...(plain.user === null ? [] : [`span.user.id = ${quoted(plain.user)}`]),
    ];
    const end = request.cursor === null ? Math.ceil((plain.toMs ?? request.now) / 1000) : Number(request.cursor);
    const start = plain.fromMs === null ? Math.max(0, end - 24 * HOUR) : Math.floor(plain.fromMs / 1000);
    const limit = Math.min(request.limit, 200);
    const page = await this.json(`${this.#prefix}/api/search`, { q: `{ ${conditions.join(' && ')} }`, limit, spss: 1, start, end }, signal);
    const traces = listOf(page, 'traces').map((trace) => ({
      id: readTraceId(textAt(trace, 'traceID')) ?? '', name: textAt(trace, 'rootTraceName') ?? '', startNs: readNanos(textAt(trace, 'startTimeUnixNano')) ?? '0', durationNs: lengthNanos(numberAt(trace, 'durationMs'), 1e6),
      spans: null, errors: null, tokens: null, cost: null, service: textAt(trace, 'rootServiceName'), session: null, user: null,
    })).sort((a, b) => compareNanos(b.startNs, a.startNs));
    const oldest = traces.at(-1);
    // Tempo gives any that match, not the newest: an earlier window goes on from here.
    const next = traces.length < limit || oldest === undefined ? null : String(Number(BigInt(oldest.startNs) / 1_000_000_000n));
    return { traces, next, notes: [...notes, ...(plain.fromMs === null && request.cursor === null ? ['Of the last 24 hours: add after: to look further back.'] : []), ...(next === null ? [] : ['Tempo gives any traces that match, not the newest ones: a shorter time gives all of it.'])] };
  }
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function partial(subject: SourceSubject, message: string): string {
  const said = quotable(message, subject);
  return `Tempo gave a part of the trace only${said === '' ? '' : `: ${said}`}.`;
}

/** Top-level fields of a message: where each begins with its tag, where its content lies. */
function* fieldsOf(bytes: Uint8Array): Generator<{ readonly tag: number; readonly from: number; readonly content: number; readonly end: number }> {
  const reader = new WireReader(bytes);
  while (reader.pos < bytes.length) {
    const from = reader.pos;
    const fieldTag = reader.tag();
    const content = reader.pos;
    if ((fieldTag & 7) === 2) {
      const end = reader.end(bytes.length);
      yield { tag: fieldTag, from, content: reader.pos, end };
      reader.pos = end;
    } else {
      reader.skip(fieldTag);
      yield { tag: fieldTag, from, content, end: reader.pos };
    }
  }
}

/** `TraceByIDResponse{1 trace, 2 metrics, 3 status, 4 message}` (tempopb): the trace within. */
function readAnswer(bytes: Uint8Array, notes: string[], subject: SourceSubject): Uint8Array {
  let trace: Uint8Array = new Uint8Array(0);
  let isPartial = false;
  let message = '';
  for (const field of fieldsOf(bytes)) {
    if (field.tag === tag(1, 'bytes')) trace = bytes.subarray(field.content, field.end);
    else if (field.tag === tag(3, 'varint')) isPartial = bytes[field.content] === 1;
    else if (field.tag === tag(4, 'bytes')) message = new TextDecoder().decode(bytes.subarray(field.content, Math.min(field.end, field.content + LONGEST_MESSAGE)));
  }
  if (isPartial) notes.push(partial(subject, message));
  return trace;
}

/** The trace's `ResourceSpans`, as requests of OTLP of a bearable size: both messages have them in field 1. */
function* piecesOf(trace: Uint8Array): Generator<Uint8Array> {
  let from = 0;
  let limit = FIRST_PIECE;
  let end = 0;
  for (const field of fieldsOf(trace)) {
    if (field.tag !== RESOURCE_SPANS) continue;
    end = field.end;
    if (end - from < limit) continue;
    yield trace.slice(from, end);
    from = end;
    limit = PIECE;
  }
  if (end > from) yield trace.slice(from, end);
}
