import type { ComponentChild } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { formatCount } from '../../src/core/text/format.ts';
import { clip, visiblePieces } from './visible-text.ts';

/** A single step of what is laid out: a line of a million characters would stop the panel. */
const FIRST = 10_000;
const STEP = 100_000;

/** Text from outside, exactly as it is: no markup, invisible characters by their code, long ones in steps. */
export function LongText({ text, marks = [] }: {
  readonly text: string;
  /** Spans [start, end) that were inserted from variables, in UTF-16 units, in order. */
  readonly marks?: readonly (readonly [number, number])[];
}): ComponentChild {
  const [shown, show] = useState(FIRST);
  const end = clip(text, shown).length;
  const parts = useMemo(() => split(text, end, marks), [text, end, marks]);
  return (
    <>
      <pre class="text" dir="auto">{parts.map((part, i) => (part.marked ? <mark key={i}><Visible text={part.text} /></mark> : <Visible key={i} text={part.text} />))}</pre>
      {end < text.length && (
        <button type="button" class="link more" onClick={() => show(end + STEP)}>
          Show {formatCount(Math.min(STEP, text.length - end))} more of {formatCount(text.length - end)} characters
        </button>
      )}
    </>
  );
}

/** Text with what hides shown by its code. */
export function Visible({ text }: { readonly text: string }): ComponentChild {
  const pieces = useMemo(() => visiblePieces(text), [text]);
  return pieces.map((piece, i) => (piece.name === undefined ? piece.text : <span key={i} class="unseen" title={piece.name}>{piece.text}</span>));
}

function split(text: string, end: number, marks: readonly (readonly [number, number])[]): { readonly text: string; readonly marked: boolean }[] {
  const parts: { text: string; marked: boolean }[] = [];
  let at = 0;
  for (const [from, to] of marks) {
    const start = Math.min(Math.max(from, at), end);
    const stop = Math.min(Math.max(to, start), end);
    if (start > at) parts.push({ text: text.slice(at, start), marked: false });
    if (stop > start) parts.push({ text: text.slice(start, stop), marked: true });
    at = Math.max(at, stop);
  }
  if (at < end) parts.push({ text: text.slice(at, end), marked: false });
  return parts;
}
