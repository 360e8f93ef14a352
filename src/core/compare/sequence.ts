import { diffArrays } from 'diff';

/** A stretch of two sequences, as half-open ranges. Where `equal`, both ranges hold the same tokens. */
export interface Stretch {
  readonly equal: boolean;
  readonly aFrom: number;
  readonly aTo: number;
  readonly bFrom: number;
  readonly bTo: number;
}

/**
 * Steps that a difference may still take, shared by its parts, so that the whole stays linear whatever the texts are. Counted, not timed:
 * the same texts always give the same difference.
 */
export interface Effort {
  left: number;
}

/** Edits up to which the shortest script of a range is looked for: its cost grows with their square. */
const MAX_EDITS = 96;
/** A range is cut at its anchors, its parts at theirs, and so on. */
const MAX_DEPTH = 6;
/** Anchors between two yields. */
const STEP = 256;

/**
 * What two sequences have in common, in order: by the shortest edit script (Myers 1986, in the `diff` package) where that is short;
 * else cut at the tokens that each has just once, in the same order (patience difference), and every part by itself. What the effort
 * does not suffice for is one replaced stretch. Tokens are positive numbers below `vocabulary`. Yields between units of work of a few
 * milliseconds.
 */
export function* differenceOfSequences(a: Int32Array, b: Int32Array, vocabulary: number, effort: Effort): Generator<undefined, readonly Stretch[]> {
  const difference = new SequenceDifference(a, b, vocabulary, effort);
  yield* difference.solve(0, a.length, 0, b.length, 0);
  return difference.stretches;
}

class SequenceDifference {
  readonly stretches: Stretch[] = [];
  readonly #a: Int32Array;
  readonly #b: Int32Array;
  readonly #effort: Effort;
  /** By token: how often it is in the present range of each side, and where it stands in `b`. Zero between uses. */
  readonly #inA: Int32Array;
  readonly #inB: Int32Array;
  readonly #placeInB: Int32Array;

  constructor(a: Int32Array, b: Int32Array, vocabulary: number, effort: Effort) {
    this.#a = a;
    this.#b = b;
    this.#effort = effort;
    this.#inA = new Int32Array(vocabulary);
    this.#inB = new Int32Array(vocabulary);
    this.#placeInB = new Int32Array(vocabulary);
  }

  *solve(aFrom: number, aTo: number, bFrom: number, bTo: number, depth: number): Generator<undefined, void> {
    let [a0, a1, b0, b1] = [aFrom, aTo, bFrom, bTo];
    while (a0 < a1 && b0 < b1 && this.#a[a0] === this.#b[b0]) [a0, b0] = [a0 + 1, b0 + 1];
    while (a0 < a1 && b0 < b1 && this.#a[a1 - 1] === this.#b[b1 - 1]) [a1, b1] = [a1 - 1, b1 - 1];
    this.#effort.left -= aTo - aFrom - (a1 - a0);
    this.#append(true, aFrom, a0, bFrom, b0);
    if (a0 === a1 || b0 === b1) this.#append(false, a0, a1, b0, b1);
    else {
      const found = this.#appendShortest(a0, a1, b0, b1);
      yield;
      if (!found) yield* this.#cut(a0, a1, b0, b1, depth);
    }
    this.#append(true, a1, aTo, b1, bTo);
  }

  /** Cuts at the anchors and solves what lies between them. */
  *#cut(a0: number, a1: number, b0: number, b1: number, depth: number): Generator<undefined, void> {
    const anchors = depth < MAX_DEPTH && this.#effort.left > 0 ? this.#anchors(a0, a1, b0, b1) : [];
    if (anchors.length === 0) {
      this.#append(false, a0, a1, b0, b1);
      return;
    }
    let [a, b] = [a0, b0];
    for (const [i, [atA, atB]] of anchors.entries()) {
      yield* this.solve(a, atA, b, atB, depth + 1);
      this.#append(true, atA, atA + 1, atB, atB + 1);
      [a, b] = [atA + 1, atB + 1];
      if (i % STEP === STEP - 1) yield;
    }
    yield* this.solve(a, a1, b, b1, depth + 1);
  }

  /** `false`: it is not short enough to be looked for, and nothing was appended. */
  #appendShortest(a0: number, a1: number, b0: number, b1: number): boolean {
    const maxEditLength = Math.min(MAX_EDITS, Math.floor(Math.sqrt(Math.max(0, this.#effort.left))));
    if (Math.abs(a1 - a0 - (b1 - b0)) > maxEditLength) return false;
    // Positions of arrays of numbers: `diff` leaves out falsy tokens, and there are none.
    const changes = diffArrays([...this.#a.subarray(a0, a1)], [...this.#b.subarray(b0, b1)], { maxEditLength });
    if (changes === undefined) {
      this.#effort.left -= maxEditLength * maxEditLength + (a1 - a0) + (b1 - b0);
      return false;
    }
    let [a, b, edits] = [a0, b0, 0];
    for (const { added, removed, count } of changes) {
      const [aTo, bTo] = [added ? a : a + count, removed ? b : b + count];
      this.#append(!added && !removed, a, aTo, b, bTo);
      if (added || removed) edits += count;
      [a, b] = [aTo, bTo];
    }
    this.#effort.left -= edits * edits + (a1 - a0) + (b1 - b0);
    return true;
  }

  /** Places of tokens that are once in either range, of those the longest row that is in order on both sides. */
  #anchors(a0: number, a1: number, b0: number, b1: number): readonly (readonly [a: number, b: number])[] {
    const [a, b, inA, inB, placeInB] = [this.#a, this.#b, this.#inA, this.#inB, this.#placeInB];
    this.#effort.left -= 2 * (a1 - a0 + b1 - b0);
    for (let i = a0; i < a1; i++) inA[at(a, i)]!++;
    for (let i = b0; i < b1; i++) {
      inB[at(b, i)]!++;
      placeInB[at(b, i)] = i;
    }
    const pairs: (readonly [number, number])[] = [];
    for (let i = a0; i < a1; i++) {
      const token = at(a, i);
      if (inA[token] === 1 && inB[token] === 1) pairs.push([i, at(placeInB, token)]);
    }
    for (let i = a0; i < a1; i++) inA[at(a, i)] = 0;
    for (let i = b0; i < b1; i++) inB[at(b, i)] = 0;
    return longestRising(pairs);
  }

  #append(equal: boolean, aFrom: number, aTo: number, bFrom: number, bTo: number): void {
    if (aFrom === aTo && bFrom === bTo) return;
    const last = this.stretches.at(-1);
    if (last?.equal === equal) this.stretches[this.stretches.length - 1] = { equal, aFrom: last.aFrom, aTo, bFrom: last.bFrom, bTo };
    else this.stretches.push({ equal, aFrom, aTo, bFrom, bTo });
  }
}

function at(tokens: Int32Array, index: number): number {
  return tokens[index] ?? 0;
}

/** The longest subsequence of pairs, sorted by their first number, whose second one rises too (patience sorting, n log n). */
function longestRising(pairs: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  /** By length − 1: the pair that ends the row of that length with the smallest second number. */
  const ends: number[] = [];
  const before = new Int32Array(pairs.length).fill(-1);
  for (const [i, [, second]] of pairs.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[ends[middle] ?? 0]?.[1] ?? 0) < second) low = middle + 1;
      else high = middle;
    }
    if (low > 0) before[i] = ends[low - 1] ?? -1;
    ends[low] = i;
  }
  const row: (readonly [number, number])[] = [];
  for (let i = ends.at(-1) ?? -1; i >= 0; i = before[i] ?? -1) {
    const pair = pairs[i];
    if (pair !== undefined) row.push(pair);
  }
  return row.reverse();
}
