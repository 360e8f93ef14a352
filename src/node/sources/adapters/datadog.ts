import { datadogSpanId, datadogSpansIn, readDatadogSpans } from '../../../core/trace/formats/datadog.ts';
import { isObject } from '../../../core/json.ts';
import { answerError, SourceError } from '../errors.ts';
import type { FetchedTrace, FetchSink, TraceRef, TraceSource } from '../source.ts';
import { BackendAdapter } from './adapter.ts';
import { json, notFound } from './shared.ts';

/** Datadog: one trace by its id, through an interface that is a preview. */
export class DatadogSource extends BackendAdapter implements TraceSource {
  async test(signal: AbortSignal): Promise<string> {
    const answer = await this.json('/api/v1/validate', {}, signal);
    if (!isObject(answer) || answer['valid'] !== true) throw answerError('does not say that the key is valid', '', this.client.subject, false);
    return 'Datadog answered: the API key is valid. Whether the application key may read traces is known with the first one.';
  }

  async fetchTrace(ref: TraceRef, sink: FetchSink, signal: AbortSignal): Promise<FetchedTrace> {
    const { subject } = this.client;
    const { id, traceId } = this.hexTrace(ref, 'ids of Datadog are decimal numbers or 32 hex digits');
    const answer = await this.client.get({ path: `/api/v2/trace/${encodeURIComponent(id)}`, signal }, json).catch((error: unknown) => {
      if (error instanceof SourceError && error.status === 404) throw notFound(subject, id, 'it is not retained, or this interface (a preview) is not open for your account: open the link in the browser, export the trace as JSON, and import the file');
      throw error;
    });
    const spans = datadogSpansIn(answer);
    if (spans.length === 0) throw answerError('sent no spans in any form that is known', '', subject, false);
    await sink.decoded(readDatadogSpans(spans, traceId));
    const notes = isObject(answer) && answer['is_truncated'] === true ? ['Datadog gave a part of the trace only.'] : [];
    return { ids: { traceId: id, spanId: ref.spanId, project: null, tenant: null, callId: null }, traceId, spanId: datadogSpanId(ref.spanId), notes };
  }
}
