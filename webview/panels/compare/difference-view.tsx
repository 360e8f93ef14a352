import type { ComponentChild } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { compareTexts, differenceOfTexts, type DifferenceBlock, type Piece } from '../../../src/core/compare/words.ts';
import { formatCount } from '../../../src/core/text/format.ts';
import { inSteps } from '../../shared/in-steps.ts';
import { Visible } from '../../shared/long-text.tsx';
import { clip } from '../../shared/visible-text.ts';

/** Up to so many characters of both sides the difference is there at once; of longer ones it comes in steps. */
const AT_ONCE = 20_000;
/** Characters of a side that are laid out at first, and at each step: more would stop the panel. */
const FIRST = 20_000;
const STEP = 100_000;
/** Equal lines that are kept around what differs. */
const CONTEXT = 3;
/** Folding fewer would hide as much as it says. */
const LEAST_FOLDED = 4;

/** Two texts side by side, line by line beside each other, with the words marked that one has and the other has not. */
export function DifferenceView({ left, right }: { readonly left: string; readonly right: string }): ComponentChild {
  const blocks = useDifference(left, right);
  const [shown, show] = useState(FIRST);
  const [unfolded, unfold] = useState<readonly number[]>([]);
  useEffect(() => {
    show(FIRST);
    unfold([]);
  }, [left, right]);
  if (blocks === null) {
    const [start, other] = [clip(left, FIRST), clip(right, FIRST)];
    return <div class="sides" aria-busy="true"><Text side="left" pieces={[{ text: start, changed: false }]} /><Text side="right" pieces={[{ text: other, changed: false }]} /></div>;
  }
  const parts = blocks.flatMap((block, i) => partsOf(block, i, blocks.length, unfolded.includes(i)));
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  let room = shown;
  return (
    <>
      {parts.map((part, i) => {
        if (room <= 0) return null;
        const here = room;
        room -= part.length;
        if ('lines' in part) return <button key={i} type="button" class="fold" onClick={() => unfold([...unfolded, part.block])}>{formatCount(part.lines, 'equal line')}</button>;
        return <div key={i} class="sides"><Text side="left" pieces={cut(part.a, here)} /><Text side="right" pieces={cut(part.b, here)} /></div>;
      })}
      {total > shown && <button type="button" class="link more" onClick={() => show(shown + STEP)}>Show {formatCount(Math.min(STEP, total - shown))} more of {formatCount(total - shown)} characters</button>}
    </>
  );
}

/** What is drawn of a block: lines beside each other, or a line that stands for equal ones. `length` in characters of the longer side. */
type Part = { readonly a: readonly Piece[]; readonly b: readonly Piece[]; readonly length: number } | { readonly lines: number; readonly block: number; readonly length: 0 };

/** Equal lines far from any difference are folded, unless there are few, or nothing else. */
function partsOf({ same, a, b }: DifferenceBlock, block: number, count: number, unfolded: boolean): readonly Part[] {
  const whole: Part = { a, b, length: Math.max(lengthOf(a), lengthOf(b)) };
  if (!same || unfolded || count === 1) return [whole];
  const lines = (a[0]?.text ?? '').match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const [head, tail] = [block === 0 ? 0 : CONTEXT, block === count - 1 ? 0 : CONTEXT];
  const folded = lines.length - head - tail;
  if (folded < LEAST_FOLDED) return [whole];
  const equal = (text: string): Part[] => (text === '' ? [] : [{ a: [{ text, changed: false }], b: [{ text, changed: false }], length: text.length }]);
  return [...equal(lines.slice(0, head).join('')), { lines: folded, block, length: 0 }, ...equal(lines.slice(lines.length - tail).join(''))];
}

/** `null`: it is being told, in steps that leave the panel free. */
function useDifference(left: string, right: string): readonly DifferenceBlock[] | null {
  const short = left.length + right.length <= AT_ONCE;
  const now = useMemo(() => (short ? compareTexts(left, right) : null), [left, right]);
  const [later, setLater] = useState<{ readonly left: string; readonly right: string; readonly blocks: readonly DifferenceBlock[] } | null>(null);
  useEffect(() => {
    if (short) return undefined;
    const ending = new AbortController();
    const start = performance.now();
    inSteps(differenceOfTexts(left, right), ending.signal).then((blocks) => {
      // For the benchmark, and for whoever looks at the panel with the browser's tools.
      performance.measure('word-difference', { start });
      setLater({ left, right, blocks });
    }, () => undefined); // ended only when nobody looks any more
    return () => ending.abort();
  }, [left, right]);
  return now ?? (later?.left === left && later.right === right ? later.blocks : null);
}

function Text({ side, pieces }: { readonly side: 'left' | 'right'; readonly pieces: readonly Piece[] }): ComponentChild {
  return (
    <pre class="text" dir="auto">{withoutLastEnd(pieces).map(({ text, changed }, i) => {
      if (!changed) return <Visible key={i} text={text} />;
      return side === 'left' ? <del key={i}><Visible text={text} /></del> : <ins key={i}><Visible text={text} /></ins>;
    })}</pre>
  );
}

/** Blocks stand below each other: the end of a block's last line would be one more, empty line. */
function withoutLastEnd(pieces: readonly Piece[]): readonly Piece[] {
  const last = pieces.at(-1);
  if (last === undefined || !last.text.endsWith('\n')) return pieces;
  // An empty line that was added or removed is nothing but its end: it is shown as one.
  const text = last.text === '\n' && pieces.length === 1 ? '\u00a0' : last.text.slice(0, -1);
  return [...pieces.slice(0, -1), { text, changed: last.changed }];
}

function cut(pieces: readonly Piece[], room: number): readonly Piece[] {
  const kept: Piece[] = [];
  let left = room;
  for (const piece of pieces) {
    if (left <= 0) break;
    kept.push(piece.text.length <= left ? piece : { ...piece, text: clip(piece.text, left) });
    left -= piece.text.length;
  }
  return kept;
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { text }) => sum + text.length, 0);
}
