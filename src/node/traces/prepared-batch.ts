import { asMerged, mergeSpans, type MergedSpan } from '../../core/trace/merge.ts';
import type { RawSpan } from '../../core/trace/model.ts';
import type { PriceOverrides } from '../../core/model/prices.ts';
import type { ReadBatch } from './decode-batch.ts';
import { prepareSpan, type PreparedSpan } from './prepare-span.ts';

/** A batch with everything done that needs no database. */
export interface PreparedBatch extends Omit<ReadBatch, 'spans'> {
  readonly spans: readonly PreparedSpan[];
  /** How many spans were sent: versions of one are one in `spans`. */
  readonly sent: number;
}

/** A prepared batch on its way to another thread: short members as JSON, which is quicker than cloning objects; long texts as they are. */
export interface PackedSpans {
  readonly json: string;
  /** Of each span: template, search text, chunks, and of those behind the owners' hashes and search texts. */
  readonly texts: readonly string[];
}

export interface PackedPreparedBatch extends Omit<PreparedBatch, 'spans'> {
  readonly spans: PackedSpans;
}

type ShortMembers = Pick<PreparedSpan, 'identity' | 'pending' | 'scope' | 'row' | 'share' | 'preview'> & { readonly chunks: number; readonly hashes: number };

export function prepareBatch(batch: ReadBatch, prices: PriceOverrides): PreparedBatch {
  const { project } = batch.origin;
  return { ...batch, sent: batch.spans.length, spans: versionsMerged(batch.spans).map((span) => prepareSpan(span, { prices, project })) };
}

/** A batch that repeats a span would make the writer read and write it again for each of its versions. */
function versionsMerged(spans: readonly RawSpan[]): MergedSpan[] {
  return new Set(spans.map(({ spanId }) => spanId)).size === spans.length ? spans.map(asMerged) : mergeSpans(spans);
}

export function packPrepared(batch: PreparedBatch): PackedPreparedBatch {
  const texts: string[] = [];
  const short = batch.spans.map(({ template, search, chunks, hashes, chunkSearches, identity, pending, scope, row, share, preview }): ShortMembers => {
    texts.push(template, search, ...chunks, ...hashes, ...chunkSearches);
    return { identity, pending, scope, row, share, preview, chunks: chunks.length, hashes: hashes.length };
  });
  return { ...batch, spans: { json: JSON.stringify(short), texts } };
}

export function unpackPrepared(batch: PackedPreparedBatch): PreparedBatch {
  const { json, texts } = batch.spans;
  let at = 0;
  const spans = (JSON.parse(json) as ShortMembers[]).map(({ chunks, hashes, ...members }): PreparedSpan => {
    const [template, search] = [texts[at]!, texts[at + 1]!];
    const take = (count: number): string[] => texts.slice(at, (at += count));
    at += 2;
    const parts = { chunks: take(chunks), hashes: take(hashes), chunkSearches: take(hashes) };
    return { ...members, template, search, ...parts };
  });
  return { ...batch, spans };
}
