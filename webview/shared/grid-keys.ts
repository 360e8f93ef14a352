import { HEADER_ROW, type GridPlace } from './grid-place.ts';
import { TypeAhead } from './type-ahead.ts';

/** The keyboard of a grid: one tab stop, arrows among rows and into the names of the columns above them, letters go to a row. */
export abstract class GridKeys {
  /** Rows that one Page key moves over. */
  readonly #pageRows: () => number;
  readonly #typed = new TypeAhead();

  constructor(pageRows: () => number) {
    this.#pageRows = pageRows;
  }

  protected abstract get place(): GridPlace;
  /** Rows of the whole view. */
  protected abstract get total(): number;
  protected abstract moveTo(row: number, column: number): void;
  protected abstract lastColumn(row: number): number;
  /** Enter or Space. */
  protected abstract enter(place: GridPlace): void;
  /** To the first row from `from` on whose name begins so. */
  protected abstract findByPrefix(prefix: string, from: number): void;

  /** A letter that means something else at the beginning of a word. */
  protected isCommand(_letter: string): boolean {
    return false;
  }

  /** `true`: the key was meant for the grid. */
  handle(event: KeyboardEvent): boolean {
    if (event.altKey) return false;
    const { row, column } = this.place;
    if (event.ctrlKey || event.metaKey) return event.key === 'Home' ? this.#to(0, 0) : event.key === 'End' && this.#to(Number.MAX_SAFE_INTEGER, column);
    switch (event.key) {
      case 'ArrowDown': return this.#to(row + 1, column);
      case 'ArrowUp': return this.#to(row - 1, column);
      case 'PageDown': return this.#to(Math.max(0, row) + this.#pageRows(), column);
      case 'PageUp': return this.#to(Math.max(0, row - this.#pageRows()), column);
      case 'Home': return this.#to(0, column);
      case 'End': return this.#to(Number.MAX_SAFE_INTEGER, column);
      case 'ArrowLeft': return this.sideways(-1);
      case 'ArrowRight': return this.sideways(1);
      case 'Enter': return this.#enter();
      case ' ': return this.#typed.isTyping ? this.#type(' ') : this.#enter();
      default: return event.key.length === 1 && event.key !== '/' && event.key !== '?' && (this.#typed.isTyping || !this.isCommand(event.key)) && this.#type(event.key);
    }
  }

  /** Left or Right. */
  protected sideways(step: 1 | -1): boolean {
    const { row, column } = this.place;
    return this.#to(row, Math.max(0, Math.min(this.lastColumn(row), column + step)));
  }

  #to(row: number, column: number): true {
    this.moveTo(Math.max(HEADER_ROW, Math.min(row, this.total - 1)), column);
    return true;
  }

  #enter(): true {
    this.enter(this.place);
    return true;
  }

  #type(letter: string): true {
    const { text, isNew } = this.#typed.add(letter);
    this.findByPrefix(text, Math.max(0, isNew ? this.place.row + 1 : this.place.row));
    return true;
  }
}
