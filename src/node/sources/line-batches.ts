import type { FetchSink } from './source.ts';

/** The first lines are shown at once; later ones travel in larger pieces. */
const FIRST_BYTES = 64 * 1024;
const BYTES = 1024 * 1024;

/** Gathers lines of JSON into pieces for the store. */
export class LineBatches {
  readonly #sink: FetchSink;
  #lines: Uint8Array[] = [];
  #bytes = 0;
  #limit = FIRST_BYTES;

  constructor(sink: FetchSink) {
    this.#sink = sink;
  }

  async add(line: Uint8Array): Promise<void> {
    // A view of a chunk that is overwritten by the next one
    this.#lines.push(line.slice(), NEWLINE);
    this.#bytes += line.length + 1;
    if (this.#bytes >= this.#limit) await this.end();
  }

  /** Sends what is gathered. */
  async end(): Promise<void> {
    if (this.#bytes === 0) return;
    const whole = new Uint8Array(this.#bytes);
    let at = 0;
    for (const line of this.#lines) {
      whole.set(line, at);
      at += line.length;
    }
    this.#lines = [];
    this.#bytes = 0;
    this.#limit = BYTES;
    await this.#sink.documents(whole);
  }
}

const NEWLINE = Uint8Array.of(10);
