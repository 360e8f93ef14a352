import { FAILED, type TraceSkeleton } from '../skeleton.ts';
import type { Display } from './display.ts';

/** Spans that a search has found. */
export interface Matches {
  /** In the order of the trace. */
  readonly positions: Int32Array;
  has(position: number): boolean;
  /** Of the spans in [from, to). */
  between(from: number, to: number): number;
}

/** Spans whose name or model holds the text, whatever its case. Each distinct text is looked at once. */
export function findByName({ count, names, models, texts }: TraceSkeleton, text: string): Uint8Array {
  const wanted = text.toLowerCase();
  const found = new Uint8Array(count);
  if (wanted === '') return found;
  const holds = Uint8Array.from(texts, (candidate) => (candidate.toLowerCase().includes(wanted) ? 1 : 0));
  for (let at = 0; at < count; at++) found[at] = holds[names[at]!]! | holds[models[at]!]!;
  return found;
}

/** `found`: 1 by position where it is one. */
export function matchesOf(found: Uint8Array): Matches {
  let size = 0;
  for (const one of found) size += one;
  const positions = new Int32Array(size);
  const before = new Int32Array(found.length + 1);
  for (let at = 0, next = 0; at < found.length; at++) {
    if (found[at] !== 0) positions[next++] = at;
    before[at + 1] = next;
  }
  return { positions, has: (position) => found[position] === 1, between: (from, to) => before[to]! - before[from]! };
}

/** Spans that failed, whether their status says so or only their result. */
export function errorsOf({ count, flags }: TraceSkeleton): Int32Array {
  let size = 0;
  for (let at = 0; at < count; at++) if ((flags[at]! & FAILED) !== 0) size++;
  const positions = new Int32Array(size);
  for (let at = 0, next = 0; at < count; at++) if ((flags[at]! & FAILED) !== 0) positions[next++] = at;
  return positions;
}

/** Index of the next position in an ordered list after `from` (before it, with -1), from the other end when there is none; -1: the list is empty. */
export function nextIn(positions: Int32Array, from: number, direction: 1 | -1): number {
  if (positions.length === 0) return -1;
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (positions[middle]! < from + (direction === 1 ? 1 : 0)) low = middle + 1;
    else high = middle;
  }
  return direction === 1 ? low % positions.length : (low - 1 + positions.length) % positions.length;
}

/** The last position that a node stands for, or that is below it: from where the next match is looked for. */
export function firstPosition(display: Display, node: number): number {
  const { count } = display.skeleton;
  if (node < count) return node;
  const start = display.memberStarts[node - count]!;
  if (start < display.memberStarts[node - count + 1]!) return display.members[start]!;
  for (const [index, { children }] of display.skeleton.missing.entries()) if (index === node - count || display.missingOf.size === 1) return children[0] ?? 0;
  return 0;
}
