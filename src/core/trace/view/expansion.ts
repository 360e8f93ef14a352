import { FAILED, SPAN_KINDS, type TraceSkeleton } from '../skeleton.ts';
import { membersOf, onlyMember, type Display } from './display.ts';
import type { KindFilter } from './filter.ts';
import type { SpanPositions } from './span-ids.ts';
import { orderByStart } from './statistics.ts';

/** Which of a group's members have rows of their own: of those that the filter keeps, by their start, `to` exclusive. */
export interface MemberWindow {
  readonly from: number;
  readonly to: number;
}

/** `auto`: what a reader wants first; `all`, `none`: as was asked for last. */
export type ExpansionMode = 'auto' | 'all' | 'none';

/** What of an expansion survives a reload. Keys name nodes by a span's id, so that they hold for a later revision too. */
export interface KeptExpansion {
  readonly mode: ExpansionMode;
  readonly open: readonly string[];
  readonly closed: readonly string[];
  readonly windows: readonly { readonly key: string; readonly from: number; readonly to: number }[];
}

/** Rows that the first sight of a trace may have. */
const FIRST_SIGHT = 400;
/** A revealed member this near to shown ones is shown with all between them. */
const NEAR = 100;
/** Kept over a reload. */
const MAX_KEPT = 500;
/** A span with one of these below it is opened by itself; calls to HTTP or a database are the insides of a step. */
const STEPS: ReadonlySet<string> = new Set(['llm', 'embedding', 'agent', 'tool', 'retriever', 'reranker', 'guardrail', 'evaluator', 'memory']);

/** Which nodes of a display are open, and which groups show members. */
export class Expansion {
  readonly display: Display;
  #mode: ExpansionMode;
  readonly #chosen = new Map<number, boolean>();
  readonly #windows = new Map<number, MemberWindow>();
  readonly #members = new Map<number, Int32Array>();
  readonly #sorted = new Map<number, Int32Array>();
  #filter: KindFilter | null;
  #auto: { readonly depth: number; readonly steps: Uint8Array } | null = null;

  constructor(display: Display, mode: ExpansionMode = 'auto', filter: KindFilter | null = null) {
    this.display = display;
    this.#mode = mode;
    this.#filter = filter;
  }

  /** What is shown one by one stays shown, as far as the other filter keeps it. */
  setFilter(filter: KindFilter | null): void {
    const shown = [...this.#windows].map(([group, { from, to }]) => [group, this.sortedMembers(group).subarray(from, to)] as const);
    this.#filter = filter;
    this.#members.clear();
    this.#sorted.clear();
    for (const [group, members] of shown) this.#windows.set(group, this.#windowAround(group, members));
  }

  /** Whether anything is below a node. `raw`: a member that a group shows, with its own children below it. */
  hasChildren(node: number): boolean {
    const { skeleton, firstChild, groupOf } = this.display;
    if (node >= skeleton.count) return firstChild[node]! >= 0;
    return groupOf[node]! >= 0 ? skeleton.descendants[node]! > 0 : firstChild[node]! >= 0;
  }

  /** `depth`: of the row; only the first sight asks for it. */
  isOpen(node: number, depth: number): boolean {
    return this.#chosen.get(node) ?? this.#byDefault(node, depth);
  }

  set(node: number, open: boolean): void {
    this.#chosen.set(node, open);
  }

  setAll(mode: 'all' | 'none'): void {
    this.#mode = mode;
    this.#chosen.clear();
    this.#windows.clear();
  }

  /** The members that a group shows one by one; `undefined`: what is below them is shown together. */
  window(group: number): MemberWindow | undefined {
    return this.#windows.get(group);
  }

  /** `null`: together again. */
  setWindow(group: number, window: MemberWindow | null): void {
    if (window === null) this.#windows.delete(group);
    else this.#windows.set(group, window);
    this.#chosen.set(this.display.skeleton.count + group, true);
  }

  /** A group's members that the filter keeps, in the order of the trace. */
  members(group: number): Int32Array {
    const all = membersOf(this.display, group);
    const filter = this.#filter;
    if (filter === null) return all;
    let members = this.#members.get(group);
    if (members === undefined) this.#members.set(group, (members = all.filter((at) => filter.keepsSpan(at))));
    return members;
  }

  /** The same by their start. */
  sortedMembers(group: number): Int32Array {
    let sorted = this.#sorted.get(group);
    if (sorted === undefined) {
      sorted = orderByStart(this.members(group), this.display.skeleton.starts);
      this.#sorted.set(group, sorted);
    }
    return sorted;
  }

  /** Opens everything above a span, and returns the node whose row it has. */
  reveal(position: number): number {
    const { skeleton, groupOf, missingOf } = this.display;
    const { count, parents } = skeleton;
    const path: number[] = [];
    for (let at = parents[position]!; at >= 0; at = parents[at]!) path.push(at);
    const top = path.at(-1) ?? position;
    for (const [index, { children }] of skeleton.missing.entries()) if (children.includes(top)) this.set(count + (missingOf.has(index) ? index : 0), true);
    for (let step = path.length - 1; step >= 0; step--) {
      const at = path[step]!;
      const group = groupOf[at]!;
      if (group >= 0 && this.#windows.has(group)) {
        // Its members stand for themselves: the way down goes through this one.
        this.#showMember(group, at);
        for (let below = step; below >= 0; below--) this.set(path[below]!, true);
        return position;
      }
      this.set(group < 0 ? at : count + group, true);
    }
    const group = groupOf[position]!;
    if (group < 0) return position;
    if (onlyMember(this.display, group) >= 0) return count + group;
    this.#showMember(group, position);
    return position;
  }

  /** Shows so many more members before or after those that are shown. */
  showMore(group: number, direction: 'earlier' | 'later', members = NEAR): void {
    const window = this.#windows.get(group) ?? { from: 0, to: 0 };
    const all = this.members(group).length;
    this.setWindow(group, direction === 'earlier' ? { from: Math.max(0, window.from - members), to: window.to } : { from: window.from, to: Math.min(all, window.to + members) });
  }

  keep(positions: SpanPositions): KeptExpansion {
    const open: string[] = [];
    const closed: string[] = [];
    // The last ones; everything below a row may have been opened at once.
    let skipped = this.#chosen.size - MAX_KEPT;
    for (const [node, isOpen] of this.#chosen) if (skipped-- <= 0) (isOpen ? open : closed).push(nodeKey(this.display, node, positions));
    const windows = [...this.#windows].slice(-MAX_KEPT).map(([group, window]) => ({ key: nodeKey(this.display, this.display.skeleton.count + group, positions), ...window }));
    return { mode: this.#mode, open, closed, windows };
  }

  /** What was kept, as far as its spans are (still) there. */
  static restore(display: Display, kept: KeptExpansion, positions: SpanPositions, filter: KindFilter | null = null): Expansion {
    const expansion = new Expansion(display, kept.mode, filter);
    const { count } = display.skeleton;
    for (const [keys, open] of [[kept.open, true], [kept.closed, false]] as const) {
      for (const key of keys) {
        const node = nodeOfKey(display, key, positions);
        if (node >= 0) expansion.#chosen.set(node, open);
      }
    }
    for (const { key, from, to } of kept.windows) {
      const node = nodeOfKey(display, key, positions);
      if (node < count || display.missingOf.has(node - count)) continue;
      const members = expansion.members(node - count).length;
      if (from < members) expansion.#windows.set(node - count, { from, to: Math.min(to, members) });
    }
    return expansion;
  }

  #showMember(group: number, position: number): void {
    const index = this.sortedMembers(group).indexOf(position);
    if (index < 0) return;
    const window = this.#windows.get(group);
    if (window !== undefined && window.to > window.from && index >= window.from - NEAR && index < window.to + NEAR) {
      this.setWindow(group, { from: Math.min(window.from, index), to: Math.max(window.to, index + 1) });
    } else this.setWindow(group, { from: index, to: index + 1 });
  }

  /** Of the members that are kept now, no more than were shown from the first to the last of them; some, when there would be none. */
  #windowAround(group: number, shown: Int32Array): MemberWindow {
    const { starts } = this.display.skeleton;
    const members = this.sortedMembers(group);
    const isBefore = (a: number, b: number): boolean => starts[a]! < starts[b]! || (starts[a] === starts[b] && a < b);
    const [first, last] = [shown[0], shown.at(-1)];
    let from = 0;
    while (first !== undefined && from < members.length && isBefore(members[from]!, first)) from++;
    let to = from;
    while (last !== undefined && to < Math.min(members.length, from + shown.length) && !isBefore(last, members[to]!)) to++;
    return { from, to: to > from ? to : Math.min(members.length, from + NEAR) };
  }

  #byDefault(node: number, depth: number): boolean {
    const { skeleton, groupOf } = this.display;
    if (this.#mode !== 'auto') return this.#mode === 'all';
    const auto = (this.#auto ??= this.#firstSight());
    if (depth >= auto.depth) return false;
    if (node >= skeleton.count) return true;
    return groupOf[node]! < 0 && auto.steps[node] !== 0;
  }

  /** The depth down to which everything that is a step fits into the first sight. */
  #firstSight(): { readonly depth: number; readonly steps: Uint8Array } {
    const { skeleton, parents, firstChild, nextSibling, firstRoot } = this.display;
    const steps = stepsBelow(skeleton);
    const perDepth: number[] = [];
    let depth = 0;
    for (let node = firstRoot; node >= 0;) {
      perDepth[depth] = (perDepth[depth] ?? 0) + 1;
      const open = node >= skeleton.count || steps[node] !== 0;
      if (open && firstChild[node]! >= 0) {
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
    let rows = perDepth[0] ?? 0;
    let fits = 0;
    while (fits + 1 < perDepth.length && rows + perDepth[fits + 1]! <= FIRST_SIGHT) rows += perDepth[++fits]!;
    return { depth: Math.max(1, fits), steps };
  }
}

/** 1 where something below a span is a step of its own, or failed. */
function stepsBelow({ count, parents, kinds, flags }: TraceSkeleton): Uint8Array {
  const isStep = SPAN_KINDS.map((kind) => STEPS.has(kind));
  const below = new Uint8Array(count);
  for (let at = count - 1; at >= 0; at--) {
    const parent = parents[at]!;
    if (parent >= 0 && (below[at] !== 0 || isStep[kinds[at]!] === true || (flags[at]! & FAILED) !== 0)) below[parent] = 1;
  }
  return below;
}

/** Names a node for another revision of its trace: a span by its id, a group by its first member's. */
export function nodeKey(display: Display, node: number, positions: SpanPositions): string {
  const { count } = display.skeleton;
  if (node < count) return `s${positions.id(node)}`;
  const missing = display.missingOf.get(node - count);
  return missing === undefined ? `g${positions.id(display.members[display.memberStarts[node - count]!]!)}` : `m${missing.spanIds[0] ?? ''}`;
}

/** -1: not there. */
export function nodeOfKey(display: Display, key: string, positions: SpanPositions): number {
  const { count } = display.skeleton;
  const id = key.slice(1);
  if (key.startsWith('m')) {
    for (const [group, { spanIds }] of display.missingOf) if (spanIds.includes(id)) return count + group;
    return -1;
  }
  const position = positions.position(id);
  if (position < 0 || key.startsWith('s')) return position;
  const group = display.groupOf[position]!;
  return group < 0 ? position : count + group;
}
