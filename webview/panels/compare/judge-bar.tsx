import type { ComponentChild } from 'preact';
import type { ComparedCase } from '../../../src/protocol/compare.ts';
import { Button } from '../../controls/controls.tsx';
import { verdictOf, type Seating } from './blinding.ts';
import type { CompareModel } from './compare-model.ts';
import { CompareIcon } from './icons.tsx';

const CHOICES = [
  { choice: 'left', label: 'Left', key: '1', title: 'The left output is better' },
  { choice: 'tie', label: 'Tie', key: '2', title: 'Neither is better' },
  { choice: 'right', label: 'Right', key: '3', title: 'The right output is better' },
] as const;

/** The person's verdict on one case, and taking an output over as what is expected. */
export function JudgeBar({ model, detail, seating }: { readonly model: CompareModel; readonly detail: ComparedCase; readonly seating: Seating }): ComponentChild {
  const side = model.acceptedSide(detail);
  const where = side === seating.left ? 'left' : 'right';
  const repeat = model.repeatOf(side, detail);
  const answered = detail.cells[side][repeat]?.result?.error === null;
  const { blinded } = model.state.value;
  return (
    <div class="foot">
      <span class="small dim label">Verdict</span>
      <div class="seg" role="group" aria-label="Your verdict">
        {CHOICES.map(({ choice, label, key, title }) => {
          const given = detail.verdict !== null && detail.verdict === verdictOf(choice, seating);
          return <button key={choice} type="button" aria-pressed={given} aria-keyshortcuts={key} title={`${title} (${key})${given ? '; press again to take it back' : ''}`} onClick={() => void model.judge(choice)}>{label} <kbd>{key}</kbd></button>;
        })}
      </div>
      <button type="button" class="toggle" aria-pressed={blinded} aria-keyshortcuts="b" title="Judge without knowing whose the outputs are (b)" onClick={() => model.toggleBlinded()}><CompareIcon name="eyeClosed" label="Blinded" /><span class="blind-word">Blinded</span></button>
      <Button class="accept" disabled={!answered} title={`Writes the ${where} output as what the case expects; shows the change first (Shift+Enter)`} onClick={() => model.acceptAsExpected()}>
        Accept {where} as expected<kbd class="key">Shift+Enter</kbd>
      </Button>
    </div>
  );
}
