import { isObject } from '../../../core/json.ts';
import { readSpanId } from '../../../core/trace/ids.ts';
import { readTraceDocuments } from '../../../core/trace/formats/read.ts';
import { parseKeepingLongIntegers } from '../../../core/trace/parse-json.ts';
import type { Answer } from '../answer.ts';
import { answerError, htmlError, isHtml, LOOKED_THROUGH, SourceError } from '../errors.ts';
import { plainQuery } from '../plain-query.ts';
import type { FetchedTrace, FetchSink, ListedPage, ListRequest, TraceRef, TraceSource } from '../source.ts';
import { BackendAdapter } from './adapter.ts';
import { isoAt, json, notFound, rowsOf, unlessRefused } from './shared.ts';
import { takeInSlices } from './slices.ts';

/** Larger answers are only parsed where they are stored. */
const LOOKED_INTO = 1024 * 1024;
const HOUR = 3_600_000;

/** Jaeger: version 3 gives OTLP in nanoseconds; older ones their own form, in microseconds. */
export class JaegerSource extends BackendAdapter implements TraceSource {
  #isOld = false;

  async test(signal: AbortSignal): Promise<string> {
    const services = await this.#services(signal);
    return services.length === 0 ? 'Jaeger answered: no services yet.' : `Jaeger answered: ${services.length === 1 ? 'service' : 'services'} ${services.slice(0, 5).join(', ')}${services.length > 5 ? ', …' : ''}.`;
  }

  async #services(signal: AbortSignal): Promise<string[]> {
    const names = (value: unknown): string[] => (Array.isArray(value) ? (value as unknown[]).filter((name) => typeof name === 'string') : []);
    const page = await this.client.get({ path: '/api/v3/services', signal, expect: [404] }, unlessRefused(json));
    if (isObject(page) && 'services' in page) return names(page['services']);
    const old = await this.json('/api/services', {}, signal);
    return isObject(old) ? names(old['data']) : [];
  }

  async fetchTrace(ref: TraceRef, sink: FetchSink, signal: AbortSignal): Promise<FetchedTrace> {
    const { id, traceId } = this.hexTrace(ref);
    const notes: string[] = [];
    const bytes = (this.#isOld ? null : await this.#version3(id, signal)) ?? (await this.#legacy(id, notes, signal));
    await takeInSlices(bytes, sink);
    return { ids: { traceId: id, spanId: ref.spanId, project: null, tenant: null, callId: null }, traceId, spanId: readSpanId(ref.spanId) ?? null, notes };
  }

  async #version3(id: string, signal: AbortSignal): Promise<Uint8Array | null> {
    const bytes = await this.client.get({ path: `/api/v3/traces/${encodeURIComponent(id)}`, params: { raw_traces: 'true' }, signal, expect: [400, 404, 405, 501] }, unlessRefused((answer) => this.#bytes(answer)));
    if (bytes === null) return null;
    const begin = new TextDecoder().decode(bytes.subarray(0, LOOKED_THROUGH));
    // Its gateway reports errors in a good answer, and another backend's catch-all gives anything.
    if (/^\s*\{\s*"error"/.test(begin)) {
      if (/not found|404/i.test(begin)) return null;
      throw answerError('reports an error', begin, this.client.subject);
    }
    return /"(?:resourceSpans|resource_spans)"/.test(begin) ? bytes : null;
  }

  async #legacy(id: string, notes: string[], signal: AbortSignal): Promise<Uint8Array> {
    const bytes = await this.client.get({ path: `/api/traces/${encodeURIComponent(id)}`, signal, expect: [404] }, unlessRefused((answer) => this.#bytes(answer)));
    if (bytes === null) throw notFound(this.client.subject, id);
    notes.push('Jaeger gave the trace in its older form: times are exact to the microsecond.');
    if (bytes.length > LOOKED_INTO) return bytes;
    const value = valueOf(bytes);
    if (isObject(value) && Array.isArray(value['data']) && value['data'].length > 0) return bytes;
    const error: unknown = isObject(value) && Array.isArray(value['errors']) ? (value['errors'] as unknown[])[0] : undefined;
    if (isObject(error) && typeof error['msg'] === 'string' && !/not found/i.test(error['msg'])) throw answerError('reports an error', error['msg'], this.client.subject);
    throw notFound(this.client.subject, id);
  }

  /** A whole answer that looks like data. Small ones are parsed, so that half of one is asked for again. */
  async #bytes(answer: Answer): Promise<Uint8Array> {
    const bytes = await answer.bytes();
    const begin = new TextDecoder().decode(bytes.subarray(0, LOOKED_THROUGH));
    if (isHtml(answer.header('content-type'), begin)) throw htmlError(begin, this.client.subject);
    const last = bytes.findLast((byte) => byte > 32);
    if (bytes.length === 0 || (last !== 0x7d && last !== 0x5d) || (bytes.length <= LOOKED_INTO && valueOf(bytes) === undefined)) throw answerError('sent an answer that is no JSON, or only half of it', begin, this.client.subject);
    return bytes;
  }

  async list(request: ListRequest, signal: AbortSignal): Promise<ListedPage> {
    const { plain, notes } = plainQuery(request.query, request.now, ['service', 'status']);
    const service = plain.service ?? this.entry.project ?? null;
    if (service === null) {
      const services = await this.#services(signal);
      throw new SourceError('source-request', `Jaeger is asked service by service: add service:NAME to the query, or "project" to source "${this.entry.name}" in touchstone.yml. It has ${services.length === 0 ? 'none yet' : services.slice(0, 10).join(', ')}.`);
    }
    // There are no pages: the next one ends where this one began.
    const toMs = request.cursor === null ? (plain.toMs ?? request.now + HOUR) : Number(request.cursor);
    const fromMs = plain.fromMs ?? toMs - 7 * 24 * HOUR;
    const limit = Math.min(request.limit, 200);
    const v3 = this.#isOld || plain.isFailed ? null : await this.client.get({ path: '/api/v3/traces', params: { 'query.service_name': service, 'query.start_time_min': isoAt(fromMs), 'query.start_time_max': isoAt(toMs), 'query.search_depth': limit, 'query.raw_traces': 'true' }, signal, expect: [400, 404, 405] }, unlessRefused((answer) => this.#bytes(answer)));
    const bytes = v3 ?? (await this.client.get({ path: '/api/traces', params: { service, start: Math.round(fromMs * 1000), end: Math.round(toMs * 1000), limit, tags: plain.isFailed ? '{"error":"true"}' : null }, signal }, (answer) => this.#bytes(answer)));
    const { spans } = readTraceDocuments(documentsIn(bytes));
    const traces = rowsOf(spans);
    const oldest = traces.at(-1);
    const next = traces.length < limit || oldest === undefined ? null : String(Number(BigInt(oldest.startNs) / 1_000_000n));
    return { traces, next, notes: plain.fromMs === null ? [...notes, 'Of the last 7 days: add after: to look further back.'] : notes };
  }
}

function valueOf(bytes: Uint8Array): unknown {
  const documents = documentsIn(bytes);
  return documents.length === 0 ? undefined : documents[0]!.value;
}

/** Its gateway streams: several values may follow one another, a line each. */
function documentsIn(bytes: Uint8Array): { where: string; value: unknown }[] {
  const text = new TextDecoder().decode(bytes);
  const whole = parseKeepingLongIntegers(text);
  if ('value' in whole) return [{ where: '', value: whole.value }];
  const lines = text.split('\n').filter((line) => line.trim() !== '').map((line) => parseKeepingLongIntegers(line));
  return lines.every((line) => 'value' in line) ? lines.map((line, index) => ({ where: `line ${index + 1}`, value: line.value })) : [];
}
