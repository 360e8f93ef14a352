import type { BackendSource } from '../../core/config/model.ts';
import { TouchstoneError } from '../../core/errors.ts';
import { pageOf } from '../../core/links/make.ts';
import { SourceError, type FetchedTrace, type TraceRef, type TraceSource } from '../../node/sources/index.ts';
import type { OpenedLink, RemoteNotifications, RemoteScore } from '../../protocol/remote.ts';
import type { Traces } from '../traces/traces.ts';
import { cancelable } from './cancelable.ts';
import type { FetchedRecord, FetchedTraces } from './fetched.ts';
import { StoreFetchSink } from './fetch-sink.ts';
import { logsOfScores } from './scores.ts';

const PART = 'Only a part of the trace came before its source failed or it was cancelled.';
/** A note quotes the source at most for a sentence or two. */
const LONGEST_NOTE = 1000;

/** Whether the trace is to be asked for again, because not all of it came. */
export function isPart(record: FetchedRecord | null): boolean {
  return record?.notes.includes(PART) === true;
}

export interface FetchJob {
  readonly entry: BackendSource;
  readonly source: TraceSource;
  readonly ref: TraceRef;
  /** The page that was pasted; `null`: none was. */
  readonly link: string | null;
  /** What whoever asks calls it; `null`: nothing. */
  readonly request: string | null;
}

/** Brings traces of sources into the store, and remembers where they came from. */
export class TraceFetcher {
  readonly #traces: Traces;
  readonly #fetched: () => Promise<FetchedTraces>;
  readonly #redact: (text: string) => string;
  readonly #onProgress: (progress: RemoteNotifications['remote/progress']) => void;
  /** Parts of traces that are still on their way to the store, after their fetching failed or was cancelled. */
  readonly #parts = new Set<Promise<void>>();

  constructor(traces: Traces, fetched: () => Promise<FetchedTraces>, redact: (text: string) => string, onProgress: (progress: RemoteNotifications['remote/progress']) => void) {
    this.#traces = traces;
    this.#fetched = fetched;
    this.#redact = redact;
    this.#onProgress = onProgress;
  }

  /** What was on its way when its fetching ended early is in the store. */
  async settled(): Promise<void> {
    await Promise.all(this.#parts);
  }

  /** @throws TouchstoneError; what has come by then stays, and is known to be a part */
  async fetch(job: FetchJob, signal: AbortSignal): Promise<OpenedLink> {
    const { entry, source, link, request } = job;
    await this.#traces.expectTrace();
    const sink = new StoreFetchSink(await this.#traces.sink(), entry.name, signal, ({ spans, bytes, traceId }) => this.#onProgress({ request, source: entry.name, traceId, spans, bytes }));
    const fetched = await cancelable(signal, this.#take(job, sink, signal)).catch((error: unknown) => {
      this.#keepPart(sink, job);
      throw error;
    });
    if (sink.spans === 0) throw new SourceError('source-response', `Source "${entry.name}" gave nothing that could be read as a trace.${sink.problem === null ? '' : ` ${sink.problem}`}`);
    const notes = [...fetched.notes, ...[sink.problem, sink.besides(fetched.traceId)].filter((note) => note !== null)];
    try {
      const scores = source.scores === undefined ? [] : await cancelable(signal, source.scores(fetched.ids, signal));
      await this.storeScores({ source: entry.name, type: entry.type }, fetched.traceId, scores, signal);
    } catch (error) {
      if (!(error instanceof TouchstoneError)) throw error;
      notes.push(`Its scores could not be had: ${error.message}`);
    }
    // A note may quote the source, and is kept.
    const kept = notes.map((note) => this.#redact(note).slice(0, LONGEST_NOTE));
    (await this.#fetched()).set(fetched.traceId, { source: entry.name, type: entry.type, link: link ?? pageOf(entry, { ...fetched.ids, spanId: null }), ids: { ...fetched.ids, spanId: null }, notes: kept, at: Date.now() });
    return { status: 'opened', traceId: fetched.traceId, spanId: fetched.spanId, from: 'source', source: entry.name, spans: (await this.#traces.read('traces/get', { traceId: fetched.traceId })).spans, notes: kept };
  }

  async storeScores({ source, type }: Pick<FetchedRecord, 'source' | 'type'>, traceId: string, scores: readonly RemoteScore[], signal: AbortSignal): Promise<void> {
    if (scores.length === 0) return;
    const root = scores.some(({ spanId }) => spanId === null) ? await this.#rootOf(traceId, signal) : null;
    const sink = await this.#traces.sink();
    await sink.ingest({ spans: [], logs: logsOfScores(scores, { type, traceId, root }), rejected: [], origin: { kind: 'fetched', place: source } });
  }

  async #take({ source, ref }: FetchJob, sink: StoreFetchSink, signal: AbortSignal): Promise<FetchedTrace> {
    const fetched = await source.fetchTrace(ref, sink, signal);
    await sink.settle();
    return fetched;
  }

  /** Nobody who cancels waits for what is on its way to the store; whoever asks for the trace next does. */
  #keepPart(sink: StoreFetchSink, job: FetchJob): void {
    // A store that cannot be written has been told about by the failure itself, or was closed.
    const kept = sink.rest().then(() => this.#rememberPart(job, sink.traceId)).catch(() => undefined).finally(() => this.#parts.delete(kept));
    this.#parts.add(kept);
  }

  /** What came before a failure is kept, and known to be a part: the next time the trace is asked for again. */
  async #rememberPart({ entry, ref, link }: FetchJob, traceId: string | null): Promise<void> {
    if (traceId === null) return;
    const fetched = await this.#fetched();
    const before = fetched.get(traceId);
    // The whole trace was here before: what came now has only renewed a part of it.
    if (before !== null && !isPart(before)) return;
    fetched.set(traceId, { source: entry.name, type: entry.type, link, ids: { traceId: ref.traceId ?? ref.callId ?? traceId, spanId: null, project: ref.project, tenant: ref.tenant, callId: ref.callId }, notes: [PART], at: Date.now() });
  }

  /** Scores of a whole trace belong to its root. */
  async #rootOf(traceId: string, signal: AbortSignal): Promise<string | null> {
    const skeleton = await this.#traces.read('traces/skeleton', { traceId }, signal);
    if (skeleton === null || skeleton.count === 0) return null;
    const [high = 0, low = 0] = [skeleton.spanIds[0], skeleton.spanIds[1]];
    return `${(high >>> 0).toString(16).padStart(8, '0')}${(low >>> 0).toString(16).padStart(8, '0')}`;
  }
}
