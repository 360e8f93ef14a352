import type { MetricComparison } from '../../core/compare/model.ts';
import { formatDuration, formatUsd } from '../../core/text/format.ts';

const MINUS = '−';

/** A difference with its sign, in the metric's unit: `+8.3 pts`, `−0.12`, `+$0.0034`, `−120 ms`. One that is not 0 never reads as 0. */
export function deltaText({ delta, unit }: Pick<MetricComparison, 'delta' | 'unit'>): string | null {
  if (delta === null) return null;
  const sign = delta > 0 ? '+' : delta < 0 ? MINUS : '±';
  return `${sign}${size(Math.abs(delta), unit)}`;
}

function size(value: number, unit: MetricComparison['unit']): string {
  switch (unit) {
    case 'rate':
      return `${fixed(value * 100, 1)} pts`;
    case 'score':
      return fixed(value, 2);
    case 'usd':
      return formatUsd(value);
    case 'ms':
      return formatDuration(value);
    case 'tokens':
      return `${fixed(value, 0)} tok`;
  }
}

function fixed(value: number, digits: number): string {
  return (value === 0 ? 0 : Math.max(value, 10 ** -digits)).toFixed(digits);
}

/** `p = .012`, `p < .001`; no test gives no text. */
export function pText(p: number | null): string | null {
  if (p === null) return null;
  if (p < 0.001) return 'p < .001';
  if (p > 0.999) return 'p > .999';
  const digits = p < 0.0995 ? 3 : 2;
  return `p = ${p.toFixed(digits).replace(/^0/, '')}`;
}

/** How long ago: in the largest unit that is full. */
export function age(milliseconds: number): { readonly value: number; readonly unit: 'minute' | 'hour' | 'day' | 'month' | 'year' } {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  if (minutes < 60) return { value: minutes, unit: 'minute' };
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return { value: hours, unit: 'hour' };
  const days = Math.floor(hours / 24);
  if (days < 31) return { value: days, unit: 'day' };
  const months = Math.floor(days / 30.44);
  return months < 12 ? { value: Math.max(months, 1), unit: 'month' } : { value: Math.floor(days / 365.25) || 1, unit: 'year' };
}
