import zlib from 'node:zlib';
import { Refusal } from './refusal.ts';

type Inflate = (body: Uint8Array, options: zlib.ZlibOptions, done: (error: Error | null, result: Buffer) => void) => void;

/** RFC 9659: a sender must not use a larger window, and each costs that much memory. 2^23 bytes. */
const ZSTD_WINDOW_LOG = 23;

/** What zlib makes at once. Of a bomb no more than this is made beyond the limit. */
const CHUNK = 256 * 1024;

/** Inflations at one time: zlib's threads are four, and each may make a whole body's limit. */
const AT_ONCE = 4;

/** Node 22.15 brought it. */
export const HAS_ZSTD = typeof zlib.zstdDecompress === 'function';

const INFLATERS: ReadonlyMap<string, Inflate> = new Map<string, Inflate>([
  ['gzip', (body, options, done) => { zlib.gunzip(body, options, done); }],
  ['x-gzip', (body, options, done) => { zlib.gunzip(body, options, done); }],
  // By the RFC it is zlib's format; some send the bare stream.
  ['deflate', (body, options, done) => { (isZlib(body) ? zlib.inflate : zlib.inflateRaw)(body, options, done); }],
  ['br', (body, { maxOutputLength, chunkSize }, done) => { zlib.brotliDecompress(body, { maxOutputLength, chunkSize }, done); }],
  ...(HAS_ZSTD ? [['zstd', (body, { maxOutputLength, chunkSize }, done) => {
    zlib.zstdDecompress(body, { maxOutputLength, chunkSize, params: { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } }, done);
  }] satisfies [string, Inflate]] : []),
]);

/** The name of a body's encoding: `null` for none. @throws Refusal 415 */
export function readEncoding(header: string | undefined): string | null {
  const name = header?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return null;
  if (!INFLATERS.has(name)) throw new Refusal(415, `Content-Encoding ${JSON.stringify(name.slice(0, 50))} is not supported: send ${[...INFLATERS.keys()].filter((known) => !known.startsWith('x-')).join(', ')} or none`, { headers: { 'accept-encoding': 'gzip, deflate, br' } });
  return name;
}

/** Inflates bodies, a few at one time. */
export class Inflater {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param limit bytes that a body may have when it is inflated */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * The body itself where it is not encoded. A body that says nothing and begins as gzip does is inflated too: not every exporter
   * that compresses sets the header.
   * @throws Refusal 413 past the limit (no more is inflated), 400 when it is not so encoded
   */
  async inflate(body: Uint8Array, encoding: string | null): Promise<Uint8Array> {
    const name = encoding ?? (body[0] === 0x1f && body[1] === 0x8b ? 'gzip' : null);
    const inflate = name === null ? undefined : INFLATERS.get(name);
    // An empty body is empty in every encoding.
    if (name === null || inflate === undefined || body.length === 0) return body;
    if (this.#running < AT_ONCE) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        inflate(body, { maxOutputLength: this.#limit, chunkSize: Math.min(CHUNK, Math.max(1024, body.length * 4)) }, (error, result) => {
          if (error) reject(refusalOf(error, name, this.#limit));
          else resolve(result);
        });
      });
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}

function refusalOf(error: Error, name: string, limit: number): Refusal {
  if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(limit);
  return new Refusal(400, `the body is not valid ${name}: ${error.message}`, { cause: error });
}

export function tooLarge(limit: number): Refusal {
  return new Refusal(413, `the body is larger than ${limit} bytes: send smaller batches`);
}

/** RFC 1950: method 8, and a checksum over the two bytes. */
function isZlib(body: Uint8Array): boolean {
  const [method = 0, flags = 0] = body;
  return (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0;
}
