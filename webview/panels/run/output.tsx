import type { ComponentChild } from 'preact';
import { useMemo } from 'preact/hooks';
import type { CellDetail } from '../../../src/protocol/engine.ts';
import { formatCount } from '../../../src/core/text/format.ts';
import { differenceOf, foldEqual } from '../../shared/difference.ts';
import { JsonTree } from '../../shared/json-tree.tsx';
import { LongText, Visible } from '../../shared/long-text.tsx';
import { Markdown } from '../../shared/markdown.tsx';
import { asJson, outputText } from '../../shared/output-text.ts';
import { clip } from '../../shared/visible-text.ts';
import type { RunModel } from './run-model.ts';
import type { OutputMode } from './view-state.ts';

const MODES: readonly { readonly mode: OutputMode; readonly label: string }[] = [
  { mode: 'difference', label: 'Difference' }, { mode: 'text', label: 'Text' }, { mode: 'json', label: 'JSON' }, { mode: 'markdown', label: 'Markdown' },
];

/** A cell's output: as difference from what was expected, as text, as JSON or as Markdown. */
export function Output({ model, detail }: { readonly model: RunModel; readonly detail: CellDetail }): ComponentChild {
  const output = detail.result?.output ?? null;
  const text = useMemo(() => outputText(output), [output]);
  const json = useMemo(() => asJson(output), [output]);
  const expected = detail.case.expected;
  const expectedText = expected === undefined || expected === null ? null : outputText(expected);
  const lines = useMemo(() => {
    if (expectedText === null) return null;
    // Of two values of JSON only the data is compared, not how it was set.
    const wanted = asJson(expected);
    return wanted === undefined || json === undefined ? differenceOf(expectedText, text) : differenceOf(JSON.stringify(wanted, null, 2), JSON.stringify(json, null, 2));
  }, [expected, expectedText, text, json]);

  const possible = MODES.filter(({ mode }) => (mode === 'difference' ? expectedText !== null : mode === 'json' ? json !== undefined : true));
  const chosen = model.state.value.outputMode;
  const mode = possible.find((entry) => entry.mode === chosen)?.mode ?? (expectedText !== null && lines !== null ? 'difference' : json !== undefined ? 'json' : 'text');
  return (
    <section class="output" aria-label="Output">
      <div class="h">
        <h2>{title(mode, lines)}</h2>
        <span class="modes" role="radiogroup" aria-label="Show the output as">
          {possible.map((entry) => (
            <button key={entry.mode} type="button" role="radio" aria-checked={entry.mode === mode} tabIndex={entry.mode === mode ? 0 : -1} onClick={() => model.update({ outputMode: entry.mode })} onKeyDown={(event) => {
              const step = event.key === 'ArrowRight' || event.key === 'ArrowDown' ? 1 : event.key === 'ArrowLeft' || event.key === 'ArrowUp' ? -1 : 0;
              const next = possible[(possible.indexOf(entry) + step + possible.length) % possible.length];
              if (step === 0 || next === undefined) return;
              event.preventDefault();
              model.update({ outputMode: next.mode });
              const { parentElement } = event.currentTarget;
              requestAnimationFrame(() => parentElement?.querySelector<HTMLElement>('[aria-checked="true"]')?.focus());
            }}>{entry.label}</button>
          ))}
        </span>
      </div>
      <div class="output-body"><OutputBody mode={mode} text={text} json={json} lines={lines} /></div>
    </section>
  );
}

function OutputBody({ mode, text, json, lines }: { readonly mode: OutputMode; readonly text: string; readonly json: unknown; readonly lines: ReturnType<typeof differenceOf> }): ComponentChild {
  if (text === '' && mode !== 'difference') return <p class="note">The output is empty.</p>;
  switch (mode) {
    case 'difference':
      return lines === null ? <><p class="note">Too long to be compared here; the comparison opens in an editor.</p><LongText text={text} /></> : <Difference lines={lines} />;
    case 'json':
      return <JsonTree value={json} />;
    case 'markdown':
      return <Markdown text={text} />;
    case 'text':
      return <LongText text={text} />;
  }
}

const SIGNS = { both: ' ', expected: '−', output: '+' } as const;
const SPOKEN = { both: '', expected: 'expected', output: 'output' } as const;
const MAX_LINES = 400;
const MAX_PIECE = 2000;

function Difference({ lines }: { readonly lines: NonNullable<ReturnType<typeof differenceOf>> }): ComponentChild {
  const folded = foldEqual(lines);
  return (
    <div class="diff">
      {folded.slice(0, MAX_LINES).map((line, i) => (typeof line === 'number' ? <p key={i} class="note fold">{formatCount(line)} equal lines</p> : (
        <div key={i}>
          <span class="sign" aria-label={SPOKEN[line.side]}>{SIGNS[line.side]}</span>
          <span dir="auto">{line.pieces.map((piece, j) => {
            const text = clip(piece.text, MAX_PIECE);
            const content = <><Visible text={text} />{text.length < piece.text.length && <span class="dim"> … {formatCount(piece.text.length - text.length)} more characters</span>}</>;
            if (!piece.changed || text === '') return <span key={j}>{content}</span>;
            return line.side === 'expected' ? <del key={j}>{content}</del> : <ins key={j}>{content}</ins>;
          })}</span>
        </div>
      )))}
      {folded.length > MAX_LINES && <p class="note">{formatCount(folded.length - MAX_LINES, 'more line')}; the comparison opens in an editor.</p>}
    </div>
  );
}

function title(mode: OutputMode, lines: ReturnType<typeof differenceOf>): string {
  if (mode !== 'difference') return 'Output';
  return lines !== null && lines.every((line) => line.side === 'both') ? 'Output, as expected' : 'Output, difference from expected';
}
