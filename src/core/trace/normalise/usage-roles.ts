import { formatCount } from '../../text/format.ts';
import type { Span, UsageRole } from '../model.ts';
import { SPAN_KINDS } from '../skeleton.ts';
import type { TraceTree } from '../tree.ts';
import { totalOf } from './tokens.ts';

export interface RoleDecision {
  readonly role: UsageRole | null;
  readonly reason: string | null;
}

/** What the spans of a trace report, by position. */
export interface UsageColumns {
  /** Positions in SPAN_KINDS. */
  readonly kinds: Uint8Array;
  /** All tokens of the span; NaN: it reports none. */
  readonly tokens: Float64Array;
  /** 1: it reports a cost. */
  readonly reportsCost: Uint8Array;
  /** Whether two nested calls answer to the same model, and to the same id where both name one. */
  readonly sameAnswer: (outer: number, inner: number) => boolean;
  /** Nanoseconds after one time; NaN: not ended. */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

/** Numbers of `Roles.roles`. */
export const ROLE = { none: 0, leaf: 1, aggregate: 2, duplicate: 3 } as const;

export interface Roles {
  readonly roles: Uint8Array;
  /** Model calls below that count, and their tokens. */
  readonly calls: Int32Array;
  readonly tokens: Float64Array;
  /** Of duplicates: the inner call. */
  readonly twins: ReadonlyMap<number, number>;
}

/** Two spans are one call when the shorter covers this share of the longer. */
const SAME_CALL_OVERLAP = 0.9;
const CALLS = new Set([SPAN_KINDS.indexOf('llm'), SPAN_KINDS.indexOf('embedding')]);

/**
 * Counts every token once. Wrappers repeat what their calls report: usage counts where no model call below carries
 * any. Two instrumentations on one call nest: the inner one counts.
 */
export function decideRoles(usage: UsageColumns, tree: Pick<TraceTree, 'order' | 'parents'>): Roles {
  const { order, parents } = tree;
  const roles = new Uint8Array(order.length);
  const calls = new Int32Array(order.length);
  const tokens = new Float64Array(order.length);
  const twins = new Map<number, number>();
  for (let at = order.length - 1; at >= 0; at--) {
    const index = order[at]!;
    const own = usage.tokens[index]!;
    const carries = !Number.isNaN(own) || usage.reportsCost[index] === 1;
    if (carries) roles[index] = calls[index] === 0 ? ROLE.leaf : twins.has(index) ? ROLE.duplicate : ROLE.aggregate;
    const parent = parents[index]!;
    if (parent < 0) continue;
    calls[parent]! += calls[index]!;
    tokens[parent]! += tokens[index]!;
    if (!carries || !CALLS.has(usage.kinds[index]!)) continue;
    if (isSameCall(usage, parent, index)) twins.set(parent, index);
    if (roles[index] !== ROLE.leaf) continue;
    calls[parent]!++;
    if (!Number.isNaN(own)) tokens[parent]! += own;
  }
  return { roles, calls, tokens, twins };
}

function isSameCall(usage: UsageColumns, outer: number, inner: number): boolean {
  if (usage.kinds[outer] !== usage.kinds[inner] || (Number.isNaN(usage.tokens[outer]!) && usage.reportsCost[outer] !== 1)) return false;
  return usage.sameAnswer(outer, inner) && overlap(usage, outer, inner) >= SAME_CALL_OVERLAP;
}

/** The share of the longer span during which both ran. */
function overlap({ starts, ends }: UsageColumns, a: number, b: number): number {
  if (Number.isNaN(ends[a]!) || Number.isNaN(ends[b]!)) return 0;
  const longer = Math.max(ends[a]! - starts[a]!, ends[b]! - starts[b]!);
  const shared = Math.min(ends[a]!, ends[b]!) - Math.max(starts[a]!, starts[b]!);
  return longer <= 0 ? 1 : shared / longer;
}

const NAMES: readonly (UsageRole | null)[] = [null, 'leaf', 'aggregate', 'duplicate'];

/** The roles of whole spans, with the reasons in words. */
export function usageRoles(spans: readonly Span[], tree: TraceTree): RoleDecision[] {
  const zero = BigInt(spans[0]?.startNs ?? 0);
  const usage: UsageColumns = {
    kinds: Uint8Array.from(spans, (span) => SPAN_KINDS.indexOf(span.kind)),
    tokens: Float64Array.from(spans, (span) => (span.tokens === null ? NaN : (totalOf(span.tokens) ?? 0))),
    reportsCost: Uint8Array.from(spans, (span) => (span.costSource === 'reported' ? 1 : 0)),
    sameAnswer: (outer, inner) => isSameAnswer(spans[outer]!, spans[inner]!),
    starts: Float64Array.from(spans, (span) => Number(BigInt(span.startNs) - zero)),
    ends: Float64Array.from(spans, (span) => (span.endNs === null ? NaN : Number(BigInt(span.endNs) - zero))),
  };
  const decided = decideRoles(usage, tree);
  return spans.map((_, index) => ({ role: NAMES[decided.roles[index]!]!, reason: reasonOf(decided, usage.tokens, index, (position) => spans[position]!.name) }));
}

function reasonOf({ roles, calls, tokens, twins }: Roles, own: Float64Array, index: number, nameAt: (index: number) => string): string | null {
  if (roles[index] === ROLE.duplicate) return duplicateReason(nameAt(twins.get(index)!));
  return roles[index] === ROLE.aggregate ? aggregateReason(calls[index]!, tokens[index]!, own[index]!) : null;
}

/** Why the usage of a span does not count: another instrumentation of the same call is counted. */
export function duplicateReason(inner: string): string {
  return `the same call as “${inner}” below, which is counted`;
}

/** Why the usage of a span does not count: so many calls below carry it, with so many tokens. `own`: NaN where it reports none. */
export function aggregateReason(calls: number, below: number, own: number): string {
  const sum = `${formatCount(calls, 'model call')} below ${calls === 1 ? 'carries its' : 'carry their'} own usage`;
  return Number.isNaN(own) || own === below ? sum : `${sum}: ${formatCount(below, 'token')}, ${formatCount(own)} reported here`;
}

/** Two nested spans that may be one call: no two answers, one model. */
function isSameAnswer(outer: Pick<Span, 'responseId' | 'modelRequested' | 'modelServed'>, inner: Pick<Span, 'responseId' | 'modelRequested' | 'modelServed'>): boolean {
  if (outer.responseId !== null && inner.responseId !== null && outer.responseId !== inner.responseId) return false;
  const names = [outer.modelRequested, outer.modelServed].filter((model) => model !== null);
  return [inner.modelRequested, inner.modelServed].some((model) => model !== null && names.includes(model));
}
