import type { Moment, Unit } from './model.ts';

const DURATIONS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, 'µs': 1e-3, ms: 1, s: 1000, sec: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const COUNTS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6 };

/** What is expected of a number, for the error that says so. */
export const EXPECTED: Readonly<Record<Unit, string>> = { duration: 'a duration such as 2s, 300ms or 1.5m', dollars: 'US dollars such as 0.01', count: 'a count such as 100 or 20k' };

/** Milliseconds, dollars or a count; `null`: not such a number. */
export function readNumber(text: string, unit: Unit): number | null {
  const match = /^\$?(\d{1,15}(?:\.\d{1,12})?|\.\d{1,12})([a-zµ]*)$/i.exec(text.replaceAll('_', ''));
  if (!match || (text.startsWith('$') && unit !== 'dollars')) return null;
  const [, digits = '', suffix = ''] = match;
  const scale = unit === 'duration' ? DURATIONS[suffix.toLowerCase()] : unit === 'count' ? COUNTS[suffix.toLowerCase()] : suffix === '' ? 1 : undefined;
  return scale === undefined ? null : tidy(Number(digits) * scale);
}

/** 0.3 s is 300 ms, and not 299.99999999999994. */
function tidy(value: number): number {
  return Number(value.toPrecision(15));
}

/** As it is read again. */
export function printNumber(value: number, unit: Unit): string {
  const plain = value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 12 });
  if (unit !== 'duration') return plain;
  for (const suffix of ['d', 'h', 'm', 's']) if (value > 0 && Number.isInteger(value / DURATIONS[suffix]!)) return `${value / DURATIONS[suffix]!}${suffix}`;
  return `${plain}ms`;
}

/** `-2h` and `2h` (ago), `today`, `yesterday`, `now`, a date, a date and time with or without a zone. `null`: none of these. */
export function readMoment(text: string): Moment | null {
  const word = text.toLowerCase();
  if (word === 'now') return { ago: 0 };
  if (word === 'today') return { midnight: 0 };
  if (word === 'yesterday') return { midnight: 1 };
  const ago = readNumber(word.replace(/^-/, ''), 'duration');
  if (ago !== null) return { ago };
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[t ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?)?(z|[+-]\d{2}:?\d{2})?$/.exec(word);
  if (!match) return null;
  const [year, month, day, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map((digits) => (digits === undefined ? undefined : Number(digits))) as number[];
  const date = [year!, month!, day!, hour, minute, second] as const;
  if (!isDate(date)) return null;
  return { date, zoneMinutes: zoneOf(match[7]) };
}

function isDate([year, month, day, hour, minute, second]: readonly [number, number, number, number, number, number]): boolean {
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  return year >= 1970 && year <= 2261 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
}

function zoneOf(zone: string | undefined): number | null {
  if (zone === undefined) return null;
  if (zone === 'z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2)));
}

export function printMoment(moment: Moment): string {
  if ('ago' in moment) return moment.ago === 0 ? 'now' : `-${printNumber(moment.ago, 'duration')}`;
  if ('midnight' in moment) return moment.midnight === 0 ? 'today' : 'yesterday';
  const [year, month, day, hour, minute, second] = moment.date;
  const date = `${String(year).padStart(4, '0')}-${pad(month)}-${pad(day)}`;
  const zone = moment.zoneMinutes === null ? '' : moment.zoneMinutes === 0 ? 'Z' : `${moment.zoneMinutes < 0 ? '-' : '+'}${pad(Math.trunc(Math.abs(moment.zoneMinutes) / 60))}:${pad(Math.abs(moment.zoneMinutes) % 60)}`;
  return hour === 0 && minute === 0 && second === 0 && zone === '' ? date : `${date}T${pad(hour)}:${pad(minute)}:${pad(second)}${zone}`;
}

/** Milliseconds since 1970, in the zone of this machine where the moment names none. Never before 1970. */
export function momentMs(moment: Moment, now: number): number {
  return Math.max(0, 'ago' in moment ? now - moment.ago : 'midnight' in moment ? midnight(now, moment.midnight) : dateMs(moment));
}

function midnight(now: number, daysBefore: number): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() - daysBefore).getTime();
}

function dateMs({ date: [year, month, day, hour, minute, second], zoneMinutes }: Extract<Moment, { date: unknown }>): number {
  if (zoneMinutes === null) return new Date(year, month - 1, day, hour, minute, second).getTime();
  return Date.UTC(year, month - 1, day, hour, minute, second) - zoneMinutes * 60_000;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
