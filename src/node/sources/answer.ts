import { answerError, htmlError, isHtml, LOOKED_THROUGH, networkError, SourceError, type SourceSubject } from './errors.ts';
import type { Incoming } from './exchange.ts';
import { parseKeepingLongIntegers } from '../../core/trace/parse-json.ts';

/** A page of an answer is held whole. */
const LONGEST_PAGE = 256 * 1024 * 1024;
/** What is read in pieces may be longer: it is never held. */
const LONGEST_STREAM = 4 * 1024 * 1024 * 1024;
const LONGEST_BEGINNING = 64 * 1024;
const NEWLINE = 0x0a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
/** Inflated, no trace is so many times as long: recorded ones are 2 to 25 times, a page of the same words over and over 120 times; gzip's limit is 1,030. */
const MOST_INFLATED = 400;
const SMALL = 16 * 1024 * 1024;
/** Values of a page that is held whole: of the shortest ones memory would not hold more. */
const MOST_VALUES = 20_000_000;

/** A source's answer, read once. Bodies are hostile: bounded, and never trusted to be what they are said to be. */
export class Answer {
  readonly #incoming: Incoming;
  readonly #subject: SourceSubject;

  readonly #signal: AbortSignal;

  constructor(incoming: Incoming, subject: SourceSubject, signal: AbortSignal) {
    this.#incoming = incoming;
    this.#subject = subject;
    this.#signal = signal;
  }

  /** Nobody reads it. */
  drop(): void {
    this.#incoming.drop();
  }

  get status(): number {
    return this.#incoming.status;
  }

  header(name: string): string | null {
    return this.#incoming.header(name);
  }

  /** The body as it comes. @throws SourceError when it breaks off or is too long; what was given by then stands */
  async *chunks(limit = LONGEST_STREAM): AsyncGenerator<Uint8Array> {
    let length = 0;
    try {
      for await (const chunk of this.#incoming.body as AsyncIterable<Uint8Array>) {
        length += chunk.length;
        if (length > SMALL && length > MOST_INFLATED * (this.#incoming.deflated() ?? length)) throw answerError('sent an answer that is far longer inflated than any trace is', '', this.#subject, false);
        if (length > limit) throw answerError(`sent more than ${Math.round(limit / 1024 / 1024)} MB`, '', this.#subject, false);
        yield chunk;
      }
    } catch (error) {
      this.#signal.throwIfAborted();
      throw error instanceof SourceError ? error : networkError(error, this.#subject);
    } finally {
      this.#incoming.drop();
    }
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of this.chunks(LONGEST_PAGE)) {
      chunks.push(chunk);
      length += chunk.length;
    }
    const whole = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }

  /** What stands at the beginning, for messages. */
  async beginning(): Promise<string> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    try {
      for await (const chunk of this.#incoming.body as AsyncIterable<Uint8Array>) {
        chunks.push(chunk);
        length += chunk.length;
        if (length >= LONGEST_BEGINNING) break;
      }
    } catch {
      // What came of it is enough.
    }
    this.#incoming.drop();
    return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, LONGEST_BEGINNING));
  }

  /** A page as bytes that are JSON, and as the value: what is stored is decoded elsewhere, from the bytes. @throws SourceError */
  async page(): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly value: unknown }> {
    const bytes = await this.bytes();
    if (bytes.length > SMALL && countValues(bytes) > MOST_VALUES) throw answerError('sent an answer of more values than memory holds', '', this.#subject, false);
    return { bytes, value: this.#parse(new TextDecoder().decode(bytes)) };
  }

  /** @throws SourceError */
  async json(): Promise<unknown> {
    return (await this.page()).value;
  }

  #parse(text: string): unknown {
    const parsed = parseKeepingLongIntegers(text);
    if ('value' in parsed) return parsed.value;
    if (isHtml(this.header('content-type'), text)) throw htmlError(text, this.#subject);
    // The parser's own words quote the text, keys and all.
    throw answerError(text.trim() === '' ? 'sent an empty answer' : 'sent an answer that is no JSON, or only half of it', text.slice(0, LOOKED_THROUGH), this.#subject);
  }

  /** Whole lines, without the line end, each a value of JSON; empty ones are left out. @throws SourceError */
  async *lines(): AsyncGenerator<Uint8Array> {
    let rest: Uint8Array[] = [];
    let restLength = 0;
    let isFirst = true;
    const join = (end: Uint8Array): Uint8Array => (rest.length === 0 ? end : Buffer.concat([...rest, end]));
    const check = (line: Uint8Array): Uint8Array => {
      if (isFirst) this.#refuseHtml(line);
      isFirst = false;
      return line;
    };
    for await (const chunk of this.chunks()) {
      let from = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
        const line = join(chunk.subarray(from, end));
        rest = [];
        restLength = 0;
        from = end + 1;
        if (line.some((byte) => byte > 32)) yield check(line);
      }
      if (from < chunk.length) {
        rest.push(chunk.slice(from));
        restLength += chunk.length - from;
        if (restLength > LONGEST_PAGE) throw answerError('sent a line that never ends', '', this.#subject, false);
      }
    }
    const last = join(new Uint8Array(0));
    if (last.some((byte) => byte > 32)) yield check(last);
  }

  #refuseHtml(line: Uint8Array): void {
    const text = new TextDecoder().decode(line.subarray(0, 4096));
    if (isHtml(this.header('content-type'), text)) throw htmlError(text, this.#subject);
  }
}

/** Every value of JSON but the first of its list or object follows a comma. Those within texts count, too: it is an upper bound. */
function countValues(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === COMMA || byte === OPEN_BRACE || byte === OPEN_BRACKET) count++;
  return count;
}
