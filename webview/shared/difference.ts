import { diffLines, diffWordsWithSpace } from 'diff';

/** A piece of a line; `changed` pieces are what the other side does not have. */
export interface Piece {
  readonly text: string;
  readonly changed: boolean;
}

export interface DifferenceLine {
  readonly side: 'both' | 'expected' | 'output';
  readonly pieces: readonly Piece[];
}

/** Beyond these the comparison would take long and say little. */
const MAX_CHARACTERS = 200_000;
const MAX_WORD_LINE = 2000;
/** For all of a comparison: it runs on the panel's only thread. */
const TIME_LIMIT_MS = 200;

/**
 * What the output has and the expectation has not, and the reverse: by lines, and by words where as many lines were replaced
 * as were written. `null`: too long, or too different to tell in time.
 */
export function differenceOf(expected: string, output: string): readonly DifferenceLine[] | null {
  if (expected.length + output.length > MAX_CHARACTERS) return null;
  const until = Date.now() + TIME_LIMIT_MS;
  const changes = diffLines(withNewline(expected), withNewline(output), { timeout: TIME_LIMIT_MS });
  if (changes === undefined) return null;
  const lines: DifferenceLine[] = [];
  for (let i = 0; i < changes.length; i++) {
    const change = changes[i];
    if (change === undefined) continue;
    const next = changes[i + 1];
    if (change.removed && next?.added) {
      lines.push(...replaced(linesOf(change.value), linesOf(next.value), until));
      i++;
    } else {
      const side = change.removed ? 'expected' : change.added ? 'output' : 'both';
      for (const text of linesOf(change.value)) lines.push({ side, pieces: [{ text, changed: side !== 'both' }] });
    }
  }
  return lines;
}

/** Equal lines that are kept around what differs. */
const CONTEXT = 3;

/** The same difference without long stretches of equal lines: a number stands for so many of them. */
export function foldEqual(lines: readonly DifferenceLine[]): readonly (DifferenceLine | number)[] {
  const folded: (DifferenceLine | number)[] = [];
  for (let at = 0; at < lines.length;) {
    let end = at;
    while (lines[end]?.side === 'both') end++;
    if (end === at) {
      const line = lines[at++];
      if (line !== undefined) folded.push(line);
      continue;
    }
    const head = at === 0 ? 0 : CONTEXT;
    const tail = end === lines.length ? 0 : CONTEXT;
    // All is equal: there is nothing to look for, so it is shown. Folding one line would hide as much as it says.
    if ((at === 0 && end === lines.length) || end - at <= head + tail + 1) folded.push(...lines.slice(at, end));
    else folded.push(...lines.slice(at, at + head), end - at - head - tail, ...lines.slice(end - tail, end));
    at = end;
  }
  return folded;
}

function replaced(before: readonly string[], after: readonly string[], until: number): DifferenceLine[] {
  const pairs = before.length === after.length ? before.map((line, i) => wordPieces(line, after[i] ?? '', until)) : null;
  return [
    ...before.map((text, i): DifferenceLine => ({ side: 'expected', pieces: pairs?.[i]?.[0] ?? [{ text, changed: true }] })),
    ...after.map((text, i): DifferenceLine => ({ side: 'output', pieces: pairs?.[i]?.[1] ?? [{ text, changed: true }] })),
  ];
}

/** `null`: by words there is nothing to tell, or no time is left for it. */
function wordPieces(before: string, after: string, until: number): readonly [readonly Piece[], readonly Piece[]] | null {
  if (before.length > MAX_WORD_LINE || after.length > MAX_WORD_LINE) return null;
  const timeout = until - Date.now();
  const changes = timeout > 0 ? diffWordsWithSpace(before, after, { timeout }) : undefined;
  if (changes === undefined) return null;
  const kept = changes.filter((change) => !change.added && !change.removed && change.value.trim() !== '');
  // With nothing in common the marks of single words would only be noise.
  if (kept.length === 0) return null;
  return [
    changes.filter((change) => !change.added).map((change) => ({ text: change.value, changed: change.removed })),
    changes.filter((change) => !change.removed).map((change) => ({ text: change.value, changed: change.added })),
  ];
}

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

function linesOf(value: string): string[] {
  return (value.endsWith('\n') ? value.slice(0, -1) : value).split('\n');
}
