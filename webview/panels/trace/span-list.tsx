import { effect, useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { formatCount } from '../../../src/core/text/format.ts';
import { timeLabel } from '../../../src/core/trace/view/time-axis.ts';
import { Sash } from '../../shared/split.tsx';
import { OVERSCAN, recycled, useSize } from '../../shared/virtual-rows.ts';
import { visibleRows } from '../../shared/virtual.ts';
import { Axis, GridLines } from './axis.tsx';
import { colours, watchTheme } from './colours.ts';
import { Histograms } from './histograms.ts';
import { ListKeys } from './list-keys.ts';
import { listLayout, timeAt } from './list-layout.ts';
import { marksOfFindings } from './marks.ts';
import { Overview } from './overview.tsx';
import { measureLabels, rowId, ROW_HEIGHT, SpanRow, type RowActions } from './span-row.tsx';
import { NothingShown } from './states.tsx';
import type { TraceModel } from './trace-model.ts';
import { VirtualScroll } from './virtual-scroll.ts';

/** From so many spans on the overview is worth its place. */
const OVERVIEW_FROM = 150;
const COLUMN_WORDS = { matches: 'Matches', spans: 'Spans', errors: 'Errors', p50: 'p50' } as const;

/** Row from which the places of rows are counted, so that they stay small and rows keep theirs while the list scrolls. */
function base(first: number): number {
  return first - (first % 4096);
}

/** Tree and timeline: one list of rows of one height, of which only those near the eye exist, on one time axis. */
export function SpanList({ model }: { readonly model: TraceModel }): ComponentChild {
  const stamp = model.changes.value;
  const view = model.view.value;
  const list = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  /** As it was told last: asking the box for it would lay the page out once more. */
  const scrollTop = useRef(0);
  const rowsWindow = useRef<HTMLDivElement>(null);
  const cursor = useRef<HTMLDivElement>(null);
  const size = useSize(scroller);
  const range = useSignal<readonly [number, number]>([0, 0]);
  const histograms = useMemo(() => new Histograms(), []);
  const total = view?.rows.length ?? 0;
  const scroll = new VirtualScroll(total * ROW_HEIGHT, size.value.height);
  const finding = model.finder.matches.value !== null;
  const { treeWidth } = model.state.value;
  const merged = view?.display.merged ?? false;
  const layout = useMemo(() => listLayout(size.value.width, { merged, finding, treeWidth }), [size.value.width, merged, finding, treeWidth]);
  const { whole } = model.time;
  const { from, to } = model.time.window;
  const window = useMemo(() => ({ from, to }), [from, to]);
  const findings = model.findings.value?.findings;
  const marks = useMemo(() => (view === null || findings === undefined ? new Map() : marksOfFindings(findings, view)), [findings, view]);
  const active = model.active.value;
  const theme = colours.value;

  const draw = (): void => {
    const viewport = { scrollTop: scroll.top(scrollTop.current), height: size.value.height, rowHeight: ROW_HEIGHT, total };
    const [first, last] = visibleRows(viewport, 1);
    const [drawnFirst, drawnLast] = range.value;
    if (first < drawnFirst || last > drawnLast || drawnLast >= total) range.value = visibleRows(viewport, OVERSCAN);
    shift();
  };
  /** Rows stand in a window that is moved as a whole: of a list taller than a browser can make it they move by other steps than the bar. */
  const shift = (): void => {
    if (rowsWindow.current !== null) rowsWindow.current.style.transform = `translateY(${base(range.value[0]) * ROW_HEIGHT - scroll.offset(scrollTop.current)}px)`;
  };
  useLayoutEffect(() => {
    const stop = watchTheme();
    return () => {
      stop();
      histograms.dispose();
    };
  }, []);
  // When the first rows are seen: until then the width that nearly all such fonts have does.
  useEffect(() => {
    if (measureLabels(getComputedStyle(document.documentElement).getPropertyValue('--mono'))) model.changes.value++;
  }, [model]);
  useLayoutEffect(draw, [total, size.value.height]);
  useLayoutEffect(shift);
  // The time under a resting pointer is another one now; the next movement says which.
  useLayoutEffect(() => { if (cursor.current !== null) cursor.current.hidden = true; }, [layout, window]);
  useLayoutEffect(() => effect(() => {
    if (model.listFocus.value > 0) list.current?.focus({ preventScroll: true });
  }), [model]);
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null || active < 0) return;
    const target = scroll.reveal(active * ROW_HEIGHT, ROW_HEIGHT, scrollTop.current);
    if (target !== scrollTop.current) box.scrollTop = target;
  }, [active, size.value.height, stamp]);

  const actions = useMemo((): RowActions => ({
    onOpen: (index) => model.openRow(index),
    onToggle: (index) => model.toggle(index),
    onMembers: (index) => {
      const row = model.view.value?.rows.at(index);
      if (row !== undefined) model.change(() => model.view.value?.setMembers(row.group, !model.view.value.showsMembers(row.group)), row);
    },
  }), [model]);
  const keys = useMemo(() => new ListKeys(model, () => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 600) / ROW_HEIGHT) - 1)), [model]);
  if (view === null) return null;

  const onPointerMove = (event: PointerEvent): void => {
    const line = cursor.current;
    const box = list.current?.getBoundingClientRect();
    if (line === null || box === undefined) return;
    const x = event.clientX - box.left - layout.treeWidth;
    line.hidden = x < 0 || x > layout.timelineWidth;
    if (line.hidden) return;
    line.style.transform = `translateX(${event.clientX - box.left}px)`;
    const at = timeAt(x, window, layout.timelineWidth);
    if (line.firstChild !== null) line.firstChild.textContent = timeLabel(Math.max(0, at), (to - from) / layout.timelineWidth);
  };
  const onWheel = (event: WheelEvent): void => {
    const x = event.clientX - (list.current?.getBoundingClientRect().left ?? 0) - layout.treeWidth;
    if (x < 0) return;
    if (event.ctrlKey || event.metaKey) model.time.zoomBy(Math.exp(-event.deltaY / 200), timeAt(x, window, layout.timelineWidth));
    else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) model.time.panBy((event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX) / layout.timelineWidth);
    else return;
    event.preventDefault();
  };
  const [first, last] = range.value;
  const overview = view.skeleton.count >= OVERVIEW_FROM || merged;
  return (
    <section
      ref={list}
      class={layout.tight ? 'list tight' : 'list'}
      style={{ '--columns': layout.template, '--tree': `${layout.treeWidth}px`, '--list': `${size.value.width}px` }}
      role="treegrid"
      tabIndex={0}
      aria-label="Spans"
      aria-rowcount={total}
      aria-activedescendant={active >= 0 ? rowId(active) : undefined}
      onPointerMove={onPointerMove}
      onPointerLeave={() => { if (cursor.current !== null) cursor.current.hidden = true; }}
      onWheel={onWheel}
      onFocus={(event) => { if (event.target === event.currentTarget && model.active.value < 0) model.moveTo(0); }}
      onKeyDown={(event) => {
        if (event.target === event.currentTarget && keys.handle(event)) {
          event.preventDefault();
          event.stopPropagation();
        }
      }}
    >
      {overview && <Overview model={model} view={view} window={window} left={layout.treeWidth} width={layout.timelineWidth} />}
      <div class="axis">
        <span class="count ell"><Count model={model} /></span>
        {layout.numbers.map((column) => <span key={column} class="num">{COLUMN_WORDS[column]}</span>)}
        <Axis model={model} window={window} width={layout.timelineWidth} />
      </div>
      <div class="rows-box">
        <GridLines window={window} width={layout.timelineWidth} left={layout.treeWidth} />
        <div ref={scroller} class="rows" tabIndex={-1} role="rowgroup" onScroll={(event) => { scrollTop.current = event.currentTarget.scrollTop; draw(); }} onFocus={() => list.current?.focus({ preventScroll: true })}>
          <div class="rows-content" role="presentation" style={{ height: `${scroll.contentHeight}px` }}>
            <div ref={rowsWindow} class="rows-window" role="presentation">{recycled(first, size.value.height, ROW_HEIGHT).map((index, slot) => (
              <SpanRow key={slot} index={index <= last ? index : -1} top={(index - base(first)) * ROW_HEIGHT} view={view} stamp={stamp} active={active === index} layout={layout} window={window} whole={whole} marks={marks} histograms={histograms} actions={actions} theme={theme} />
            ))}</div>
          </div>
          {total === 0 && <NothingShown model={model} />}
        </div>
      </div>
      <div ref={cursor} class="cursor" hidden><span /></div>
      <div class="tree-sash">
        <Sash
          orientation="vertical"
          label="Width of the tree"
          measure={() => ({ size: size.value.width - layout.treeWidth, min: 160, max: Math.max(160, size.value.width - 160) })}
          onResize={(next, done) => {
            const change = { treeWidth: next === null ? null : size.value.width - next };
            if (done) model.update(change);
            else model.state.value = { ...model.state.value, ...change };
          }}
        />
      </div>
    </section>
  );
}

function Count({ model }: { readonly model: TraceModel }): ComponentChild {
  const view = model.view.value;
  void model.changes.value;
  if (view === null) return null;
  const orphans = [...view.display.missingOf.values()].reduce((sum, { spans }) => sum + spans, 0);
  const running = model.trace.value?.running ?? 0;
  const parts = [
    view.filter === null ? formatCount(view.skeleton.count, 'span') : `${formatCount(view.filter.passing)} of ${formatCount(view.skeleton.count, 'span')}`,
    ...(running > 0 ? [`${formatCount(running)} running`] : []),
    ...(orphans > 0 ? [`${formatCount(orphans)} without parent`] : []),
  ];
  return parts.join(' · ');
}
