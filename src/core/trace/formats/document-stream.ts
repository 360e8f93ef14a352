import type { Rejection } from '../model.ts';
import { BracketScanner } from './bracket-scanner.ts';

/** Whole documents of a stream, one after the other. */
export interface DocumentRun {
  /** Whole lines in a buffer of their own. What is no document is blanked, so that the others keep their line numbers. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** One-based. */
  readonly firstLine: number;
  /** Of the line behind the run. */
  readonly nextLine: number;
  readonly documents: number;
  /** The position in the stream behind the run. */
  readonly end: number;
  readonly rejected: readonly Rejection[];
}

export interface DocumentStreamOptions {
  /** Where the stream begins, when it is the rest of a file. */
  readonly offset?: number;
  readonly line?: number;
  /** A document that is longer is skipped and rejected; bytes. */
  readonly maxDocument?: number;
  /** A run is given out as soon as it has so many bytes. */
  readonly runBytes?: number;
}

const NEWLINE = 10;
const EMPTY_LINE = Uint8Array.of(NEWLINE);
const KEPT_OF_REJECTED = 1000;
const REJECTED_OF_RUN = 1000;
/** Specs: what a line may have. */
const MAX_DOCUMENT = 64 * 1024 * 1024;
const RUN_BYTES = 1024 * 1024;

/**
 * Cuts a growing stream of bytes into JSON documents: one on each line, or values over many lines, one after the other (as
 * Python's console exporter prints them). Bytes, not text: a chunk may end within a character. Holds one document at most.
 *
 * A line that is closed in itself makes the stream one of lines; those that follow are only looked for their ends. While
 * values span lines, a damaged one ends where a new one plainly begins.
 */
export class DocumentStream {
  readonly #maxDocument: number;
  readonly #runBytes: number;
  #form: 'unknown' | 'lines' | 'values' | 'refused' = 'unknown';
  /** Behind the last whole line. */
  #offset: number;
  /** The number of the line that comes next. */
  #line: number;
  /** What has come of a line. */
  #partial: Uint8Array[] = [];
  #partialBytes = 0;
  /** The line is longer than it may be: the rest of it is dropped. */
  #dropped = 0;
  #value: OpenValue | null = null;
  /** Indented lines that follow belong to a value that was given up. */
  #isLost = false;
  #run: Run;

  constructor({ offset = 0, line = 1, maxDocument = MAX_DOCUMENT, runBytes = RUN_BYTES }: DocumentStreamOptions = {}) {
    this.#offset = offset;
    this.#line = line;
    this.#maxDocument = maxDocument;
    this.#runBytes = runBytes;
    this.#run = new Run(line);
  }

  /** Bytes that are held: an unfinished document. */
  get held(): number {
    return this.#partialBytes + (this.#value?.bytes ?? 0);
  }

  /** Takes the next bytes, which the caller may use again afterwards, and gives the runs that became full. */
  push(chunk: Uint8Array): DocumentRun[] {
    const runs: DocumentRun[] = [];
    let from = 0;
    if (this.#offset === 0 && this.#partialBytes === 0) this.#beginsWith(chunk);
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      if (this.#form === 'lines' && this.#partialBytes === 0 && this.#dropped === 0 && this.#run.documents > 0) end = this.#lastLineOf(chunk, from);
      this.#takeLine(chunk.subarray(from, end + 1));
      from = end + 1;
      if (this.#run.bytes >= this.#runBytes || this.#run.rejected.length >= REJECTED_OF_RUN) runs.push(this.#finishRun());
    }
    this.#hold(chunk.subarray(from));
    return runs;
  }

  /** What is there of whole documents; also one whose line has not ended, when it is closed. */
  flush(): DocumentRun | null {
    if (this.#partialBytes > 0 && this.#dropped === 0 && this.#isWhole()) this.#takeLine(new Uint8Array(0));
    return this.#run.isEmpty ? null : this.#finishRun();
  }

  /** The stream has ended: what is unfinished is rejected. */
  end(): DocumentRun | null {
    if (this.#partialBytes > 0 || this.#dropped > 0) this.#takeLine(new Uint8Array(0));
    if (this.#value !== null) this.#abandonValue('the input ends within this value', this.#offset);
    return this.#run.isEmpty ? null : this.#finishRun();
  }

  /** From the second line of a run on, lines are taken together up to the last one of the chunk that may be in the run. */
  #lastLineOf(chunk: Uint8Array, from: number): number {
    let end = chunk.indexOf(NEWLINE, from);
    const limit = from + Math.min(this.#runBytes, this.#maxDocument);
    for (let next = chunk.indexOf(NEWLINE, end + 1); next >= 0 && next < limit; next = chunk.indexOf(NEWLINE, end + 1)) {
      this.#line++;
      this.#run.documents++;
      end = next;
    }
    return end;
  }

  #hold(rest: Uint8Array): void {
    if (rest.length === 0) return;
    if (this.#form === 'refused') {
      this.#offset += rest.length;
      this.#run.end = this.#offset;
      return;
    }
    if (this.#dropped > 0 || this.held + rest.length > this.#maxDocument) {
      this.#dropped += this.#partialBytes + rest.length;
      this.#partial = [];
      this.#partialBytes = 0;
      return;
    }
    this.#partial.push(new Uint8Array(rest));
    this.#partialBytes += rest.length;
  }

  /** `rest` ends the line; without a line end when the stream ends. */
  #takeLine(rest: Uint8Array): void {
    const where = `line ${this.#line}`;
    if (this.#dropped > 0 || this.held + rest.length > this.#maxDocument) {
      const length = this.#dropped + this.#partialBytes + rest.length;
      this.#partial = [];
      this.#partialBytes = 0;
      this.#dropped = 0;
      this.#offset += length;
      this.#line++;
      const reason = `longer than ${describeBytes(this.#maxDocument)}, skipped`;
      if (this.#value !== null) this.#abandonValue(reason, this.#offset, 1);
      else this.#run.reject({ where, reason, value: null }, 1, this.#offset);
      return;
    }
    // A copy in any case: `slice` of Node's buffers is a view.
    const line = this.#partialBytes === 0 ? new Uint8Array(rest) : concat([...this.#partial, rest], this.#partialBytes + rest.length);
    this.#partial = [];
    this.#partialBytes = 0;
    // a byte order mark
    if (this.#offset === 0 && line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line.fill(32, 0, 3);
    this.#offset += line.length;
    if (line.at(-1) === NEWLINE) this.#line++;
    if (this.#form === 'refused') this.#run.end = this.#offset;
    else if (this.#form === 'lines' && this.#run.documents > 0) this.#run.add(line, isBlank(line) ? 0 : 1, this.#offset);
    else if (this.#value !== null) this.#continueValue(this.#value, line, where);
    else this.#beginDocument(line, where);
  }

  /** What cannot be text in UTF-8 is refused once instead of line by line. */
  #beginsWith(chunk: Uint8Array): void {
    const isUtf16 = (chunk[0] === 0xff && chunk[1] === 0xfe) || (chunk[0] === 0xfe && chunk[1] === 0xff);
    if (!isUtf16 && !chunk.subarray(0, 4096).includes(0)) return;
    this.#form = 'refused';
    this.#run.reject({ where: '', reason: isUtf16 ? 'the file is UTF-16: save it as UTF-8' : 'the file is not text', value: null }, 0, 0);
  }

  #beginDocument(line: Uint8Array, where: string): void {
    if (isBlank(line)) {
      this.#run.add(line, 0, this.#offset);
      return;
    }
    if (this.#isLost && (isSpace(line[0]!) || line[0] === 125 || line[0] === 93)) {
      this.#run.add(EMPTY_LINE, 0, this.#offset);
      return;
    }
    this.#isLost = false;
    const scanner = new BracketScanner();
    const depth = scanner.feed(line);
    if (!beginsValue(line) || depth < 0 || scanner.inString) {
      this.#run.reject({ where, reason: 'not JSON', value: textOf(line) }, 1, this.#offset);
    } else if (depth === 0) {
      if (this.#form === 'unknown') this.#form = 'lines';
      this.#run.add(line, 1, this.#offset);
    } else if (this.#form === 'lines') {
      this.#run.reject({ where, reason: 'not valid JSON: the line ends within a value', value: textOf(line) }, 1, this.#offset);
    } else {
      this.#form = 'values';
      this.#value = { lines: [line], bytes: line.length, scanner, line: this.#line - 1, isIndented: false };
    }
  }

  #continueValue(value: OpenValue, line: Uint8Array, where: string): void {
    if (value.lines.length === 1) value.isIndented = line[0] === 32 || line[0] === 9;
    // An indented value has no inner object at the beginning of a line: what was begun was never finished.
    if (value.isIndented && line[0] === 123) {
      this.#abandonValue('this value never ends', this.#offset - line.length);
      this.#beginDocument(line, where);
      return;
    }
    const depth = value.scanner.feed(line);
    value.lines.push(line);
    value.bytes += line.length;
    // No string of JSON holds a line end.
    if (value.scanner.inString) this.#abandonValue('not valid JSON: a text does not end on its line', this.#offset);
    else if (depth <= 0) {
      this.#value = null;
      for (const [index, part] of value.lines.entries()) this.#run.add(part, index === 0 ? 1 : 0, this.#offset);
    }
  }

  /** `end`: of what is given up. `others`: lines beside those of the value. */
  #abandonValue(reason: string, end: number, others = 0): void {
    const { lines, line, isIndented } = this.#value!;
    this.#value = null;
    this.#isLost = isIndented;
    this.#run.reject({ where: `line ${line}`, reason, value: textOf(lines[0]!) }, lines.length + others, end);
  }

  /** Whether what is held of a line ends a document. */
  #isWhole(): boolean {
    const line = concat(this.#partial, this.#partialBytes);
    if (this.#value !== null) return this.#value.scanner.clone().feed(line) === 0;
    return this.#form !== 'refused' && beginsValue(line) && new BracketScanner().feed(line) === 0;
  }

  #finishRun(): DocumentRun {
    const nextLine = this.#value?.line ?? this.#line;
    const run = this.#run.finish(nextLine);
    this.#run = new Run(nextLine);
    return run;
  }
}

interface OpenValue {
  readonly lines: Uint8Array[];
  bytes: number;
  readonly scanner: BracketScanner;
  /** Its first line's number. */
  readonly line: number;
  isIndented: boolean;
}

/** Lines that are gathered. */
class Run {
  readonly #firstLine: number;
  readonly #lines: Uint8Array[] = [];
  readonly rejected: Rejection[] = [];
  bytes = 0;
  documents = 0;
  end = 0;

  constructor(firstLine: number) {
    this.#firstLine = firstLine;
  }

  get isEmpty(): boolean {
    return this.end === 0 && this.rejected.length === 0;
  }

  add(line: Uint8Array, documents: number, end: number): void {
    this.#lines.push(line);
    this.bytes += line.length;
    this.documents += documents;
    this.end = end;
  }

  /** Empty lines take the place of what is rejected. */
  reject(rejection: Rejection, lines: number, end: number): void {
    this.rejected.push(rejection);
    for (let line = 0; line < lines; line++) this.#lines.push(EMPTY_LINE);
    this.bytes += lines;
    this.end = end;
  }

  finish(nextLine: number): DocumentRun {
    return { bytes: concat(this.#lines, this.bytes), firstLine: this.#firstLine, nextLine, documents: this.documents, end: this.end, rejected: this.rejected };
  }
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 13 || byte === NEWLINE;
}

function isBlank(line: Uint8Array): boolean {
  return line.every(isSpace);
}

/** Whether the first character that is no space opens an object or a list. */
function beginsValue(line: Uint8Array): boolean {
  const first = line.find((byte) => !isSpace(byte));
  return first === 123 || first === 91;
}

function textOf(line: Uint8Array): string {
  return new TextDecoder().decode(line.subarray(0, KEPT_OF_REJECTED)).trim();
}

function describeBytes(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${Math.round(bytes / 1024 / 1024)} MiB` : `${bytes} bytes`;
}
