import type { ComponentChild } from 'preact';
import type { TraceRow } from '../../../src/protocol/traces.ts';
import { Button } from '../../controls/controls.tsx';
import type { FailureWords } from '../../shared/failure.ts';
import { Visible } from '../../shared/long-text.tsx';
import type { TraceModel } from './trace-model.ts';

export const FAILURE_WORDS: FailureWords = {
  thing: 'trace',
  stopped: 'Spans that a sender was told were received are kept.',
  missing: 'It may have been deleted, here or in another window, or be older than traces are kept.',
  untrusted: 'Traces are read only in a trusted workspace.',
};

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
