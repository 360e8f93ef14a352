import stringWidth from 'fast-string-width';

export interface Column {
  readonly title: string;
  readonly right?: boolean;
  /** Where there is too little room, columns go in the order of this number, highest first, and those of one number together; absent: never. */
  readonly dropAt?: number;
  /** Of texts without colours: they are cut to so many columns, at least, before any column goes. */
  readonly least?: number;
}

const GAP = '  ';

/** Columns that a text takes; colours take none, wide characters two. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Cuts a text without colours to a number of columns, never inside a character that people see as one. */
export function fit(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return '';
  let kept = '';
  let used = 1; // the ellipsis
  // Made when it is needed: it takes longer than many a command.
  const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
  for (const { segment } of graphemes.segment(text)) {
    const width = widthOf(segment);
    if (used + width > columns) break;
    kept += segment;
    used += width;
  }
  return `${kept}…`;
}

function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - widthOf(text))) + text;
}

/**
 * Lines of a table, its titles first, as wide as it needs to be. Where `most` has too little room, texts that may be cut are, then columns
 * that may go do so; what fits again beside those that stayed comes back. Cells may carry a terminal's colours; what came from a stranger
 * must have been made visible before.
 */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[], most = Infinity): string[] {
  const needed = columns.map((column, at) => rows.reduce((width, row) => Math.max(width, widthOf(row[at] ?? '')), widthOf(column.title)));
  const widths = columns.map(({ least }, at) => Math.min(needed[at] ?? 0, least ?? Infinity));
  const kept = new Set(columns.keys());
  const total = (): number => [...kept].reduce((sum, at) => sum + (widths[at] ?? 0), 0) + GAP.length * (kept.size - 1);
  const numbers = [...new Set(columns.flatMap(({ dropAt }) => dropAt ?? []))].sort((a, b) => b - a);
  const droppable = numbers.map((number) => [...columns.keys()].filter((at) => columns[at]?.dropAt === number));
  const drop = (together: readonly number[]): void => together.forEach((at) => kept.delete(at));
  for (const together of droppable) {
    if (total() <= most) break;
    drop(together);
  }
  // A wide column may have gone last, and made room for narrow ones that went before it.
  for (const together of droppable.toReversed()) {
    if (together.every((at) => kept.has(at))) continue;
    together.forEach((at) => kept.add(at));
    if (total() > most) drop(together);
  }
  for (const at of kept) widths[at] = Math.min(needed[at] ?? 0, (widths[at] ?? 0) + Math.max(0, most - total()));
  const cell = (text: string, at: number): string => {
    const width = widths[at] ?? 0;
    const shown = columns[at]?.least === undefined ? text : fit(text, width);
    return columns[at]?.right === true ? padStart(shown, width) : padEnd(shown, width);
  };
  // In the order in which they are named, whichever came back last.
  const order = [...kept].sort((a, b) => a - b);
  return [columns.map((column) => column.title), ...rows].map((cells) => order.map((at) => cell(cells[at] ?? '', at)).join(GAP).trimEnd());
}
