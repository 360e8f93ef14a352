import type { ComponentChild } from 'preact';
import type { Comparison } from '../../../src/protocol/compare.ts';
import { Button } from '../../controls/controls.tsx';
import type { FailureWords } from '../../shared/failure.ts';
import type { CompareModel } from './compare-model.ts';
import { differsSentence, remedyFor } from './wording.ts';

export const FAILURE_WORDS: FailureWords = {
  thing: 'comparison',
  stopped: 'Outputs that were finished are kept; runs that were under way can be resumed.',
  missing: 'One of its runs may have been deleted, here or in another window.',
  untrusted: 'Runs are read only in a trusted workspace.',
};

/** The two cannot be compared: which differ, what that means, and what to do. */
export function Refused({ model, comparison: { ref, refused, a, b } }: { readonly model: CompareModel; readonly comparison: Comparison }): ComponentChild {
  if (refused === null) return null;
  return (
    <div class="refused">
      <p>{differsSentence(refused.differs)} between {a.label} and {b.label}.</p>
      <p class="dim">{remedyFor(refused.differs)}</p>
      <p class="buttons">
        <Button primary onClick={() => model.request('comparison/again', { ref })}>Run again</Button>
        <Button onClick={() => model.request('open', { ref, what: 'run', side: 'a' })}>Open run of {a.label}</Button>
        <Button onClick={() => model.request('open', { ref, what: 'run', side: 'b' })}>Open run of {b.label}</Button>
      </p>
    </div>
  );
}

/** The panel's structure while its comparison is on the way. Appears at once and moves nothing when it comes. */
export function Loading(): ComponentChild {
  return (
    <div class="panel loading" aria-busy="true" aria-label="Loading the comparison">
      <header class="head"><i class="ph ph-title" /></header>
      <div class="progress done" />
      <div />
      <section class="verdict"><div><div><i class="ph ph-answer" /></div></div></section>
      <div class="tabs"><i class="ph ph-tabs" /></div>
      <main class="work closed"><section class="left"><div class="filter"><i class="ph ph-filter" /></div><div class="rows-ph">{Array.from({ length: 12 }, (_, i) => <i key={i} class={`ph bar-${i % 4}`} />)}</div></section></main>
    </div>
  );
}
