import { effect, useSignal, type ReadonlySignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { scrollToRow, visibleRows } from './virtual.ts';

/** Rows beyond the seen ones; scrolling by fewer than this draws nothing new. */
export const OVERSCAN = 8;
/** Events of one movement follow each other faster than this. */
const FLYING_MS = 100;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The size of a box: measured at once, before a row is drawn for another one, then as its observer tells it. Asking the box again would lay the page out once more. */
export function useSize(box: RefObject<HTMLElement | null>): ReadonlySignal<Size> {
  const size = useSignal<Size>({ width: 800, height: 600 });
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const measure = (): void => {
      const { clientWidth: width, clientHeight: height } = element;
      if (width !== size.peek().width || height !== size.peek().height) size.value = { width, height };
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return size;
}

/**
 * The row of every element: row i lives in element i modulo their number, so a scroll changes texts instead of making elements, and a row
 * keeps its own while it is near. Always as many as fit into `height`, with what is drawn beyond.
 */
export function recycled(first: number, height: number, rowHeight: number): number[] {
  const slots = Math.ceil(height / rowHeight) + 2 * OVERSCAN + 2;
  return Array.from({ length: slots }, (_, slot) => first + ((((slot - first) % slots) + slots) % slots));
}

export interface VirtualRows {
  /** For the box that scrolls. */
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly onScroll: () => void;
  readonly size: ReadonlySignal<Size>;
  /** The row at the upper edge. */
  readonly firstSeen: ReadonlySignal<number>;
  /** Of each element; those after `last` have none. */
  readonly indexes: readonly number[];
  readonly last: number;
  /** Scrolls by the least that shows a row; `covered` pixels are hidden by what sticks below the names of the columns. */
  readonly reveal: (row: number, covered?: number) => void;
  /** Rows that a page key moves by. */
  readonly page: () => number;
}

/** A grid of rows of one height below a row of that height with the names of its columns: only the rows near the eye are drawn and asked for. */
export function useVirtualRows({ total, rowHeight, want, focus }: {
  readonly total: number;
  readonly rowHeight: number;
  /** Asks for the rows that are seen, first to last. */
  readonly want: (first: number, last: number) => void;
  /** The grid takes the keyboard whenever it grows. */
  readonly focus: ReadonlySignal<number>;
}): VirtualRows {
  const scroller = useRef<HTMLDivElement>(null);
  const size = useSize(scroller);
  const range = useSignal<readonly [number, number]>([0, 0]);
  const firstSeen = useSignal(0);

  const draw = (): void => {
    const box = scroller.current;
    if (box === null) return;
    const viewport = { scrollTop: box.scrollTop, height: size.value.height - rowHeight, rowHeight, total };
    const [first, last] = visibleRows(viewport, 1);
    const [drawnFirst, drawnLast] = range.value;
    if (first < drawnFirst || last > drawnLast || drawnLast >= total) range.value = visibleRows(viewport, OVERSCAN);
    firstSeen.value = Math.floor(viewport.scrollTop / rowHeight);
    want(first, last);
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
  useLayoutEffect(draw, [total, size.value.height]);
  useLayoutEffect(() => effect(() => {
    if (focus.value > 0) scroller.current?.focus({ preventScroll: true });
  }), [focus]);

  const [first, last] = range.value;
  return {
    scroller,
    onScroll,
    size,
    firstSeen,
    indexes: recycled(first, size.value.height, rowHeight),
    last,
    reveal: (row, covered = 0) => {
      const box = scroller.current;
      if (box === null) return;
      const target = scrollToRow(row, { scrollTop: box.scrollTop, height: box.clientHeight - rowHeight, rowHeight, total }, covered);
      if (target !== box.scrollTop) box.scrollTop = target;
    },
    page: () => Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 600) - rowHeight) / rowHeight) - 1),
  };
}
