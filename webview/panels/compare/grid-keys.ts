import { GridKeys } from '../../shared/grid-keys.ts';
import { HEADER_ROW, type GridPlace } from '../../shared/grid-place.ts';
import type { CompareModel } from './compare-model.ts';

/** The keyboard of the cases: rows are whole, only the names of the columns are gone among by Left and Right. */
export class CaseKeys extends GridKeys {
  readonly #model: CompareModel;
  /** Enter or Space on the name of a column. */
  readonly #onHeader: (column: number) => void;

  constructor(model: CompareModel, pageRows: () => number, onHeader: (column: number) => void) {
    super(pageRows);
    this.#model = model;
    this.#onHeader = onHeader;
  }

  override handle(event: KeyboardEvent): boolean {
    // Accepts the open case's output, wherever the focus is.
    return !(event.key === 'Enter' && event.shiftKey) && super.handle(event);
  }

  protected override get place(): GridPlace {
    return { row: this.#model.active.value, column: this.#model.column };
  }

  protected override get total(): number {
    return this.#model.rows.total ?? 0;
  }

  protected override moveTo(row: number, column: number): void {
    this.#model.moveTo(row, column);
  }

  protected override lastColumn(): number {
    return this.#model.sorts.length - 1;
  }

  protected override enter({ row, column }: GridPlace): void {
    if (row === HEADER_ROW) this.#onHeader(column);
    else void this.#model.openRow(row);
  }

  protected override sideways(step: 1 | -1): boolean {
    return this.place.row === HEADER_ROW && super.sideways(step);
  }

  /** `b` and the digits are commands of the panel, unless they go on with a word. */
  protected override isCommand(letter: string): boolean {
    return /^[b123]$/.test(letter);
  }

  protected override findByPrefix(prefix: string, from: number): void {
    void this.#model.findByPrefix(prefix, from);
  }
}
