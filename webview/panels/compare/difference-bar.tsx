import type { ComponentChild } from 'preact';
import { place, type Scale } from './scale.ts';
import type { Tone } from './wording.ts';

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
