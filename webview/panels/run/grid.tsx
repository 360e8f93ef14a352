import { useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { RunSnapshot } from '../../../src/protocol/engine.ts';
import { showCutText } from '../../shared/cut-text.ts';
import { HEADER_ROW } from '../../shared/grid-place.ts';
import { useVirtualRows } from '../../shared/virtual-rows.ts';
import { ColumnHeaders, headerId } from './column-headers.tsx';
import { gridLayout } from './grid-columns.ts';
import { RunGridKeys } from './grid-keys.ts';
import { NoRows } from './states.tsx';
import type { RunModel } from './run-model.ts';
import { cellId, Row, ROW_HEIGHT, SliceCells, type RowActions } from './row.tsx';

/** The cells of a run, a row a case. */
export function Grid({ model, snapshot }: { readonly model: RunModel; readonly snapshot: RunSnapshot }): ComponentChild {
  void model.rowsChanged.value;
  const total = model.rows.total ?? snapshot.info.cases;
  const rows = useVirtualRows({ total, rowHeight: ROW_HEIGHT, want: (first, last) => model.rows.want(first, last), focus: model.gridFocus });
  const { width, height } = rows.size.value;
  const headerMenu = useSignal(-1);
  const { view } = model.state.value;
  const labels = useMemo(() => snapshot.info.models.map((entry) => entry.label), [snapshot.info.models.map((entry) => entry.label).join('\n')]);
  const expected = useRef(false);
  if (!expected.current) for (const row of model.rows.loaded()) if (row.kind === 'case' && row.expected !== null) { expected.current = true; break; }
  const layout = useMemo(
    () => gridLayout(width, labels.length, { slices: snapshot.slices.length > 0, expected: expected.current || model.rows.total === null, grouped: view.groupBySlice, repeats: snapshot.info.repeats > 1 }),
    [width, labels, snapshot.slices.length, expected.current, model.rows.total === null, view.groupBySlice, snapshot.info.repeats > 1],
  );
  const active = model.active.value;

  const widerThanBox = layout.minWidth > width;
  useLayoutEffect(() => {
    if (active.row < 0) return;
    // With slices, their row sticks to the top and would cover the one that is revealed.
    rows.reveal(active.row, view.groupBySlice ? ROW_HEIGHT : 0);
    if (widerThanBox && active.column > 0) document.getElementById(cellId(active.row, active.column))?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [active, layout, height]);

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
  const keys = useMemo(() => new RunGridKeys(
    model,
    rows.page,
    (column) => document.querySelector<HTMLElement>(`#${headerId(column)} button`)?.click(),
  ), [model]);

  const grid = { '--columns': layout.template, 'min-width': widerThanBox ? `${layout.minWidth}px` : '100%' };
  return (
    <div
      ref={rows.scroller}
      class={`grid${view.groupBySlice ? ' grouped' : ''}${layout.latency ? '' : ' short'}${widerThanBox ? ' wide-grid' : ''}${snapshot.info.repeats > 1 ? ' repeats' : ''}`}
      role="grid"
      tabIndex={0}
      aria-label="Cells"
      aria-rowcount={total + 1}
      aria-colcount={layout.lead + labels.length}
      aria-activedescendant={active.row === HEADER_ROW ? headerId(active.column) : cellId(active.row, active.row >= 0 && model.rows.row(active.row)?.kind === 'slice' ? 0 : active.column)}
      onScroll={rows.onScroll}
      onPointerOver={showCutText}
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
        {view.groupBySlice && <StickySlice model={model} layout={layout} first={rows.firstSeen.value} />}
        <div class={model.rows.total === null ? 'rows first' : 'rows'} role="rowgroup" style={{ height: `${total * ROW_HEIGHT}px` }}>
          {rows.indexes.map((index, slot) => (
            <Row key={slot} index={index} row={index <= rows.last ? model.rows.row(index) : undefined} epoch={model.rows.epoch} layout={layout} activeColumn={active.row === index ? active.column : -1} models={labels} actions={actions} />
          ))}
        </div>
      </div>
      {total === 0 && <NoRows model={model} snapshot={snapshot} />}
    </div>
  );
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
