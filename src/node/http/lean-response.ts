import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';

/** More than this is no answer of a model. */
const LONGEST_BODY = 64 * 1024 * 1024;

/**
 * A Response whose body is read straight from the socket: a web stream is only made where somebody asks for one.
 * Building a real Response around a web stream costs more than the rest of a short exchange.
 */
export class LeanResponse implements Response {
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly redirected = false;
  readonly type = 'basic' as const;
  readonly #source: Readable;
  #stream: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
  #used = false;

  constructor(url: string, status: number, statusText: string, headers: Headers, source: Readable) {
    this.url = url;
    this.status = status;
    this.statusText = statusText;
    this.headers = headers;
    this.#source = source;
    // An answer that nobody reads to its end must not end the process.
    source.on('error', () => undefined);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get bodyUsed(): boolean {
    return this.#used;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (this.#stream === null) {
      this.#used = true;
      this.#stream = asWebStream(Readable.toWeb(this.#source));
    }
    return this.#stream;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#read());
  }

  /** By events: an iterator over the stream costs as much as the whole exchange. */
  #read(): Promise<Buffer> {
    if (this.#used) return Promise.reject(new TypeError('The body was read before.'));
    this.#used = true;
    const source = this.#source;
    return new Promise((resolve, reject) => {
      if (source.errored !== null || source.destroyed) {
        reject(source.errored ?? new Error('The connection was closed.'));
        return;
      }
      const chunks: Buffer[] = [];
      let length = 0;
      source.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > LONGEST_BODY) source.destroy(new RangeError(`The answer is longer than ${LONGEST_BODY / 1024 / 1024} MB.`));
        else chunks.push(chunk);
      });
      source.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
      source.once('error', reject);
      source.once('close', () => reject(new Error('The connection was closed.')));
    });
  }

  async text(): Promise<string> {
    const text = (await this.#read()).toString('utf8');
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  /** Ends the connection of an answer that nobody will read to its end; nothing happens to one that was. */
  destroy(): void {
    this.#source.destroy();
  }

  blob(): Promise<Blob> {
    return this.#whole().blob();
  }

  formData(): Promise<FormData> {
    return this.#whole().formData();
  }

  clone(): Response {
    return this.#whole().clone();
  }

  #whole(): Response {
    return new Response(this.body, { status: this.status, statusText: this.statusText, headers: this.headers });
  }
}

/** node:stream/web and the global type name the same object. */
function asWebStream(stream: NodeReadableStream): ReadableStream<Uint8Array<ArrayBuffer>> {
  return stream as ReadableStream<Uint8Array<ArrayBuffer>>;
}
