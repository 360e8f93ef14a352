import type { CellFilter, GridPage, GridRow, GridView } from '../../../src/protocol/engine.ts';
import { PagedRows } from '../../shared/paged-rows.ts';

export type SliceRow = Extract<GridRow, { kind: 'slice' }>;
export type CaseRow = Extract<GridRow, { kind: 'case' }>;

/** The rows of a run as far as somebody looked at them. */
export class RowCache extends PagedRows<GridView, GridRow, GridPage> {
  /** Cases by filter; `null` before the first page came. */
  get counts(): Readonly<Record<CellFilter, number>> | null {
    return this.lastPage?.counts ?? null;
  }
}
