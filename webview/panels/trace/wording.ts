import { formatCount, formatUsd } from '../../../src/core/text/format.ts';
import { SPAN_KINDS, type TraceSkeleton } from '../../../src/core/trace/skeleton.ts';
import { MISSING_KIND, type Display } from '../../../src/core/trace/view/display.ts';
import { ROW, type Row } from '../../../src/core/trace/view/rows.ts';
import type { TraceRow } from '../../../src/protocol/traces.ts';

/** `31,204 tok`, from a million on `61.1 M tok`. */
export function tokensOf(tokens: number): string {
  return tokens < 1e6 ? `${formatCount(tokens)} tok` : `${(tokens / 1e6).toFixed(1)} M tok`;
}

/** A cost; where calls have no known price, a lower bound says so. */
export function costOf({ cost, unpriced }: Pick<TraceRow, 'cost' | 'unpriced'>): string | null {
  if (cost === null) return unpriced > 0 ? 'cost unknown' : null;
  return unpriced > 0 ? `at least ${formatUsd(cost)}` : formatUsd(cost);
}

export function kindOf(skeleton: TraceSkeleton, position: number): (typeof SPAN_KINDS)[number] {
  return SPAN_KINDS[skeleton.kinds[position]!] ?? 'other';
}

/** Kind, name and model of what a row stands for. */
export function identityOf(display: Display, row: Row): { readonly kind: (typeof SPAN_KINDS)[number]; readonly name: string; readonly model: string } | null {
  const position = row.position >= 0 ? row.position : row.group >= 0 && display.groupKinds[row.group] !== MISSING_KIND ? display.members[display.memberStarts[row.group]!]! : -1;
  if (position < 0) return null;
  const { texts, names, models } = display.skeleton;
  return { kind: kindOf(display.skeleton, position), name: texts[names[position]!] ?? '', model: texts[models[position]!] ?? '' };
}

/** What a row is called, for screen readers and the detail. */
export function nameOfRow(display: Display, row: Row, spans: number): string {
  if (row.type === ROW.missing) {
    const ids = display.missingOf.get(row.group)?.spanIds ?? [];
    return ids.length === 1 ? `missing parent ${ids[0]}` : `${formatCount(ids.length, 'missing parent')}`;
  }
  if (row.type === ROW.earlier) return `${formatCount(spans)} earlier`;
  if (row.type === ROW.later) return `${formatCount(spans)} later`;
  const identity = identityOf(display, row);
  return identity === null ? '' : `${identity.kind} ${identity.name}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `21 Nov 14:32:07`, in the person's own time zone; the year only when it is another one. (Making an Intl.DateTimeFormat takes milliseconds of the first sight.) */
export function momentOf(ns: string, now = new Date()): string {
  const date = new Date(Number(BigInt(ns) / 1_000_000n));
  if (Number.isNaN(date.getTime())) return '';
  const year = date.getFullYear() === now.getFullYear() ? '' : ` ${date.getFullYear()}`;
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
  return `${date.getDate()} ${MONTHS[date.getMonth()]}${year} ${time}`;
}

export function shortId(id: string): string {
  return id.length > 8 ? `${id.slice(0, 6)}…` : id;
}
