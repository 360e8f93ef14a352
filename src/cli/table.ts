import { tableLines, type Column } from '../core/text/columns.ts';
import { paint, type Look } from './terminal.ts';

export type { Column } from '../core/text/columns.ts';

/**
 * A table without lines, as wide as it needs to be and no wider than the terminal. Cells may carry colours; a cell that
 * came from a dataset or model must have been made printable before.
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], look: Look, indent = ''): string {
  const [head = '', ...lines] = tableLines(columns, rows, look.columns - indent.length);
  return [paint(look, 'dim', head), ...lines].map((text) => `${indent}${text}\n`).join('');
}
