import { useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { formatCount } from '../../../src/core/text/format.ts';
import type { RunSnapshot } from '../../../src/protocol/engine.ts';
import { Sash } from '../../shared/split.tsx';
import { Detail } from './detail.tsx';
import { Filters } from './filters.tsx';
import { Grid } from './grid.tsx';
import { Header } from './header.tsx';
import { KeysHelp } from './keys-help.tsx';
import type { RunModel } from './run-model.ts';
import { FailureBar, Loading, NoticeBar, Unreachable } from './states.tsx';
import { Summary } from './summary.tsx';

/** Under this width the detail is below the grid. */
const SIDE_BY_SIDE = '(min-width: 960px)';
const MIN_DETAIL = 240;
const MIN_GRID = 200;
/** How often a screen reader hears of progress. */
const SPOKEN_PROGRESS_MS = 10_000;

export function RunPanel({ model }: { readonly model: RunModel }): ComponentChild {
  const help = useSignal(false);
  const snapshot = model.snapshot.value;
  const failure = model.failure.value;
  useLayoutEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => handleKey(event, model, () => { help.value = true; });
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [model]);
  if (snapshot === null) return failure === null ? <Loading /> : <Unreachable failure={failure} onRetry={() => void model.start()} />;
  const running = snapshot.info.status === 'running';
  const share = snapshot.total === 0 ? 0 : snapshot.done / snapshot.total;
  return (
    <div class="panel">
      <Header model={model} snapshot={snapshot} onKeys={() => { help.value = true; }} />
      <div class={running ? 'progress' : 'progress done'} role="progressbar" aria-valuemin={0} aria-valuemax={snapshot.total} aria-valuenow={snapshot.done} aria-label="Cells done">
        <i style={{ transform: `scaleX(${running ? share : 0})` }} />
      </div>
      <div class="notes">
        {failure !== null && <FailureBar failure={failure} onRetry={() => void model.start()} />}
        {model.notice.value !== null && <NoticeBar text={model.notice.value} onClose={() => { model.notice.value = null; }} />}
      </div>
      <Summary model={model} snapshot={snapshot} />
      <Work model={model} snapshot={snapshot} />
      <SpokenProgress snapshot={snapshot} />
      <div class="unseen-live" role="status">{model.announcement.value}</div>
      {help.value && <KeysHelp onClose={() => { help.value = false; }} />}
    </div>
  );
}

function Work({ model, snapshot }: { readonly model: RunModel; readonly snapshot: RunSnapshot }): ComponentChild {
  const open = model.open.value;
  const beside = useMedia(SIDE_BY_SIDE);
  const work = useRef<HTMLElement>(null);
  const detail = useRef<HTMLElement>(null);
  const state = model.state.value;
  const size = beside ? state.detailWidth : state.detailHeight;
  const measure = (): { size: number; min: number; max: number } => {
    const box = work.current?.getBoundingClientRect();
    const own = detail.current?.getBoundingClientRect();
    const all = (beside ? box?.width : box?.height) ?? 1000;
    return { size: size ?? (beside ? own?.width : own?.height) ?? 400, min: MIN_DETAIL, max: Math.max(MIN_DETAIL, all - MIN_GRID) };
  };
  return (
    <main ref={work} class={open === null ? 'work closed' : 'work'} style={size === null ? undefined : { '--detail': `${size}px` }}>
      <section class="left" aria-label="Cells">
        <Filters model={model} slices={snapshot.slices.length > 0} />
        <Grid model={model} snapshot={snapshot} />
      </section>
      {open !== null && (
        <aside ref={detail} class="detail" aria-label={`Cell ${open.detail?.case.id ?? ''}, ${snapshot.info.models[open.key.modelIndex]?.label ?? ''}`}>
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
          <Detail model={model} snapshot={snapshot} open={open} />
        </aside>
      )}
    </main>
  );
}

/** A live region that speaks now and then, not at every cell. */
function SpokenProgress({ snapshot }: { readonly snapshot: RunSnapshot }): ComponentChild {
  const [spoken, speak] = useState('');
  const latest = useRef(snapshot);
  latest.current = snapshot;
  const running = snapshot.info.status === 'running';
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => speak(`${formatCount(latest.current.done)} of ${formatCount(latest.current.total)} cells`), SPOKEN_PROGRESS_MS);
    return () => clearInterval(timer);
  }, [running]);
  return <div class="unseen-live" role="status">{running ? spoken : ''}</div>;
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
function handleKey(event: KeyboardEvent, model: RunModel, onHelp: () => void): void {
  if (event.defaultPrevented) return;
  const typing = event.target instanceof HTMLElement && event.target.matches('input, textarea, vscode-text-field');
  if (event.key === 'F8') void model.findFailing(event.shiftKey ? -1 : 1);
  else if (typing) return;
  else if (event.key === '/') model.searchFocus.value++;
  else if (event.key === '?') onHelp();
  else if (event.key === 'Escape' && model.open.value !== null && document.querySelector('dialog[open]') === null) model.closeCell();
  else if (event.key === 'c' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && (getSelection()?.isCollapsed ?? true)) void model.copyOutput();
  else return;
  event.preventDefault();
}
