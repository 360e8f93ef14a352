/** Rows of fixed height in a scrolling box: which of them to draw. All lengths are CSS pixels. */
export interface Viewport {
  readonly scrollTop: number;
  readonly height: number;
  readonly rowHeight: number;
  readonly total: number;
}

/** First and last row (inclusive) to draw, some more than can be seen; last < first when there is none. */
export function visibleRows({ scrollTop, height, rowHeight, total }: Viewport, overscan = 8): readonly [first: number, last: number] {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - overscan);
  const last = Math.min(total - 1, Math.ceil((scrollTop + height) / rowHeight) - 1 + overscan);
  return [Math.min(first, Math.max(0, total - 1)), last];
}

/** The scroll position that brings a row into view with the least movement; `covered` pixels at the top are hidden by sticky rows. */
export function scrollToRow(row: number, { scrollTop, height, rowHeight }: Viewport, covered = 0): number {
  const top = row * rowHeight;
  if (top - covered < scrollTop) return Math.max(0, top - covered);
  if (top + rowHeight > scrollTop + height) return top + rowHeight - height;
  return scrollTop;
}
