import { hash } from 'node:crypto';
import type { PriceOverrides } from '../../core/model/prices.ts';
import type { MergedSpan } from '../../core/trace/merge.ts';
import type { RawLog } from '../../core/trace/model.ts';
import { factsOfSpan } from '../../core/trace/normalise/normalise-span.ts';
import { searchTextOfChunk, searchTextOfSpan } from '../../core/trace/store/search-text.ts';
import { draftBody, type SpanIdentity } from '../../core/trace/store/span-body.ts';
import { rowOfSpan, shareOfSpan, type SpanRow, type TraceShare } from '../../core/trace/store/span-row.ts';
import { firstWordsOf, mayHaveFirstWords } from './first-words.ts';

/** Everything of a span that needs no database: what its rows will hold. */
export interface PreparedSpan {
  readonly identity: SpanIdentity;
  readonly pending: boolean;
  /** Name of its instrumentation. */
  readonly scope: string;
  readonly row: SpanRow;
  readonly share: TraceShare;
  /** Of its trace, as far as this span tells it (`firstWordsOf`). */
  readonly preview: string | null;
  /** `BodyDraft.template` */
  readonly template: string;
  /** The first two are the resource and the scope. */
  readonly chunks: readonly string[];
  /** `hashOfChunk` of the chunks behind the first two: those are few, and known by their text. */
  readonly hashes: readonly string[];
  /** `searchTextOfChunk` of the same chunks; empty where the chunk was met before and is hardly new to the store. */
  readonly chunkSearches: readonly string[];
  readonly search: string;
}

export const OWNER_CHUNKS = 2;

export interface PrepareOptions {
  readonly prices: PriceOverrides;
  readonly project?: string | undefined;
  /** Log records that belong to the span. */
  readonly logs?: readonly RawLog[];
}

export function prepareSpan({ span: raw, pending }: MergedSpan, { prices, project, logs = [] }: PrepareOptions): PreparedSpan {
  const { facts: span, opening } = factsOfSpan(raw, logs, { prices, pending }, (kind) => mayHaveFirstWords(raw, kind));
  const body = draftBody(raw);
  const chunks = body.chunks.slice(OWNER_CHUNKS);
  const hashes = chunks.map(hashOfChunk);
  const { traceId, spanId, parentSpanId, name, startTimeUnixNano, endTimeUnixNano } = raw;
  return {
    identity: { traceId, spanId, parentSpanId, name, startTimeUnixNano, endTimeUnixNano },
    pending,
    scope: raw.scope.name,
    row: rowOfSpan(span, raw),
    share: shareOfSpan(span, raw, project),
    preview: opening === null ? null : firstWordsOf(raw, opening),
    template: body.template,
    chunks: body.chunks,
    hashes,
    chunkSearches: chunks.map((text, index) => (isMet(hashes[index]!) ? '' : searchTextOfChunk(text))),
    search: searchTextOfSpan(raw, body),
  };
}

/** Slots for chunks that were met: a power of two. Each has the last one that fell into it, by 8 bytes of its hash. */
const MET_SLOTS = 65_536;
const met = new Uint32Array(2 * MET_SLOTS);

/** Whether a chunk was met before in this thread: a conversation brings its history with every call. One that is taken for new is only read once more. */
function isMet(key: string): boolean {
  const low = wordOf(key, 0);
  const high = wordOf(key, 4);
  const slot = 2 * ((low ^ high) & (MET_SLOTS - 1));
  if (met[slot] === low && met[slot + 1] === high) return true;
  met[slot] = low;
  met[slot + 1] = high;
  return false;
}

/** Four bytes of a key. */
function wordOf(key: string, at: number): number {
  return ((key.charCodeAt(at) << 24) | (key.charCodeAt(at + 1) << 16) | (key.charCodeAt(at + 2) << 8) | key.charCodeAt(at + 3)) >>> 0;
}

export const HASH_LENGTH = 16;

/** 16 bytes of SHA-256, each as a character. */
export function hashOfChunk(text: string): string {
  return hash('sha256', text, 'binary').slice(0, HASH_LENGTH);
}
