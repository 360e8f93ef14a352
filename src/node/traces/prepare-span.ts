import { hash } from 'node:crypto';
import type { PriceOverrides } from '../../core/model/prices.ts';
import type { MergedSpan } from '../../core/trace/merge.ts';
import type { RawLog } from '../../core/trace/model.ts';
import { normaliseSpan } from '../../core/trace/normalise/normalise-span.ts';
import { searchTextOfSpan } from '../../core/trace/store/search-text.ts';
import { draftBody, type SpanIdentity } from '../../core/trace/store/span-body.ts';
import { rowOfSpan, shareOfSpan, type SpanRow, type TraceShare } from '../../core/trace/store/span-row.ts';

/** Everything of a span that needs no database: what its rows will hold. */
export interface PreparedSpan {
  readonly identity: SpanIdentity;
  readonly pending: boolean;
  /** Name of its instrumentation. */
  readonly scope: string;
  readonly row: SpanRow;
  readonly share: TraceShare;
  /** `BodyDraft.template` */
  readonly template: string;
  /** The first two are the resource and the scope. */
  readonly chunks: readonly string[];
  /** `hashOfChunk` of the chunks behind the first two: those are few, and known by their text. */
  readonly hashes: readonly string[];
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
  const span = normaliseSpan(raw, logs, { prices, pending });
  const body = draftBody(raw);
  const { traceId, spanId, parentSpanId, name, startTimeUnixNano, endTimeUnixNano } = raw;
  return {
    identity: { traceId, spanId, parentSpanId, name, startTimeUnixNano, endTimeUnixNano },
    pending,
    scope: raw.scope.name,
    row: rowOfSpan(span),
    share: shareOfSpan(span, raw, project),
    template: body.template,
    chunks: body.chunks,
    hashes: body.chunks.slice(OWNER_CHUNKS).map(hashOfChunk),
    search: searchTextOfSpan(raw, body),
  };
}

/** 16 bytes of SHA-256, each as a character. */
export function hashOfChunk(text: string): string {
  return hash('sha256', text, 'buffer').toString('latin1', 0, 16);
}
