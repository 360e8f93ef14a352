import { fit, type Column } from './columns.ts';
import { formatCount, formatDuration, formatTokens, formatUsd } from './format.ts';
import { visible } from './visible.ts';

/** What the sums of a source's traces are made by. */
export type SumsBy = 'day' | 'model' | 'service';

/** As a source adds them up; `null`: it does not know. Cost in US dollars, durations in milliseconds. */
export interface SourceSums {
  /** A day, a model or a service in the source's words; empty: the spans have none. */
  readonly key: string;
  readonly traces: number;
  readonly spans: number;
  readonly errors: number;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cost: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

const KEYS: Readonly<Record<SumsBy, Column>> = { day: { title: 'Day (UTC)' }, model: { title: 'Model' }, service: { title: 'Service' } };
const NAMELESS: Readonly<Record<SumsBy, string>> = { day: 'no day', model: 'no model', service: 'no service' };
const KEY_COLUMNS = 40;

/** Columns of the sums, for whoever lays them out. */
export function sumsColumns(by: SumsBy): readonly Column[] {
  return [
    KEYS[by],
    { title: 'Traces', right: true },
    { title: 'Spans', right: true, dropAt: 3 },
    { title: 'Errors', right: true },
    { title: 'Tokens in', right: true, dropAt: 2 },
    { title: 'Tokens out', right: true, dropAt: 1 },
    { title: 'Cost', right: true },
    { title: 'p50', right: true, dropAt: 4 },
    { title: 'p95', right: true },
  ];
}

/** One row below these columns. The key is the source's, and is made harmless; what is not known is left empty. */
export function sumsCells(by: SumsBy, row: SourceSums): readonly string[] {
  const known = (value: number | null, format: (value: number) => string): string => (value === null ? '' : format(value));
  return [
    row.key === '' ? `(${NAMELESS[by]})` : fit(visible(row.key), KEY_COLUMNS),
    formatCount(row.traces),
    formatCount(row.spans),
    row.errors === 0 ? '' : formatCount(row.errors),
    known(row.inputTokens, formatTokens),
    known(row.outputTokens, formatTokens),
    known(row.cost, formatUsd),
    known(row.p50Ms, formatDuration),
    known(row.p95Ms, formatDuration),
  ];
}

/** What the columns are of, in lines below them. Sources estimate quantiles of so many. */
export function sumsLegend(by: SumsBy): readonly string[] {
  return [`p50 and p95: of the ${by === 'model' ? 'calls' : 'traces'}’ durations, estimated by the source.`, 'Tokens and cost: of calls, as their spans report them.'];
}
