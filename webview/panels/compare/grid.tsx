import type { ComponentChild } from 'preact';
import { useLayoutEffect, useMemo } from 'preact/hooks';
import type { Comparison, ComparisonView } from '../../../src/protocol/compare.ts';
import { Button } from '../../controls/controls.tsx';
import { showCutText } from '../../shared/cut-text.ts';
import { HEADER_ROW } from '../../shared/grid-place.ts';
import { useVirtualRows } from '../../shared/virtual-rows.ts';
import type { CompareModel, SortColumn } from './compare-model.ts';
import { CaseKeys } from './grid-keys.ts';
import { CompareIcon } from './icons.tsx';
import { Row, ROW_HEIGHT, rowId } from './row.tsx';

/** The cases of a comparison. */
export function Grid({ model, comparison }: { readonly model: CompareModel; readonly comparison: Comparison }): ComponentChild {
  void model.rowsChanged.value;
  const total = model.rows.total ?? comparison.cases;
  const active = model.active.value;
  const [labelA, labelB] = [comparison.a.label, comparison.b.label];
  const labels = useMemo(() => ({ a: labelA, b: labelB }), [labelA, labelB]);

  const rows = useVirtualRows({ total, rowHeight: ROW_HEIGHT, want: (first, last) => model.rows.want(first, last), focus: model.gridFocus });
  useLayoutEffect(() => {
    if (active !== HEADER_ROW) rows.reveal(active);
  }, [active, rows.size.value.height]);

  const onOpen = useMemo(() => (row: number): void => {
    model.active.value = row;
    void model.openRow(row);
  }, [model]);
  const keys = useMemo(() => new CaseKeys(model, rows.page, (column) => model.sortBy(model.sorts[column] ?? 'case')), [model]);
  const here = active === HEADER_ROW ? headerId(model.sorts[model.column] ?? 'case') : rowId(active);

  return (
    <div
      ref={rows.scroller} class="grid" role="grid" tabIndex={0} aria-label="Cases" aria-rowcount={total + 1} aria-colcount={6} aria-activedescendant={here}
      onScroll={rows.onScroll} onPointerOver={showCutText}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget || !keys.handle(event)) return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <ColumnHeaders model={model} comparison={comparison} />
      <div class={model.rows.total === null ? 'rows first' : 'rows'} role="rowgroup" style={{ height: `${total * ROW_HEIGHT}px` }}>
        {rows.indexes.map((index, slot) => {
          const row = index <= rows.last ? model.rows.row(index) : undefined;
          return <Row key={slot} index={index} row={row} epoch={model.rows.epoch} active={active === index} hidden={row !== undefined && model.seating(row.caseIndex, row.verdict).hidden} labels={labels} onOpen={onOpen} />;
        })}
      </div>
      {total === 0 && <NoRows model={model} comparison={comparison} />}
    </div>
  );
}

/** Names of the columns; a click sorts by one, the next the other way round, the third gives the first order back. */
function ColumnHeaders({ model, comparison }: { readonly model: CompareModel; readonly comparison: Comparison }): ComponentChild {
  const { sort } = model.view;
  const { sorts } = model;
  const at = model.active.value === HEADER_ROW ? sorts[model.column] : undefined;
  const header = (by: SortColumn, label: string, title: string, className = ''): ComponentChild => !sorts.includes(by) ? <span class={className} role="columnheader"><span class="ell">{label}</span></span> : (
    <span id={headerId(by)} class={by === at ? `${className} at` : className} role="columnheader" aria-sort={sort.by !== by ? 'none' : sort.descending ? 'descending' : 'ascending'}>
      <button type="button" tabIndex={-1} title={title} onClick={() => {
        model.sortBy(by);
        model.gridFocus.value++;
      }}><span class="ell">{label}</span>{sort.by === by && <CompareIcon name={sort.descending ? 'sortDown' : 'sortUp'} class="sorted" />}</button>
    </span>
  );
  return (
    <div class="row cols" role="row" aria-rowindex={1}>
      {header('case', 'Case', 'Sort by case')}
      <span class="exp" role="columnheader">Expected</span>
      {header('a', comparison.a.label, `Sort by the score of ${comparison.a.label}`)}
      {header('b', comparison.b.label, `Sort by the score of ${comparison.b.label}`)}
      {header('delta', 'Δ', `${sort.by === 'change' ? 'Now in the order: regressed, improved, changed, failing, then as in the dataset. ' : ''}Sort by the difference`, 'd')}
      <span class="judged" role="columnheader" title="Which side a person found better">Your verdict</span>
    </div>
  );
}

function headerId(by: SortColumn): string {
  return `by-${by}`;
}

const NOTHING: Readonly<Record<ComparisonView['filter'], string>> = {
  all: 'No case', regressed: 'No case regressed', improved: 'No case improved', changed: 'No output changed', failing: 'No case fails', disagreement: 'All repeats agree',
};

/** The grid has no row: why, and the way back. */
function NoRows({ model, comparison }: { readonly model: CompareModel; readonly comparison: Comparison }): ComponentChild {
  const { filter, search, slice } = model.view;
  if (comparison.refused !== null) return null;
  if (filter === 'all' && search === '' && slice === null) return <div class="nothing"><p>There are no cases to compare. Add cases to the dataset, then run again.</p><Button onClick={() => model.request('open', { ref: comparison.ref, what: 'dataset' })}>Open dataset</Button></div>;
  const within = slice === null ? '' : ` in ${slice}`;
  const sentence = search === '' ? `${NOTHING[filter]}${within}.` : filter === 'all' ? `No case${within} matches “${search}”.` : `${NOTHING[filter]}${within} and matches “${search}”.`;
  return <div class="nothing"><p>{sentence}</p><Button onClick={() => model.clearFilter()}>Clear filter</Button></div>;
}
