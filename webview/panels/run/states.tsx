import type { ComponentChild } from 'preact';
import type { ErrorCode } from '../../../src/core/errors.ts';
import type { RunSnapshot } from '../../../src/protocol/engine.ts';
import { Button, IconButton } from '../../controls/controls.tsx';
import { Icon } from '../../controls/icon.tsx';
import type { Failure, RunModel } from './run-model.ts';

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

/** The run cannot be shown at all. */
export function Unreachable({ failure, onRetry }: { readonly failure: Failure; readonly onRetry: () => void }): ComponentChild {
  const { title, meaning } = explain(failure);
  return (
    <div class="unreachable" role="alert">
      <h1><Icon name="error" class="fail" />{title}</h1>
      <p>{failure.message}</p>
      <p class="dim">{meaning}</p>
      <Button primary onClick={onRetry}>Try again</Button>
    </div>
  );
}

/** What is shown may be out of date; it stays readable. */
export function FailureBar({ failure, onRetry }: { readonly failure: Failure; readonly onRetry: () => void }): ComponentChild {
  const { title, meaning } = explain(failure);
  return (
    <div class="bar" role="alert">
      <Icon name="error" class="fail" />
      <span class="bar-text"><b>{title}</b> {failure.message} <span class="dim">{meaning}</span></span>
      <Button onClick={onRetry}>Try again</Button>
    </div>
  );
}

/** An action did not work. */
export function NoticeBar({ text, onClose }: { readonly text: string; readonly onClose: () => void }): ComponentChild {
  return (
    <div class="bar" role="alert">
      <Icon name="warning" class="warn" />
      <span class="bar-text">{text}</span>
      <IconButton icon="close" label="Dismiss" onClick={onClose} />
    </div>
  );
}

function explain({ code }: { readonly code: ErrorCode }): { readonly title: string; readonly meaning: string } {
  switch (code) {
    case 'engine-stopped':
      return { title: 'The engine has stopped.', meaning: 'Cells that were finished are kept; a run that was under way can be resumed.' };
    case 'not-found':
      return { title: 'This run is not there.', meaning: 'It may have been deleted, here or in another window.' };
    case 'store':
      return { title: 'The database cannot be read.', meaning: 'Nothing was changed in it.' };
    case 'untrusted-workspace':
      return { title: 'This workspace is not trusted.', meaning: 'Runs are read only in a trusted workspace.' };
    default:
      return { title: 'The run cannot be read.', meaning: 'Nothing was changed in it.' };
  }
}
