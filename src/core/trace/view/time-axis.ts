import type { TimeWindow } from './activity.ts';

/** Milliseconds: 1, 2 and 5 of each power of ten up to seconds, then what clocks count by. */
const STEPS: readonly number[] = [
  ...[-6, -5, -4, -3, -2, -1, 0, 1, 2, 3].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power)).filter((step) => step < 10_000),
  10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_200_000, 1_800_000, 3_600_000, 7_200_000, 18_000_000, 43_200_000, 86_400_000,
];
const DAY = 86_400_000;
/** Pixels that a character of a label needs, the space to the next label included. */
const CHARACTER = 8;

/** The least that can be looked at: ten nanoseconds. Times of spans are no finer. */
export const SHORTEST_WINDOW = 1e-5;

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** Ticks at round times, no nearer to each other than `least` of the `width` pixels that the window has. */
export function ticksOf(window: TimeWindow, width: number, least: number): readonly Tick[] {
  const span = window.to - window.from;
  if (!(span > 0) || width <= 0) return [];
  const ticks: Tick[] = [];
  let step = stepOf((span * least) / width);
  // Far from the start a label is longer than the stretch that it would have.
  const longest = timeLabel(window.to, step).length * CHARACTER;
  if (longest > (step / span) * width) step = stepOf((span * longest) / width);
  for (let count = Math.ceil(window.from / step - 1e-9); count * step <= window.to + step * 1e-9; count++) ticks.push({ at: count * step, label: timeLabel(count * step, step) });
  return ticks;
}

function stepOf(least: number): number {
  return STEPS.find((candidate) => candidate >= least) ?? Math.ceil(least / DAY) * DAY;
}

/** A moment after the start, rounded to a step of the axis that is at least `precision` milliseconds. */
export function roundTimeLabel(ms: number, precision: number): string {
  const step = stepOf(precision);
  return timeLabel(Math.round(ms / step) * step, step);
}

/** A moment after the start, exact to `precision` milliseconds: `0`, `850 ms`, `3.24 s`, `41 m 08 s`, `1 h 12 m`. */
export function timeLabel(ms: number, precision: number): string {
  if (Math.abs(ms) < precision / 1000 || ms === 0) return '0';
  const sign = ms < 0 ? '−' : '';
  const value = Math.abs(ms);
  if (value < 0.001 && precision < 0.001) return `${sign}${trimmed(value * 1e6, precision * 1e6)} ns`;
  if (value < 1 && precision < 1) return `${sign}${trimmed(value * 1000, precision * 1000)} µs`;
  if (value < 1000 && precision < 1000) return `${sign}${trimmed(value, precision)} ms`;
  if (value < 60_000 || precision < 1) return `${sign}${trimmed(value / 1000, precision / 1000)} s`;
  const seconds = Math.round(value / Math.max(1, precision)) * Math.max(1, precision) / 1000;
  const minutes = Math.floor(seconds / 60);
  const rest = seconds - minutes * 60;
  if (minutes < 60) return precision >= 60_000 && rest < 0.5 ? `${sign}${minutes} m` : `${sign}${minutes} m ${padded(rest, precision / 1000)} s`;
  const hours = Math.floor(minutes / 60);
  const tail = precision >= 60_000 ? '' : ` ${padded(rest, precision / 1000)} s`;
  return precision >= 3_600_000 && minutes % 60 === 0 ? `${sign}${hours} h` : `${sign}${hours} h ${String(minutes % 60).padStart(2, '0')} m${tail}`;
}

function decimalsOf(precision: number): number {
  return Math.max(0, Math.min(9, Math.ceil(-Math.log10(precision) - 1e-9)));
}

function trimmed(value: number, precision: number): string {
  return value.toFixed(decimalsOf(precision));
}

function padded(seconds: number, precision: number): string {
  const text = seconds.toFixed(decimalsOf(precision));
  return (text.indexOf('.') < 0 ? text.length : text.indexOf('.')) < 2 ? `0${text}` : text;
}

/** The window after a zoom by `factor` (above 1: nearer) that keeps the moment `around` where it is; never beyond `all`. */
export function zoomed(window: TimeWindow, all: TimeWindow, factor: number, around: number): TimeWindow {
  const span = Math.min(all.to - all.from, Math.max(SHORTEST_WINDOW, (window.to - window.from) / factor));
  const share = (around - window.from) / (window.to - window.from);
  return within({ from: around - span * share, to: around + span * (1 - share) }, all);
}

/** The window moved so that it lies within `all`; one that is longer is `all`. */
export function within({ from, to }: TimeWindow, all: TimeWindow): TimeWindow {
  const span = to - from;
  if (span >= all.to - all.from) return all;
  if (from < all.from) return { from: all.from, to: all.from + span };
  if (to > all.to) return { from: all.to - span, to: all.to };
  return { from, to };
}
