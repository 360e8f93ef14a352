import { clip } from '../text/clip.ts';
import { treeOfColumns, type SpanColumns } from './columns.ts';
import { TOOL_STEP } from './normalise/normalise-trace.ts';
import { decideRoles, ROLE, type Roles } from './normalise/usage-roles.ts';
import { sumUp } from './roll-up.ts';
import { FAILED, SPAN_FLAGS, SPAN_KINDS, type TraceSkeleton } from './skeleton.ts';
import type { TraceTree } from './tree.ts';

/** What a skeleton says of a whole trace. */
export interface SkeletonHeader {
  readonly traceId: string;
  readonly revision: number;
  /** The time that the columns count from: nanoseconds since 1970, decimal. */
  readonly zeroNs: string;
}

export interface SkeletonParts {
  readonly columns: SpanColumns;
  /** Texts by their numbers in the columns. */
  readonly textOf: (number: number) => string;
  /** Which bits of the columns' flags say that a span reports tokens or a cost, and that the cost is a reported one. */
  readonly carriesUsage: number;
  readonly costReported: number;
}

const TOOL = SPAN_KINDS.indexOf('tool');
const NS_PER_MS = 1e6;
/** Of names and reasons; no row has room for more, and each is sent to a panel. The span itself has the whole. */
const LONGEST_TEXT = 1000;
/** Different reasons that are told. Where each failure names its own order or second, those beyond are read in the spans. */
const MOST_REASONS = 10_000;
/** Bits that are taken from the columns; the rest is told here, by the whole trace. */
const KEPT = SPAN_FLAGS.error | SPAN_FLAGS.running | SPAN_FLAGS.hiddenError | SPAN_FLAGS.pending | SPAN_FLAGS.hasEvents;

/** The skeleton of a trace, and the positions in the columns that its spans had. Linear in the spans but for siblings that come out of order. */
export function buildSkeleton(header: SkeletonHeader, parts: SkeletonParts): { skeleton: TraceSkeleton; order: Int32Array } {
  const { columns } = parts;
  const { count } = columns;
  const tree = treeOfColumns(columns);
  const roles = rolesOf(parts, tree);
  const flags = flagsOf(columns, tree, roles);
  const reasonNumbers = columns.reasons.slice(0, count);
  failTools(parts, tree, flags, reasonNumbers);
  const { order, depths } = layOut(tree);
  const positions = new Int32Array(count);
  for (let at = 0; at < count; at++) positions[order[at]!] = at;

  const counted = (values: (index: number) => number): Float64Array => {
    const column = new Float64Array(count).fill(NaN);
    for (let index = 0; index < count; index++) if (roles.roles[index] === ROLE.leaf) column[index] = values(index);
    return permute(sumUp(tree, column), order);
  };
  const errors = new Float64Array(count);
  for (let index = 0; index < count; index++) errors[index] = flags[index]! & FAILED ? 1 : 0;

  const { texts, names, models, reasons } = textsOf(parts, order, reasonNumbers);
  const [earliest, starts] = startsOf(columns, order);
  const durations = new Float64Array(count);
  const firstTokens = new Float32Array(count);
  const parents = new Int32Array(count);
  const spanIds = new Uint8Array(count * 8);
  const ids = new DataView(spanIds.buffer);
  let last = 0;
  for (let at = 0; at < count; at++) {
    const index = order[at]!;
    const end = columns.ends[index]!;
    durations[at] = Number.isNaN(end) ? NaN : Math.max(0, end - columns.starts[index]!) / NS_PER_MS;
    last = Math.max(last, starts[at]! + (durations[at]! || 0));
    firstTokens[at] = columns.firstTokens[index]! / NS_PER_MS;
    parents[at] = tree.parents[index]! < 0 ? -1 : positions[tree.parents[index]!]!;
    ids.setInt32(at * 8, columns.idHigh[index]!);
    ids.setInt32(at * 8 + 4, columns.idLow[index]!);
  }
  const skeleton: TraceSkeleton = {
    traceId: header.traceId,
    revision: header.revision,
    count,
    startNs: (BigInt(header.zeroNs) + BigInt(Math.round(earliest))).toString(),
    end: last,
    spanIds,
    starts,
    durations,
    parents,
    depths,
    descendants: permute(tree.descendants, order),
    kinds: permute(columns.kinds, order),
    flags: permute(flags, order),
    names,
    models,
    reasons,
    firstTokens,
    inputTokens: permute(columns.inputTokens, order),
    outputTokens: permute(columns.outputTokens, order),
    costs: permute(columns.costs, order),
    totalTokens: counted((index) => addKnown(columns.inputTokens[index]!, columns.outputTokens[index]!)),
    totalCosts: counted((index) => columns.costs[index]!),
    totalErrors: Int32Array.from(permute(sumUp(tree, errors), order)),
    texts,
    missing: tree.missing.map(({ spanId, children }) => ({ spanId, children: children.map((index) => positions[index]!) })),
  };
  return { skeleton, order };
}

function rolesOf({ columns, carriesUsage, costReported }: SkeletonParts, tree: TraceTree): Roles {
  const { count } = columns;
  const tokens = new Float64Array(count).fill(NaN);
  const reportsCost = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    if ((columns.flags[index]! & carriesUsage) === 0) continue;
    tokens[index] = addKnown(columns.inputTokens[index]!, columns.outputTokens[index]!);
    reportsCost[index] = columns.flags[index]! & costReported ? 1 : 0;
  }
  // Whether two nested calls name two answers is told by their bodies: here it is enough that neither is counted twice.
  const sameAnswer = (outer: number, inner: number): boolean => columns.models[outer] !== 0 && columns.models[outer] === columns.models[inner];
  return decideRoles({ kinds: columns.kinds, tokens, reportsCost, sameAnswer, starts: columns.starts, ends: columns.ends }, tree);
}

function flagsOf({ flags: given, ends, count }: SpanColumns, tree: TraceTree, { roles }: Roles): Uint16Array {
  const flags = new Uint16Array(count);
  for (let index = 0; index < count; index++) {
    const role = roles[index] === ROLE.aggregate ? SPAN_FLAGS.aggregate : roles[index] === ROLE.duplicate ? SPAN_FLAGS.duplicate : 0;
    const running = Number.isNaN(ends[index]!) ? SPAN_FLAGS.running : 0;
    flags[index] = (given[index]! & KEPT & ~SPAN_FLAGS.running) | running | role;
  }
  for (const { children } of tree.missing) for (const child of children) flags[child]! |= SPAN_FLAGS.orphan;
  for (const index of tree.skew.keys()) flags[index]! |= SPAN_FLAGS.skew;
  return flags;
}

/** Claude Code says that a tool failed on the step below it (as normaliseTrace does with whole spans). */
function failTools({ columns, textOf }: SkeletonParts, tree: TraceTree, flags: Uint16Array, reasons: Uint32Array): void {
  const isExecution = new Map<number, boolean>();
  for (let index = 0; index < columns.count; index++) {
    const parent = tree.parents[index]!;
    if (!(flags[index]! & SPAN_FLAGS.error) || parent < 0 || columns.kinds[parent] !== TOOL) continue;
    const name = columns.names[index]!;
    if (!isExecution.has(name)) isExecution.set(name, textOf(name) === TOOL_STEP);
    if (!isExecution.get(name)) continue;
    flags[parent]! |= SPAN_FLAGS.error;
    if (reasons[parent] === 0) reasons[parent] = reasons[index]!;
  }
}

/** Roots with what is below them, then the spans whose parents are missing, by the parent. */
function layOut(tree: TraceTree): { order: Int32Array; depths: Uint16Array } {
  const orphans = new Set(tree.missing.flatMap(({ children }) => children));
  const order = new Int32Array(tree.order.length);
  const depths = new Uint16Array(tree.order.length);
  const from = new Int32Array(tree.order.length);
  for (let at = 0; at < tree.order.length; at++) from[tree.order[at]!] = at;
  let filled = 0;
  const copy = (root: number, deeper: number): void => {
    const size = tree.descendants[root]! + 1;
    for (let at = from[root]!; at < from[root]! + size; at++) {
      const index = tree.order[at]!;
      order[filled] = index;
      depths[filled++] = Math.min(tree.depths[index]! + deeper, 0xffff);
    }
  };
  for (const root of tree.roots) if (!orphans.has(root)) copy(root, 0);
  for (const { children } of tree.missing) for (const child of children) copy(child, 1);
  return { order, depths };
}

/** Names, models and reasons, each text once; the empty text is number 0. */
function textsOf({ columns, textOf }: SkeletonParts, order: Int32Array, reasonNumbers: Uint32Array): { texts: string[]; names: Uint32Array; models: Uint32Array; reasons: Uint32Array } {
  const texts = [''];
  const known = new Map<number, number>();
  const numberOf = (text: number): number => {
    if (text === 0) return 0;
    let number = known.get(text);
    if (number === undefined) {
      number = texts.push(clip(textOf(text), LONGEST_TEXT)) - 1;
      known.set(text, number);
    }
    return number;
  };
  const names = new Uint32Array(order.length);
  const models = new Uint32Array(order.length);
  const reasons = new Uint32Array(order.length);
  for (let at = 0; at < order.length; at++) {
    names[at] = numberOf(columns.names[order[at]!]!);
    models[at] = numberOf(columns.models[order[at]!]!);
  }
  const most = texts.length + MOST_REASONS;
  for (let at = 0; at < order.length; at++) {
    const text = reasonNumbers[order[at]!]!;
    if (text !== 0 && (texts.length < most || known.has(text))) reasons[at] = numberOf(text);
  }
  return { texts, names, models, reasons };
}

/** The first start, in nanoseconds after the columns' zero, and the starts in milliseconds after it. */
function startsOf(columns: SpanColumns, order: Int32Array): [number, Float64Array] {
  let earliest = Infinity;
  for (let index = 0; index < columns.count; index++) earliest = Math.min(earliest, columns.starts[index]!);
  const zero = Number.isFinite(earliest) ? earliest : 0;
  const starts = new Float64Array(order.length);
  for (let at = 0; at < order.length; at++) starts[at] = (columns.starts[order[at]!]! - zero) / NS_PER_MS;
  return [zero, starts];
}

function permute<T extends Float64Array | Int32Array | Uint16Array | Uint8Array>(values: T, order: Int32Array): T {
  const permuted = new (values.constructor as new (length: number) => T)(order.length);
  for (let at = 0; at < order.length; at++) permuted[at] = values[order[at]!]!;
  return permuted;
}

function addKnown(a: number, b: number): number {
  return Number.isNaN(a) ? b : Number.isNaN(b) ? a : a + b;
}
