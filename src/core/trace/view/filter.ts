import { FAILED } from '../skeleton.ts';
import type { Display } from './display.ts';

export interface FilterOptions {
  /** Positions in `SPAN_KINDS`; `null`: all kinds. */
  readonly kinds: ReadonlySet<number> | null;
  readonly errorsOnly: boolean;
}

/** Which spans a filter lets through, and what has to stay so that they can be seen. */
export interface KindFilter {
  /** It, or something below it, is let through. */
  keepsSpan(position: number): boolean;
  keepsNode(node: number): boolean;
  /** Something stays below it: it can be opened. */
  keepsBelow(node: number): boolean;
  /** It is let through itself; what stays only for others is drawn dim. */
  passes(position: number): boolean;
  readonly passing: number;
}

/** `null`: nothing is filtered. Linear in the number of spans, once per filter. */
export function filterSpans(display: Display, { kinds, errorsOnly }: FilterOptions): KindFilter | null {
  if (kinds === null && !errorsOnly) return null;
  const { skeleton, groupOf, missingOf } = display;
  const { count, parents, flags } = skeleton;
  const KEPT = 1;
  const PASSES = 2;
  const BELOW = 4;
  const state = new Uint8Array(count);
  const groups = new Uint8Array(display.groups);
  let passing = 0;
  for (let at = count - 1; at >= 0; at--) {
    const passes = (kinds === null || kinds.has(skeleton.kinds[at]!)) && (!errorsOnly || (flags[at]! & FAILED) !== 0);
    if (passes) {
      state[at]! |= KEPT | PASSES;
      passing++;
    }
    if (state[at] === 0) continue;
    const parent = parents[at]!;
    if (parent >= 0) state[parent]! |= KEPT | BELOW;
    if (parent >= 0 && groupOf[parent]! >= 0) groups[groupOf[parent]!]! |= BELOW;
    if (groupOf[at]! >= 0) groups[groupOf[at]!]! |= KEPT;
  }
  for (const [index, { children }] of skeleton.missing.entries()) {
    if (children.some((child) => state[child] !== 0)) groups[missingOf.has(index) ? index : 0]! |= KEPT | BELOW;
  }
  return {
    keepsSpan: (position) => state[position] !== 0,
    keepsNode: (node) => (node < count ? state[node] !== 0 : groups[node - count] !== 0),
    keepsBelow: (node) => ((node < count ? state[node]! : groups[node - count]!) & BELOW) !== 0,
    passes: (position) => (state[position]! & PASSES) !== 0,
    passing,
  };
}
