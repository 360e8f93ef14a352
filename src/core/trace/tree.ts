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
  /** Depth first, siblings by their start: a parent comes before all that is below it. */
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

/** SDKs that keep milliseconds put children before their parents by less than one. */
const SKEW_TOLERANCE_NS = 1_000_000n;

/** Ids must be unique within the list (see mergeSpans); of equal ones the first is the parent of all. Runs in linear time but for sorting siblings. */
export function buildTree(spans: readonly TreeSpan[]): TraceTree {
  const positions = new Map<string, number>();
  for (const [index, span] of spans.entries()) if (!positions.has(span.spanId)) positions.set(span.spanId, index);
  const parents = new Int32Array(spans.length).fill(-1);
  const orphans = new Map<string, number[]>();
  for (const [index, { parentId }] of spans.entries()) {
    if (parentId === null) continue;
    const parent = positions.get(parentId);
    if (parent !== undefined && parent !== index) parents[index] = parent;
    else if (parent === undefined) {
      const siblings = orphans.get(parentId);
      if (siblings) siblings.push(index);
      else orphans.set(parentId, [index]);
    }
  }
  const cut = cutCycles(parents);
  const children = childLists(spans, parents);
  const roots = children.roots;
  const { order, depths, descendants } = walk(roots, children.of, parents);
  const missing = [...orphans].map(([spanId, list]): MissingParent => ({ spanId, children: list.sort((a, b) => compareStarts(spans, a, b)) }));
  return { parents, order, depths, descendants, roots, missing, cut, skew: findSkew(spans, parents), running: spans.flatMap((span, index) => (span.endNs === null ? [index] : [])) };
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

function childLists(spans: readonly TreeSpan[], parents: Int32Array): { roots: number[]; of: ReadonlyMap<number, number[]> } {
  const roots: number[] = [];
  const of = new Map<number, number[]>();
  for (let index = 0; index < spans.length; index++) {
    const parent = parents[index]!;
    const list = parent < 0 ? roots : of.get(parent);
    if (list) list.push(index);
    else of.set(parent, [index]);
  }
  const byStart = (a: number, b: number): number => compareStarts(spans, a, b);
  roots.sort(byStart);
  for (const list of of.values()) list.sort(byStart);
  return { roots, of };
}

function compareStarts(spans: readonly TreeSpan[], a: number, b: number): number {
  return compareNanos(spans[a]!.startNs, spans[b]!.startNs) || a - b;
}

function walk(roots: readonly number[], children: ReadonlyMap<number, number[]>, parents: Int32Array): Pick<TraceTree, 'order' | 'depths' | 'descendants'> {
  const order = new Int32Array(parents.length);
  const depths = new Int32Array(parents.length);
  const descendants = new Int32Array(parents.length);
  const stack = [...roots].reverse();
  let at = 0;
  for (let span = stack.pop(); span !== undefined; span = stack.pop()) {
    order[at++] = span;
    const below = children.get(span) ?? [];
    for (let index = below.length - 1; index >= 0; index--) {
      depths[below[index]!] = depths[span]! + 1;
      stack.push(below[index]!);
    }
  }
  for (let index = order.length - 1; index >= 0; index--) {
    const parent = parents[order[index]!]!;
    if (parent >= 0) descendants[parent]! += descendants[order[index]!]! + 1;
  }
  return { order, depths, descendants };
}

function findSkew(spans: readonly TreeSpan[], parents: Int32Array): Map<number, Skew> {
  const skew = new Map<number, Skew>();
  for (const [index, span] of spans.entries()) {
    const parent = parents[index]! < 0 ? undefined : spans[parents[index]!];
    if (span.endNs !== null && compareNanos(span.endNs, span.startNs) < 0) skew.set(index, 'ends-before-start');
    else if (parent && compareNanos(span.startNs, parent.startNs) < 0 && BigInt(parent.startNs) - BigInt(span.startNs) > SKEW_TOLERANCE_NS) skew.set(index, 'starts-before-parent');
  }
  return skew;
}
