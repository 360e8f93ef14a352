import type { ComponentChild } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { formatCount } from '../../../src/core/text/format.ts';
import { marksOf, overviewOf, type Overview as OverviewOf, type TimeWindow } from '../../../src/core/trace/view/activity.ts';
import { roundTimeLabel, within } from '../../../src/core/trace/view/time-axis.ts';
import type { TreeView } from '../../../src/core/trace/view/tree-view.ts';
import { colours, contextOf } from './colours.ts';
import { drawMarks } from './histograms.ts';
import { PAD_LEFT, plotWidth, timeAt, xOf } from './list-layout.ts';
import type { TraceModel } from './trace-model.ts';

const HEIGHT = 76;
const BASE = 64;
const TALLEST = 48;
const COLUMN = 2;
/** Pixels around a grip that take hold of it. */
const GRIP = 6;
/** A live trace's overview is counted again when it has grown by this share. */
const GROWN = 0.02;

type Drag = { readonly kind: 'from' | 'to' | 'new'; readonly at: number } | { readonly kind: 'move'; readonly at: number; readonly window: TimeWindow };

/** How many spans were active over the whole trace, by kinds, with the window that the rows show. */
export function Overview({ model, view, window, left, width }: { readonly model: TraceModel; readonly view: TreeView; readonly window: TimeWindow; readonly left: number; readonly width: number }): ComponentChild {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drag = useRef<Drag | null>(null);
  const { whole } = model.time;
  const counted = useRef(whole.to);
  if (whole.to > counted.current * (1 + GROWN) || whole.to < counted.current) counted.current = whole.to;
  const all = { from: 0, to: counted.current };
  const [overview, setOverview] = useState<OverviewOf | null>(null);
  // After the rows have been seen: it is counted from every span.
  useEffect(() => setOverview(overviewOf(view.skeleton, all, Math.ceil(plotWidth(width) / COLUMN), all.to)), [view, width, all.to]);
  const theme = colours.value;
  const { matches } = view;
  void model.changes.value;
  useLayoutEffect(() => {
    const context = canvas.current === null || overview === null ? null : contextOf(canvas.current, width, HEIGHT);
    if (context === null || overview === null) return;
    const bins = overview.classes[0]?.length ?? 0;
    for (let bin = 0; bin < bins; bin++) {
      let y = BASE;
      for (const [at, active] of overview.classes.entries()) {
        const height = overview.peak === 0 ? 0 : (active[bin]! / overview.peak) * TALLEST;
        context.globalAlpha = 0.75;
        context.fillStyle = theme.classes[at]!;
        context.fillRect(PAD_LEFT + bin * COLUMN, y - height, COLUMN, height);
        y -= height;
      }
    }
    context.globalAlpha = 1;
    if (matches !== null) drawMarks(context, marksOf(matches.positions, view.skeleton.starts, all, plotWidth(width)), theme.match, 6, 5);
    drawMarks(context, marksOf(view.errors, view.skeleton.starts, all, plotWidth(width)), theme.fail, BASE + 2, 5);
  }, [overview, theme, matches, view, width]);

  const [from, to] = [xOf(window.from, whole, width), xOf(window.to, whole, width)];
  const xIn = (event: MouseEvent): number => event.clientX - (canvas.current?.getBoundingClientRect().left ?? 0);
  const onPointerDown = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const x = xIn(event);
    const at = timeAt(x, whole, width);
    const zoomed = model.state.value.zoom !== null;
    drag.current = Math.abs(x - from) <= GRIP ? { kind: 'from', at } : Math.abs(x - to) <= GRIP ? { kind: 'to', at } : zoomed && x > from && x < to ? { kind: 'move', at, window } : { kind: 'new', at };
  };
  const onPointerMove = (event: PointerEvent): void => {
    const current = drag.current;
    if (current === null) return;
    const at = timeAt(Math.max(PAD_LEFT, Math.min(PAD_LEFT + plotWidth(width), xIn(event))), whole, width);
    if (current.kind === 'move') model.time.setZoom(within({ from: current.window.from + at - current.at, to: current.window.to + at - current.at }, whole));
    else {
      const other = current.kind === 'from' ? window.to : current.kind === 'to' ? window.from : current.at;
      // The grip goes over to the other side when it is dragged across.
      if (Math.abs(at - other) * (plotWidth(width) / (whole.to - whole.from)) < 2) return;
      drag.current = current.kind === 'new' ? current : { kind: at < other ? 'from' : 'to', at };
      model.time.setZoom({ from: Math.min(at, other), to: Math.max(at, other) });
    }
  };
  return (
    <div class="overview">
      <div class="legend" style={{ width: `${left}px` }}>
        <p>Active spans{overview !== null && overview.peak > 0 && <span class="dim"> · peak <span class="mono">{formatCount(Math.max(1, Math.round(overview.peak)))}</span> at <span class="mono">{roundTimeLabel(((overview.peakBin + 0.5) / overview.classes[0]!.length) * all.to, all.to / 40)}</span></span>}</p>
        <p class="dim">{['agent', 'llm', 'tool', 'retriever', 'other'].map((name) => <span key={name} class="key"><i class={`swatch fill-${name}`} />{name === 'retriever' ? 'retriever, embedding' : name}</span>)}</p>
        <p class="dim">{matches !== null && <span class="key"><i class="swatch thin fill-match" />match</span>}{view.errorCount > 0 && <span class="key"><i class="swatch thin fill-fail" />error</span>}</p>
      </div>
      <div
        class="map"
        title="Drag to zoom, turn the wheel, or drag the window and its ends"
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={() => { drag.current = null; }}
        onPointerCancel={() => { drag.current = null; }}
        onDblClick={() => model.time.setZoom(null)}
        onWheel={(event) => {
          event.preventDefault();
          if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) model.time.panBy(event.deltaX / width);
          else model.time.zoomBy(Math.exp(-event.deltaY / 300), timeAt(xIn(event), whole, width));
        }}
      >
        <canvas ref={canvas} aria-hidden="true" />
        <i class="shade" style={{ left: 0, width: `${Math.max(0, from)}px` }} />
        <i class="shade" style={{ left: `${to}px`, right: 0 }} />
        <i class="grip" style={{ left: `${Math.round(from)}px` }} />
        <i class="grip" style={{ left: `${Math.round(to)}px` }} />
      </div>
    </div>
  );
}
