import { GridKeys } from '../../shared/grid-keys.ts';
import { HEADER_ROW, type GridPlace } from '../../shared/grid-place.ts';
import type { RunModel } from './run-model.ts';

/** The keyboard of the cells: the rows of slices open and close by Left and Right. */
export class RunGridKeys extends GridKeys {
  readonly #model: RunModel;
  /** Enter or Space on the name of a column. */
  readonly #onHeader: (column: number) => void;

  constructor(model: RunModel, pageRows: () => number, onHeader: (column: number) => void) {
    super(pageRows);
    this.#model = model;
    this.#onHeader = onHeader;
  }

  protected override get place(): GridPlace {
    return this.#model.active.value;
  }

  protected override get total(): number {
    return this.#model.rows.total ?? 0;
  }

  protected override moveTo(row: number, column: number): void {
    this.#model.moveTo(row, column);
  }

  /** That of the last model, after the case's own. */
  protected override lastColumn(): number {
    return this.#model.snapshot.value?.info.models.length ?? 0;
  }

  protected override enter({ row, column }: GridPlace): void {
    const at = this.#model.rows.row(row);
    if (row === HEADER_ROW) this.#onHeader(column);
    else if (at?.kind === 'slice') this.#model.toggleSlice(at.slice);
    else void this.#model.openAt(row, column);
  }

  protected override sideways(step: 1 | -1): boolean {
    const at = this.#model.rows.row(this.place.row);
    if (at?.kind !== 'slice') return super.sideways(step);
    if (at.collapsed === (step === 1)) this.#model.toggleSlice(at.slice);
    return true;
  }

  protected override findByPrefix(prefix: string, from: number): void {
    void this.#model.findByPrefix(prefix, from);
  }
}
