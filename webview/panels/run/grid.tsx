import { effect, useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { RunSnapshot } from '../../../src/protocol/engine.ts';
import { scrollToRow, visibleRows } from '../../shared/virtual.ts';
import { ColumnHeaders, headerId } from './column-headers.tsx';
import { gridLayout } from './grid-columns.ts';
import { GridKeys, HEADER_ROW } from './grid-keys.ts';
import { NoRows } from './states.tsx';
import type { RunModel } from './run-model.ts';
import { cellId, Row, ROW_HEIGHT, SliceCells, type RowActions } from './row.tsx';

/** Rows beyond the seen ones; scrolling by fewer than this draws nothing new. */
const OVERSCAN = 8;
/** Events of one movement follow each other faster than this. */
const FLYING_MS = 100;
/** A pointer rests after this; tooltips of the browser come later still. */
const RESTING_MS = 150;

/**
 * The cells of a run: a list of rows of one height, of which only those near the eye exist. Elements are recycled (row i lives in
 * element i modulo their number), so a scroll changes texts instead of making elements.
 */
export function Grid({ model, snapshot }: { readonly model: RunModel; readonly snapshot: RunSnapshot }): ComponentChild {
  void model.rowsChanged.value;
  const scroller = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 800, height: 600 });
  const range = useSignal<readonly [number, number]>([0, 0]);
  const firstSeen = useSignal(0);
  const headerMenu = useSignal(-1);
  const { view } = model.state.value;
  const labels = useMemo(() => snapshot.info.models.map((entry) => entry.label), [snapshot.info.models.map((entry) => entry.label).join('\n')]);
  const expected = useRef(false);
  if (!expected.current) for (const row of model.rows.loaded()) if (row.kind === 'case' && row.expected !== null) { expected.current = true; break; }
  const layout = useMemo(
    () => gridLayout(size.value.width, labels.length, { slices: snapshot.slices.length > 0, expected: expected.current || model.rows.total === null, grouped: view.groupBySlice, repeats: snapshot.info.repeats > 1 }),
    [size.value.width, labels, snapshot.slices.length, expected.current, model.rows.total === null, view.groupBySlice, snapshot.info.repeats > 1],
  );
  const total = model.rows.total ?? snapshot.info.cases;
  const active = model.active.value;

  const draw = (): void => {
    const box = scroller.current;
    if (box === null) return;
    // The height comes from the observer: asking the box for it would lay the page out once more.
    const viewport = { scrollTop: box.scrollTop, height: size.value.height - ROW_HEIGHT, rowHeight: ROW_HEIGHT, total };
    const [first, last] = visibleRows(viewport, 1);
    const [drawnFirst, drawnLast] = range.value;
    if (first < drawnFirst || last > drawnLast || drawnLast >= total) range.value = visibleRows(viewport, OVERSCAN);
    firstSeen.value = Math.floor(viewport.scrollTop / ROW_HEIGHT);
    model.rows.want(first, last);
  };
  const flight = useRef<{ top: number; at: number; timer: ReturnType<typeof setTimeout> | undefined }>({ top: 0, at: 0, timer: undefined });
  const onScroll = (): void => {
    const top = scroller.current?.scrollTop ?? 0;
    const now = performance.now();
    const { current: last } = flight;
    // Pages that fly past, at more than a page an event, are neither asked for nor drawn; a single jump is.
    const flying = Math.abs(top - last.top) > size.value.height && now - last.at < FLYING_MS;
    clearTimeout(last.timer);
    flight.current = { top, at: now, timer: flying ? setTimeout(draw, FLYING_MS / 2) : undefined };
    if (!flying) draw();
  };
  useLayoutEffect(() => () => clearTimeout(flight.current.timer), []);
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null) return undefined;
    const observer = new ResizeObserver(() => {
      size.value = { width: box.clientWidth, height: box.clientHeight };
    });
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(draw, [total, size.value.height]);
  useLayoutEffect(() => effect(() => {
    if (model.gridFocus.value > 0) scroller.current?.focus({ preventScroll: true });
  }), [model]);
  const widerThanBox = layout.minWidth > size.value.width;
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null || active.row < 0) return;
    // With slices, their row sticks to the top and would cover the one that is revealed.
    const covered = view.groupBySlice ? ROW_HEIGHT : 0;
    const target = scrollToRow(active.row, { scrollTop: box.scrollTop, height: box.clientHeight - ROW_HEIGHT, rowHeight: ROW_HEIGHT, total }, covered);
    if (target !== box.scrollTop) box.scrollTop = target;
    if (widerThanBox && active.column > 0) document.getElementById(cellId(active.row, active.column))?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [active, layout, size.value.height]);

  const actions = useMemo((): RowActions => ({
    onCell: (row, column) => {
      model.active.value = { row, column };
      void model.openAt(row, column);
    },
    onToggle: (row, slice) => {
      model.active.value = { row, column: model.active.value.column };
      model.toggleSlice(slice);
    },
    onRerun: (caseIndex) => model.request('cell/rerun', { caseIndex }),
  }), [model]);
  const keys = useMemo(() => new GridKeys(
    model,
    () => Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 600) - ROW_HEIGHT) / ROW_HEIGHT) - 1),
    (column) => document.querySelector<HTMLElement>(`#${headerId(column)} button`)?.click(),
  ), [model]);

  const [first, last] = range.value;
  // Always as many elements, so that a row keeps its own while it is near.
  const slots = Math.ceil(size.value.height / ROW_HEIGHT) + 2 * OVERSCAN + 2;
  const grid = { '--columns': layout.template, 'min-width': widerThanBox ? `${layout.minWidth}px` : '100%' };
  return (
    <div
      ref={scroller}
      class={`grid${view.groupBySlice ? ' grouped' : ''}${layout.latency ? '' : ' short'}${widerThanBox ? ' wide-grid' : ''}${snapshot.info.repeats > 1 ? ' repeats' : ''}`}
      role="grid"
      tabIndex={0}
      aria-label="Cells"
      aria-rowcount={total + 1}
      aria-colcount={layout.lead + labels.length}
      aria-activedescendant={active.row === HEADER_ROW ? headerId(active.column) : cellId(active.row, active.row >= 0 && model.rows.row(active.row)?.kind === 'slice' ? 0 : active.column)}
      onScroll={onScroll}
      onPointerOver={showTip}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget) return;
        if (keys.handle(event)) {
          event.preventDefault();
          event.stopPropagation();
        }
      }}
    >
      <div class="grid-content" style={grid}>
        <ColumnHeaders model={model} labels={labels} layout={layout} activeColumn={active.row === HEADER_ROW ? active.column : -1} menu={headerMenu} />
        {view.groupBySlice && <StickySlice model={model} layout={layout} first={firstSeen.value} />}
        <div class={model.rows.total === null ? 'rows first' : 'rows'} role="rowgroup" style={{ height: `${total * ROW_HEIGHT}px` }}>
          {Array.from({ length: slots }, (_, slot) => {
            const index = first + ((((slot - first) % slots) + slots) % slots);
            return <Row key={slot} index={index} row={index <= last ? model.rows.row(index) : undefined} epoch={model.rows.epoch} layout={layout} activeColumn={active.row === index ? active.column : -1} models={labels} actions={actions} />;
          })}
        </div>
      </div>
      {total === 0 && <NoRows model={model} snapshot={snapshot} />}
    </div>
  );
}

let tipTimer: ReturnType<typeof setTimeout> | undefined;

/**
 * A text that is cut off gets its whole as tooltip when the pointer rests on it, not when the row is drawn: whether it is cut off
 * takes a layout, and while the list scrolls, rows pass under a pointer that does not move.
 */
function showTip(event: PointerEvent): void {
  clearTimeout(tipTimer);
  const cell = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-tip]') : null;
  if (cell === null) return;
  tipTimer = setTimeout(() => { cell.title = cell.scrollWidth > cell.clientWidth ? cell.textContent ?? '' : ''; }, RESTING_MS);
}

/** The row of the slice that the first seen case belongs to, when that row itself has scrolled away. */
function StickySlice({ model, layout, first }: { readonly model: RunModel; readonly layout: ReturnType<typeof gridLayout>; readonly first: number }): ComponentChild {
  const top = model.rows.row(first);
  if (top?.kind !== 'case' || top.slice === null) return null;
  const row = model.sliceRow(top.slice);
  if (row === undefined) return null;
  // The next slice's row pushes this one out instead of sliding under it.
  if (model.rows.row(first + 1)?.kind === 'slice') return null;
  return (
    <div class="sticky" aria-hidden="true">
      <div class="row group" onClick={() => model.toggleSlice(row.slice)}><SliceCells row={row} layout={layout} index={null} /></div>
    </div>
  );
}
