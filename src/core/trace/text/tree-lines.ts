import { clip } from '../../text/clip.ts';
import { formatCount, formatDuration, formatTokens, formatUsd } from '../../text/format.ts';
import { visible as visibleLine } from '../../text/visible.ts';
import type { Finding } from '../findings/finding.ts';
import { SPAN_FLAGS, SPAN_KINDS, type TraceSkeleton } from '../skeleton.ts';
import { saysModel } from '../span-name.ts';
import { SpanPositions } from '../view/span-ids.ts';

/** What the first line says of a trace. */
export interface TraceTitle {
  readonly name: string;
  readonly startNs: string;
  readonly durationNs: string | null;
  readonly llmCalls: number;
  readonly toolCalls: number;
  readonly tokens: number | null;
  readonly cost: number | null;
  readonly unpriced: number;
  readonly service: string | null;
  readonly environment: string | null;
  readonly session: string | null;
}

/** Deeper levels are not drawn further to the right: a line must be readable. */
const DEEPEST_INDENT = 40;
const LONGEST_NAME = 200;
/** Hex digits of ids, as lists print those of traces and commands take them; the whole ones where two spans begin alike. */
const SHORT_ID = 8;
const WHOLE_ID = 16;

/**
 * A trace for a terminal: what it is, what stands out, then a line for each span, after the beginning of its id. Control characters of names are shown, not sent: a
 * trace is a stranger's text.
 */
export function* treeLines(skeleton: TraceSkeleton, title: TraceTitle, findings: readonly Finding[], from: number, to: number): Generator<string> {
  yield `${titleLine(title)}\n${skeleton.traceId}\n`;
  for (const { severity, message } of findings) yield `${severity === 'error' ? '✗' : severity === 'warning' ? '!' : '·'} ${visible(message)}\n`;
  yield '\n';
  const orphans = new Map(skeleton.missing.map(({ spanId, children }) => [children[0]!, spanId]));
  const base = skeleton.depths[from] ?? 0;
  const ids = new SpanPositions(skeleton);
  const digits = beginAlike(skeleton) ? WHOLE_ID : SHORT_ID;
  for (let at = from; at < to; at++) {
    const missing = orphans.get(at);
    if (missing !== undefined && from === 0) yield `missing parent ${missing}\n`;
    yield `${ids.id(at).slice(0, digits)}  ${line(skeleton, at, skeleton.depths[at]! - base)}\n`;
  }
}

function beginAlike({ spanIds, count }: TraceSkeleton): boolean {
  const seen = new Set<number>();
  for (let at = 0; at < count * 8; at += 8) {
    const beginning = (spanIds[at]! << 24) | (spanIds[at + 1]! << 16) | (spanIds[at + 2]! << 8) | spanIds[at + 3]!;
    if (seen.has(beginning)) return true;
    seen.add(beginning);
  }
  return false;
}

/** `refund agent · 4.2 s · 9 model calls · 6 tool calls · 31,204 tokens · $0.0830 · shop · production`. */
export function titleLine(title: TraceTitle): string {
  const parts = [visible(title.name), title.durationNs === null ? 'running' : formatDuration(Number(title.durationNs) / 1e6)];
  if (title.llmCalls > 0) parts.push(formatCount(title.llmCalls, 'model call'));
  if (title.toolCalls > 0) parts.push(formatCount(title.toolCalls, 'tool call'));
  if (title.tokens !== null) parts.push(`${formatTokens(title.tokens)} tokens`);
  if (title.cost !== null) parts.push(title.unpriced > 0 ? `${formatUsd(title.cost)} and ${formatCount(title.unpriced, 'call')} without a price` : formatUsd(title.cost));
  for (const place of [title.service, title.environment, title.session === null ? null : `session ${title.session}`]) if (place !== null) parts.push(visible(place));
  return parts.join(' · ');
}

function line(skeleton: TraceSkeleton, at: number, depth: number): string {
  const flags = skeleton.flags[at]!;
  const model = skeleton.texts[skeleton.models[at]!] ?? '';
  const name = visible(skeleton.texts[skeleton.names[at]!] ?? '');
  const parts = [`${'  '.repeat(Math.min(depth, DEEPEST_INDENT))}${SPAN_KINDS[skeleton.kinds[at]!]!}  ${name}`];
  if (model !== '' && !saysModel(name, visible(model))) parts.push(visible(model));
  parts.push(Number.isNaN(skeleton.durations[at]!) ? 'running' : formatDuration(skeleton.durations[at]!));
  const [input, output, cost] = [skeleton.inputTokens[at]!, skeleton.outputTokens[at]!, skeleton.costs[at]!];
  if (!Number.isNaN(input) || !Number.isNaN(output)) parts.push(`${formatTokens(known(input))} → ${formatTokens(known(output))} tokens`);
  if (!Number.isNaN(cost)) parts.push(formatUsd(cost));
  if (flags & SPAN_FLAGS.aggregate) parts.push('sum of what is below');
  if (flags & SPAN_FLAGS.duplicate) parts.push('counted below');
  if (flags & SPAN_FLAGS.error) parts.push('✗ error');
  else if (flags & SPAN_FLAGS.hiddenError) parts.push('! error in the result');
  if (flags & SPAN_FLAGS.skew) parts.push('clock skew');
  return parts.join('  ');
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** One line and not too long, without what steers a terminal. */
export function visible(text: string): string {
  const shown = text.length > LONGEST_NAME ? `${clip(text, LONGEST_NAME)}…` : text;
  return visibleLine(shown.replace(/[\t-\r\u0085]/g, ' '));
}
