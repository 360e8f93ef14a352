import { useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Sash } from '../../shared/split.tsx';
import { Detail } from './detail.tsx';
import { Findings } from './findings.tsx';
import { Header } from './header.tsx';
import { KeysHelp } from './keys-help.tsx';
import { Messages } from './messages.tsx';
import { Deleted, FailureBar, Loading, NoSpans, NoticeBar, Unreachable } from './states.tsx';
import { SpanList } from './span-list.tsx';
import { Toolbar } from './toolbar.tsx';
import type { TraceModel } from './trace-model.ts';

/** Under this width the detail is below the list: its timeline needs 240 pixels. */
const SIDE_BY_SIDE = '(min-width: 960px)';
const MIN_DETAIL = 240;
const MIN_LIST = 200;
/** How often running spans grow. */
const TICK_MS = 250;

export function TracePanel({ model }: { readonly model: TraceModel }): ComponentChild {
  const help = useSignal(false);
  const trace = model.trace.value;
  const view = model.view.value;
  const failure = model.failure.value;
  useLayoutEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => handleKey(event, model, () => { help.value = true; });
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [model]);
  const running = (trace?.running ?? 0) > 0;
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => model.time.tick(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [model, running]);
  if (model.deleted.value) return <Deleted />;
  if (trace === null || view === null) return failure === null ? <Loading trace={trace} /> : <Unreachable failure={failure} onRetry={() => void model.start()} />;
  return (
    <div class="panel">
      <Header model={model} trace={trace} onKeys={() => { help.value = true; }} />
      <div class="notes">
        {failure !== null && <FailureBar failure={failure} onRetry={() => void model.start()} />}
        {model.notice.value !== null && <NoticeBar text={model.notice.value} onClose={() => { model.notice.value = null; }} />}
      </div>
      <Findings model={model} />
      <Toolbar model={model} />
      {view.skeleton.count === 0 ? <NoSpans /> : model.state.value.mode === 'messages' ? <Messages model={model} view={view} /> : <Work model={model} />}
      <div class="unseen-live" role="status">{model.announcement.value}</div>
      {help.value && <KeysHelp onClose={() => { help.value = false; }} />}
    </div>
  );
}

function Work({ model }: { readonly model: TraceModel }): ComponentChild {
  const beside = useMedia(SIDE_BY_SIDE);
  const open = model.open.value;
  const work = useRef<HTMLElement>(null);
  const detail = useRef<HTMLElement>(null);
  const state = model.state.value;
  const size = beside ? state.detailWidth : state.detailHeight;
  const measure = (): { size: number; min: number; max: number } => {
    const box = work.current?.getBoundingClientRect();
    const own = detail.current?.getBoundingClientRect();
    const all = (beside ? box?.width : box?.height) ?? 1000;
    return { size: size ?? (beside ? own?.width : own?.height) ?? 400, min: MIN_DETAIL, max: Math.max(MIN_DETAIL, all - MIN_LIST) };
  };
  return (
    <main ref={work} class={open === null ? 'work closed' : 'work'} style={size === null ? undefined : { '--detail': `${size}px` }}>
      <SpanList model={model} />
      {open !== null && (
        <aside ref={detail} class="detail" aria-label="Detail">
          <Sash
            orientation={beside ? 'vertical' : 'horizontal'}
            label="Size of the detail"
            measure={measure}
            onResize={(next, done) => {
              const change = beside ? { detailWidth: next } : { detailHeight: next };
              if (done) model.update(change);
              else model.state.value = { ...model.state.value, ...change };
            }}
          />
          <Detail model={model} open={open} />
        </aside>
      )}
    </main>
  );
}

function useMedia(query: string): boolean {
  const [matches, set] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const onChange = (): void => set(list.matches);
    list.addEventListener('change', onChange);
    return () => list.removeEventListener('change', onChange);
  }, [query]);
  return matches;
}

/** The keys that work wherever the focus is in the panel. */
function handleKey(event: KeyboardEvent, model: TraceModel, onHelp: () => void): void {
  if (event.defaultPrevented || event.altKey) return;
  const typing = event.target instanceof HTMLElement && event.target.matches('input, textarea, vscode-text-field');
  if (event.key === 'F8') model.nextError(event.shiftKey ? -1 : 1);
  else if (event.key === 'F3') model.nextMatch(event.shiftKey ? -1 : 1);
  else if (typing || event.ctrlKey || event.metaKey) return;
  else if (event.key === '/') model.findFocus.value++;
  else if (event.key === '?') onHelp();
  else if (event.key === 'Escape' && document.querySelector('dialog[open]') === null) {
    if (model.open.value !== null) model.close();
    else if (model.finder.text.value !== '') model.find('');
    else if (model.state.value.zoom !== null) model.time.setZoom(null);
    else return;
  } else return;
  event.preventDefault();
}
