import type { ComponentChild } from 'preact';
import type { Tone } from './wording.ts';

/** What a drawing spans; 0 lies within. */
export interface Scale {
  readonly from: number;
  readonly to: number;
}

/** A scale that holds 0 and everything given, in steps that people count in: `ticks` are multiples of 1, 2 or 5. */
export function scaleOf(values: readonly number[]): Scale & { readonly ticks: readonly number[] } {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const span = high - low || 1;
  // Three to six of them, zero among them.
  const most = span / 2.5;
  const power = 10 ** Math.floor(Math.log10(most));
  const step = power * ([5, 2].find((factor) => factor * power <= most) ?? 1);
  const ticks: number[] = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + span * 1e-9; at++) ticks.push(at * step || 0);
  return { from: low - span * 0.04, to: high + span * 0.04, ticks };
}

export function place(value: number, { from, to }: Scale, width: number): number {
  return Math.round(((value - from) / (to - from)) * width);
}

/**
 * A difference as a picture: a bar from zero to it, a whisker over its interval. Where there are too few cases the bar is only an outline.
 * The numbers stand beside it in text; for a screen reader the picture is decoration.
 */
export function DifferenceBar({ value, interval, scale, width, tone, grid }: {
  readonly value: number | null;
  readonly interval: readonly [number, number] | null;
  readonly scale: Scale;
  readonly width: number;
  readonly tone: Tone;
  /** Values with a line through every row; absent: a base line and the zero alone. */
  readonly grid?: readonly number[];
}): ComponentChild {
  const x = (at: number): number => Math.max(0, Math.min(width, place(at, scale, width))) + 0.5;
  const height = grid === undefined ? 16 : 26;
  const middle = height / 2;
  const zero = x(0);
  const tip = value === null ? zero : x(value);
  return (
    <svg class="difference-bar" width={width + 1} height={height} aria-hidden="true">
      {grid === undefined ? <path class="base" d={`M0 ${middle + 0.5}H${width + 1}`} /> : grid.filter((at) => at !== 0).map((at) => <path key={at} class="base" d={`M${x(at)} 0V${height}`} />)}
      <path class="axis" d={`M${zero} 0V${height}`} />
      {value !== null && <rect class={`change ${tone}`} x={Math.min(zero, tip) - 0.5} y={middle - 3} width={Math.max(1, Math.abs(tip - zero) + 1)} height="7" />}
      {interval !== null && <path class="whisker" d={`M${x(interval[0])} ${middle - 4}v9M${x(interval[1])} ${middle - 4}v9M${x(interval[0])} ${middle + 0.5}H${x(interval[1])}`} />}
    </svg>
  );
}
