import { asMerged, mergeSpans, type MergedSpan } from '../../core/trace/merge.ts';
import type { RawSpan } from '../../core/trace/model.ts';
import type { PriceOverrides } from '../../core/model/prices.ts';
import type { SpanIdentity } from '../../core/trace/store/span-body.ts';
import type { SpanRow, TraceShare } from '../../core/trace/store/span-row.ts';
import type { ReadBatch } from './decode-batch.ts';
import { HASH_LENGTH, OWNER_CHUNKS, prepareSpan, type PreparedSpan } from './prepare-span.ts';

/** A batch with everything done that needs no database. */
export interface PreparedBatch extends Omit<ReadBatch, 'spans'> {
  readonly spans: readonly PreparedSpan[];
  /** How many spans were sent: versions of one are one in `spans`. */
  readonly sent: number;
}

/** Prepared spans on their way to another thread: short members as JSON, which is quicker than cloning objects; long texts as they are. */
interface PackedSpans {
  /** Of `ShortMembers`. */
  readonly spans: string;
  /** Of `TraceShare`: most spans of a batch say the same of their trace. */
  readonly shares: string;
  /** Resources and scopes. */
  readonly owners: readonly string[];
  /** Of each span: template, search text, chunks behind the owners', and their search texts. */
  readonly texts: readonly string[];
  /** The hashes of all chunks behind the owners', one after the other. */
  readonly hashes: string;
}

export interface PackedPreparedBatch extends Omit<PreparedBatch, 'spans'> {
  readonly spans: PackedSpans;
}

/** `share`, `resource`, `scopeOwner`: positions in the lists. `chunks`: how many, behind the owners'. */
type ShortMembers = readonly [
  ...identity: readonly [traceId: string, spanId: string, parentSpanId: string | null, name: string, start: string, end: string | null],
  ...row: readonly [kind: number, flags: number, status: number, model: string | null, tool: string | null, service: string | null, error: string | null, cost: number | null, firstTokenNs: number | null, tokens: SpanRow['tokens']],
  ...rest: readonly [pending: boolean, scope: string, preview: string | null, share: number, resource: number, scopeOwner: number, chunks: number],
];

/** Span by span: what one leaves behind is small, so that little lives long enough for the garbage collector to move it. */
export function prepareBatch(batch: ReadBatch, prices: PriceOverrides): PackedPreparedBatch {
  const { project } = batch.origin;
  const spans: string[] = [];
  const texts: string[] = [];
  const shares = new Map<string, number>();
  const owners = new Map<string, number>();
  let allHashes = '';
  for (const merged of versionsMerged(batch.spans)) {
    const { identity, row, template, search, chunks, hashes, chunkSearches, pending, scope, share, preview } = prepareSpan(merged, { prices, project });
    texts.push(template, search);
    for (let at = OWNER_CHUNKS; at < chunks.length; at++) texts.push(chunks[at]!);
    for (const text of chunkSearches) texts.push(text);
    for (const hash of hashes) allHashes += hash;
    spans.push(JSON.stringify([
      identity.traceId, identity.spanId, identity.parentSpanId, identity.name, identity.startTimeUnixNano, identity.endTimeUnixNano,
      row.kind, row.flags, row.status, row.model, row.tool, row.service, row.error, row.cost, row.firstTokenNs, row.tokens,
      pending, scope, preview, numberOf(shares, JSON.stringify(share)), numberOf(owners, chunks[0]!), numberOf(owners, chunks[1]!), hashes.length,
    ] satisfies ShortMembers));
  }
  return { ...batch, sent: batch.spans.length, spans: { spans: `[${spans.join(',')}]`, shares: `[${[...shares.keys()].join(',')}]`, owners: [...owners.keys()], texts, hashes: allHashes } };
}

function numberOf(known: Map<string, number>, text: string): number {
  const number = known.get(text) ?? known.size;
  if (number === known.size) known.set(text, number);
  return number;
}

/** A batch that repeats a span would make the writer read and write it again for each of its versions. */
function* versionsMerged(spans: readonly RawSpan[]): Generator<MergedSpan> {
  if (new Set(spans.map(({ spanId }) => spanId)).size < spans.length) yield* mergeSpans(spans);
  else for (const span of spans) yield asMerged(span);
}

/** Spans that say the same of their trace have the same object as their share. */
export function unpackPrepared(batch: PackedPreparedBatch): PreparedBatch {
  const { owners, texts, hashes: allHashes } = batch.spans;
  const shares = JSON.parse(batch.spans.shares) as TraceShare[];
  let at = 0;
  let hashAt = 0;
  const takeHash = (): string => allHashes.slice(hashAt, (hashAt += HASH_LENGTH));
  const spans = (JSON.parse(batch.spans.spans) as ShortMembers[]).map((members): PreparedSpan => {
    const [traceId, spanId, parentSpanId, name, startTimeUnixNano, endTimeUnixNano, kind, flags, status, model, tool, service, error, cost, firstTokenNs, tokens, pending, scope, preview, share, resource, scopeOwner, count] = members;
    const identity: SpanIdentity = { traceId, spanId, parentSpanId, name, startTimeUnixNano, endTimeUnixNano };
    const [template, search] = [texts[at]!, texts[at + 1]!];
    at += 2;
    const chunks = [owners[resource]!, owners[scopeOwner]!];
    for (let index = 0; index < count; index++) chunks.push(texts[at++]!);
    const chunkSearches = texts.slice(at, (at += count));
    const hashes = Array.from({ length: count }, takeHash);
    return { identity, pending, scope, row: { kind, flags, status, name, model, tool, service, error, tokens, cost, firstTokenNs }, share: shares[share]!, preview, template, chunks, hashes, chunkSearches, search };
  });
  return { ...batch, spans };
}
