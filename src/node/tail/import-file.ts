import { createReadStream, type BigIntStats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline, Transform, type Duplex, type Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { errorMessage, TouchstoneError } from '../../core/errors.ts';
import { documentsOfRun, readingOf } from '../../core/trace/formats/document-run.ts';
import { DocumentStream, type DocumentRun } from '../../core/trace/formats/document-stream.ts';
import { SinkError, type BatchOrigin, type DecodedBatch, type EncodedBatch, type TraceSink } from '../../core/trace/sink.ts';
import type { ImportedFile } from '../../protocol/traces.ts';
import { ingestPatiently } from './patient-sink.ts';
import { describeProblem } from './pattern.ts';
import { batchesOf, MOST_TOGETHER_BYTES, Together } from './together.ts';

export interface ImportOptions {
  readonly sink: TraceSink;
  readonly signal: AbortSignal;
  /** Bytes of the file, compressed as it is. */
  readonly onProgress?: (progress: { readonly bytes: number; readonly total: number; readonly spans: number }) => void;
}

const CHUNK_BYTES = 256 * 1024;
/** A whole export may be one value; it is parsed as one. */
const MAX_DOCUMENT = 256 * 1024 * 1024;
/** Batches that wait for their commit while the next one is read. */
const MOST_WAITING = 3;
const MOST_WAITING_BYTES = 8 * 1024 * 1024;
const MOST_TOLD = 1000;

/**
 * Reads a file of any format that is known, also compressed (gzip, zstd), into the sink. Its memory is bounded by the longest
 * document, not by the file. What was read before an abort or an error stays.
 * @throws TouchstoneError 'not-found' when there is no such file or it may not be read; the signal's reason
 */
export async function importFile(file: string, options: ImportOptions): Promise<ImportedFile> {
  const stats = await statsOf(file);
  return new FileImport(file, stats, options).run();
}

/** @throws TouchstoneError 'not-found' */
async function statsOf(file: string): Promise<BigIntStats> {
  try {
    const stats = await stat(file, { bigint: true });
    if (!stats.isFile()) throw new TouchstoneError('not-found', stats.isDirectory() ? 'This is a folder, not a file.' : 'This is no file.', { place: { file } });
    await (await open(file, 'r')).close();
    return stats;
  } catch (error) {
    if (error instanceof TouchstoneError) throw error;
    throw new TouchstoneError('not-found', `The file cannot be read: ${describeProblem(error)}.`, { cause: error, place: { file } });
  }
}

class FileImport {
  readonly #file: string;
  readonly #stats: BigIntStats;
  readonly #options: ImportOptions;
  readonly #origin: BatchOrigin;
  readonly #formats = new Set<string>();
  readonly #traceIds = new Set<string>();
  readonly #rejected: { where: string; reason: string }[] = [];
  readonly #waiting = new Set<Promise<void>>();
  #waitingBytes = 0;
  #failure: Error | undefined;
  #untold = 0;
  #spans = 0;
  #logs = 0;
  #bytes = 0;

  constructor(file: string, stats: BigIntStats, options: ImportOptions) {
    this.#file = file;
    this.#stats = stats;
    this.#options = options;
    this.#origin = { kind: 'imported', place: file };
  }

  async run(): Promise<ImportedFile> {
    try {
      await this.#readAll();
    } finally {
      await Promise.all(this.#waiting);
    }
    if (this.#failure !== undefined) throw this.#failure;
    const rejected = this.#untold === 0 ? this.#rejected : [...this.#rejected, { where: '', reason: `${this.#untold} more parts could not be taken` }];
    return { file: this.#file, format: [...this.#formats].join(', ') || 'unknown', traces: this.#traceIds.size, spans: this.#spans, logs: this.#logs, rejected, traceIds: [...this.#traceIds].slice(0, MOST_TOLD) };
  }

  async #readAll(): Promise<void> {
    const documents = new DocumentStream({ maxDocument: MAX_DOCUMENT });
    const undecided: DocumentRun[] = [];
    let together: Together | null = null;
    let reading: 'alone' | 'together' | null = null;
    for await (const run of this.#runs(documents)) {
      if (reading === null) {
        reading = run.rejected.length > 0 ? 'alone' : readingOf(documentsOfRun(run));
        undecided.push(run);
        if (reading === null) continue;
      }
      const runs = undecided.length > 0 ? undecided.splice(0) : [run];
      if (reading === 'together') {
        together ??= new Together();
        for (const each of runs) await together.add(each);
        if (together.bytes <= MOST_TOGETHER_BYTES) continue;
        this.#reject('', `sessions are read as a whole, and this file has more than ${MOST_TOGETHER_BYTES / 1024 / 1024} MiB`);
        return;
      }
      for (const each of runs) await this.#takeRun(each);
    }
    for (const run of undecided) await this.#takeRun(run);
    if (together !== null) await this.#takeTogether(together);
  }

  async *#runs(documents: DocumentStream): AsyncGenerator<DocumentRun> {
    const chunks = await this.#chunks();
    try {
      for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
        this.#options.signal.throwIfAborted();
        yield* documents.push(chunk);
        this.#tell();
      }
    } catch (error) {
      this.#options.signal.throwIfAborted();
      if (error instanceof TouchstoneError || error instanceof SinkError) throw error;
      this.#reject('', `reading ended early: ${errorMessage(error)}`);
    } finally {
      chunks.destroy();
    }
    const last = documents.end();
    if (last !== null) yield last;
  }

  async #chunks(): Promise<Readable> {
    const raw = createReadStream(this.#file, { highWaterMark: CHUNK_BYTES });
    const counted = new Transform({
      transform: (chunk: Uint8Array, _encoding, done) => {
        this.#bytes += chunk.length;
        done(null, chunk);
      },
    });
    const inflate = await inflaterFor(this.#file);
    // Whoever reads the last of them meets the error of any.
    const ended = (): void => undefined;
    return inflate === null ? pipeline(raw, counted, ended) : pipeline(raw, counted, inflate, ended);
  }

  async #takeRun({ bytes, firstLine, documents, rejected, end }: DocumentRun): Promise<void> {
    if (rejected.length > 0) await this.#send({ spans: [], logs: [], rejected, origin: this.#origin }, 0, firstLine);
    if (documents === 0) return;
    await this.#send({ form: 'documents', body: bytes, firstLine, origin: this.#origin, baseNs: (this.#stats.mtimeNs + BigInt(end)).toString() }, bytes.length, firstLine);
  }

  async #takeTogether(together: Together): Promise<void> {
    const { spans, logs, rejected, formats } = together.read(this.#stats.mtimeNs.toString());
    for (const format of formats) this.#formats.add(format);
    // One at a time: what a batch takes in memory is a multiple of its text.
    for (const batch of batchesOf(spans)) if (batch.length > 0) await this.#send({ spans: batch, logs: [], rejected: [], origin: this.#origin }, MOST_WAITING_BYTES, 1);
    if (logs.length > 0 || rejected.length > 0) await this.#send({ spans: [], logs, rejected, origin: this.#origin }, 0, 1);
  }

  /** Returns when there is room for the next batch; the commit may still be on its way. */
  async #send(batch: EncodedBatch | DecodedBatch, bytes: number, firstLine: number): Promise<void> {
    const sent = this.#ingest(batch, firstLine).then(
      () => undefined,
      (error: unknown) => void (this.#failure ??= error instanceof Error ? error : new Error(errorMessage(error))),
    );
    const done = sent.then(() => {
      this.#waiting.delete(done);
      this.#waitingBytes -= bytes;
    });
    this.#waiting.add(done);
    this.#waitingBytes += bytes;
    while (this.#waiting.size > 0 && (this.#waiting.size >= MOST_WAITING || this.#waitingBytes >= MOST_WAITING_BYTES)) await Promise.race(this.#waiting);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #ingest(batch: EncodedBatch | DecodedBatch, firstLine: number): Promise<void> {
    try {
      const ingested = await ingestPatiently(this.#options.sink, batch, this.#options.signal);
      this.#spans += ingested.spans;
      this.#logs += ingested.logs;
      for (const format of ingested.formats ?? []) this.#formats.add(format);
      // Log records name traces of which there may be no span.
      if (ingested.spans > 0) for (const id of ingested.traceIds) this.#traceIds.add(id);
      for (const { where, reason } of ingested.rejected) this.#reject(where, reason);
    } catch (error) {
      if (!(error instanceof SinkError)) throw error;
      this.#reject(`line ${firstLine}`, error.message);
    }
  }

  #reject(where: string, reason: string): void {
    if (this.#rejected.length < MOST_TOLD) this.#rejected.push({ where, reason });
    else this.#untold++;
  }

  #tell(): void {
    this.#options.onProgress?.({ bytes: this.#bytes, total: Number(this.#stats.size), spans: this.#spans });
  }
}

async function inflaterFor(file: string): Promise<Duplex | null> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    if (bytesRead >= 2 && buffer.readUInt16BE(0) === 0x1f8b) return zlib.createGunzip();
    // Node has it since 22.15.
    if (bytesRead === 4 && buffer.readUInt32LE(0) === 0xfd2fb528 && 'createZstdDecompress' in zlib) return zlib.createZstdDecompress();
    return null;
  } finally {
    await handle.close();
  }
}
