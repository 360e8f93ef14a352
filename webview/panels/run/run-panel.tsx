import type { ComponentChild } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { formatCount } from '../../../src/core/text/format.ts';
import type { RunSnapshot } from '../../../src/protocol/engine.ts';
import { Panel } from '../../shared/panel.tsx';
import { Work } from '../../shared/work.tsx';
import { Detail } from './detail.tsx';
import { Filters } from './filters.tsx';
import { Grid } from './grid.tsx';
import { Header } from './header.tsx';
import { KEYS } from './keys.ts';
import type { RunModel } from './run-model.ts';
import { FAILURE_WORDS, Loading } from './states.tsx';
import { Summary } from './summary.tsx';

/** How often a screen reader hears of progress. */
const SPOKEN_PROGRESS_MS = 10_000;

export function RunPanel({ model }: { readonly model: RunModel }): ComponentChild {
  const snapshot = model.snapshot.value;
  return (
    <Panel model={model} words={FAILURE_WORDS} keys={KEYS} onKey={(event, typing) => handleKey(event, typing, model)} loading={<Loading />}>
      {snapshot === null ? null : ({ notes, showKeys }) => (
        <>
          <Header model={model} snapshot={snapshot} onKeys={showKeys} />
          <Progress snapshot={snapshot} />
          {notes}
          <Summary model={model} snapshot={snapshot} />
          <Cells model={model} snapshot={snapshot} />
          <SpokenProgress snapshot={snapshot} />
        </>
      )}
    </Panel>
  );
}

function Progress({ snapshot: { info, done, total } }: { readonly snapshot: RunSnapshot }): ComponentChild {
  const share = info.status !== 'running' || total === 0 ? 0 : done / total;
  return (
    <div class={info.status === 'running' ? 'progress' : 'progress done'} role="progressbar" aria-valuemin={0} aria-valuemax={total} aria-valuenow={done} aria-label="Cells done">
      <i style={{ transform: `scaleX(${share})` }} />
    </div>
  );
}

function Cells({ model, snapshot }: { readonly model: RunModel; readonly snapshot: RunSnapshot }): ComponentChild {
  const open = model.open.value;
  const label = open === null ? '' : `Cell ${open.detail?.case.id ?? ''}, ${snapshot.info.models[open.key.modelIndex]?.label ?? ''}`;
  return (
    <Work model={model} label={label} detail={open === null ? null : <Detail model={model} snapshot={snapshot} open={open} />}>
      <section class="left" aria-label="Cells">
        <Filters model={model} slices={snapshot.slices.length > 0} />
        <Grid model={model} snapshot={snapshot} />
      </section>
    </Work>
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

/** The keys that work wherever the focus is in the panel. */
function handleKey(event: KeyboardEvent, typing: boolean, model: RunModel): boolean {
  if (event.key === 'F8') void model.findFailing(event.shiftKey ? -1 : 1);
  else if (typing) return false;
  else if (event.key === '/') model.searchFocus.value++;
  else if (event.key === 'Escape' && model.open.value !== null && document.querySelector('dialog[open]') === null) model.closeCell();
  else if (event.key === 'c' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && (getSelection()?.isCollapsed ?? true)) void model.copyOutput();
  else return false;
  return true;
}
