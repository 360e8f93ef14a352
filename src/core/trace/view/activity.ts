import { SPAN_KINDS, type TraceSkeleton } from '../skeleton.ts';

/** A stretch of the time axis: milliseconds after the trace's start. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** What kinds are drawn together in the overview, from the bottom. */
export const ACTIVITY_CLASSES = ['agent', 'llm', 'tool', 'retriever', 'other'] as const;
export type ActivityClass = (typeof ACTIVITY_CLASSES)[number];

/** Class of each kind, by its position in `SPAN_KINDS`. */
export const CLASS_OF_KIND: readonly number[] = SPAN_KINDS.map((kind) => {
  const retrieval = kind === 'embedding' || kind === 'reranker' ? 'retriever' : kind;
  const at = ACTIVITY_CLASSES.indexOf(retrieval as ActivityClass);
  return at < 0 ? ACTIVITY_CLASSES.length - 1 : at;
});

/** Adds up how many spans were active, as a mean over each bin. */
class Bins {
  readonly #active: Float64Array<ArrayBuffer>;
  /** Changes of the number of spans that fill whole bins. */
  readonly #steps: Float64Array;

  constructor(bins: number) {
    this.#active = new Float64Array(bins);
    this.#steps = new Float64Array(bins + 1);
  }

  /** From and to in bins, from < to, both within. */
  add(from: number, to: number): void {
    const first = Math.floor(from);
    const last = Math.min(Math.floor(to), this.#active.length - 1);
    if (first >= last) {
      this.#active[Math.min(first, last)]! += to - from;
      return;
    }
    this.#active[first]! += first + 1 - from;
    this.#steps[first + 1]!++;
    this.#steps[last]!--;
    this.#active[last]! += to - last;
  }

  result(): Float64Array<ArrayBuffer> {
    let filling = 0;
    for (let bin = 0; bin < this.#active.length; bin++) {
      filling += this.#steps[bin]!;
      this.#active[bin]! += filling;
    }
    return this.#active;
  }
}

/**
 * How many of some spans were active, as a mean over each of the bins of a window. A span shorter than a quarter of a bin counts as
 * a quarter of one, so that it can be seen. `now`: end of those that run.
 */
export function activityOf(positions: Int32Array, { starts, durations }: Pick<TraceSkeleton, 'starts' | 'durations'>, window: TimeWindow, bins: number, now: number): Float64Array {
  const counted = new Bins(bins);
  const scale = bins / (window.to - window.from);
  for (const at of positions) {
    const start = starts[at]!;
    const duration = durations[at]!;
    const from = (start - window.from) * scale;
    const to = Math.max((start + (duration >= 0 ? duration : Math.max(0, now - start)) - window.from) * scale, from + 0.25);
    if (from < bins && to > 0) counted.add(Math.max(0, from), Math.min(bins, to));
  }
  return counted.result();
}

/** The same bins of a coarser or equal picture: the mean over what a bin covers. For drawing while the exact one is not there. */
export function resample(activity: Float64Array, all: TimeWindow, window: TimeWindow, bins: number): Float64Array {
  const result = new Float64Array(bins);
  const perBin = ((window.to - window.from) / bins) * (activity.length / (all.to - all.from));
  const first = (window.from - all.from) * (activity.length / (all.to - all.from));
  for (let bin = 0; bin < bins; bin++) {
    const from = Math.floor(first + bin * perBin);
    const to = Math.max(from + 1, Math.floor(first + (bin + 1) * perBin));
    let sum = 0;
    for (let at = Math.max(0, from); at < Math.min(activity.length, to); at++) sum += activity[at]!;
    result[bin] = sum / (to - from);
  }
  return result;
}

export interface Overview {
  /** By class, from the bottom: active spans per bin. */
  readonly classes: readonly Float64Array[];
  readonly peak: number;
  /** Bin of the peak. */
  readonly peakBin: number;
}

/** The whole trace, by classes of kinds. */
export function overviewOf({ count, starts, durations, kinds }: TraceSkeleton, window: TimeWindow, bins: number, now: number): Overview {
  const counted = ACTIVITY_CLASSES.map(() => new Bins(bins));
  const scale = bins / (window.to - window.from);
  for (let at = 0; at < count; at++) {
    const start = starts[at]!;
    const duration = durations[at]!;
    const from = Math.max(0, (start - window.from) * scale);
    const to = Math.min(bins, (start + (duration >= 0 ? duration : Math.max(0, now - start)) - window.from) * scale);
    if (to > from) counted[CLASS_OF_KIND[kinds[at]!]!]!.add(from, to);
  }
  const classes = counted.map((bins_) => bins_.result());
  let peak = 0;
  let peakBin = 0;
  for (let bin = 0; bin < bins; bin++) {
    let sum = 0;
    for (const active of classes) sum += active[bin]!;
    if (sum > peak) [peak, peakBin] = [sum, bin];
  }
  return { classes, peak, peakBin };
}

/** Which bins hold the start of one of some spans, or of those of them that are wanted: 1 where there is one. */
export function marksOf(positions: Int32Array, starts: Float64Array, window: TimeWindow, bins: number, wanted: ((position: number) => boolean) | null = null): Uint8Array {
  const marks = new Uint8Array(bins);
  const scale = bins / (window.to - window.from);
  for (const at of positions) {
    if (wanted !== null && !wanted(at)) continue;
    const bin = Math.floor((starts[at]! - window.from) * scale);
    if (bin >= 0 && bin < bins) marks[bin] = 1;
    else if (bin === bins && starts[at] === window.to) marks[bins - 1] = 1;
  }
  return marks;
}
