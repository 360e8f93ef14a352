import { FAILED } from '../../../src/core/trace/skeleton.ts';
import { CLASS_OF_KIND, marksOf, type TimeWindow } from '../../../src/core/trace/view/activity.ts';
import { MISSING_KIND } from '../../../src/core/trace/view/display.ts';
import { ROW, type Row } from '../../../src/core/trace/view/rows.ts';
import type { TreeView } from '../../../src/core/trace/view/tree-view.ts';
import { contextOf, type Colours } from './colours.ts';
import { PAD_LEFT, plotWidth, xOf } from './list-layout.ts';

/** One column of a histogram. */
const COLUMN = 2;
const HEIGHT = 22;
const BAR_TOP = 5;
const BAR_HEIGHT = 12;
/** What may be counted between two frames. */
const BUDGET_MS = 8;
/** A zoom that goes on is drawn from the kept bins; exactly once it rests. */
const REST_MS = 90;

export interface HistogramJob {
  readonly view: TreeView;
  readonly row: Row;
  readonly whole: TimeWindow;
  readonly window: TimeWindow;
  readonly width: number;
  readonly colours: Colours;
}

interface Counted {
  readonly activity: Float64Array;
  readonly errors: Uint8Array;
  readonly matches: Uint8Array | null;
}

/**
 * Draws the histograms of rows that stand for several spans. Counting a million spans for each row at every turn of the wheel would
 * hold the panel up: a row is drawn at once from what is known, and counted exactly between frames.
 */
export class Histograms {
  readonly #waiting = new Map<HTMLCanvasElement, HistogramJob>();
  #frame = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;

  draw(canvas: HTMLCanvasElement, job: HistogramJob): void {
    const seen = drawn.has(canvas);
    // A canvas takes its time when it is first drawn on: rows are seen before.
    if (seen) drawRough(canvas, job);
    this.#waiting.set(canvas, job);
    if (!seen || job.window.to - job.window.from >= job.whole.to - job.whole.from) this.#soon();
    else {
      clearTimeout(this.#rest);
      this.#rest = setTimeout(() => this.#soon(), REST_MS);
    }
  }

  drop(canvas: HTMLCanvasElement): void {
    this.#waiting.delete(canvas);
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#rest);
    this.#waiting.clear();
  }

  #soon(): void {
    if (this.#frame !== 0) return;
    // In the frame after the next one: what has been drawn now is seen first.
    this.#frame = requestAnimationFrame(() => { this.#frame = requestAnimationFrame(() => this.#work()); });
  }

  #work(): void {
    this.#frame = 0;
    const end = performance.now() + BUDGET_MS;
    for (const [canvas, job] of this.#waiting) {
      this.#waiting.delete(canvas);
      paint(canvas, job, count(job));
      drawn.add(canvas);
      if (performance.now() > end) break;
    }
    if (this.#waiting.size > 0) this.#frame = requestAnimationFrame(() => this.#work());
  }
}

const drawn = new WeakSet<HTMLCanvasElement>();

function count({ view, row, whole, window, width }: HistogramJob): Counted {
  const spans = view.spansOf(row);
  const bins = Math.ceil(plotWidth(width) / COLUMN);
  const { flags, starts } = view.skeleton;
  const { matches } = view;
  return {
    activity: view.activity(row, whole, window, bins),
    errors: marksOf(spans, starts, window, plotWidth(width), (at) => (flags[at]! & FAILED) !== 0),
    matches: matches === null ? null : marksOf(spans, starts, window, plotWidth(width), (at) => matches.has(at)),
  };
}

/** Only the extent where the bins are not known yet. */
function drawRough(canvas: HTMLCanvasElement, job: HistogramJob): void {
  const { view, row, whole, window, width } = job;
  const bins = Math.ceil(plotWidth(width) / COLUMN);
  const activity = view.knownActivity(row, whole, window, bins);
  paint(canvas, job, { activity: activity ?? new Float64Array(0), errors: new Uint8Array(0), matches: null });
}

function paint(canvas: HTMLCanvasElement, { view, row, window, width, colours }: HistogramJob, { activity, errors, matches }: Counted): void {
  const context = contextOf(canvas, width, HEIGHT);
  if (context === null) return;
  const { display } = view;
  const kind = display.groupKinds[row.group]!;
  const part = row.type === ROW.earlier || row.type === ROW.later;
  context.fillStyle = colours.classes[kind === MISSING_KIND ? colours.classes.length - 1 : CLASS_OF_KIND[kind]!]!;
  const from = Math.max(PAD_LEFT, xOf(display.groupFrom[row.group]!, window, width));
  const to = Math.min(PAD_LEFT + plotWidth(width), xOf(display.groupTo[row.group]!, window, width));
  if (to >= from && !part) {
    context.globalAlpha = 0.12;
    context.fillRect(Math.round(from), BAR_TOP, Math.max(2, Math.round(to) - Math.round(from)), BAR_HEIGHT);
  }
  let top = 0;
  for (const value of activity) top = Math.max(top, value);
  context.globalAlpha = part ? 0.45 : 0.75;
  for (let bin = 0; bin < activity.length; bin++) {
    if (activity[bin]! <= 0) continue;
    const height = Math.max(1, Math.round((activity[bin]! / top) * BAR_HEIGHT));
    context.fillRect(PAD_LEFT + bin * COLUMN, BAR_TOP + BAR_HEIGHT - height, COLUMN, height);
  }
  context.globalAlpha = 1;
  drawMarks(context, matches, colours.match, 1, 3);
  drawMarks(context, errors, colours.fail, BAR_TOP + BAR_HEIGHT + 1, 3);
}

export function drawMarks(context: CanvasRenderingContext2D, marks: Uint8Array | null, colour: string, top: number, height: number): void {
  if (marks === null) return;
  context.fillStyle = colour;
  for (let x = 0; x < marks.length; x++) if (marks[x] !== 0) context.fillRect(PAD_LEFT + x, top, 1, height);
}
