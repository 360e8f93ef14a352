import type { ComponentChild } from 'preact';
import { useRef } from 'preact/hooks';
import { formatCount, formatUsd } from '../../../src/core/text/format.ts';
import type { Comparison } from '../../../src/protocol/compare.ts';
import type { ShownComparison } from '../../../src/protocol/compare-panel.ts';
import { Button } from '../../controls/controls.tsx';
import { Icon } from '../../controls/icon.tsx';
import { isRunning, sameRef, type CompareModel } from './compare-model.ts';
import { VerdictIcon } from './verdict-word.tsx';
import { incompleteSentence, toneOf, verdictWord } from './wording.ts';

/** What the person should know before reading numbers, each with the way out. */
export function Notes({ model, comparison }: { readonly model: CompareModel; readonly comparison: Comparison }): ComponentChild {
  const { a, b, ref, stale, stoppedEarly } = comparison;
  const incomplete = isRunning(comparison) ? [] : [incompleteSentence(a), incompleteSentence(b)].filter((sentence) => sentence !== null);
  return (
    <>
      {(stale.a || stale.b) && (
        <div class="notice" role="status">
          <Icon name="info" class="info" />
          <span class="notice-text">{staleSentence(comparison)}</span>
          <Button onClick={() => model.request('comparison/run-changed', { ref })}>{runChangedLabel(model)}</Button>
        </div>
      )}
      {incomplete.length > 0 && (
        <div class="notice" role="status">
          <Icon name="warning" class="warn" />
          <span class="notice-text">{incomplete.join(' ')} Only cases that both sides answered are compared.</span>
          <Button title="Goes on with what is missing; nothing that was answered is repeated" onClick={() => model.request('comparison/resume', { ref })}>Resume</Button>
        </div>
      )}
      {stoppedEarly !== null && (
        <div class="notice" role="status">
          <Icon name="info" class="info" />
          <span class="notice-text">{stoppedEarly.sentence}.</span>
        </div>
      )}
    </>
  );
}

function staleSentence({ a, b, stale }: Comparison): string {
  const labels = [...(stale.a ? [a.label] : []), ...(stale.b ? [b.label] : [])];
  return labels.length === 1 ? `The file of ${labels[0] ?? ''} has changed since it was run.` : `The files of ${labels.join(' and ')} have changed since they were run.`;
}

function runChangedLabel(model: CompareModel): string {
  const missing = model.missing.value;
  if (missing === null) return 'Run what changed';
  if (missing.cells === 0) return 'Compare as it is now';
  return `Run what changed (${formatCount(missing.cells, 'cell')}${missing.usd === null ? ', cost unknown' : missing.usd === 0 ? ', free' : `, about ${formatUsd(missing.usd)}`})`;
}

/** Several compared with one baseline: which of them is shown, each with its verdict. */
export function Choices({ model, shown }: { readonly model: CompareModel; readonly shown: ShownComparison }): ComponentChild {
  const group = useRef<HTMLDivElement>(null);
  const { choices, comparison } = shown;
  if (choices.length < 2) return null;
  const move = (at: number): void => {
    const next = choices[(at + choices.length) % choices.length];
    if (next === undefined) return;
    model.choose(next.ref);
    group.current?.querySelectorAll<HTMLElement>('button')[choices.indexOf(next)]?.focus();
  };
  return (
    <div class="choices">
      <span class="dim small">{comparison.a.label} against</span>
      <div ref={group} class="seg" role="radiogroup" aria-label={`Compared with ${comparison.a.label}; p adjusted by Holm`}>
        {choices.map((choice, at) => {
          const checked = sameRef(choice.ref, comparison.ref);
          const tone = choice.verdict === null ? null : choice.verdict === 'refused' ? 'refused' : toneOf(choice.verdict);
          return (
            <button key={JSON.stringify(choice.ref)} type="button" role="radio" aria-checked={checked} tabIndex={checked ? 0 : -1} onClick={() => model.choose(choice.ref)} onKeyDown={(event) => {
              if (event.key === 'ArrowRight' || event.key === 'ArrowDown') move(at + 1);
              else if (event.key === 'ArrowLeft' || event.key === 'ArrowUp') move(at - 1);
              else return;
              event.preventDefault();
            }}>
              {tone !== null && <VerdictIcon tone={tone} />}{choice.label} <span>{verdictWord(choice.verdict)}</span>
            </button>
          );
        })}
      </div>
    </div>
  );
}
