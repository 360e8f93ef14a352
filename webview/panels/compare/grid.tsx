import { effect, useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { Comparison, ComparisonView } from '../../../src/protocol/compare.ts';
import { Button } from '../../controls/controls.tsx';
import { scrollToRow, visibleRows } from '../../shared/virtual.ts';
import type { CompareModel } from './compare-model.ts';
import { GridKeys } from './grid-keys.ts';
import { CompareIcon } from './icons.tsx';
import { Row, ROW_HEIGHT, rowId } from './row.tsx';
import { INITIAL_VIEW } from './view-state.ts';

/** Rows beyond the seen ones; scrolling by fewer than this draws nothing new. */
const OVERSCAN = 8;
/** Events of one movement follow each other faster than this. */
const FLYING_MS = 100;
const RESTING_MS = 150;

/**
 * The cases of a comparison: rows of one height, of which only those near the eye exist. Elements are recycled (row i lives in element
 * i modulo their number), so a scroll changes texts instead of making elements.
 */
export function Grid({ model, comparison }: { readonly model: CompareModel; readonly comparison: Comparison }): ComponentChild {
  void model.rowsChanged.value;
  const scroller = useRef<HTMLDivElement>(null);
  const height = useSignal(600);
  const range = useSignal<readonly [number, number]>([0, 0]);
  const total = model.rows.total ?? comparison.cases;
  const active = model.active.value;
  const [labelA, labelB] = [comparison.a.label, comparison.b.label];
  const labels = useMemo(() => ({ a: labelA, b: labelB }), [labelA, labelB]);

  const draw = (): void => {
    const box = scroller.current;
    if (box === null) return;
    // The height comes from the observer: asking the box for it would lay the page out once more.
    const viewport = { scrollTop: box.scrollTop, height: height.value - ROW_HEIGHT, rowHeight: ROW_HEIGHT, total };
    const [first, last] = visibleRows(viewport, 1);
    const [drawnFirst, drawnLast] = range.value;
    if (first < drawnFirst || last > drawnLast || drawnLast >= total) range.value = visibleRows(viewport, OVERSCAN);
    model.rows.want(first, last);
  };
  const flight = useRef<{ top: number; at: number; timer: ReturnType<typeof setTimeout> | undefined }>({ top: 0, at: 0, timer: undefined });
  const onScroll = (): void => {
    const top = scroller.current?.scrollTop ?? 0;
    const now = performance.now();
    const { current: last } = flight;
    // Pages that fly past, at more than a page an event, are neither asked for nor drawn; a single jump is.
    const flying = Math.abs(top - last.top) > height.value && now - last.at < FLYING_MS;
    clearTimeout(last.timer);
    flight.current = { top, at: now, timer: flying ? setTimeout(draw, FLYING_MS / 2) : undefined };
    if (!flying) draw();
  };
  useLayoutEffect(() => () => clearTimeout(flight.current.timer), []);
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null) return undefined;
    const observer = new ResizeObserver(() => { height.value = box.clientHeight; });
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(draw, [total, height.value]);
  useLayoutEffect(() => effect(() => {
    if (model.gridFocus.value > 0) scroller.current?.focus({ preventScroll: true });
  }), [model]);
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const target = scrollToRow(active, { scrollTop: box.scrollTop, height: box.clientHeight - ROW_HEIGHT, rowHeight: ROW_HEIGHT, total });
    if (target !== box.scrollTop) box.scrollTop = target;
  }, [active, height.value]);

  const onOpen = useMemo(() => (row: number): void => {
    model.active.value = row;
    void model.openRow(row);
  }, [model]);
  const keys = useMemo(() => new GridKeys(model, () => Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 600) - ROW_HEIGHT) / ROW_HEIGHT) - 1)), [model]);

  const [first, last] = range.value;
  // Always as many elements, so that a row keeps its own while it is near.
  const slots = Math.ceil(height.value / ROW_HEIGHT) + 2 * OVERSCAN + 2;
  return (
    <div
      ref={scroller} class="grid" role="grid" tabIndex={0} aria-label="Cases" aria-rowcount={total + 1} aria-colcount={6} aria-activedescendant={rowId(active)}
      onScroll={onScroll} onPointerOver={showTip}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget || !keys.handle(event)) return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <ColumnHeaders model={model} comparison={comparison} />
      <div class={model.rows.total === null ? 'rows first' : 'rows'} role="rowgroup" style={{ height: `${total * ROW_HEIGHT}px` }}>
        {Array.from({ length: slots }, (_, slot) => {
          const index = first + ((((slot - first) % slots) + slots) % slots);
          const row = index <= last ? model.rows.row(index) : undefined;
          return <Row key={slot} index={index} row={row} epoch={model.rows.epoch} active={active === index} hidden={row !== undefined && model.seating(row.caseIndex, row.verdict).hidden} labels={labels} onOpen={onOpen} />;
        })}
      </div>
      {total === 0 && <NoRows model={model} comparison={comparison} />}
    </div>
  );
}

type Sort = ComparisonView['sort'];

/** Names of the columns; a click sorts by one, the next the other way round, the third gives the first order back. */
function ColumnHeaders({ model, comparison }: { readonly model: CompareModel; readonly comparison: Comparison }): ComponentChild {
  const { sort } = model.view;
  const turn = (by: Sort['by']) => (): void => model.setView({ sort: sort.by !== by ? { by, descending: false } : !sort.descending ? { by, descending: true } : INITIAL_VIEW.sort });
  const header = (by: Sort['by'], label: string, title: string, className = ''): ComponentChild => (
    <span class={className} role="columnheader" aria-sort={sort.by !== by ? 'none' : sort.descending ? 'descending' : 'ascending'}>
      <button type="button" tabIndex={-1} title={title} onClick={turn(by)}><span class="ell">{label}</span>{sort.by === by && <CompareIcon name={sort.descending ? 'sortDown' : 'sortUp'} class="sorted" />}</button>
    </span>
  );
  return (
    <div class="row cols" role="row" aria-rowindex={1}>
      {header('case', 'Case', 'Sort by case')}
      <span class="exp" role="columnheader">Expected</span>
      {header('a', comparison.a.label, `Sort by the score of ${comparison.a.label}`)}
      {header('b', comparison.b.label, `Sort by the score of ${comparison.b.label}`)}
      {header('delta', 'Δ', `${sort.by === 'change' ? 'Now in the order: regressed, improved, changed, failing, then as in the dataset. ' : ''}Sort by the difference`, 'd')}
      <span class="judged" role="columnheader" title="Which side a person found better">Verdict</span>
    </div>
  );
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

let tipTimer: ReturnType<typeof setTimeout> | undefined;

/** A text that is cut off gets its whole as tooltip when the pointer rests on it: whether it is cut off takes a layout. */
function showTip(event: PointerEvent): void {
  clearTimeout(tipTimer);
  const cell = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-tip]') : null;
  if (cell === null) return;
  tipTimer = setTimeout(() => { cell.title = cell.scrollWidth > cell.clientWidth ? cell.textContent ?? '' : ''; }, RESTING_MS);
}
