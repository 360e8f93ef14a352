import { MISSING_KIND, onlyMember, type Display } from './display.ts';
import type { Expansion } from './expansion.ts';
import type { KindFilter } from './filter.ts';
import { IntList } from './int-list.ts';

/** What a row stands for. */
export const ROW = {
  span: 0,
  group: 1,
  missing: 2,
  /** Members of a group before and after those that are shown. */
  earlier: 3,
  later: 4,
} as const;
export type RowType = (typeof ROW)[keyof typeof ROW];

export interface Row {
  readonly type: RowType;
  /** Node of the display. For `earlier` and `later` that of their group. */
  readonly node: number;
  /** The group that it stands for, or is a part of; -1: a span. */
  readonly group: number;
  /** Position of the span; -1: it stands for several. */
  readonly position: number;
  readonly depth: number;
}

/** The rows of the flattened tree as typed arrays. */
export class Rows {
  readonly display: Display;
  readonly length: number;
  readonly #nodes: Int32Array;
  readonly #depths: Int32Array;
  readonly #types: Int32Array;

  constructor(display: Display, nodes: Int32Array, depths: Int32Array, types: Int32Array) {
    this.display = display;
    this.length = nodes.length;
    this.#nodes = nodes;
    this.#depths = depths;
    this.#types = types;
  }

  at(index: number): Row {
    const node = this.#nodes[index]!;
    const type = this.#types[index]! as RowType;
    const { count } = this.display.skeleton;
    const group = node >= count ? node - count : -1;
    const position = type !== ROW.span ? -1 : group < 0 ? node : onlyMember(this.display, group);
    return { type, node, group: type === ROW.span ? -1 : group, position, depth: this.#depths[index]! };
  }

  depth(index: number): number {
    return this.#depths[index]!;
  }

  /** Row of a node, or of the nearest one that is shown above it; -1: none. Linear. */
  indexOf(node: number): number {
    for (let index = 0; index < this.length; index++) if (this.#nodes[index] === node && this.#types[index]! <= ROW.missing) return index;
    return -1;
  }

  /** Row above in the tree; -1: it is at the top. */
  parent(index: number): number {
    const depth = this.#depths[index]!;
    for (let at = index - 1; at >= 0; at--) if (this.#depths[at]! < depth) return at;
    return -1;
  }
}

/** Rows of everything that is open, from the top; as many steps as rows. */
export function flatten(expansion: Expansion, filter: KindFilter | null): Rows {
  const { display } = expansion;
  const { parents, firstChild, nextSibling, firstRoot, groupKinds, groupOf, skeleton } = display;
  const { count, descendants } = skeleton;
  const nodes = new IntList(1024);
  const depths = new IntList(1024);
  const types = new IntList(1024);
  const push = (node: number, depth: number, type: RowType): void => {
    nodes.push(node);
    depths.push(depth);
    types.push(type);
  };
  /** A member as it is: its own children, in their order. */
  const pushMember = (position: number, depth: number): void => {
    const last = position + descendants[position]!;
    const base = skeleton.depths[position]!;
    for (let at = position; at <= last;) {
      const shown = filter === null || filter.keepsSpan(at);
      const below = depth + skeleton.depths[at]! - base;
      if (shown) push(at, below, ROW.span);
      at += shown && expansion.isOpen(at, below) ? 1 : descendants[at]! + 1;
    }
  };
  /** `true`: its children follow as nodes of their own. */
  const pushNode = (node: number, depth: number): boolean => {
    if (node < count) {
      push(node, depth, ROW.span);
      return expansion.isOpen(node, depth);
    }
    const group = node - count;
    const missing = groupKinds[group] === MISSING_KIND;
    push(node, depth, missing ? ROW.missing : onlyMember(display, group) >= 0 ? ROW.span : ROW.group);
    if (!expansion.isOpen(node, depth)) return false;
    const window = missing ? undefined : expansion.window(group);
    if (window === undefined) return true;
    const members = expansion.sortedMembers(group);
    if (window.from > 0) push(node, depth + 1, ROW.earlier);
    for (let at = window.from; at < window.to; at++) if (groupOf[members[at]!] === group) pushMember(members[at]!, depth + 1);
    if (window.to < members.length) push(node, depth + 1, ROW.later);
    return false;
  };
  let depth = 0;
  for (let node = firstRoot; node >= 0;) {
    const shown = filter === null || filter.keepsNode(node);
    if (shown && pushNode(node, depth) && firstChild[node]! >= 0) {
      node = firstChild[node]!;
      depth++;
      continue;
    }
    while (node >= 0 && nextSibling[node]! < 0) {
      node = parents[node]!;
      depth--;
    }
    if (node >= 0) node = nextSibling[node]!;
  }
  return new Rows(display, nodes.toArray(), depths.toArray(), types.toArray());
}
