import { signal } from '@preact/signals';
import { ACTIVITY_CLASSES } from '../../../src/core/trace/view/activity.ts';

/** What canvases are drawn in: the theme's values of the variables that trace.css names. */
export interface Colours {
  readonly classes: readonly string[];
  readonly fail: string;
  readonly match: string;
}

function read(): Colours {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string): string => style.getPropertyValue(name).trim() || 'gray';
  return { classes: ACTIVITY_CLASSES.map((name) => value(`--hue-${name}`)), fail: value('--fail'), match: value('--match') };
}

/** Another object when the theme has changed. */
export const colours = signal<Colours>({ classes: ACTIVITY_CLASSES.map(() => 'gray'), fail: 'red', match: 'gray' });

/** VS Code changes a class of the body and the style of the document when another theme is chosen. */
export function watchTheme(): () => void {
  colours.value = read();
  const observer = new MutationObserver(() => { colours.value = read(); });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class', 'data-theme'] });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class'] });
  return () => observer.disconnect();
}

/** A canvas of this many CSS pixels, cleared, in whole pixels of the screen. */
export function contextOf(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext('2d');
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}
