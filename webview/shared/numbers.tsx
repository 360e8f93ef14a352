import type { ComponentChild } from 'preact';
import { durationParts, formatInterval, formatPercent } from '../../src/core/text/format.ts';

/** A duration with its units set apart by a thin space. */
export function Duration({ ms }: { readonly ms: number | null }): ComponentChild {
  return durationParts(ms)?.map(([value, unit], i) => <>{i > 0 && ' '}{value}<span key={i} class="unit">{unit}</span></>) ?? '–';
}

/**
 * A pass rate as text and as a bar: from 0 to the rate on a track of 0 to 100 %, with a whisker over its interval.
 * Shares in 0..1; `width` of the track in pixels.
 */
export function Rate({ rate, interval, count, width, digits = 0 }: {
  readonly rate: number | null;
  readonly interval: readonly [number, number] | null;
  /** `33 of 45 passed`, for the tooltip. */
  readonly count: string;
  readonly width: number;
  readonly digits?: number;
}): ComponentChild {
  if (rate === null) return <span class="rate dim" title="Nothing has been scored">–</span>;
  const height = digits > 0 ? 13 : 11;
  // An interval that is written with a decimal asks for one in its rate.
  const decimals = interval !== null && interval[1] - interval[0] < 0.04 ? 1 : digits;
  const middle = (height - 1) / 2;
  const x = (share: number): number => Math.round(share * width) + 0.5;
  return (
    <span class="rate" title={`${count}${interval === null ? '' : `; 95 % interval ${formatInterval(interval, 1)} %`}`}>
      <svg class="interval" width={width + 1} height={height} aria-hidden="true">
        <path class="track" d={`M0 ${middle + 0.5}H${width + 1}M.5 ${middle - 3}v7M${width + 0.5} ${middle - 3}v7`} />
        <rect class="bar" x="0" y={middle - 2} width={x(rate)} height="5" />
        {interval !== null && <path class="whisker" d={`M${x(interval[0])} ${middle - 4}v9M${x(interval[1])} ${middle - 4}v9M${x(interval[0])} ${middle + 0.5}H${x(interval[1])}`} />}
      </svg>
      <span>{formatPercent(rate, decimals)}{interval !== null && <span class="dim"> {formatInterval(interval)}</span>}</span>
    </span>
  );
}
