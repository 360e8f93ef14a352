import type { ComponentChild } from 'preact';
import { useRef } from 'preact/hooks';
import type { TimeWindow } from '../../../src/core/trace/view/activity.ts';
import { ticksOf } from '../../../src/core/trace/view/time-axis.ts';
import { timeAt, xOf } from './list-layout.ts';
import type { TraceModel } from './trace-model.ts';

const LEAST_BETWEEN_LABELS = 72;
/** About the width of a character of the labels. */
const CHARACTER = 6.6;
/** A press that moves by less is a click. */
const DRAG = 4;

/** Times above the rows. Dragging over them zooms to what was dragged over; a double click shows the whole trace. */
export function Axis({ model, window, width }: { readonly model: TraceModel; readonly window: TimeWindow; readonly width: number }): ComponentChild {
  const ticks = ticksOf(window, width, LEAST_BETWEEN_LABELS);
  const brush = useRef<HTMLDivElement>(null);
  const drag = useRef<{ readonly from: number } | null>(null);
  const xIn = (event: PointerEvent): number => event.clientX - (event.currentTarget as HTMLElement).getBoundingClientRect().left;
  const show = (from: number, to: number): void => {
    const element = brush.current;
    if (element === null) return;
    element.style.left = `${Math.min(from, to)}px`;
    element.style.width = `${Math.abs(to - from)}px`;
    element.hidden = Math.abs(to - from) < DRAG;
  };
  return (
    <div
      class="axis-times"
      title="Drag to zoom; a double click shows the whole trace"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { from: xIn(event) };
      }}
      onPointerMove={(event) => { if (drag.current !== null) show(drag.current.from, xIn(event)); }}
      onPointerUp={(event) => {
        const from = drag.current?.from ?? 0;
        const to = xIn(event);
        const dragged = drag.current !== null && Math.abs(to - from) >= DRAG;
        drag.current = null;
        show(0, 0);
        if (dragged) model.time.setZoom({ from: timeAt(Math.min(from, to), window, width), to: timeAt(Math.max(from, to), window, width) });
      }}
      onPointerCancel={() => { drag.current = null; show(0, 0); }}
      onDblClick={() => model.time.setZoom(null)}
    >
      {ticks.map(({ at, label }, index) => {
        const x = xOf(at, window, width);
        if (x + (label.length * CHARACTER) / 2 > width) return null;
        return <span key={at} class={index === 0 && x < 24 ? 'tick first' : 'tick'} style={{ left: `${Math.round(x)}px` }}>{label}</span>;
      })}
      <div ref={brush} class="brush" hidden />
    </div>
  );
}

/** Lines through the rows at the times of the axis. */
export function GridLines({ window, width, left }: { readonly window: TimeWindow; readonly width: number; readonly left: number }): ComponentChild {
  return (
    <div class="under" style={{ left: `${left}px` }}>
      {ticksOf(window, width, LEAST_BETWEEN_LABELS).map(({ at }) => <i key={at} style={{ left: `${Math.round(xOf(at, window, width))}px` }} />)}
    </div>
  );
}
