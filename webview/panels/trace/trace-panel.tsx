import type { ComponentChild } from 'preact';
import { useEffect } from 'preact/hooks';
import { Panel } from '../../shared/panel.tsx';
import { Work } from '../../shared/work.tsx';
import { Detail } from './detail.tsx';
import { Findings } from './findings.tsx';
import { Header } from './header.tsx';
import { KEYS } from './keys.ts';
import { Messages } from './messages.tsx';
import { Deleted, FAILURE_WORDS, Loading, NoSpans } from './states.tsx';
import { SpanList } from './span-list.tsx';
import { Toolbar } from './toolbar.tsx';
import type { TraceModel } from './trace-model.ts';

/** How often running spans grow. */
const TICK_MS = 250;

export function TracePanel({ model }: { readonly model: TraceModel }): ComponentChild {
  const trace = model.trace.value;
  const view = model.view.value;
  const running = (trace?.running ?? 0) > 0;
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => model.time.tick(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [model, running]);
  if (model.deleted.value) return <Deleted />;
  return (
    <Panel model={model} words={FAILURE_WORDS} keys={KEYS} onKey={(event, typing) => handleKey(event, typing, model)} loading={<Loading trace={trace} />}>
      {trace === null || view === null ? null : ({ notes, showKeys }) => (
        <>
          <Header model={model} trace={trace} onKeys={showKeys} />
          {notes}
          <Findings model={model} />
          <Toolbar model={model} />
          {view.skeleton.count === 0 ? <NoSpans /> : model.state.value.mode === 'messages' ? <Messages model={model} view={view} /> : <Spans model={model} />}
        </>
      )}
    </Panel>
  );
}

function Spans({ model }: { readonly model: TraceModel }): ComponentChild {
  const open = model.open.value;
  return <Work model={model} label="Detail" detail={open === null ? null : <Detail model={model} open={open} />}><SpanList model={model} /></Work>;
}

/** The keys that work wherever the focus is in the panel. */
function handleKey(event: KeyboardEvent, typing: boolean, model: TraceModel): boolean {
  if (event.altKey) return false;
  if (event.key === 'F8') model.nextError(event.shiftKey ? -1 : 1);
  else if (event.key === 'F3') model.nextMatch(event.shiftKey ? -1 : 1);
  else if ((event.ctrlKey || event.metaKey) && !typing && (event.key === 'g' || event.key === 'Enter')) return openCall(model, event.key === 'g' ? 'golden' : 'replay');
  else if (typing || event.ctrlKey || event.metaKey) return false;
  else if (event.key === '/') model.findFocus.value++;
  else if (event.key === 'Escape' && document.querySelector('dialog[open]') === null) {
    if (model.open.value !== null) model.close();
    else if (model.finder.text.value !== '') model.find('');
    else if (model.state.value.zoom !== null) model.time.setZoom(null);
    else return false;
  } else return false;
  return true;
}

/** What is done with the call that is open; of a span that is none, nothing. */
function openCall(model: TraceModel, what: 'golden' | 'replay'): boolean {
  const open = model.open.value;
  if (open?.kind !== 'span' || open.detail?.span.kind !== 'llm') return false;
  model.request('open', { what, spanId: open.detail.span.spanId });
  return true;
}
