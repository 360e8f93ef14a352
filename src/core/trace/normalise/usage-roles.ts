import { formatCount } from '../../text/format.ts';
import type { Span, UsageRole } from '../model.ts';
import type { TraceTree } from '../tree.ts';
import { totalOf } from './tokens.ts';

export interface RoleDecision {
  readonly role: UsageRole | null;
  readonly reason: string | null;
}

/** Two spans are one call when the shorter covers this share of the longer. */
const SAME_CALL_OVERLAP = 0.9;

/**
 * Counts every token once. Wrappers repeat what their calls report: usage counts where no model call below carries
 * any. Two instrumentations on one call nest: the inner one counts.
 */
export function usageRoles(spans: readonly Span[], tree: TraceTree): RoleDecision[] {
  const decisions: RoleDecision[] = Array.from({ length: spans.length }, () => ({ role: null, reason: null }));
  /** Model calls below that count, and their tokens. */
  const calls = new Int32Array(spans.length);
  const tokens = new Float64Array(spans.length);
  const twins = new Map<number, number>();
  for (let at = tree.order.length - 1; at >= 0; at--) {
    const index = tree.order[at]!;
    const span = spans[index]!;
    const carries = span.tokens !== null || span.costSource === 'reported';
    if (carries) decisions[index] = decide(span, calls[index]!, tokens[index]!, twins.has(index) ? spans[twins.get(index)!]! : null);
    const parent = tree.parents[index]!;
    if (parent < 0) continue;
    const isCall = carries && (span.kind === 'llm' || span.kind === 'embedding');
    if (isCall && isSameCall(spans[parent]!, span)) twins.set(parent, index);
    const counted = isCall && decisions[index]!.role === 'leaf';
    calls[parent]! += calls[index]! + (counted ? 1 : 0);
    tokens[parent]! += tokens[index]! + (counted && span.tokens ? (totalOf(span.tokens) ?? 0) : 0);
  }
  return decisions;
}

function decide(span: Span, calls: number, below: number, twin: Span | null): RoleDecision {
  if (calls === 0) return { role: 'leaf', reason: null };
  if (twin) return { role: 'duplicate', reason: `the same call as “${twin.name}” below, which is counted` };
  const own = span.tokens === null ? null : totalOf(span.tokens);
  const sum = `${formatCount(calls, 'model call')} below ${calls === 1 ? 'carries its' : 'carry their'} own usage`;
  if (own === null || own === below) return { role: 'aggregate', reason: sum };
  return { role: 'aggregate', reason: `${sum}: ${formatCount(below, 'token')}, ${formatCount(own)} reported here` };
}

function isSameCall(outer: Span, inner: Span): boolean {
  if (outer.kind !== inner.kind || (outer.tokens === null && outer.costSource !== 'reported')) return false;
  if (outer.responseId !== null && inner.responseId !== null && outer.responseId !== inner.responseId) return false;
  const names = [outer.modelRequested, outer.modelServed].filter((model) => model !== null);
  if (![inner.modelRequested, inner.modelServed].some((model) => model !== null && names.includes(model))) return false;
  return overlap(outer, inner) >= SAME_CALL_OVERLAP;
}

/** The share of the longer span during which both ran. */
function overlap(a: Span, b: Span): number {
  if (a.endNs === null || b.endNs === null) return 0;
  const [startA, endA, startB, endB] = [a.startNs, a.endNs, b.startNs, b.endNs].map(BigInt) as [bigint, bigint, bigint, bigint];
  const longer = endA - startA > endB - startB ? endA - startA : endB - startB;
  const shared = (endA < endB ? endA : endB) - (startA > startB ? startA : startB);
  return longer <= 0n ? 1 : Number(shared) / Number(longer);
}
