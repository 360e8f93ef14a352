import type { ComponentChild } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { formatCount } from '../../../src/core/text/format.ts';
import type { CellFilter } from '../../../src/protocol/engine.ts';
import { IconButton } from '../../controls/controls.tsx';
import { Search } from '../../shared/search.tsx';
import { RunIcon } from './icons.tsx';
import type { RunModel } from './run-model.ts';

const FILTERS: readonly { readonly filter: CellFilter; readonly label: string; readonly title: string }[] = [
  { filter: 'all', label: 'All', title: 'All cases' },
  { filter: 'failing', label: 'Failing', title: 'Cases with a failing cell' },
  { filter: 'errors', label: 'Errors', title: 'Cases with a cell that gave no output' },
  { filter: 'slow', label: 'Slow', title: 'Cases with a cell slower than the p95 of its model' },
  { filter: 'cached', label: 'Cached', title: 'Cases with a cell from the cache' },
];

/** Which cases the grid shows, found by what, grouped how. */
export function Filters({ model, slices }: { readonly model: RunModel; readonly slices: boolean }): ComponentChild {
  void model.rowsChanged.value;
  const { view } = model.state.value;
  const { counts } = model.rows;
  const [searching, setSearching] = useState(false);
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (model.searchFocus.value > 0) setSearching(true);
  }, [model.searchFocus.value]);

  const choose = (at: number): void => {
    const next = FILTERS[(at + FILTERS.length) % FILTERS.length];
    if (next === undefined) return;
    model.setView({ filter: next.filter });
    group.current?.querySelectorAll<HTMLElement>('button')[FILTERS.indexOf(next)]?.focus();
  };
  return (
    <div class={searching || view.search !== '' ? 'filter searching' : 'filter'}>
      <div ref={group} class="seg" role="radiogroup" aria-label="Show">
        {FILTERS.map(({ filter, label, title }, at) => (
          <button
            key={filter}
            type="button"
            role="radio"
            aria-checked={view.filter === filter}
            tabIndex={view.filter === filter ? 0 : -1}
            title={title}
            onClick={() => model.setView({ filter })}
            onKeyDown={(event) => {
              if (event.key === 'ArrowRight' || event.key === 'ArrowDown') choose(at + 1);
              else if (event.key === 'ArrowLeft' || event.key === 'ArrowUp') choose(at - 1);
              else return;
              event.preventDefault();
            }}
          >
            {label} <span>{counts === null ? ' ' : formatCount(counts[filter])}</span>
          </button>
        ))}
      </div>
      <Search
        text={view.search}
        placeholder="Search cases"
        label="Search cases, variables and outputs"
        focus={model.searchFocus}
        onSearch={(search) => model.setView({ search })}
        onLeave={() => {
          setSearching(false);
          model.gridFocus.value++;
        }}
      />
      <span class="search-button"><IconButton icon="search" label="Search" title="Search (/)" onClick={() => model.searchFocus.value++} /></span>
      {slices && (
        <button type="button" class="toggle" aria-pressed={view.groupBySlice} aria-label="Group by slice" title="Group by slice" onClick={() => model.setView({ groupBySlice: !view.groupBySlice })}>
          <RunIcon name="group" /><span class="wide mid">Group by slice</span>
        </button>
      )}
    </div>
  );
}
