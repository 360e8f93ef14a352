import type { CompareModel } from './compare-model.ts';

const TYPING_MS = 700;

/** The keyboard of the grid: one tab stop, arrows among rows, letters go to a case. */
export class GridKeys {
  readonly #model: CompareModel;
  /** Rows that one Page key moves over. */
  readonly #pageRows: () => number;
  #typed = '';
  #typedAt = -Infinity;

  constructor(model: CompareModel, pageRows: () => number) {
    this.#model = model;
    this.#pageRows = pageRows;
  }

  /** `true`: the key was meant for the grid. */
  handle(event: KeyboardEvent): boolean {
    if (event.altKey || event.ctrlKey || event.metaKey) return false;
    const row = this.#model.active.value;
    switch (event.key) {
      case 'ArrowDown': return this.#to(row + 1);
      case 'ArrowUp': return this.#to(row - 1);
      case 'PageDown': return this.#to(row + this.#pageRows());
      case 'PageUp': return this.#to(row - this.#pageRows());
      case 'Home': return this.#to(0);
      case 'End': return this.#to(Number.MAX_SAFE_INTEGER);
      case 'Enter':
        if (event.shiftKey) return false;
        void this.#model.openRow(row);
        return true;
      case ' ':
        if (!this.#isTyping()) void this.#model.openRow(row);
        return this.#isTyping() ? this.#type(' ') : true;
      default: return this.#letter(event.key);
    }
  }

  #to(row: number): true {
    const last = (this.#model.rows.total ?? 0) - 1;
    this.#model.moveTo(Math.max(0, Math.min(row, last)));
    return true;
  }

  /** `b` and the digits are commands of the panel, unless they go on with a word. */
  #letter(key: string): boolean {
    if (key.length !== 1 || key === '/' || key === '?') return false;
    if (!this.#isTyping() && /^[b123]$/.test(key)) return false;
    return this.#type(key);
  }

  #isTyping(): boolean {
    return this.#typed !== '' && performance.now() - this.#typedAt < TYPING_MS;
  }

  #type(key: string): true {
    const fresh = !this.#isTyping();
    this.#typed = fresh ? key : this.#typed + key;
    this.#typedAt = performance.now();
    const row = this.#model.active.value;
    // A new word starts after the present row; while it grows, the present row may still fit.
    void this.#model.findByPrefix(this.#typed, Math.max(0, fresh ? row + 1 : row));
    return true;
  }
}
