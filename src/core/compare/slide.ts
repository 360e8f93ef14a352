import type { Stretch } from './sequence.ts';

/** Positions that are tried on either side: a text that repeats itself could slide for ever. */
const FARTHEST = 64;

/**
 * What was only added, or only removed, often fits at several places: of `one. [Two. ]Three` and `one[. Two]. Three` a person reads the
 * first. Moves each such stretch to where it begins and ends best (as diff-match-patch does, there "lossless"); what is common stays so.
 */
export function slideToBoundaries(stretches: readonly Stretch[], a: readonly string[], b: readonly string[]): readonly Stretch[] {
  const moved = [...stretches];
  for (let i = 0; i < moved.length; i++) {
    const [before, stretch, after] = [moved[i - 1], moved[i], moved[i + 1]];
    if (stretch === undefined || stretch.equal || (stretch.aFrom < stretch.aTo && stretch.bFrom < stretch.bTo)) continue;
    const added = stretch.bFrom < stretch.bTo;
    const by = added ? bestShift(b, stretch.bFrom, stretch.bTo, before, after) : bestShift(a, stretch.aFrom, stretch.aTo, before, after);
    if (by === 0) continue;
    if (before !== undefined) moved[i - 1] = { ...before, aTo: before.aTo + by, bTo: before.bTo + by };
    moved[i] = { equal: false, aFrom: stretch.aFrom + by, aTo: stretch.aTo + by, bFrom: stretch.bFrom + by, bTo: stretch.bTo + by };
    if (after !== undefined) moved[i + 1] = { ...after, aFrom: after.aFrom + by, bFrom: after.bFrom + by };
  }
  return moved;
}

/** By how many tokens to move [from, to), at most as far as its equal neighbours reach, less one: they do not vanish. */
function bestShift(tokens: readonly string[], from: number, to: number, before: Stretch | undefined, after: Stretch | undefined): number {
  const room = (neighbour: Stretch | undefined): number => Math.min(FARTHEST, neighbour === undefined ? 0 : neighbour.aTo - neighbour.aFrom - 1);
  let best = 0;
  let most = scoreOf(tokens, from, to);
  const look = (by: number): void => {
    const score = scoreOf(tokens, from + by, to + by);
    if (score > most) [best, most] = [by, score];
  };
  for (let by = 1; by <= room(after) && tokens[from + by - 1] === tokens[to + by - 1]; by++) look(by);
  for (let by = 1; by <= room(before) && tokens[from - by] === tokens[to - by]; by++) look(-by);
  return best;
}

function scoreOf(tokens: readonly string[], from: number, to: number): number {
  return boundary(tokens[from - 1], tokens[from]) + boundary(tokens[to - 1], tokens[to]);
}

/** How well a text can be cut between two tokens: at its ends and those of lines best, then between sentences, words, signs. */
function boundary(left: string | undefined, right: string | undefined): number {
  if (left === undefined || right === undefined) return 6;
  if (left === '\n' || right === '\n') return 5;
  if (/[.!?]/.test(left) && /^\s/.test(right)) return 4;
  if (/\s/.test(left) || /\s/.test(right)) return 2;
  return /[\p{L}\p{N}]/u.test(left) && /[\p{L}\p{N}]/u.test(right) ? 0 : 1;
}
