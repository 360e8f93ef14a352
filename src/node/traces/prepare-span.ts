import type { PriceOverrides } from '../../core/model/prices.ts';
import type { MergedSpan } from '../../core/trace/merge.ts';
import type { RawLog, RawSpan } from '../../core/trace/model.ts';
import { normaliseSpan } from '../../core/trace/normalise/normalise-span.ts';
import { searchTextOfSpan } from '../../core/trace/store/search-text.ts';
import { draftBody, type BodyDraft } from '../../core/trace/store/span-body.ts';
import { rowOfSpan, shareOfSpan, type SpanRow, type TraceShare } from '../../core/trace/store/span-row.ts';

/** Everything of a span that needs no database: what its rows will hold. */
export interface PreparedSpan {
  readonly merged: { readonly raw: RawSpan; readonly pending: boolean };
  readonly row: SpanRow;
  readonly share: TraceShare;
  readonly body: BodyDraft;
  readonly search: string;
}

export interface PrepareOptions {
  readonly prices: PriceOverrides;
  readonly project?: string | undefined;
  /** Log records that belong to the span. */
  readonly logs?: readonly RawLog[];
}

export function prepareSpan({ span: raw, pending }: MergedSpan, { prices, project, logs = [] }: PrepareOptions): PreparedSpan {
  const span = normaliseSpan(raw, logs, { prices, pending });
  const body = draftBody(raw);
  const search = searchTextOfSpan(raw, body);
  return { merged: { raw, pending }, row: rowOfSpan(span), share: shareOfSpan(span, raw, project), body, search };
}
