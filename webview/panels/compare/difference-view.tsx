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
  const rest = Math.max(left.length, right.length);
  let used = 0;
  return (
    <>
      {blocks.map((block, i) => {
        if (used >= shown) return null;
        const room = shown - used;
        used += Math.max(lengthOf(block.a), lengthOf(block.b));
        if (!block.same || unfolded.includes(i)) return <Sides key={i} a={cut(block.a, room)} b={cut(block.b, room)} />;
        const folded = fold(block.a[0]?.text ?? '', i === 0, i === blocks.length - 1);
        if (folded === null) return <Sides key={i} a={cut(block.a, room)} b={cut(block.b, room)} />;
        used -= folded.characters;
        return (
          <div key={i}>
            {folded.head !== '' && <Sides a={plain(folded.head)} b={plain(folded.head)} />}
            <button type="button" class="fold" onClick={() => unfold([...unfolded, i])}>{formatCount(folded.lines, 'equal line')}</button>
            {folded.tail !== '' && <Sides a={plain(folded.tail)} b={plain(folded.tail)} />}
          </div>
        );
      })}
      {used > shown && <button type="button" class="link more" onClick={() => show(shown + STEP)}>Show {formatCount(Math.min(STEP, used - shown))} more of {formatCount(rest)} characters</button>}
    </>
  );
}

/** `null`: it is being told, in steps that leave the panel free. */
function useDifference(left: string, right: string): readonly DifferenceBlock[] | null {
  const short = left.length + right.length <= AT_ONCE;
  const now = useMemo(() => (short ? compareTexts(left, right) : null), [left, right]);
  const [later, setLater] = useState<{ readonly left: string; readonly right: string; readonly blocks: readonly DifferenceBlock[] } | null>(null);
  useEffect(() => {
    if (short) return undefined;
    const ending = new AbortController();
    // Ended only when nobody looks any more.
    inSteps(differenceOfTexts(left, right), ending.signal).then((blocks) => setLater({ left, right, blocks }), () => undefined);
    return () => ending.abort();
  }, [left, right]);
  return now ?? (later?.left === left && later.right === right ? later.blocks : null);
}

function Sides({ a, b }: { readonly a: readonly Piece[]; readonly b: readonly Piece[] }): ComponentChild {
  return <div class="sides"><Text side="left" pieces={a} /><Text side="right" pieces={b} /></div>;
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

/** Equal lines without those far from any difference; `null`: there is nothing to fold, or it would hide as much as it says. */
function fold(text: string, isFirst: boolean, isLast: boolean): { readonly head: string; readonly tail: string; readonly lines: number; readonly characters: number } | null {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const [head, tail] = [isFirst ? 0 : CONTEXT, isLast ? 0 : CONTEXT];
  const folded = lines.length - head - tail;
  if ((isFirst && isLast) || folded < 4) return null;
  const middle = lines.slice(head, lines.length - tail);
  return { head: lines.slice(0, head).join(''), tail: lines.slice(lines.length - tail).join(''), lines: folded, characters: middle.reduce((sum, line) => sum + line.length, 0) };
}

function plain(text: string): readonly Piece[] {
  return [{ text, changed: false }];
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { text }) => sum + text.length, 0);
}
