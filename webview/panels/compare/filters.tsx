import type { ComponentChild } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { formatCount } from '../../../src/core/text/format.ts';
import type { Comparison, ComparisonFilter } from '../../../src/protocol/compare.ts';
import { IconButton } from '../../controls/controls.tsx';
import { Icon } from '../../controls/icon.tsx';
import { Menu } from '../../controls/menu.tsx';
import { Search } from '../../shared/search.tsx';
import { isOffered } from './blinding.ts';
import type { CompareModel } from './compare-model.ts';

interface FilterWords {
  readonly filter: ComparisonFilter;
  readonly label: string;
  readonly title: string;
}

/** Which cases the grid shows, found by what. */
export function Filters({ model, comparison }: { readonly model: CompareModel; readonly comparison: Comparison }): ComponentChild {
  const { blinded } = model.state.value;
  const { view } = model;
  const [menu, showMenu] = useState(false);
  const group = useRef<HTMLDivElement>(null);
  const filters = filtersOf(comparison).filter(({ filter }) => isOffered(filter, blinded));
  const count = ({ filter, label }: FilterWords): ComponentChild => <>{label} <span>{formatCount(comparison.counts[filter])}</span></>;
  const choose = (at: number): void => {
    const next = filters[(at + filters.length) % filters.length];
    if (next === undefined) return;
    model.setView({ filter: next.filter });
    group.current?.querySelectorAll<HTMLElement>('button')[filters.indexOf(next)]?.focus();
  };
  const current = filters.find(({ filter }) => filter === view.filter);
  return (
    <div class="filter">
      <div ref={group} class="seg" role="radiogroup" aria-label="Show">
        {filters.map((entry, at) => (
          <button
            key={entry.filter} type="button" role="radio" aria-checked={view.filter === entry.filter} tabIndex={view.filter === entry.filter ? 0 : -1} title={entry.title}
            onClick={() => model.setView({ filter: entry.filter })}
            onKeyDown={(event) => {
              if (event.key === 'ArrowRight' || event.key === 'ArrowDown') choose(at + 1);
              else if (event.key === 'ArrowLeft' || event.key === 'ArrowUp') choose(at - 1);
              else return;
              event.preventDefault();
            }}
          >
            {entry.filter === 'regressed' && <Icon name="arrowDown" class="fail" />}
            {entry.filter === 'improved' && <Icon name="arrowUp" class="pass" />}
            {count(entry)}
          </button>
        ))}
      </div>
      <span class="anchor filter-menu">
        <button type="button" class="drop" aria-haspopup="menu" aria-expanded={menu} aria-label={`Show: ${current?.label ?? ''}`} onClick={() => showMenu(!menu)}>{current !== undefined && count(current)}<Icon name="chevronDown" /></button>
        {menu && <Menu items={filters.map((entry) => ({ label: `${entry.label} ${formatCount(comparison.counts[entry.filter])}`, checked: entry.filter === view.filter, run: () => model.setView({ filter: entry.filter }) }))} label="Show" align="left" onClose={() => showMenu(false)} />}
      </span>
      {view.slice !== null && (
        <span class="chip" title={`Only cases of ${view.slice}`}><span class="ell">{view.slice}</span><IconButton icon="close" label={`Show all slices, not only ${view.slice}`} onClick={() => model.setView({ slice: null })} /></span>
      )}
      <Search text={view.search} placeholder="Search cases" label="Search cases, variables and outputs" focus={model.searchFocus} onSearch={(search) => model.setView({ search })} onLeave={() => model.gridFocus.value++} />
    </div>
  );
}

function filtersOf({ a, b }: Comparison): readonly FilterWords[] {
  return [
    { filter: 'all', label: 'All', title: 'All cases' },
    { filter: 'regressed', label: 'Regressed', title: `Passed by most repeats of ${a.label}, not of ${b.label}` },
    { filter: 'improved', label: 'Improved', title: `Passed by most repeats of ${b.label}, not of ${a.label}` },
    { filter: 'changed', label: 'Changed', title: 'The outputs differ, whatever their scores' },
    { filter: 'failing', label: 'Failing', title: `A repeat of ${b.label} fails` },
    { filter: 'disagreement', label: 'Disagreement', title: 'The repeats of one side do not agree' },
  ];
}
