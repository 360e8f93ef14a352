import type { RunModel } from './run-model.ts';

/** Row of the column headers, for the keyboard. */
export const HEADER_ROW = -1;
const TYPING_MS = 700;

/** The keyboard of the grid: one tab stop, arrows among rows and cells. */
export class GridKeys {
  readonly #model: RunModel;
  /** Rows that one Page key moves over. */
  readonly #pageRows: () => number;
  /** Enter or Space on a column header. */
  readonly #onHeader: (column: number) => void;
  #typed = '';
  #typedAt = 0;

  constructor(model: RunModel, pageRows: () => number, onHeader: (column: number) => void) {
    this.#model = model;
    this.#pageRows = pageRows;
    this.#onHeader = onHeader;
  }

  /** `true`: the key was meant for the grid. */
  handle(event: KeyboardEvent): boolean {
    if (event.altKey) return false;
    if (event.ctrlKey || event.metaKey) return this.#withControl(event.key);
    const model = this.#model;
    const { row, column } = model.active.value;
    switch (event.key) {
      case 'ArrowDown': return this.#to(row + 1, column);
      case 'ArrowUp': return this.#to(row - 1, column);
      case 'PageDown': return this.#to(Math.max(0, row) + this.#pageRows(), column);
      case 'PageUp': return this.#to(Math.max(0, row - this.#pageRows()), column);
      case 'Home': return this.#to(0, column);
      case 'End': return this.#to(Number.MAX_SAFE_INTEGER, column);
      case 'ArrowLeft': return this.#sideways(-1);
      case 'ArrowRight': return this.#sideways(1);
      case 'Enter': return this.#enter();
      case ' ': return this.#typed !== '' && this.#isTyping() ? this.#type(' ') : this.#enter();
      default: return event.key.length === 1 && event.key !== '/' && event.key !== '?' ? this.#type(event.key) : false;
    }
  }

  #withControl(key: string): boolean {
    const { column } = this.#model.active.value;
    if (key === 'Home') return this.#to(0, 0);
    if (key === 'End') return this.#to(Number.MAX_SAFE_INTEGER, column);
    return false;
  }

  #to(row: number, column: number): true {
    const last = (this.#model.rows.total ?? 0) - 1;
    this.#model.moveTo(Math.max(HEADER_ROW, Math.min(row, last)), column);
    return true;
  }

  #sideways(step: 1 | -1): true {
    const model = this.#model;
    const { row, column } = model.active.value;
    const at = model.rows.row(row);
    if (at?.kind === 'slice') {
      if (at.collapsed === (step === 1)) model.toggleSlice(at.slice);
      return true;
    }
    const models = model.snapshot.value?.info.models.length ?? 0;
    return this.#to(row, Math.max(0, Math.min(models, column + step)));
  }

  #enter(): true {
    const model = this.#model;
    const { row, column } = model.active.value;
    const at = model.rows.row(row);
    if (row === HEADER_ROW) this.#onHeader(column);
    else if (at?.kind === 'slice') model.toggleSlice(at.slice);
    else void model.openAt(row, column);
    return true;
  }

  #isTyping(): boolean {
    return performance.now() - this.#typedAt < TYPING_MS;
  }

  #type(key: string): true {
    const { row } = this.#model.active.value;
    const fresh = !this.#isTyping();
    this.#typed = fresh ? key : this.#typed + key;
    this.#typedAt = performance.now();
    // A new word starts after the present row; while it grows, the present row may still fit.
    void this.#model.findByPrefix(this.#typed, Math.max(0, fresh ? row + 1 : row));
    return true;
  }
}
