import { TouchstoneError } from '../../../core/errors.ts';
import { halvesOf, hexOf, SpanPositions } from '../../../core/trace/columns.ts';
import type { PriceOverrides } from '../../../core/model/prices.ts';
import type { RawLog } from '../../../core/trace/model.ts';
import { normaliseMerged, type NormalisedTrace, type SaidCode } from '../../../core/trace/normalise/normalise-trace.ts';
import type { TraceSkeleton } from '../../../core/trace/skeleton.ts';
import type { Database } from '../../sqlite/database.ts';
import { RawSpans } from './raw-spans.ts';
import { traceById, type StoredTrace } from './rows.ts';
import { readSkeleton } from './span-columns.ts';

/** A trace of at most so many spans and bytes is normalised as a whole. */
export const WHOLE_SPANS = 2000;
const WHOLE_BYTES = 8_000_000;
const WHOLE_LOGS = 10_000;
/** Skeletons that are kept: about 100 bytes a span. */
const KEPT_TRACES = 4;
const KEPT_SPANS = 2_000_000;

/** A trace that was asked for: its skeleton, and what becomes of it. */
export class OpenTrace {
  readonly stored: StoredTrace;
  readonly skeleton: TraceSkeleton;
  /** Numbers of the spans, by position. */
  readonly numbers: Float64Array;
  readonly raw: RawSpans;
  /** It is normalised as a whole: everything about it is then exact and at hand. */
  readonly isSmall: boolean;
  /** By position: the nearest place in the source at it or above it; `null`: none. */
  readonly saidCode = new Map<number, SaidCode | null>();
  #looseLogs: readonly RawLog[] | null = null;
  #positions: SpanPositions | null = null;
  #whole: { readonly prices: string; readonly trace: NormalisedTrace } | null = null;

  constructor(database: Database, stored: StoredTrace, wholeSpans: number) {
    this.stored = stored;
    this.isSmall = stored.row.spans <= wholeSpans && stored.bytes <= WHOLE_BYTES;
    const { skeleton, numbers } = readSkeleton(database, stored);
    this.skeleton = skeleton;
    this.numbers = numbers;
    this.raw = new RawSpans(database, stored);
  }

  /** @throws TouchstoneError 'not-found' */
  positionOf(spanId: string): number {
    this.#positions ??= this.#index();
    const position = /^[0-9a-f]{16}$/.test(spanId) ? this.#positions.find(...halvesOf(spanId)) : -1;
    if (position < 0) throw new TouchstoneError('not-found', `Trace ${this.stored.row.traceId} has no span ${spanId.slice(0, 40)}.`);
    return position;
  }

  #index(): SpanPositions {
    const { count } = this.skeleton;
    const ids = new DataView(this.skeleton.spanIds.buffer, this.skeleton.spanIds.byteOffset);
    const [high, low] = [new Int32Array(count), new Int32Array(count)];
    for (let at = 0; at < count; at++) {
      high[at] = ids.getInt32(at * 8);
      low[at] = ids.getInt32(at * 8 + 4);
    }
    return new SpanPositions(high, low, count);
  }

  idAt(position: number): string {
    const ids = new DataView(this.skeleton.spanIds.buffer, this.skeleton.spanIds.byteOffset);
    return hexOf(ids.getInt32(position * 8), ids.getInt32(position * 8 + 4));
  }

  nameAt(position: number): string {
    return this.skeleton.texts[this.skeleton.names[position]!] ?? '';
  }

  /** Log records of the trace and of its session that name no span. */
  looseLogs(limit: number): readonly RawLog[] {
    this.#looseLogs ??= this.raw.logs(limit).filter((log) => log.spanId === null);
    return this.#looseLogs;
  }

  /** All of a small trace; `null`: it is too large for that. */
  whole(prices: PriceOverrides): NormalisedTrace | null {
    if (!this.isSmall) return null;
    const key = JSON.stringify(prices);
    if (this.#whole?.prices !== key) {
      this.#whole = { prices: key, trace: normaliseMerged(this.raw.page(this.skeleton.count), this.raw.logs(WHOLE_LOGS), { prices }) };
    }
    return this.#whole.trace;
  }
}

/** The traces that were asked for last. */
export class OpenTraces {
  readonly #database: Database;
  readonly #kept = new Map<number, OpenTrace>();
  readonly #wholeSpans: number;

  constructor(database: Database, wholeSpans: number) {
    this.#database = database;
    this.#wholeSpans = wholeSpans;
  }

  /**
   * The trace as it is now, read in one transaction.
   * @throws TouchstoneError 'not-found' | 'usage'
   */
  open(traceId: string): OpenTrace {
    return this.#database.transaction(() => {
      const stored = traceById(this.#database, traceId);
      const known = this.#kept.get(stored.n);
      this.#kept.delete(stored.n);
      const trace = known?.stored.row.revision === stored.row.revision ? known : new OpenTrace(this.#database, stored, this.#wholeSpans);
      this.#kept.set(stored.n, trace);
      this.#forget();
      return trace;
    })();
  }

  revisionOf(traceId: string): number {
    return traceById(this.#database, traceId).row.revision;
  }

  /** The one that was asked for longest ago goes first; the last one stays, however large. */
  #forget(): void {
    let spans = 0;
    for (const { skeleton } of this.#kept.values()) spans += skeleton.count;
    for (const [n, { skeleton }] of this.#kept) {
      if (this.#kept.size === 1 || (this.#kept.size <= KEPT_TRACES && spans <= KEPT_SPANS)) return;
      this.#kept.delete(n);
      spans -= skeleton.count;
    }
  }
}

/** A copy whose arrays can be handed over. */
export function copyOfSkeleton(skeleton: TraceSkeleton): TraceSkeleton {
  const copy = Object.entries(skeleton).map(([key, value]: [string, unknown]) => [key, ArrayBuffer.isView(value) ? (value as Uint8Array).slice() : value]);
  return Object.fromEntries(copy) as TraceSkeleton;
}
