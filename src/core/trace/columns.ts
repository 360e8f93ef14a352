import { buildTreeOf, ORPHAN, ROOT, type TraceTree } from './tree.ts';

/**
 * The spans of one trace as columns, in the order of their arrival: what is known of a million spans without a million objects.
 * Ids are two halves of 32 bits, because a double does not hold 64.
 */
export class SpanColumns {
  readonly idHigh: Int32Array;
  readonly idLow: Int32Array;
  readonly parentHigh: Int32Array;
  readonly parentLow: Int32Array;
  /** 1: the span names a parent. */
  readonly hasParent: Uint8Array;
  /** Nanoseconds after a time that all share. */
  readonly starts: Float64Array;
  /** NaN: not ended. */
  readonly ends: Float64Array;
  /** Positions in SPAN_KINDS. */
  readonly kinds: Uint8Array;
  /** SPAN_FLAGS and more: whatever the store keeps. */
  readonly flags: Uint32Array;
  /** Numbers of texts, by whoever fills the columns; 0: none. */
  readonly names: Uint32Array;
  readonly models: Uint32Array;
  /** Why it failed. */
  readonly reasons: Uint32Array;
  /** NaN: not known. Input includes what came from a cache. */
  readonly inputTokens: Float64Array;
  readonly outputTokens: Float64Array;
  readonly costs: Float64Array;
  /** Nanoseconds after the start; NaN: not known. */
  readonly firstTokens: Float64Array;

  #count = 0;

  /** `capacity`: spans that there will be, at most. */
  constructor(capacity: number) {
    this.idHigh = new Int32Array(capacity);
    this.idLow = new Int32Array(capacity);
    this.parentHigh = new Int32Array(capacity);
    this.parentLow = new Int32Array(capacity);
    this.hasParent = new Uint8Array(capacity);
    this.starts = new Float64Array(capacity);
    this.ends = new Float64Array(capacity).fill(NaN);
    this.kinds = new Uint8Array(capacity);
    this.flags = new Uint32Array(capacity);
    this.names = new Uint32Array(capacity);
    this.models = new Uint32Array(capacity);
    this.reasons = new Uint32Array(capacity);
    this.inputTokens = new Float64Array(capacity).fill(NaN);
    this.outputTokens = new Float64Array(capacity).fill(NaN);
    this.costs = new Float64Array(capacity).fill(NaN);
    this.firstTokens = new Float64Array(capacity).fill(NaN);
  }

  get count(): number {
    return this.#count;
  }

  /** The position of the next span; its members are written by the caller. `-1`: there is no room. */
  next(): number {
    return this.#count < this.starts.length ? this.#count++ : -1;
  }
}

/** 16 hex digits of an id's halves. */
export function hexOf(high: number, low: number): string {
  return (high >>> 0).toString(16).padStart(8, '0') + (low >>> 0).toString(16).padStart(8, '0');
}

/** The halves of 16 hex digits. */
export function halvesOf(id: string): readonly [high: number, low: number] {
  return [Number.parseInt(id.slice(0, 8), 16) | 0, Number.parseInt(id.slice(8), 16) | 0];
}

/** Where spans are, by their ids: open addressing over typed arrays, because a Map of a million texts takes a second and 100 MB. */
export class SpanPositions {
  readonly #slots: Int32Array;
  readonly #high: Int32Array;
  readonly #low: Int32Array;

  /** Of equal ids the first one counts. */
  constructor(high: Int32Array, low: Int32Array, count: number) {
    let size = 16;
    while (size < count * 2) size *= 2;
    this.#slots = new Int32Array(size).fill(-1);
    this.#high = high;
    this.#low = low;
    for (let position = 0; position < count; position++) {
      const slot = this.#slotOf(high[position]!, low[position]!);
      if (this.#slots[slot] === -1) this.#slots[slot] = position;
    }
  }

  /** -1: there is none. */
  find(high: number, low: number): number {
    return this.#slots[this.#slotOf(high, low)]!;
  }

  #slotOf(high: number, low: number): number {
    const mask = this.#slots.length - 1;
    // Ids are random as a rule; a sender that counts them must not fill neighbouring slots.
    let slot = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
    slot = (slot ^ (slot >>> 15)) & mask;
    for (;;) {
      const position = this.#slots[slot]!;
      if (position === -1 || (this.#high[position] === high && this.#low[position] === low)) return slot;
      slot = (slot + 1) & mask;
    }
  }
}

export function treeOfColumns(columns: SpanColumns): TraceTree {
  const { count } = columns;
  const positions = new SpanPositions(columns.idHigh, columns.idLow, count);
  const parents = new Int32Array(count).fill(ROOT);
  const orphans = new Map<string, number[]>();
  for (let index = 0; index < count; index++) {
    if (columns.hasParent[index] === 0) continue;
    const [high, low] = [columns.parentHigh[index]!, columns.parentLow[index]!];
    const parent = positions.find(high, low);
    if (parent >= 0) {
      parents[index] = parent === index ? ROOT : parent;
      continue;
    }
    parents[index] = ORPHAN;
    const id = hexOf(high, low);
    const siblings = orphans.get(id);
    if (siblings) siblings.push(index);
    else orphans.set(id, [index]);
  }
  return buildTreeOf({ parents, starts: columns.starts.subarray(0, count), ends: columns.ends.subarray(0, count), orphans });
}
