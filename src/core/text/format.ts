/**
 * Numbers as Touchstone writes them everywhere: lenses, panels, terminal, reports. English grouping, whatever the locale,
 * so that a number in a picture, a log and a panel is the same text. Unknown is a word, never 0.
 */

const UNKNOWN = 'unknown';

/** Made at their first use: making one takes longer than the command line needs for a small table. */
const formats = new Map<number, Intl.NumberFormat>();

function fixed(value: number, decimals: number): string {
  let format = formats.get(decimals);
  if (format === undefined) {
    format = new Intl.NumberFormat('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    formats.set(decimals, format);
  }
  return format.format(value);
}

function integer(value: number): string {
  return Number.isSafeInteger(value) ? String(value).replace(/\B(?=(?:\d{3})+$)/g, ',') : fixed(value, 0);
}

/** US dollars: `$0`, four significant digits below a cent (`$0.0003427`), four decimals below a dollar (`$0.0180`), then cents (`$1,204.50`). */
export function formatUsd(usd: number | null): string {
  if (usd === null || !Number.isFinite(usd)) return UNKNOWN;
  if (usd < 0) return `−${formatUsd(-usd)}`;
  if (usd === 0) return '$0';
  if (usd < 1e-9) return '<$0.000000001';
  // Round first: what rounds up to the next form is written in that form.
  const small = Number(usd.toPrecision(4));
  if (small < 0.01) return `$${small.toFixed(12).replace(/0+$/, '')}`;
  const medium = Number(usd.toFixed(4));
  return medium < 1 ? `$${medium.toFixed(4)}` : `$${fixed(usd, 2)}`;
}

/** A limit that a person has set: `$0.50`, in cents unless it was set finer. */
export function formatBudget(usd: number): string {
  return usd >= 0.01 && Math.abs(usd * 100 - Math.round(usd * 100)) < 1e-6 ? `$${fixed(usd, 2)}` : formatUsd(usd);
}

/** A duration in its parts, for tables that set the unit apart: `[['4.2', 's']]`, `[['2', 'm'], ['05', 's']]`. `null` in, `null` out. */
export function durationParts(ms: number | null): (readonly [value: string, unit: string])[] | null {
  if (ms === null || !Number.isFinite(ms)) return null;
  if (ms > 0 && ms < 0.5) return [['<1', 'ms']];
  if (Math.round(ms) < 1000) return [[String(Math.round(ms)), 'ms']];
  const tenths = Math.round(ms / 100);
  if (tenths < 600) return [[(tenths / 10).toFixed(1), 's']];
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return [[String(Math.floor(seconds / 60)), 'm'], [pad(seconds % 60), 's']];
  const minutes = Math.round(seconds / 60);
  return [[integer(Math.floor(minutes / 60)), 'h'], [pad(minutes % 60), 'm']];
}

/** Milliseconds: `830 ms`, `4.2 s`, `2 m 05 s`, `1 h 02 m`. */
export function formatDuration(ms: number | null): string {
  return durationParts(ms)?.map(([value, unit]) => `${value} ${unit}`).join(' ') ?? UNKNOWN;
}

/** `31,204`; not reported is `unknown`. */
export function formatTokens(tokens: number | null): string {
  return tokens === null ? UNKNOWN : formatCount(tokens);
}

/** `1,319`; with a noun `1 case`, `60 cases`. */
export function formatCount(count: number, noun?: string): string {
  const text = integer(count);
  return noun === undefined ? text : `${text} ${noun}${count === 1 ? '' : 's'}`;
}

/** A score in 0..1 with two decimals; one that is not 1 never reads `1.00`, one above 0 never `0.00`. */
export function formatScore(score: number): string {
  return honestFixed(score, 1, 2, false);
}

/** A share in 0..1 as percent: `91.7%`. `100%` and `0%` are written only for exactly all and none. */
export function formatPercent(share: number, digits = 1): string {
  return `${honestFixed(share, 100, digits, true)}%`;
}

/**
 * An interval of shares in 0..1 as percent: `[82–96]`; one narrower than 4 points gets a decimal. It is never rounded to a point:
 * a lower end below 1 never reads 100, an upper end above 0 never 0.
 */
export function formatInterval(interval: readonly [number, number], digits = interval[1] - interval[0] < 0.04 ? 1 : 0): string {
  const step = 10 ** -digits;
  const [low, high] = interval;
  const from = low < 1 ? Math.min(Number((low * 100).toFixed(digits)), 100 - step) : 100;
  const to = high > 0 ? Math.max(Number((high * 100).toFixed(digits)), step) : 0;
  return `[${from.toFixed(digits)}–${to.toFixed(digits)}]`;
}

/** A pass rate with its interval, both shares in 0..1: `91.7% [82–96]`. No rate (nothing was answered) is `–`. */
export function formatRate(rate: number | null, interval: readonly [number, number] | null, digits = 1): string {
  if (rate === null) return '–';
  const percent = formatPercent(rate, digits);
  return interval === null ? percent : `${percent} ${formatInterval(interval)}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

/** `value · scale` with fixed digits, but never rounded onto 0 or onto the whole when it is neither. */
function honestFixed(value: number, scale: number, digits: number, bareEnds: boolean): string {
  const step = 10 ** -digits;
  const scaled = value * scale;
  if (value === 0 || value === 1) return bareEnds ? String(scaled) : scaled.toFixed(digits);
  if (value > 0 && value < 1) return Math.min(Math.max(Number(scaled.toFixed(digits)), step), scale - step).toFixed(digits);
  return scaled.toFixed(digits);
}
