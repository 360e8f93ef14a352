import type { ComponentChild } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { formatCount } from '../../../src/core/text/format.ts';
import type { Comparison } from '../../../src/protocol/compare.ts';
import { Panel } from '../../shared/panel.tsx';
import { Tabs } from '../../shared/tabs.tsx';
import { Work } from '../../shared/work.tsx';
import { isRunning, type CompareModel } from './compare-model.ts';
import { Detail } from './detail.tsx';
import { Filters } from './filters.tsx';
import { Grid } from './grid.tsx';
import { Header } from './header.tsx';
import { KEYS } from './keys.ts';
import { Choices, Notes } from './notes.tsx';
import { PromptTab } from './prompt-tab.tsx';
import { ScoresTab } from './scores-tab.tsx';
import { SlicesTab } from './slices-tab.tsx';
import { FAILURE_WORDS, Loading, Refused } from './states.tsx';
import { Summary } from './summary.tsx';
import type { Tab } from './view-state.ts';

const TABS: readonly { readonly tab: Tab; readonly label: string }[] = [
  { tab: 'outputs', label: 'Outputs' }, { tab: 'prompt', label: 'Prompt' }, { tab: 'slices', label: 'Slices' }, { tab: 'scores', label: 'Scores' },
];
/** How often a screen reader hears of progress. */
const SPOKEN_PROGRESS_MS = 10_000;

export function ComparePanel({ model }: { readonly model: CompareModel }): ComponentChild {
  const shown = model.shown.value;
  return (
    <Panel model={model} words={FAILURE_WORDS} keys={KEYS} onKey={(event, typing) => handleKey(event, typing, model)} loading={<Loading />}>
      {shown === null ? null : ({ notes, showKeys }) => (
        <>
          <Header model={model} shown={shown} onKeys={showKeys} />
          <Progress comparison={shown.comparison} />
          <div>{notes}<Notes model={model} comparison={shown.comparison} /></div>
          <div><Choices model={model} shown={shown} /><Summary model={model} comparison={shown.comparison} /></div>
          <Tabs tabs={TABS} tab={model.state.value.tab} label="Comparison" panel="tab-panel" onChoose={(next) => model.showTab(next)} />
          <Content model={model} comparison={shown.comparison} />
          <SpokenProgress comparison={shown.comparison} />
        </>
      )}
    </Panel>
  );
}

function Content({ model, comparison }: { readonly model: CompareModel; readonly comparison: Comparison }): ComponentChild {
  const { tab } = model.state.value;
  const labels = { role: 'tabpanel', id: 'tab-panel', 'aria-labelledby': `tab-${tab}` } as const;
  if (tab === 'prompt') return <section class="whole" {...labels}><PromptTab model={model} comparison={comparison} /></section>;
  if (comparison.refused !== null) return <section class="whole" {...labels}><Refused model={model} comparison={comparison} /></section>;
  if (tab === 'slices') return <section class="whole" {...labels}><SlicesTab model={model} comparison={comparison} /></section>;
  if (tab === 'scores') return <section class="whole" {...labels}><ScoresTab model={model} comparison={comparison} /></section>;
  const open = model.open.value;
  return (
    <Work model={model} label={`Case ${open?.detail?.caseId ?? ''}`} detail={open === null ? null : <Detail model={model} comparison={comparison} open={open} />}>
      <section class="left" aria-label="Cases">
        <Filters model={model} comparison={comparison} />
        <Grid model={model} comparison={comparison} />
      </section>
    </Work>
  );
}

function Progress({ comparison }: { readonly comparison: Comparison }): ComponentChild {
  const { a, b } = comparison;
  const [done, total] = [a.done + b.done, a.total + b.total];
  const running = isRunning(comparison);
  return (
    <div class={running ? 'progress' : 'progress done'} role="progressbar" aria-valuemin={0} aria-valuemax={total} aria-valuenow={done} aria-label="Outputs done">
      <i style={{ transform: `scaleX(${running && total > 0 ? done / total : 0})` }} />
    </div>
  );
}

/** A live region that speaks now and then, not at every cell. */
function SpokenProgress({ comparison }: { readonly comparison: Comparison }): ComponentChild {
  const [spoken, speak] = useState('');
  const latest = useRef(comparison);
  latest.current = comparison;
  const running = isRunning(comparison);
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => {
      const { a, b } = latest.current;
      speak(`${formatCount(a.done + b.done)} of ${formatCount(a.total + b.total)} outputs`);
    }, SPOKEN_PROGRESS_MS);
    return () => clearInterval(timer);
  }, [running]);
  return <div class="unseen-live" role="status">{running ? spoken : ''}</div>;
}

const JUDGING = { 1: 'left', 2: 'tie', 3: 'right' } as const;

/** The keys that work wherever the focus is in the panel. */
function handleKey(event: KeyboardEvent, typing: boolean, model: CompareModel): boolean {
  const open = model.open.value !== null && model.state.value.tab === 'outputs';
  if (document.querySelector('dialog[open], [role="menu"]') !== null) return false;
  if (event.key === 'F8') model.step(event.shiftKey ? -1 : 1);
  else if (typing) return false;
  else if (event.key === '/') {
    model.showTab('outputs');
    model.searchFocus.value++;
  } else if (event.key === 'Escape' && open) model.closeCase();
  else if (event.key === 'Enter' && event.shiftKey && open) model.acceptAsExpected();
  else if (event.key === 'c' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && open && (getSelection()?.isCollapsed ?? true)) void model.copyOutputs();
  else if (event.ctrlKey || event.metaKey || event.altKey) return false;
  else if (event.key === 'b') model.toggleBlinded();
  else if (open && (event.key === '1' || event.key === '2' || event.key === '3')) void model.judge(JUDGING[event.key]);
  else return false;
  return true;
}
