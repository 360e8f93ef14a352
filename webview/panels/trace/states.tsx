import type { ComponentChild } from 'preact';
import type { ErrorCode } from '../../../src/core/errors.ts';
import type { TraceRow } from '../../../src/protocol/traces.ts';
import { Button, IconButton } from '../../controls/controls.tsx';
import { Icon } from '../../controls/icon.tsx';
import { Visible } from '../../shared/long-text.tsx';
import type { Failure } from './api.ts';
import type { TraceModel } from './trace-model.ts';

/** No row is left: why, and the way back. */
export function NothingShown({ model }: { readonly model: TraceModel }): ComponentChild {
  const { kinds, errorsOnly } = model.state.value;
  const what = kinds === null ? 'span' : `span of kind ${kinds.join(', ')}`;
  return (
    <div class="nothing">
      <p>No {what}{errorsOnly && ' failed'} in this trace{errorsOnly ? '' : ' is shown'}.</p>
      <Button onClick={() => model.setOptions({ kinds: null, errorsOnly: false })}>Show all spans</Button>
    </div>
  );
}

/** The trace is there and has nothing in it: only logs came, or its spans are on their way. */
export function NoSpans(): ComponentChild {
  return <main class="nothing-at-all"><p>No span of this trace has arrived yet. They are shown here as they come.</p></main>;
}

export function Deleted(): ComponentChild {
  return <div class="unreachable" role="status"><h1>This trace was deleted.</h1><p class="dim">The panel can be closed; what was exported or copied is not touched.</p></div>;
}

/** The panel's structure while its trace is on the way. Appears at once and moves nothing when the trace comes. */
export function Loading({ trace }: { readonly trace: TraceRow | null }): ComponentChild {
  return (
    <div class="panel loading" aria-busy="true" aria-label="Loading the trace">
      <header class="head">{trace === null ? <i class="ph ph-title" /> : <h1><Visible text={trace.name} /></h1>}</header>
      <div class="notes" />
      <div class="toolbar"><i class="ph ph-tools" /></div>
      <main class="work closed"><div class="rows-ph">{Array.from({ length: 14 }, (_, at) => <div key={at}><i class={`ph indent-${at % 4}`} /><i class={`ph bar-${at % 5}`} /></div>)}</div></main>
    </div>
  );
}

/** The trace cannot be shown at all. */
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
    <div class="notice" role="alert">
      <Icon name="error" class="fail" />
      <span class="notice-text"><b>{title}</b> {failure.message} <span class="dim">{meaning}</span></span>
      <Button onClick={onRetry}>Try again</Button>
    </div>
  );
}

/** An action did not work. */
export function NoticeBar({ text, onClose }: { readonly text: string; readonly onClose: () => void }): ComponentChild {
  return (
    <div class="notice" role="alert">
      <Icon name="warning" class="warn" />
      <span class="notice-text">{text}</span>
      <IconButton icon="close" label="Dismiss" onClick={onClose} />
    </div>
  );
}

function explain({ code }: { readonly code: ErrorCode }): { readonly title: string; readonly meaning: string } {
  switch (code) {
    case 'engine-stopped':
      return { title: 'The engine has stopped.', meaning: 'Spans that a sender was told were received are kept.' };
    case 'not-found':
      return { title: 'This trace is not there.', meaning: 'It may have been deleted, here or in another window, or be older than traces are kept.' };
    case 'store':
      return { title: 'The database cannot be read.', meaning: 'Nothing was changed in it.' };
    case 'untrusted-workspace':
      return { title: 'This workspace is not trusted.', meaning: 'Traces are read only in a trusted workspace.' };
    default:
      return { title: 'The trace cannot be read.', meaning: 'Nothing was changed in it.' };
  }
}
