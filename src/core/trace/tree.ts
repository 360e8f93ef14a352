import { compareNanos } from './time.ts';

/** What a tree is built from. */
export interface TreeSpan {
  readonly spanId: string;
  readonly parentId: string | null;
  readonly startNs: string;
  readonly endNs: string | null;
}

/** A parent that spans name and nobody has sent. */
export interface MissingParent {
  readonly spanId: string;
  /** Positions of its children. */
  readonly children: readonly number[];
}

export type Skew = 'ends-before-start' | 'starts-before-parent';

/**
 * The spans of one trace as a forest. Everything is by position in the list that it was built from: typed arrays, because a trace
 * may have a million spans.
 */
export interface TraceTree {
  /** Position of the parent; -1 for roots, orphans, and where a cycle was cut. */
  readonly parents: Int32Array;
  /** Depth first, siblings by their start, then by their end: a parent comes before all that is below it. */
  readonly order: Int32Array;
  readonly depths: Int32Array;
  /** How many spans are below. */
  readonly descendants: Int32Array;
  readonly roots: readonly number[];
  readonly missing: readonly MissingParent[];
  /** Spans whose parent is below them: they stand as roots. */
  readonly cut: readonly number[];
  readonly skew: ReadonlyMap<number, Skew>;
  /** Spans that have not ended. */
  readonly running: readonly number[];
}

/** What a tree is built from when there are too many spans for objects: by position. */
export interface TreeColumns {
  /** Position of the parent; `ROOT`: it has none; `ORPHAN`: nobody has sent it. */
  readonly parents: Int32Array;
  /** Nanoseconds after one time that all share (a double is exact for the first 104 days). */
  readonly starts: Float64Array;
  /** NaN: not ended. */
  readonly ends: Float64Array;
  /** The orphans by the parent that they name. */
  readonly orphans: ReadonlyMap<string, readonly number[]>;
}

export const ROOT = -1;
export const ORPHAN = -2;

/** SDKs that keep milliseconds put children before their parents by less than one. */
const SKEW_TOLERANCE_NS = 1_000_000;

/** Ids must be unique within the list (see mergeSpans); of equal ones the first is the parent of all. Linear but for siblings that come out of order. */
export function buildTree(spans: readonly TreeSpan[]): TraceTree {
  return buildTreeOf(columnsOf(spans));
}

export function buildTreeOf(columns: TreeColumns): TraceTree {
  const { ends, orphans } = columns;
  const parents = columns.parents.map((parent) => Math.max(parent, ROOT));
  const cut = cutCycles(parents);
  const before = siblingOrder(columns);
  const { roots, firsts, below } = sortChildren(parents, before);
  const { order, depths, descendants } = walk(roots, firsts, below, parents);
  const missing = [...orphans].map(([spanId, list]): MissingParent => ({ spanId, children: [...list].sort(before) }));
  const running: number[] = [];
  for (let index = 0; index < ends.length; index++) if (Number.isNaN(ends[index]!)) running.push(index);
  return { parents, order, depths, descendants, roots, missing, cut, skew: findSkew(columns, parents), running };
}

function columnsOf(spans: readonly TreeSpan[]): TreeColumns {
  const positions = new Map<string, number>();
  for (let index = spans.length - 1; index >= 0; index--) positions.set(spans[index]!.spanId, index);
  const parents = new Int32Array(spans.length).fill(ROOT);
  const starts = new Float64Array(spans.length);
  const ends = new Float64Array(spans.length).fill(NaN);
  const orphans = new Map<string, number[]>();
  const zero = zeroOf(spans);
  for (let index = 0; index < spans.length; index++) {
    const { parentId, startNs, endNs } = spans[index]!;
    starts[index] = Number(BigInt(startNs) - zero);
    if (endNs !== null) ends[index] = Number(BigInt(endNs) - zero);
    if (parentId === null) continue;
    const parent = positions.get(parentId);
    if (parent !== undefined) {
      parents[index] = parent === index ? ROOT : parent;
      continue;
    }
    parents[index] = ORPHAN;
    const siblings = orphans.get(parentId);
    if (siblings) siblings.push(index);
    else orphans.set(parentId, [index]);
  }
  return { parents, starts, ends, orphans };
}

/** The first start; a span without one (0) would make all others inexact. */
function zeroOf(spans: readonly TreeSpan[]): bigint {
  let first = '0';
  for (const { startNs } of spans) if (startNs !== '0' && (first === '0' || compareNanos(startNs, first) < 0)) first = startNs;
  return BigInt(first);
}

/** Cuts each cycle at the span that is met first, and returns those spans. */
function cutCycles(parents: Int32Array): number[] {
  const UNSEEN = 0;
  const DONE = -1;
  const state = new Int32Array(parents.length);
  const cut: number[] = [];
  for (let start = 0; start < parents.length; start++) {
    const path = start + 1;
    let at = start;
    while (at >= 0 && state[at] === UNSEEN) {
      state[at] = path;
      at = parents[at]!;
    }
    if (at >= 0 && state[at] === path) {
      parents[at] = -1;
      cut.push(at);
    }
    for (let done = start; done >= 0 && state[done] === path; done = parents[done]!) state[done] = DONE;
  }
  return cut;
}

interface Children {
  readonly roots: number[];
  /** Where the children of a span begin in `below`; those of the next span begin where they end. */
  readonly firsts: Int32Array;
  readonly below: Int32Array;
}

/**
 * By their start; of those that start together the one that ended first came first: SDKs in JavaScript know the start of a span
 * by the millisecond, and a quick tool begins in the same one as the model call that follows it.
 */
function siblingOrder({ starts, ends }: TreeColumns): (a: number, b: number) => number {
  return (a, b) => {
    if (starts[a] !== starts[b]) return starts[a]! - starts[b]!;
    const [endA, endB] = [ends[a]!, ends[b]!];
    if (endA === endB || (Number.isNaN(endA) && Number.isNaN(endB))) return a - b;
    return Number.isNaN(endA) ? 1 : Number.isNaN(endB) ? -1 : endA - endB;
  };
}

function sortChildren(parents: Int32Array, before: (a: number, b: number) => number): Children {
  const roots: number[] = [];
  const firsts = new Int32Array(parents.length + 1);
  for (const parent of parents) if (parent >= 0) firsts[parent + 1]!++;
  for (let index = 0; index < parents.length; index++) firsts[index + 1]! += firsts[index]!;
  const below = new Int32Array(firsts[parents.length]!);
  const filled = firsts.slice();
  for (let index = 0; index < parents.length; index++) {
    const parent = parents[index]!;
    if (parent < 0) roots.push(index);
    else below[filled[parent]!++] = index;
  }
  roots.sort(before);
  for (let parent = 0; parent < parents.length; parent++) {
    for (let at = firsts[parent]! + 1; at < firsts[parent + 1]!; at++) {
      if (before(below[at - 1]!, below[at]!) <= 0) continue;
      below.subarray(firsts[parent], firsts[parent + 1]).sort(before);
      break;
    }
  }
  return { roots, firsts, below };
}

function walk(roots: readonly number[], firsts: Int32Array, below: Int32Array, parents: Int32Array): Pick<TraceTree, 'order' | 'depths' | 'descendants'> {
  const order = new Int32Array(parents.length);
  const depths = new Int32Array(parents.length);
  const descendants = new Int32Array(parents.length);
  const stack = new Int32Array(parents.length);
  let height = 0;
  for (let index = roots.length - 1; index >= 0; index--) stack[height++] = roots[index]!;
  for (let at = 0; height > 0; at++) {
    const span = stack[--height]!;
    order[at] = span;
    for (let index = firsts[span + 1]! - 1; index >= firsts[span]!; index--) {
      depths[below[index]!] = depths[span]! + 1;
      stack[height++] = below[index]!;
    }
  }
  for (let index = order.length - 1; index >= 0; index--) {
    const parent = parents[order[index]!]!;
    if (parent >= 0) descendants[parent]! += descendants[order[index]!]! + 1;
  }
  return { order, depths, descendants };
}

function findSkew({ starts, ends }: TreeColumns, parents: Int32Array): Map<number, Skew> {
  const skew = new Map<number, Skew>();
  for (let index = 0; index < starts.length; index++) {
    const start = starts[index]!;
    const parent = parents[index]!;
    if (ends[index]! < start) skew.set(index, 'ends-before-start');
    else if (parent >= 0 && starts[parent]! - start > SKEW_TOLERANCE_NS) skew.set(index, 'starts-before-parent');
  }
  return skew;
}
