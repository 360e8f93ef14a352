import type { PriceOverrides } from '../../model/prices.ts';
import { mergeSpans, type MergedSpan } from '../merge.ts';
import type { RawLog, RawSpan, Span } from '../model.ts';
import { buildTree, type TraceTree } from '../tree.ts';
import { joinLogs } from './join-logs.ts';
import { normaliseSpan } from './normalise-span.ts';
import { usageRoles } from './usage-roles.ts';

export interface NormalisedTrace {
  readonly traceId: string;
  readonly spans: readonly Span[];
  readonly tree: TraceTree;
}

/** The spans of one trace with everything that only the whole trace tells: whose usage counts, inherited places, failed tools. */
export function normaliseTrace(raw: readonly RawSpan[], logs: readonly RawLog[] = [], options: { readonly prices?: PriceOverrides } = {}): NormalisedTrace {
  return normaliseMerged(mergeSpans(raw), logs, options);
}

/** The same of spans that are merged already, as a store keeps them. */
export function normaliseMerged(merged: readonly MergedSpan[], logs: readonly RawLog[] = [], options: { readonly prices?: PriceOverrides } = {}): NormalisedTrace {
  return normaliseJoined(merged, joinLogs(merged.map(({ span }) => span), logs), options);
}

function normaliseJoined(merged: readonly MergedSpan[], joined: ReadonlyMap<RawSpan, readonly RawLog[]>, options: { readonly prices?: PriceOverrides }): NormalisedTrace {
  const spans = merged.map(({ span, pending }) => normaliseSpan(span, joined.get(span), { ...options, pending }));
  const tree = buildTree(spans);
  const roles = usageRoles(spans, tree);
  const inherited = inheritCode(spans, tree);
  const failures = failedTools(spans, tree);
  const finished = spans.map((span, index): Span => ({ ...span, usageRole: roles[index]!.role, usageReason: roles[index]!.reason, ...inherited.get(index), ...failures.get(index) }));
  return { traceId: finished[0]?.traceId ?? '', spans: finished, tree };
}

/** The traces of a mixture of spans, in the order in which each is met first. */
export function normaliseTraces(raw: readonly RawSpan[], logs: readonly RawLog[] = [], options: { readonly prices?: PriceOverrides } = {}): NormalisedTrace[] {
  const merged = mergeSpans(raw);
  // Once for all: as many records as traces would be looked at as often otherwise
  const joined = joinLogs(merged.map(({ span }) => span), logs);
  return [...Map.groupBy(merged, ({ span }) => span.traceId).values()].map((spans) => normaliseJoined(spans, joined, options));
}

/** A span without a place in the source takes the nearest ancestor's; its provenance says so. */
function inheritCode(spans: readonly Span[], tree: TraceTree): Map<number, Partial<Span>> {
  const owners = new Int32Array(spans.length).fill(-1);
  const inherited = new Map<number, Partial<Span>>();
  for (const index of tree.order) {
    const span = spans[index]!;
    const parent = tree.parents[index]!;
    const owner = saysCode(span) ? index : parent < 0 ? -1 : owners[parent]!;
    owners[index] = owner;
    if (owner < 0 || span.codeFile !== null) continue;
    inherited.set(index, codeOf(spans[owner]!, span));
  }
  return inherited;
}

/** Where a span says it is in the source. */
export type SaidCode = Pick<Span, 'name' | 'codeFile' | 'codeLine' | 'codeColumn' | 'codeFunction' | 'sources'>;

/** The place of a span above, as one below it takes it over. */
export function codeOf(from: SaidCode, span: Span): Partial<Span> {
  return {
    codeFile: from.codeFile, codeLine: from.codeLine, codeColumn: from.codeColumn, codeFunction: from.codeFunction,
    sources: { ...span.sources, code: (from.sources.code ?? []).map((source) => `${source} of the span “${from.name}” above`) },
  };
}

/** Whether a span says where it is in the source. The place of an error says nothing about the spans below it. */
export function saysCode(span: Span): boolean {
  return span.codeFile !== null && span.sources.code?.[0]?.startsWith('code.') === true;
}

/** The step below a tool on which Claude Code says that the tool failed. */
export const TOOL_STEP = 'claude_code.tool.execution';

/** The failure of a tool that the step below it tells. */
export function failureOf(tool: Span, step: Span): Partial<Span> {
  return { status: 'error', statusMessage: step.statusMessage, error: step.error, sources: { ...tool.sources, error: [`the span “${step.name}” below`] } };
}

function failedTools(spans: readonly Span[], tree: TraceTree): Map<number, Partial<Span>> {
  const failures = new Map<number, Partial<Span>>();
  for (const [index, span] of spans.entries()) {
    const parent = tree.parents[index]!;
    if (parent < 0 || span.name !== TOOL_STEP || span.status !== 'error') continue;
    const tool = spans[parent]!;
    if (tool.kind === 'tool' && tool.status !== 'error') failures.set(parent, failureOf(tool, span));
  }
  return failures;
}
