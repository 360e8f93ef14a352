import { compareTexts, type DifferenceBlock, type Piece } from '../../src/core/compare/words.ts';

export interface DifferenceLine {
  readonly side: 'both' | 'expected' | 'output';
  readonly pieces: readonly Piece[];
}

/** Beyond this the comparison would stop the panel for a moment that is felt. */
const MAX_CHARACTERS = 200_000;

/** What the output has and the expectation has not, and the reverse, by lines and by words within replaced ones. `null`: too long. */
export function differenceOf(expected: string, output: string): readonly DifferenceLine[] | null {
  if (expected.length + output.length > MAX_CHARACTERS) return null;
  return compareTexts(withNewline(expected), withNewline(output)).flatMap(({ same, a, b }: DifferenceBlock) => (same
    ? linesOf(a, 'both')
    : [...linesOf(a, 'expected'), ...linesOf(b, 'output')]));
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

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** A block's pieces cut at the ends of its lines, which are not part of them. */
function linesOf(pieces: readonly Piece[], side: DifferenceLine['side']): DifferenceLine[] {
  const lines: Piece[][] = [];
  let line: Piece[] = [];
  for (const { text, changed } of pieces) {
    const parts = text.split('\n');
    for (const [i, part] of parts.entries()) {
      if (part !== '' || (i < parts.length - 1 && line.length === 0)) line.push({ text: part, changed });
      if (i === parts.length - 1) continue;
      lines.push(line);
      line = [];
    }
  }
  if (line.length > 0) lines.push(line);
  return lines.map((all) => ({ side, pieces: all }));
}
