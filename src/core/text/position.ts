/** Zero-based line and UTF-16 column, as in VS Code's API. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** Half-open: `end` is the position after the last character. */
export interface SourceRange {
  readonly start: Position;
  readonly end: Position;
}

/** Turns offsets of one text (UTF-16 units) into positions in O(log lines). Line ends are `\n`, `\r\n` and `\r`. */
export class LineMap {
  readonly #starts: number[] = [0];
  readonly #length: number;

  constructor(text: string) {
    this.#length = text.length;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit === 10) this.#starts.push(i + 1);
      else if (unit === 13 && text.charCodeAt(i + 1) !== 10) this.#starts.push(i + 1);
    }
  }

  get lineCount(): number {
    return this.#starts.length;
  }

  positionAt(offset: number): Position {
    const at = Math.max(0, Math.min(offset, this.#length));
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: at - (this.#starts[low] ?? 0) };
  }

  /** UTF-16 units from the start of the text; a position behind the end of its line, or of the text, is that end at most. */
  offsetAt({ line, character }: Position): number {
    const start = this.#starts[line];
    return start === undefined ? this.#length : Math.min(start + character, this.#starts[line + 1] ?? this.#length);
  }

  range(start: number, end: number): SourceRange {
    return { start: this.positionAt(start), end: this.positionAt(end) };
  }
}

export const EMPTY_RANGE: SourceRange = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
