import type { PriceOverrides } from '../../../core/model/prices.ts';
import type { RawLog, Span } from '../../../core/trace/model.ts';
import { joinLogs } from '../../../core/trace/normalise/join-logs.ts';
import { normaliseSpan } from '../../../core/trace/normalise/normalise-span.ts';
import { codeOf, failureOf, saysCode, TOOL_STEP, type SaidCode } from '../../../core/trace/normalise/normalise-trace.ts';
import { aggregateReason, duplicateReason } from '../../../core/trace/normalise/usage-roles.ts';
import { SPAN_FLAGS, SPAN_KINDS } from '../../../core/trace/skeleton.ts';
import type { SpanDetail } from '../../../protocol/traces.ts';
import { TouchstoneError } from '../../../core/errors.ts';
import { cutLong, valueAt } from './cut.ts';
import type { OpenTrace } from './open-traces.ts';
import type { NumberedSpan } from './raw-spans.ts';

/** Ancestors that are asked for their place in the source. */
const MOST_ANCESTORS = 50;
/** Log records that are looked through for those of one span. */
const MOST_LOGS = 2000;
const CALLS = new Set([SPAN_KINDS.indexOf('llm'), SPAN_KINDS.indexOf('embedding')]);
const NOT_COUNTED = SPAN_FLAGS.aggregate | SPAN_FLAGS.duplicate;

/** A span with everything. @throws TouchstoneError 'not-found' */
export function detailOf(trace: OpenTrace, spanId: string, prices: PriceOverrides): SpanDetail {
  const position = trace.positionOf(spanId);
  const { value: span, cut } = cutLong(spanAt(trace, position, prices));
  const { skeleton } = trace;
  const path: { spanId: string; name: string; kind: Span['kind'] }[] = [];
  for (let at = skeleton.parents[position]!; at >= 0; at = skeleton.parents[at]!) path.push({ spanId: trace.idAt(at), name: trace.nameAt(at), kind: SPAN_KINDS[skeleton.kinds[at]!]! });
  return {
    span,
    total: totalOf(trace, position),
    path: path.reverse(),
    previous: position === 0 ? null : trace.idAt(position - 1),
    next: position === skeleton.count - 1 ? null : trace.idAt(position + 1),
    cut,
  };
}

/** A value of a span that was cut, whole. @throws TouchstoneError 'not-found' */
export function wholeValue(trace: OpenTrace, spanId: string, pointer: string, prices: PriceOverrides): unknown {
  const value = valueAt(spanAt(trace, trace.positionOf(spanId), prices), pointer);
  if (value === undefined) throw new TouchstoneError('not-found', `The span has nothing at ${pointer.slice(0, 100)}.`);
  return value;
}

function totalOf({ skeleton }: OpenTrace, position: number): SpanDetail['total'] {
  let unpriced = 0;
  const end = position + skeleton.descendants[position]!;
  for (let at = position; at <= end; at++) {
    const counts = (skeleton.flags[at]! & NOT_COUNTED) === 0;
    if (counts && (known(skeleton.inputTokens[at]!) !== null || known(skeleton.outputTokens[at]!) !== null) && known(skeleton.costs[at]!) === null) unpriced++;
  }
  return { spans: end - position + 1, tokens: known(skeleton.totalTokens[position]!), cost: known(skeleton.totalCosts[position]!), unpriced, errors: skeleton.totalErrors[position]! };
}

/** The span as it is within its trace: of a large one only what matters to it is read. */
export function spanAt(trace: OpenTrace, position: number, prices: PriceOverrides): Span {
  const whole = trace.whole(prices);
  const id = trace.idAt(position);
  const found = whole?.spans.find((span) => span.spanId === id);
  if (found !== undefined) return found;
  let span = alone(trace, position, prices);
  span = { ...span, ...usageOf(trace, position, span) };
  span = { ...span, ...stepFailure(trace, position, span, prices) };
  return span.codeFile === null ? { ...span, ...inheritedCode(trace, position, span, prices) } : span;
}

function alone(trace: OpenTrace, position: number, prices: PriceOverrides): Span {
  const { span, pending } = rawSpanAt(trace, position);
  return normaliseSpan(span, logsFor(trace, span), { prices, pending });
}

/** A span as it was sent. @throws TouchstoneError 'not-found' */
export function rawSpanAt(trace: OpenTrace, position: number): NumberedSpan {
  const numbered = trace.raw.at(trace.numbers[position]!);
  if (numbered === null) throw new TouchstoneError('not-found', `Span ${trace.idAt(position)} was deleted meanwhile.`);
  return numbered;
}

function logsFor(trace: OpenTrace, span: Parameters<typeof normaliseSpan>[0]): readonly RawLog[] {
  const loose = trace.looseLogs(MOST_LOGS);
  const own = trace.raw.logsOf(span.spanId, MOST_LOGS);
  return [...own, ...(joinLogs([span], loose).get(span) ?? [])];
}

/** The role of the usage by the whole trace, and why. */
function usageOf(trace: OpenTrace, position: number, span: Span): Partial<Span> {
  const { skeleton } = trace;
  const flags = skeleton.flags[position]!;
  if (span.usageRole === null || (flags & NOT_COUNTED) === 0) return {};
  if (flags & SPAN_FLAGS.duplicate) return { usageRole: 'duplicate', usageReason: duplicateReason(trace.nameAt(position + 1)) };
  let calls = 0;
  let below = 0;
  for (let at = position + 1; at <= position + skeleton.descendants[position]!; at++) {
    const [input, output] = [known(skeleton.inputTokens[at]!), known(skeleton.outputTokens[at]!)];
    if (!CALLS.has(skeleton.kinds[at]!) || (skeleton.flags[at]! & NOT_COUNTED) !== 0 || (input === null && output === null)) continue;
    calls++;
    below += (input ?? 0) + (output ?? 0);
  }
  const [input, output] = [known(skeleton.inputTokens[position]!), known(skeleton.outputTokens[position]!)];
  return { usageRole: 'aggregate', usageReason: aggregateReason(calls, below, input === null && output === null ? NaN : (input ?? 0) + (output ?? 0)) };
}

function stepFailure(trace: OpenTrace, position: number, span: Span, prices: PriceOverrides): Partial<Span> {
  const { skeleton } = trace;
  if (span.kind !== 'tool' || span.status === 'error' || (skeleton.flags[position]! & SPAN_FLAGS.error) === 0) return {};
  for (let at = position + 1; at <= position + skeleton.descendants[position]!; at++) {
    if (skeleton.parents[at] === position && skeleton.flags[at]! & SPAN_FLAGS.error && trace.nameAt(at) === TOOL_STEP) return failureOf(span, alone(trace, at, prices));
  }
  return {};
}

/** The nearest place above; what was found on the way is kept, because an export asks it of every span. */
function inheritedCode(trace: OpenTrace, position: number, span: Span, prices: PriceOverrides): Partial<Span> {
  const asked: number[] = [];
  let said: SaidCode | null | undefined;
  for (let at = trace.skeleton.parents[position]!; at >= 0 && asked.length < MOST_ANCESTORS; at = trace.skeleton.parents[at]!) {
    said = trace.saidCode.get(at);
    if (said !== undefined) break;
    asked.push(at);
    const above = alone(trace, at, prices);
    if (!saysCode(above)) continue;
    const { name, codeFile, codeLine, codeColumn, codeFunction, sources } = above;
    said = { name, codeFile, codeLine, codeColumn, codeFunction, sources };
    break;
  }
  for (const at of asked) trace.saidCode.set(at, said ?? null);
  return said == null ? {} : codeOf(said, span);
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
