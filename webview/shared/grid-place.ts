/** The row of the names of the columns, for the keyboard. */
export const HEADER_ROW = -1;

/** Where the keyboard is in a grid. Columns are those that it can be on, which need not be all that are drawn. */
export interface GridPlace {
  readonly row: number;
  readonly column: number;
}
