import { differenceOfSequences, type Effort } from './sequence.ts';
import { slideToBoundaries } from './slide.ts';

/** A piece of a text; `changed` pieces are what the other side does not have. */
export interface Piece {
  readonly text: string;
  readonly changed: boolean;
}

/**
 * Whole lines of both texts that belong together: either the same lines, or lines of `a` that lines of `b` replace (one side may have
 * none). A side's pieces, joined over all blocks, are its text.
 */
export interface DifferenceBlock {
  readonly same: boolean;
  readonly a: readonly Piece[];
  readonly b: readonly Piece[];
}

/** Steps that the difference of two texts may take: a constant, and some for each character. */
const BASE_EFFORT = 200_000;
const EFFORT_PER_CHARACTER = 4;
/** Tokens between two yields. */
const STEP = 2048;

/** Characters of writing that sets no blanks between words: one by one they say more than a whole sentence. */
const UNSPACED = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}`;

/** An unspaced character, a word, an emoji as it is seen, a line's end, a run of blanks, any other character: they take every text apart without a rest. */
const TOKEN = new RegExp(
  String.raw`[${UNSPACED}]\p{M}*|(?:(?![${UNSPACED}])[\p{L}\p{N}\p{M}_])+|\p{Extended_Pictographic}(?:[\uFE0F\u{1F3FB}-\u{1F3FF}]|\u200D\p{Extended_Pictographic})*|\n|[^\S\n]+|[^]`, 'gu',
);
const LETTER = /[\p{L}\p{N}]/u;

/**
 * What two texts have in common: line by line, and by words within lines that were replaced. Linear in their length, whatever they are:
 * where they differ too much to tell in time, a block is replaced as a whole. Yields every few milliseconds: drain it with `compareTexts`,
 * or in steps where nothing may be blocked.
 */
export function* differenceOfTexts(a: string, b: string): Generator<undefined, readonly DifferenceBlock[]> {
  const effort: Effort = { left: BASE_EFFORT + EFFORT_PER_CHARACTER * (a.length + b.length) };
  const [linesA, linesB] = [linesOf(a), linesOf(b)];
  const ids = new Map<string, number>();
  const [tokensA, tokensB] = [yield* interned(linesA, ids), yield* interned(linesB, ids)];
  const blocks: DifferenceBlock[] = [];
  for (const { equal, aFrom, aTo, bFrom, bTo } of yield* differenceOfSequences(tokensA, tokensB, ids.size + 1, effort)) {
    const [before, after] = [linesA.slice(aFrom, aTo).join(''), linesB.slice(bFrom, bTo).join('')];
    if (equal) blocks.push({ same: true, a: piece(before, false), b: piece(after, false) });
    else {
      const words = before === '' || after === '' ? null : yield* wordPieces(before, after, effort);
      blocks.push({ same: false, ...(words ?? { a: piece(before, true), b: piece(after, true) }) });
      yield;
    }
  }
  return blocks;
}

/** @see differenceOfTexts */
export function compareTexts(a: string, b: string): readonly DifferenceBlock[] {
  const steps = differenceOfTexts(a, b);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** `null`: they have no word in common, and the marks of single characters would only be noise. */
function* wordPieces(before: string, after: string, effort: Effort): Generator<undefined, { readonly a: readonly Piece[]; readonly b: readonly Piece[] } | null> {
  const [wordsA, wordsB] = [yield* tokensOf(before), yield* tokensOf(after)];
  const ids = new Map<string, number>();
  const [tokensA, tokensB] = [yield* interned(wordsA, ids), yield* interned(wordsB, ids)];
  const a = new Pieces();
  const b = new Pieces();
  let common = false;
  const stretches = yield* differenceOfSequences(tokensA, tokensB, ids.size + 1, effort);
  for (const { equal, aFrom, aTo, bFrom, bTo } of slideToBoundaries(stretches, wordsA, wordsB)) {
    const [from, to] = [wordsA.slice(aFrom, aTo).join(''), wordsB.slice(bFrom, bTo).join('')];
    common ||= equal && LETTER.test(from);
    a.add(from, equal);
    b.add(to, equal);
  }
  return common ? { a: a.all(), b: b.all() } : null;
}

/** Pieces of one side in which a blank between two changed words is changed with them: one mark for what reads as one. */
class Pieces {
  readonly #pieces: Piece[] = [];

  add(text: string, equal: boolean): void {
    if (text === '') return;
    const [last, beforeLast] = [this.#pieces.at(-1), this.#pieces.at(-2)];
    if (last === undefined || (last.changed === equal && !(beforeLast?.changed === true && !equal && isBlank(last.text)))) this.#pieces.push({ text, changed: !equal });
    else if (last.changed === !equal) this.#pieces.splice(-1, 1, { text: last.text + text, changed: last.changed });
    else this.#pieces.splice(-2, 2, { text: (beforeLast?.text ?? '') + last.text + text, changed: true });
  }

  all(): readonly Piece[] {
    return this.#pieces;
  }
}

function isBlank(text: string): boolean {
  return /^[^\S\n]+$/.test(text);
}

function piece(text: string, changed: boolean): readonly Piece[] {
  return text === '' ? [] : [{ text, changed }];
}

/** Lines with their ends; the last one may have none. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function* tokensOf(text: string): Generator<undefined, readonly string[]> {
  const tokens: string[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    tokens.push(token);
    if (tokens.length % STEP === 0) yield;
  }
  return tokens;
}

/** Each token's number, from 1 in the order of first sight. */
function* interned(tokens: readonly string[], ids: Map<string, number>): Generator<undefined, Int32Array> {
  const numbers = new Int32Array(tokens.length);
  for (const [i, token] of tokens.entries()) {
    let id = ids.get(token);
    if (id === undefined) {
      id = ids.size + 1;
      ids.set(token, id);
    }
    numbers[i] = id;
    if (i % STEP === STEP - 1) yield;
  }
  return numbers;
}
