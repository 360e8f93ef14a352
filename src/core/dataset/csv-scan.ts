import type { Position, SourceRange } from '../text/position.ts';

export interface CsvCell {
  readonly text: string;
  /** The quotes included. */
  readonly range: SourceRange;
}

export interface CsvRecord {
  readonly cells: readonly CsvCell[];
  readonly range: SourceRange;
  /** A quote that is never closed, or text after a closing quote. */
  readonly fault?: { readonly message: string; readonly range: SourceRange };
}

/** Where a cell stands: before its first unit, in unquoted text, inside quotes, after the closing quote. */
type State = 'start' | 'plain' | 'quoted' | 'closed';

/**
 * CSV as in RFC 4180, from a text that arrives in pieces, one record at a time. A parser of our own because every cell
 * keeps its exact range (diagnostics and "accept as expected" point at one cell), which csv-parse does not give; the
 * tests hold it against csv-parse. Blank lines are no records; a quote inside unquoted text is text.
 */
export class CsvScanner {
  #state: State = 'start';
  #text = '';
  #cells: CsvCell[] = [];
  #recordStart: Position = { line: 0, character: 0 };
  #cellStart: Position = { line: 0, character: 0 };
  #line = 0;
  #character = 0;
  #fault: CsvRecord['fault'];
  /** The last unit of the previous piece was a `\r` that ended a record, or stands inside quotes. */
  #afterReturn = false;

  /** The records that end inside this piece. */
  *push(chunk: string): Generator<CsvRecord> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'plain' || this.#state === 'quoted') at = this.#takeRun(chunk, at);
      if (at >= chunk.length) break;
      const record = this.#take(chunk[at] ?? '');
      at++;
      if (record) yield record;
    }
  }

  /** The last record, when the text does not end with a line end. */
  *end(): Generator<CsvRecord> {
    if (this.#state === 'quoted') {
      this.#fault ??= { message: 'this quote is never closed', range: { start: this.#cellStart, end: { ...this.#cellStart, character: this.#cellStart.character + 1 } } };
    }
    if (this.#state !== 'start' || this.#cells.length > 0) {
      const record = this.#endRecord();
      if (record) yield record;
    }
  }

  /** Takes units that cannot change the state at once, so that long cells cost no step each. */
  #takeRun(chunk: string, from: number): number {
    const pattern = this.#state === 'quoted' ? /["\n\r]/g : /[,\n\r]/g;
    pattern.lastIndex = from;
    const end = pattern.exec(chunk)?.index ?? chunk.length;
    if (end > from) {
      this.#text += chunk.slice(from, end);
      this.#character += end - from;
      this.#afterReturn = false;
    }
    return end;
  }

  #take(unit: string): CsvRecord | null {
    const afterReturn = this.#afterReturn;
    this.#afterReturn = false;
    if (unit === '\n' && afterReturn) {
      if (this.#state === 'quoted') this.#text += unit;
      else this.#startRecord();
      return null;
    }
    if (this.#state === 'quoted') {
      if (unit === '"') this.#state = 'closed';
      else this.#text += unit;
      this.#advance(unit);
      return null;
    }
    if (unit === ',') {
      this.#endCell();
      this.#character++;
      this.#startCell();
    } else if (unit === '\n' || unit === '\r') {
      const record = this.#endRecord();
      this.#advance(unit);
      this.#startRecord();
      return record;
    } else if (unit === '"' && this.#state !== 'plain') {
      // A second quote inside quotes stands for one quote.
      if (this.#state === 'closed') this.#text += '"';
      this.#state = 'quoted';
      this.#character++;
    } else {
      if (this.#state === 'closed') {
        const here = { line: this.#line, character: this.#character };
        this.#fault ??= { message: 'text after a closing quote: a quote inside quotes is written twice', range: { start: here, end: { ...here, character: here.character + 1 } } };
      } else this.#state = 'plain';
      this.#text += unit;
      this.#character++;
    }
    return null;
  }

  #advance(unit: string): void {
    if (unit === '\n' || unit === '\r') {
      this.#line++;
      this.#character = 0;
      this.#afterReturn = unit === '\r';
    } else this.#character++;
  }

  #startCell(): void {
    this.#cellStart = { line: this.#line, character: this.#character };
    this.#state = 'start';
    this.#text = '';
  }

  #startRecord(): void {
    this.#cells = [];
    this.#fault = undefined;
    this.#startCell();
    this.#recordStart = this.#cellStart;
  }

  #endCell(): void {
    this.#cells.push({ text: this.#text, range: { start: this.#cellStart, end: { line: this.#line, character: this.#character } } });
  }

  #endRecord(): CsvRecord | null {
    const blank = this.#cells.length === 0 && this.#state === 'start';
    if (blank) return null;
    this.#endCell();
    return {
      cells: this.#cells,
      range: { start: this.#recordStart, end: { line: this.#line, character: this.#character } },
      ...(this.#fault ? { fault: this.#fault } : {}),
    };
  }
}

export async function* csvRecords(chunks: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  const scanner = new CsvScanner();
  for await (const chunk of chunks) yield* scanner.push(chunk);
  yield* scanner.end();
}
