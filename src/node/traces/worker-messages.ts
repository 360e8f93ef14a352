import type { PriceOverrides } from '../../core/model/prices.ts';
import type { RawLog, RawSpan, Rejection, Resource, Scope } from '../../core/trace/model.ts';
import type { BatchOrigin, DecodedBatch, EncodedBatch, Ingested, SinkError, TailPosition } from '../../core/trace/sink.ts';
import { keepBytes } from './kept-values.ts';
import type { PackedPreparedBatch } from './prepared-batch.ts';
import type { KeptRejection } from './rejections.ts';

/** How long traces are kept. */
export interface Retention {
  /** Traces that nothing was added to for so many days go. 0: never. */
  readonly days: number;
  /** Bytes of the database file; the traces that were left alone longest go first. 0: any. */
  readonly maxBytes: number;
}

export interface WorkerSettings {
  readonly prices: PriceOverrides;
  readonly secrets: readonly string[];
  readonly retention: Retention;
}

export interface WriterStart extends WorkerSettings {
  readonly folder: string;
  /** Milliseconds to wait for another process's transaction. */
  readonly busyLimitMs: number;
  /** Tests: the most pages that the file may have. */
  readonly maxPages: number | null;
}

/** A decoded batch as it crosses to the worker: JSON is quicker than cloning a tree of objects, and keeps shared owners shared. */
export interface PackedBatch {
  readonly json: string;
  readonly rejected: readonly Rejection[];
  readonly origin: BatchOrigin;
  readonly position: TailPosition | null;
}

/** What both threads are told. */
type ToBoth =
  | { readonly type: 'delete'; readonly id: number; readonly traceIds: readonly string[] }
  | { readonly type: 'settings'; readonly settings: WorkerSettings }
  /** Answered when nothing is left to do: tests, and the end. */
  | { readonly type: 'settle'; readonly id: number }
  | { readonly type: 'close'; readonly id: number };

/** To the thread that decodes. */
export type ToDecoder = ToBoth | { readonly type: 'batch'; readonly id: number; readonly batch: EncodedBatch | PackedBatch };

/** From there to the thread that writes. */
export type ToWriter =
  | ToBoth
  | { readonly type: 'prepared'; readonly id: number; readonly batch: PackedPreparedBatch }
  /** Kept for the user, and refused. */
  | { readonly type: 'undecodable'; readonly id: number; readonly rejection: KeptRejection }
  | { readonly type: 'broken'; readonly id: number; readonly message: string };

/** From there to whoever sent the batch. */
export type FromWriter =
  | { readonly type: 'done'; readonly id: number; readonly result: Ingested | { readonly deleted: number } | null }
  | { readonly type: 'failed'; readonly id: number; readonly reason: SinkError['reason'] | 'store'; readonly message: string; readonly retryAfter: number | null }
  /** `all`: more than are named. */
  | { readonly type: 'changed'; readonly traceIds: readonly string[]; readonly all: boolean }
  | { readonly type: 'problem'; readonly message: string };

export function packBatch({ spans, logs, rejected, origin, position }: DecodedBatch): PackedBatch {
  const owners = new Map<Resource | Scope, number>();
  const place = (owner: Resource | Scope): number => {
    const known = owners.get(owner);
    if (known !== undefined) return known;
    owners.set(owner, owners.size);
    return owners.size - 1;
  };
  const placed = <T extends RawSpan | RawLog>(item: T): object => ({ ...item, resource: place(item.resource), scope: place(item.scope) });
  const lists = { spans: spans.map(placed), logs: logs.map(placed) };
  return { json: JSON.stringify({ ...lists, owners: [...owners.keys()] }), rejected: keepBytes(rejected), origin, position: position ?? null };
}

export function unpackBatch({ json, rejected, origin, position }: PackedBatch): DecodedBatch {
  const { spans, logs, owners } = JSON.parse(json) as { spans: Packed<RawSpan>[]; logs: Packed<RawLog>[]; owners: (Resource & Scope)[] };
  const owned = <T extends RawSpan | RawLog>(item: Packed<T>): T => ({ ...item, resource: owners[item.resource]!, scope: owners[item.scope]! }) as unknown as T;
  return { spans: spans.map(owned), logs: logs.map(owned), rejected, origin, ...(position === null ? {} : { position }) };
}

type Packed<T> = Omit<T, 'resource' | 'scope'> & { readonly resource: number; readonly scope: number };
