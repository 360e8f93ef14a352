import { tableLines } from '../../core/text/columns.ts';
import { sumsCells, sumsColumns, sumsLegend, type SourceSums, type SumsBy } from '../../core/text/source-sums.ts';
import { visible } from '../../core/text/visible.ts';

export interface SourceSummary {
  /** As views call the source. */
  readonly title: string;
  /** Empty: of all traces. */
  readonly query: string;
  readonly by: SumsBy;
  /** Milliseconds since 1970 */
  readonly at: number;
  readonly rows: readonly SourceSums[];
  readonly notes: readonly string[];
}

/** What a source added up, as a text of fixed width: whose, of what and when; the table; what is to be said of it. Nothing of a stranger in it acts. */
export function summaryText({ title, query, by, at, rows, notes }: SourceSummary): string {
  const time = new Date(at).toISOString().slice(0, 16).replace('T', ' ');
  return [
    visible(title),
    `By ${by}, of ${query === '' ? 'all traces' : visible(query)}, ${time} UTC`,
    '',
    ...(rows.length === 0 ? ['No trace is found by this.'] : [...tableLines(sumsColumns(by), rows.map((row) => sumsCells(by, row))), '', ...sumsLegend(by)]),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => visible(note))]),
    '',
  ].join('\n');
}
