import type { ComponentChild } from 'preact';
import { useRef } from 'preact/hooks';

const STEP = 16;

/**
 * The movable border between a work area and its detail, which follows it (at the right, or below). Sizes are the detail's, in
 * pixels. Dragging, arrow keys (with Shift four steps), Home and End move it; a double click or Enter gives the designed size back.
 */
export function Sash({ orientation, label, measure, onResize }: {
  readonly orientation: 'vertical' | 'horizontal';
  readonly label: string;
  /** Present, smallest and largest size. */
  readonly measure: () => { readonly size: number; readonly min: number; readonly max: number };
  /** `null`: the designed size. `done`: the movement has ended, remember it. */
  readonly onResize: (size: number | null, done: boolean) => void;
}): ComponentChild {
  const drag = useRef<{ readonly from: number; readonly size: number } | null>(null);
  const at = (event: PointerEvent): number => (orientation === 'vertical' ? event.clientX : event.clientY);
  const clamped = (size: number): number => {
    const { min, max } = measure();
    return Math.round(Math.max(min, Math.min(max, size)));
  };
  const move = (event: PointerEvent, done: boolean): void => {
    if (drag.current !== null) onResize(clamped(drag.current.size + drag.current.from - at(event)), done);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEP * (event.shiftKey ? 4 : 1);
    const { size, min, max } = measure();
    const grow = orientation === 'vertical' ? 'ArrowLeft' : 'ArrowUp';
    const shrink = orientation === 'vertical' ? 'ArrowRight' : 'ArrowDown';
    if (event.key === grow) onResize(clamped(size + step), true);
    else if (event.key === shrink) onResize(clamped(size - step), true);
    else if (event.key === 'Home') onResize(min, true);
    else if (event.key === 'End') onResize(max, true);
    else if (event.key === 'Enter') onResize(null, true);
    else return;
    event.preventDefault();
  };
  const { size, min, max } = measure();
  return (
    <div
      class={`sash sash-${orientation}`}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={orientation}
      aria-valuenow={Math.round(size)}
      aria-valuemin={Math.round(min)}
      aria-valuemax={Math.round(max)}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { from: at(event), size: measure().size };
      }}
      onPointerMove={(event) => move(event, false)}
      onPointerUp={(event) => {
        move(event, true);
        drag.current = null;
      }}
      onPointerCancel={() => { drag.current = null; }}
      onDblClick={() => onResize(null, true)}
      onKeyDown={onKeyDown}
    />
  );
}
