import { FAILED, type TraceSkeleton } from '../skeleton.ts';
import { activityOf, resample, type TimeWindow } from './activity.ts';
import { buildDisplay, type Display } from './display.ts';
import { Expansion, nodeKey, nodeOfKey, type KeptExpansion } from './expansion.ts';
import { filterSpans, type FilterOptions, type KindFilter } from './filter.ts';
import { errorsOf, type Matches } from './find.ts';
import { flatten, ROW, type Row, type Rows } from './rows.ts';
import { SpanPositions } from './span-ids.ts';
import { medianOf } from './statistics.ts';

export interface ViewOptions extends FilterOptions {
  /** Equal siblings as one row; `null`: in a trace that is too long to be read otherwise. In a shorter one the order of steps says more. */
  readonly merge: boolean | null;
}

/** Spans of a trace whose equal siblings are merged unless somebody says otherwise. */
const MERGED_FROM = 1000;

/** What a row says of the spans that it stands for. */
export interface RowNumbers {
  /** Members of a group that are not filtered out; spans below a single one. */
  readonly spans: number;
  /** Its own; when it is closed, with those below it. */
  readonly errors: number;
  readonly matches: number;
  /** Median duration of a group in milliseconds, duration of one span; `null`: running. */
  readonly p50: number | null;
}

/** Bins of the whole trace that are kept for each row, to draw from while the exact ones are being counted. */
const BASE_BINS = 2048;

/** A trace as the panel shows it: what is open, filtered and found, and the rows that follow from that. */
export class TreeView {
  readonly skeleton: TraceSkeleton;
  readonly positions: SpanPositions;
  /** Spans that failed, of the whole trace. */
  readonly errorCount: number;
  #errors: Int32Array | null = null;
  #display: Display;
  #expansion: Expansion;
  #filter: KindFilter | null;
  #options: ViewOptions;
  #rows: Rows | null = null;
  #matches: Matches | null = null;
  /** Group of the member that was revealed last; -1: none. */
  #revealed = -1;
  readonly #medians = new Map<string, number | null>();
  readonly #base = new Map<string, { readonly to: number; readonly activity: Float64Array }>();
  readonly #numbers = new Map<string, RowNumbers>();

  constructor(skeleton: TraceSkeleton, options: ViewOptions, kept?: KeptExpansion) {
    this.skeleton = skeleton;
    this.positions = new SpanPositions(skeleton);
    this.errorCount = sumOfRoots(skeleton);
    this.#options = options;
    this.#display = buildDisplay(skeleton, { merge: this.#merges(options) });
    this.#filter = filterSpans(this.#display, options);
    this.#expansion = kept === undefined ? new Expansion(this.#display, 'auto', this.#filter) : Expansion.restore(this.#display, kept, this.positions, this.#filter);
  }

  /** Milliseconds: the last moment that a span tells of. */
  get knownEnd(): number {
    return this.skeleton.end;
  }

  /** Positions of the spans that failed, in the order of the trace. Looked for when somebody goes to one: the first sight needs only how many. */
  get errors(): Int32Array {
    return (this.#errors ??= errorsOf(this.skeleton));
  }

  /** Whether equal siblings are merged where there are many. */
  get merges(): boolean {
    return this.#merges(this.#options);
  }

  get display(): Display {
    return this.#display;
  }

  get filter(): KindFilter | null {
    return this.#filter;
  }

  get matches(): Matches | null {
    return this.#matches;
  }

  get rows(): Rows {
    return (this.#rows ??= flatten(this.#expansion, this.#filter));
  }

  setOptions(options: ViewOptions): void {
    const kept = this.keep();
    if (this.#merges(options) !== this.#merges(this.#options)) {
      this.#display = buildDisplay(this.skeleton, { merge: this.#merges(options) });
      this.#expansion = Expansion.restore(this.#display, kept, this.positions);
      this.#revealed = -1;
    }
    this.#options = options;
    this.#filter = filterSpans(this.#display, options);
    this.#expansion.setFilter(this.#filter);
    this.#base.clear();
    this.#medians.clear();
    this.#changed();
  }

  setMatches(matches: Matches | null): void {
    this.#matches = matches;
    this.#numbers.clear();
  }

  isOpen(row: Row): boolean {
    return this.hasChildren(row) && this.#expansion.isOpen(row.node, row.depth);
  }

  hasChildren(row: Row): boolean {
    if (row.type > ROW.missing) return false;
    return (this.#expansion.hasChildren(row.node) && this.#filter?.keepsBelow(row.node) !== false) || (row.type === ROW.group && this.showsMembers(row.group));
  }

  /** Whether a group shows its members one by one. */
  showsMembers(group: number): boolean {
    return this.#expansion.window(group) !== undefined;
  }

  setOpen(row: Row, open: boolean): void {
    this.#expansion.set(row.node, open);
    this.#changed();
  }

  /** Members one by one, or what is below them together. */
  setMembers(group: number, shown: boolean): void {
    if (shown) this.#expansion.showMore(group, 'later');
    else this.#expansion.setWindow(group, null);
    this.#changed();
  }

  showMore(row: Row): void {
    this.#expansion.showMore(row.group, row.type === ROW.earlier ? 'earlier' : 'later');
    this.#changed();
  }

  expandAll(mode: 'all' | 'none'): void {
    this.#expansion.setAll(mode);
    this.#changed();
  }

  /** Opens a node and all below it, level by level. */
  expandBelow(index: number): void {
    const { depth } = this.rows.at(index);
    for (let at = index; at < this.rows.length; at++) {
      const row = this.rows.at(at);
      if (at > index && row.depth <= depth) break;
      if (row.type > ROW.missing || !this.#expansion.hasChildren(row.node) || this.#expansion.isOpen(row.node, row.depth)) continue;
      this.#openBelow(row.node);
    }
    this.#changed();
  }

  /** Makes a span's row be there, and returns its index; -1: it is filtered out. A member that was only gone past goes back to the others. */
  reveal(position: number): number {
    const group = this.#display.groupOf[position]!;
    const before = this.#revealed;
    const passed = before < 0 ? undefined : this.#expansion.window(before);
    if (passed !== undefined && before !== group && passed.to - passed.from === 1) this.#expansion.setWindow(before, null);
    this.#revealed = group;
    const node = this.#expansion.reveal(position);
    this.#changed();
    return this.rows.indexOf(node);
  }

  /** Where the row of a span is, or of what it is shown in; -1: nowhere. */
  indexOfSpan(position: number): number {
    const group = this.#display.groupOf[position]!;
    const own = this.rows.indexOf(position);
    return own >= 0 || group < 0 ? own : this.rows.indexOf(this.skeleton.count + group);
  }

  /** A name for a row that holds in a later revision. */
  keyOf(row: Row): string {
    return nodeKey(this.#display, row.node, this.positions);
  }

  /** -1: it is not shown. */
  indexOfKey(key: string): number {
    const node = nodeOfKey(this.#display, key, this.positions);
    return node < 0 ? -1 : this.rows.indexOf(node);
  }

  keep(): KeptExpansion {
    return this.#expansion.keep(this.positions);
  }

  /** The spans that a row of several stands for, by position, without those that are filtered out; of one span that one. */
  spansOf(row: Row): Int32Array {
    if (row.position >= 0) return Int32Array.of(row.position);
    if (row.type === ROW.group) return this.#expansion.members(row.group);
    if (row.type === ROW.missing) return this.#belowMissing(row.group);
    const members = this.#expansion.sortedMembers(row.group);
    const window = this.#expansion.window(row.group) ?? { from: 0, to: members.length };
    return row.type === ROW.earlier ? members.subarray(0, window.from) : members.subarray(window.to);
  }

  numbers(row: Row): RowNumbers {
    const key = this.#rowKey(row);
    let numbers = this.#numbers.get(key);
    if (numbers === undefined) this.#numbers.set(key, (numbers = this.#count(row)));
    return numbers;
  }

  /** How many of a row's spans were active, as far as it has been counted before: the kept bins of the whole trace. `null`: not yet. */
  knownActivity(row: Row, all: TimeWindow, window: TimeWindow, bins: number): Float64Array | null {
    const base = this.#base.get(this.#rowKey(row));
    return base === undefined || base.to !== all.to ? null : resample(base.activity, all, window, bins);
  }

  /** Counted from its spans; for a window within the trace, the bins of the whole are counted the first time too, and kept. */
  activity(row: Row, all: TimeWindow, window: TimeWindow, bins: number): Float64Array {
    const key = this.#rowKey(row);
    if (this.#base.get(key)?.to !== all.to) this.#base.set(key, { to: all.to, activity: activityOf(this.spansOf(row), this.skeleton, all, BASE_BINS, all.to) });
    return activityOf(this.spansOf(row), this.skeleton, window, bins, all.to);
  }

  #merges({ merge }: ViewOptions): boolean {
    return merge ?? this.skeleton.count >= MERGED_FROM;
  }

  #rowKey(row: Row): string {
    if (row.type < ROW.earlier) return `${row.node}`;
    const window = this.#expansion.window(row.group);
    return `${row.node} ${row.type} ${window?.from ?? 0} ${window?.to ?? 0}`;
  }

  #count(row: Row): RowNumbers {
    const { descendants, totalErrors, flags, durations } = this.skeleton;
    const matches = this.#matches;
    const closed = (row.type === ROW.span || row.type === ROW.group) && this.hasChildren(row) && !this.isOpen(row);
    if (row.position >= 0) {
      const at = row.position;
      const duration = durations[at]!;
      return {
        spans: descendants[at]!, p50: Number.isNaN(duration) ? null : duration,
        errors: closed ? totalErrors[at]! : (flags[at]! & FAILED) === 0 ? 0 : 1,
        matches: matches === null ? 0 : matches.between(at, closed ? at + descendants[at]! + 1 : at + 1),
      };
    }
    const spans = this.spansOf(row);
    let errors = 0;
    let found = 0;
    for (const at of spans) {
      if (closed) errors += totalErrors[at]!;
      else if ((flags[at]! & FAILED) !== 0) errors++;
      if (matches !== null) found += matches.between(at, closed ? at + descendants[at]! + 1 : at + 1);
    }
    return { spans: spans.length, errors, matches: found, p50: row.type === ROW.group ? this.#median(row, spans) : null };
  }

  #median(row: Row, spans: Int32Array): number | null {
    const key = this.#rowKey(row);
    let median = this.#medians.get(key);
    if (median === undefined) this.#medians.set(key, (median = medianOf(spans, this.skeleton.durations)));
    return median;
  }

  #belowMissing(group: number): Int32Array {
    const { missing, descendants } = this.skeleton;
    const merged = (this.#display.missingOf.get(group)?.spanIds.length ?? 0) > 1;
    const spans: number[] = [];
    for (const [index, { children }] of missing.entries()) {
      if (merged || index === group) for (const child of children) for (let at = child; at <= child + descendants[child]!; at++) spans.push(at);
    }
    const filter = this.#filter;
    return Int32Array.from(filter === null ? spans : spans.filter((at) => filter.keepsSpan(at)));
  }

  #openBelow(top: number): void {
    const { firstChild, nextSibling, parents, skeleton, groupOf } = this.#display;
    if (top < skeleton.count && groupOf[top]! >= 0) {
      for (let at = top; at <= top + skeleton.descendants[top]!; at++) if (skeleton.descendants[at]! > 0) this.#expansion.set(at, true);
      return;
    }
    for (let node = top; node >= 0;) {
      if (firstChild[node]! >= 0) {
        this.#expansion.set(node, true);
        node = firstChild[node]!;
        continue;
      }
      while (node !== top && nextSibling[node]! < 0) node = parents[node]!;
      if (node === top) return;
      node = nextSibling[node]!;
    }
  }

  #changed(): void {
    this.#rows = null;
    this.#numbers.clear();
  }
}

function sumOfRoots({ count, descendants, totalErrors }: TraceSkeleton): number {
  let sum = 0;
  for (let at = 0; at < count; at += descendants[at]! + 1) sum += totalErrors[at]!;
  return sum;
}
