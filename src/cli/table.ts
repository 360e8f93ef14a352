import { padEnd, padStart, paint, widthOf, type Look } from './terminal.ts';

export interface Column {
  readonly title: string;
  readonly right?: boolean;
  /** When the terminal is narrow, columns go in the order of this number, highest first; absent: never. */
  readonly dropAt?: number;
}

const GAP = '  ';

/**
 * A table without lines, as wide as it needs to be and no wider than the terminal. Cells may carry colours; a cell that
 * came from a dataset or model must have been made printable before.
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], look: Look, indent = ''): string {
  const widths = columns.map((column, at) => Math.max(widthOf(column.title), ...rows.map((row) => widthOf(row[at] ?? ''))));
  const kept = new Set(columns.keys());
  const total = (): number => indent.length + [...kept].reduce((sum, at) => sum + (widths[at] ?? 0), 0) + GAP.length * (kept.size - 1);
  const droppable = [...columns.entries()].filter(([, column]) => column.dropAt !== undefined).sort(([, a], [, b]) => (b.dropAt ?? 0) - (a.dropAt ?? 0));
  for (const [at] of droppable) {
    if (total() <= look.columns) break;
    kept.delete(at);
  }
  const line = (cells: readonly string[]): string =>
    [...kept]
      .map((at) => (columns[at]?.right === true ? padStart(cells[at] ?? '', widths[at] ?? 0) : padEnd(cells[at] ?? '', widths[at] ?? 0)))
      .join(GAP)
      .trimEnd();
  const head = paint(look, 'dim', line(columns.map((column) => column.title)));
  return [head, ...rows.map(line)].map((text) => `${indent}${text}\n`).join('');
}
