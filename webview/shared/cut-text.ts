/** The pointer rests after this; tooltips of the browser come later still. */
const RESTING_MS = 150;
let timer: ReturnType<typeof setTimeout> | undefined;

/**
 * For `onPointerOver` of a list: a text that is cut off (of an element with `data-tip`) gets its whole as tooltip when the pointer rests on it, not when its row is
 * drawn: whether it is cut off takes a layout, and while the list scrolls, rows pass under a pointer that does not move.
 */
export function showCutText(event: PointerEvent): void {
  clearTimeout(timer);
  const element = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-tip]') : null;
  if (element === null) return;
  timer = setTimeout(() => { element.title = element.scrollWidth > element.clientWidth ? element.textContent ?? '' : ''; }, RESTING_MS);
}
