import type { ComponentChild } from 'preact';
import type { RunSnapshot } from '../../../src/protocol/engine.ts';
import { Button } from '../../controls/controls.tsx';
import type { FailureWords } from '../../shared/failure.ts';
import type { RunModel } from './run-model.ts';

export const FAILURE_WORDS: FailureWords = {
  thing: 'run',
  stopped: 'Cells that were finished are kept; a run that was under way can be resumed.',
  missing: 'It may have been deleted, here or in another window.',
  untrusted: 'Runs are read only in a trusted workspace.',
};

const NOTHING: Readonly<Record<string, string>> = { failing: 'No case fails', errors: 'No case has an error', slow: 'No case is slow', cached: 'No case came from the cache', all: 'No case' };

/** The grid has no row: why, and the way back. */
export function NoRows({ model, snapshot }: { readonly model: RunModel; readonly snapshot: RunSnapshot }): ComponentChild {
  const { filter, search } = model.state.value.view;
  if (filter === 'all' && search === '') return <p class="nothing">This run has no cases.</p>;
  const soFar = snapshot.info.status === 'running' ? ' so far' : '';
  const sentence = search === '' ? `${NOTHING[filter]}${soFar}.` : filter === 'all' ? `No case matches “${search}”.` : `${NOTHING[filter]}${soFar} and matches “${search}”.`;
  return <div class="nothing"><p>{sentence}</p><Button onClick={() => model.clearFilter()}>Clear filter</Button></div>;
}

/** The panel's structure while its run is on the way. Appears at once and moves nothing when the run comes. */
export function Loading(): ComponentChild {
  return (
    <div class="panel loading" aria-busy="true" aria-label="Loading the run">
      <header class="head"><i class="ph ph-title" /></header>
      <div class="progress" />
      <section class="sum"><p class="answer"><i class="ph ph-answer" /></p><p class="models-ph"><i class="ph ph-line" /><i class="ph ph-line" /></p></section>
      <main class="work"><section class="left"><div class="filter"><i class="ph ph-filter" /></div><div class="rows-ph">{Array.from({ length: 12 }, (_, i) => <i key={i} class={`ph ph-row bar-${i % 4}`} />)}</div></section></main>
    </div>
  );
}
