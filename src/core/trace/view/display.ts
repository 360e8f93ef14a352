import { SPAN_FLAGS, type TraceSkeleton } from '../skeleton.ts';
import { IntList, PairNumbers } from './int-list.ts';

/** So many equal siblings become one row. */
const MERGE_FROM = 8;
/** Kind of a group that stands for parents nobody has sent; the others are positions in `SPAN_KINDS`. */
export const MISSING_KIND = 255;

export interface DisplayOptions {
  /** `false`: every span has a row of its own. */
  readonly merge: boolean;
  readonly mergeFrom?: number;
}

/**
 * What a trace's tree is drawn from. Its nodes are numbered: below `count` a span that stands for itself, from there on groups.
 *
 * Siblings that are equal (kind, name, model) and many become one group, and what is below its members becomes groups again, by the
 * same three across all members, so that a group's path of kinds and names says what its spans are. A span is in at most one group
 * (`groupOf`), or has a node of its own. Parents that nobody has sent are groups without members.
 */
export interface Display {
  readonly skeleton: TraceSkeleton;
  readonly groups: number;
  /** By span: the group that it is a member of; -1: none. */
  readonly groupOf: Int32Array;
  /** By node: parent, first child, next sibling; -1: none. Spans within groups are linked to nothing. */
  readonly parents: Int32Array;
  readonly firstChild: Int32Array;
  readonly nextSibling: Int32Array;
  /** First top-level node; -1: the trace is empty. */
  readonly firstRoot: number;
  /** By group: where its members begin in `members`; those of the next group begin where they end. */
  readonly memberStarts: Int32Array;
  /** Positions, in the order of the trace. */
  readonly members: Int32Array;
  /** By group: position in `SPAN_KINDS` or `MISSING_KIND`. */
  readonly groupKinds: Uint8Array;
  /** By group: members that run. For a missing parent: of the spans below it. */
  readonly groupRunning: Int32Array;
  /** By group: earliest start and latest end of a member (running ones end at their start), in milliseconds. */
  readonly groupFrom: Float64Array;
  readonly groupTo: Float64Array;
  /** By group: what a missing parent stands for; `null` for groups of spans. */
  readonly missingOf: ReadonlyMap<number, MissingNode>;
  /** Whether any row stands for several spans. */
  readonly merged: boolean;
}

export interface MissingNode {
  /** Ids of the parents; several when they are merged. */
  readonly spanIds: readonly string[];
  /** Spans below. */
  readonly spans: number;
}

/** Linear in the number of spans; a few typed arrays, no object per span. */
export function buildDisplay(skeleton: TraceSkeleton, options: DisplayOptions): Display {
  return new DisplayBuilder(skeleton, options).build();
}

export function memberCount(display: Display, group: number): number {
  return display.memberStarts[group + 1]! - display.memberStarts[group]!;
}

export function membersOf(display: Display, group: number): Int32Array {
  return display.members.subarray(display.memberStarts[group], display.memberStarts[group + 1]);
}

/** The span that a group consists of when it is only one: it is drawn as that span. -1: it is really a group. */
export function onlyMember(display: Display, group: number): number {
  return memberCount(display, group) === 1 ? display.members[display.memberStarts[group]!]! : -1;
}

/** Numbers of the triples (kind, name, model) by span: equal spans have equal numbers. */
function equalityKeys({ count, kinds, names, models, texts }: TraceSkeleton): { readonly keys: Int32Array; readonly size: number } {
  const keys = new Int32Array(count);
  const numbers = new PairNumbers();
  const kindsAndModels = texts.length * 16 <= 0x7fffffff ? null : new PairNumbers();
  for (let at = 0; at < count; at++) {
    const second = kindsAndModels === null ? models[at]! * 16 + kinds[at]! : kindsAndModels.number(models[at]!, kinds[at]!);
    keys[at] = numbers.number(names[at]!, second);
  }
  return { keys, size: numbers.size };
}

const ROOT = -1;

class DisplayBuilder {
  readonly #skeleton: TraceSkeleton;
  readonly #merge: boolean;
  readonly #mergeFrom: number;
  readonly #keys: Int32Array;
  /** How many siblings have a key; all zero between two parents. */
  readonly #counts: Int32Array;
  readonly #groupOf: Int32Array<ArrayBuffer>;
  /** Parents are numbered with one added, so that the root is 0. Groups are counted from `count`. */
  readonly #groupNumbers = new PairNumbers();
  readonly #groupParents = new IntList();
  readonly #groupKinds = new IntList();
  readonly #missingOf = new Map<number, { readonly spanIds: string[]; spans: number }>();
  /** Nodes in the order in which they are to be linked, with their parents. */
  readonly #linked = new IntList();
  readonly #linkedParents = new IntList();
  /** By span: the node that its children belong below. */
  readonly #nodeOf: Int32Array<ArrayBuffer>;
  /** A group's number in `#groupNumbers` → its number; missing parents are not in there. */
  readonly #groupByNumber = new IntList();

  constructor(skeleton: TraceSkeleton, { merge, mergeFrom = MERGE_FROM }: DisplayOptions) {
    this.#skeleton = skeleton;
    this.#merge = merge;
    this.#mergeFrom = mergeFrom;
    const { keys, size } = merge ? equalityKeys(skeleton) : { keys: new Int32Array(0), size: 0 };
    this.#keys = keys;
    this.#counts = new Int32Array(size);
    this.#groupOf = new Int32Array(skeleton.count).fill(-1);
    this.#nodeOf = new Int32Array(skeleton.count);
  }

  build(): Display {
    const { count, parents } = this.#skeleton;
    const orphanNode = this.#missingNodes();
    this.#decide(this.#roots(orphanNode), ROOT);
    for (const [node, children] of this.#childrenOfMissing(orphanNode)) if (!this.#isMergedMissing(node)) this.#decide(children, node);
    for (let at = 0; at < count; at++) {
      const parent = parents[at]!;
      const above = parent >= 0 ? this.#nodeOf[parent]! : (orphanNode.get(at) ?? ROOT);
      const inGroup = this.#merge && above >= count && (!this.#missingOf.has(above - count) || this.#isMergedMissing(above));
      // Below a group everything is merged; below a span only what `#decide` has found to be many.
      if (inGroup || this.#groupOf[at] !== -1) this.#join(at, above);
      else this.#stand(at, above);
    }
    return this.#finish();
  }

  #missingNodes(): Map<number, number> {
    const { count, missing, descendants } = this.#skeleton;
    const nodes = new Map<number, number>();
    if (missing.length === 0) return nodes;
    const together = this.#merge && missing.length > 1;
    for (const [index, { spanId, children }] of missing.entries()) {
      const spans = children.reduce((sum, child) => sum + 1 + descendants[child]!, 0);
      const group = together ? 0 : index;
      let node = this.#missingOf.get(group);
      if (node === undefined) {
        this.#missingOf.set(group, (node = { spanIds: [], spans: 0 }));
        this.#groupParents.push(ROOT);
        this.#groupKinds.push(MISSING_KIND);
      }
      // In place: there may be as many parents as spans.
      node.spanIds.push(spanId);
      node.spans += spans;
      for (const child of children) nodes.set(child, count + group);
    }
    return nodes;
  }

  #isMergedMissing(node: number): boolean {
    return (this.#missingOf.get(node - this.#skeleton.count)?.spanIds.length ?? 0) > 1;
  }

  *#roots(orphanNode: ReadonlyMap<number, number>): Generator<number> {
    const { count, descendants } = this.#skeleton;
    for (let at = 0; at < count; at += descendants[at]! + 1) if (!orphanNode.has(at)) yield at;
  }

  #childrenOfMissing(orphanNode: ReadonlyMap<number, number>): Map<number, number[]> {
    const children = new Map<number, number[]>();
    for (const [child, node] of orphanNode) {
      const list = children.get(node);
      if (list === undefined) children.set(node, [child]);
      else list.push(child);
    }
    return children;
  }

  /** Marks those of some siblings that are equal to many others with the number of their group. */
  #decide(siblings: Iterable<number>, node: number): void {
    if (!this.#merge) return;
    const list = new IntList();
    for (const at of siblings) list.push(at);
    this.#decideFor(list.toArray(), node);
  }

  #decideFor(siblings: Int32Array, node: number): void {
    const counts = this.#counts;
    const keys = this.#keys;
    if (siblings.length < this.#mergeFrom) return;
    for (const at of siblings) counts[keys[at]!]!++;
    for (const at of siblings) if (counts[keys[at]!]! >= this.#mergeFrom) this.#groupOf[at] = this.#group(at, node);
    for (const at of siblings) counts[keys[at]!] = 0;
  }

  /** The group of a span below a node, made when it is the first. */
  #group(at: number, node: number): number {
    const known = this.#groupNumbers.size;
    const number = this.#groupNumbers.number(node + 1, this.#keys[at]!);
    if (number === known) {
      this.#groupByNumber.push(this.#groupParents.length);
      this.#groupParents.push(node);
      this.#groupKinds.push(this.#skeleton.kinds[at]!);
    }
    return this.#groupByNumber.at(number);
  }

  #stand(at: number, above: number): void {
    this.#nodeOf[at] = at;
    this.#linked.push(at);
    this.#linkedParents.push(above);
    if (!this.#merge) return;
    const { descendants } = this.#skeleton;
    const last = at + descendants[at]!;
    if (last - at < this.#mergeFrom) return;
    const children = new IntList();
    for (let child = at + 1; child <= last; child += descendants[child]! + 1) children.push(child);
    this.#decideFor(children.toArray(), at);
  }

  #join(at: number, above: number): void {
    const { count } = this.#skeleton;
    const before = this.#groupOf[at]!;
    const group = before === -1 ? this.#group(at, above) : before;
    this.#groupOf[at] = group;
    this.#nodeOf[at] = count + group;
  }

  #finish(): Display {
    const skeleton = this.#skeleton;
    const groups = this.#groupParents.length;
    const groupParents = this.#groupParents.toArray();
    const groupKinds = Uint8Array.from(this.#groupKinds.toArray());
    const statistics = this.#statistics(groups);
    const links = this.#links(groups, groupParents, statistics.members, statistics.memberStarts);
    return {
      skeleton, groups, groupOf: this.#groupOf, groupKinds, missingOf: this.#missingOf, ...links, ...statistics,
      merged: hasSeveral(statistics.memberStarts),
    };
  }

  /** Members and extents by group. */
  #statistics(groups: number): Pick<Display, 'memberStarts' | 'members' | 'groupRunning' | 'groupFrom' | 'groupTo'> {
    const { count, flags, starts, durations, descendants, missing } = this.#skeleton;
    const groupOf = this.#groupOf;
    const memberStarts = new Int32Array(groups + 1);
    const groupRunning = new Int32Array(groups);
    const groupFrom = new Float64Array(groups).fill(Infinity);
    const groupTo = new Float64Array(groups).fill(-Infinity);
    const take = (at: number, group: number): void => {
      const start = starts[at]!;
      const duration = durations[at]!;
      const end = Number.isNaN(duration) ? start : start + duration;
      if (start < groupFrom[group]!) groupFrom[group] = start;
      if (end > groupTo[group]!) groupTo[group] = end;
      if ((flags[at]! & SPAN_FLAGS.running) !== 0) groupRunning[group]!++;
    };
    for (let at = 0; at < count; at++) {
      const group = groupOf[at]!;
      if (group < 0) continue;
      memberStarts[group + 1]!++;
      take(at, group);
    }
    for (let group = 0; group < groups; group++) memberStarts[group + 1]! += memberStarts[group]!;
    const members = new Int32Array(memberStarts[groups]!);
    const filled = memberStarts.slice(0, groups);
    for (let at = 0; at < count; at++) if (groupOf[at]! >= 0) members[filled[groupOf[at]!]!++] = at;
    for (const [index, { children }] of missing.entries()) {
      const group = this.#missingOf.has(index) ? index : 0;
      for (const child of children) for (let at = child; at <= child + descendants[child]!; at++) take(at, group);
    }
    return { memberStarts, members, groupRunning, groupFrom, groupTo };
  }

  /** Siblings in the order of their first span; missing parents last. */
  #links(groups: number, groupParents: Int32Array, members: Int32Array, memberStarts: Int32Array): Pick<Display, 'parents' | 'firstChild' | 'nextSibling' | 'firstRoot'> {
    const { count } = this.#skeleton;
    const nodes = count + groups;
    const parents = new Int32Array(nodes).fill(-1);
    const firstChild = new Int32Array(nodes).fill(-1);
    const nextSibling = new Int32Array(nodes).fill(-1);
    const lastChild = new Int32Array(nodes).fill(-1);
    let firstRoot = -1;
    let lastRoot = -1;
    const link = (node: number, parent: number): void => {
      parents[node] = parent;
      const last = parent < 0 ? lastRoot : lastChild[parent]!;
      if (last >= 0) nextSibling[last] = node;
      else if (parent < 0) firstRoot = node;
      else firstChild[parent] = node;
      if (parent < 0) lastRoot = node;
      else lastChild[parent] = node;
    };
    const standing = this.#linked.toArray();
    const standingParents = this.#linkedParents.toArray();
    // Groups by their first member: one pass over two lists that are both in the order of the trace.
    const byFirst = new Int32Array(groups);
    let size = 0;
    for (let group = 0; group < groups; group++) if (!this.#missingOf.has(group)) byFirst[size++] = group;
    const first = (group: number): number => members[memberStarts[group]!]!;
    const ordered = byFirst.subarray(0, size).sort((a, b) => first(a) - first(b));
    let next = 0;
    for (let at = 0; at < standing.length; at++) {
      const node = standing[at]!;
      for (; next < size && first(ordered[next]!) < node; next++) link(count + ordered[next]!, groupParents[ordered[next]!]!);
      link(node, standingParents[at]!);
    }
    for (; next < size; next++) link(count + ordered[next]!, groupParents[ordered[next]!]!);
    for (const group of this.#missingOf.keys()) link(count + group, ROOT);
    return { parents, firstChild, nextSibling, firstRoot };
  }
}

function hasSeveral(memberStarts: Int32Array): boolean {
  for (let group = 0; group + 1 < memberStarts.length; group++) if (memberStarts[group + 1]! - memberStarts[group]! > 1) return true;
  return false;
}
