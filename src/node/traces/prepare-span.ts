import { hash } from 'node:crypto';
import type { PriceOverrides } from '../../core/model/prices.ts';
import type { MergedSpan } from '../../core/trace/merge.ts';
import type { RawLog } from '../../core/trace/model.ts';
import { factsOfSpan } from '../../core/trace/normalise/normalise-span.ts';
import { searchTextOfChunk, searchTextOfSpan } from '../../core/trace/store/search-text.ts';
import { draftBody, type SpanIdentity } from '../../core/trace/store/span-body.ts';
import { rowOfSpan, shareOfSpan, type SpanRow, type TraceShare } from '../../core/trace/store/span-row.ts';
import { firstWordsOf } from './first-words.ts';

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
  const span = factsOfSpan(raw, logs, { prices, pending });
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
    preview: firstWordsOf(raw, span.kind, logs),
    template: body.template,
    chunks: body.chunks,
    hashes,
    chunkSearches: chunks.map((text, index) => (isMet(hashes[index]!) ? '' : searchTextOfChunk(text))),
    search: searchTextOfSpan(raw, body),
  };
}

const MAX_MET = 50_000;
const met = new Set<string>();

/** Whether a chunk was met before in this thread: a conversation brings its history with every call. */
function isMet(key: string): boolean {
  if (met.has(key)) return true;
  if (met.size >= MAX_MET) met.clear();
  met.add(key);
  return false;
}

/** 16 bytes of SHA-256, each as a character. */
export function hashOfChunk(text: string): string {
  return hash('sha256', text, 'binary').slice(0, 16);
}
