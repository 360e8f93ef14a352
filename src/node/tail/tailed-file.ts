import type { BigIntStats } from 'node:fs';
import { lstat, open, readdir, type FileHandle } from 'node:fs/promises';
import { documentsOfRun, readingOf } from '../../core/trace/formats/document-run.ts';
import { DocumentStream, type DocumentRun } from '../../core/trace/formats/document-stream.ts';
import type { Rejection } from '../../core/trace/model.ts';
import { SinkError, type BatchOrigin, type Ingested, type TailPosition, type TraceSink } from '../../core/trace/sink.ts';
import { folderOf, joinPath } from '../../core/text/path.ts';
import { identityAt, nodeOf, nodeOfIdentity } from './file-identity.ts';
import { ingestPatiently } from './patient-sink.ts';
import { describeProblem } from './pattern.ts';
import { batchesOf, KnownSpans, MOST_TOGETHER_BYTES, Together } from './together.ts';

const CHUNK_BYTES = 256 * 1024;
/** What one turn reads, so that a large file does not keep others waiting. */
const TURN_BYTES = 16 * 1024 * 1024;
/** How far the beginning of a file is looked at to learn how it must be read. */
const HEAD_BYTES = 1024 * 1024;
/** Of a folder that is searched for a file that was renamed. */
const MOST_ENTRIES = 5000;

/** How far a file was read. */
export interface ReadUpTo {
  readonly identity: string;
  readonly offset: number;
}

export interface TailedFileOptions {
  readonly path: string;
  /** What the file holds when it is met is left alone. */
  readonly skipContent: boolean;
  readonly sink: TraceSink;
  /** What is stored of a path. */
  readonly positionOf: (path: string) => ReadUpTo | null;
  /** What other files of this process have read of a device and inode: after a rotation this file may be one of them. */
  readonly readBefore: (node: string) => readonly ReadUpTo[];
  /** It waits for the store, or no longer does. */
  readonly onWait?: () => void;
  readonly maxDocument?: number;
}

/** `more` is left for the next turn. `failed`: it could not be read, or what was read was not taken; the reason is in `problem`. */
export type Turn = 'read' | 'more' | 'failed';

/** One file that is followed: what is added to it goes to the sink, together with how far it was read. */
export class TailedFile {
  readonly path: string;
  readonly #options: TailedFileOptions;
  readonly #origin: BatchOrigin;
  /** Up to where rows are committed, and by what the file is known again. `null`: the file was not met yet. */
  #read: ReadUpTo | null = null;
  /** What this path was before its last rotation. */
  #rotated: ReadUpTo | null = null;
  /** Holds what was read behind the committed offset. */
  #stream: { readonly documents: DocumentStream; at: number } | null = null;
  #line: number | null = null;
  #reading: 'alone' | 'together' | null = null;
  #known = new KnownSpans();
  #rejected = 0;
  /** Of documents that are read together: how many of their rejections were told. */
  #told = 0;
  size = 0;
  spans = 0;
  problem: string | null = null;

  constructor(options: TailedFileOptions) {
    this.path = options.path;
    this.#options = options;
    this.#origin = { kind: 'tailed', place: options.path };
  }

  get offset(): number {
    return this.#read?.offset ?? 0;
  }

  /** Its documents are read together: every change makes it be read from its beginning. */
  get isReadWhole(): boolean {
    return this.#reading === 'together';
  }

  /** What of a device and inode was read under this path. */
  readOf(node: string): ReadUpTo[] {
    return [this.#read, this.#rotated].filter((read) => read !== null).filter((read) => nodeOfIdentity(read.identity) === node);
  }

  /** Bytes that are held of a line without an end. */
  get held(): number {
    return this.#stream?.documents.held ?? 0;
  }

  /** Forgets what is held of a line without an end; it is read again when the line has grown. */
  release(): void {
    this.#stream = null;
  }

  /** Reads what the file has now. Never rejects but for the signal and defects: what goes wrong is in `problem`. */
  async turn(signal: AbortSignal): Promise<Turn> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(this.path, 'r');
      const stats = await handle.stat({ bigint: true });
      if (!stats.isFile()) throw new Error('this is no file');
      this.size = Number(stats.size);
      if (this.#rejected === 0) this.problem = null;
      await this.#find(handle, stats, signal);
      return await this.#follow(handle, stats, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#stream = null;
      this.problem = describeProblem(error);
      return 'failed';
    } finally {
      await handle?.close();
    }
  }

  /** Makes sure that the file is the one that was read before; another one, or one that was cut, is read from its beginning. */
  async #find(handle: FileHandle, stats: BigIntStats, signal: AbortSignal): Promise<void> {
    const isFirst = this.#read === null;
    const stored = this.#options.positionOf(this.path);
    const known = this.#read ?? stored;
    const node = nodeOf(stats);
    if (known !== null && (await isStill(handle, stats, known))) {
      this.#read = known;
      // Another window may have been quicker: what it has read need not be read again.
      if (stored !== null && stored.offset > known.offset && (await isStill(handle, stats, stored))) this.#continueFrom(stored);
      return;
    }
    if (known !== null && nodeOfIdentity(known.identity) !== node) await this.#finishRotated(known, signal);
    this.#startOver();
    for (const read of this.#options.readBefore(node)) {
      if (await isStill(handle, stats, read)) this.#read = read;
    }
    if (this.#read !== null) return;
    const offset = isFirst && known === null && this.#options.skipContent ? await endOfLines(handle, this.size) : 0;
    this.#read = { identity: await identityAt(handle, stats, offset), offset };
    if (offset > 0) await this.#ingest([], signal, this.#read);
  }

  #continueFrom(read: ReadUpTo): void {
    this.#read = read;
    this.#stream = null;
    this.#line = null;
  }

  #startOver(): void {
    this.#read = null;
    this.#stream = null;
    this.#line = null;
    this.#reading = null;
    this.#known = new KnownSpans();
    this.#rejected = 0;
    this.#told = 0;
    this.problem = null;
  }

  /** A log that was renamed to make room for a new one: what was written to it since the last look is still to be read. */
  async #finishRotated(known: ReadUpTo, signal: AbortSignal): Promise<void> {
    const folder = folderOf(this.path);
    const names = (await readdir(folder).catch(() => [])).slice(0, MOST_ENTRIES);
    for (const name of names) {
      const path = joinPath(folder, name);
      const stats = await lstat(path, { bigint: true }).catch(() => null);
      if (stats === null || !stats.isFile() || nodeOf(stats) !== nodeOfIdentity(known.identity)) continue;
      const handle = await open(path, 'r');
      try {
        if (!(await isStill(handle, stats, known))) return;
        this.#read = known;
        while ((await this.#follow(handle, stats, signal, true)) === 'more') signal.throwIfAborted();
        this.#rotated = this.#read;
      } finally {
        await handle.close();
      }
      return;
    }
  }

  async #follow(handle: FileHandle, stats: BigIntStats, signal: AbortSignal, isEnded = false): Promise<Turn> {
    const size = Number(stats.size);
    // What was held of an unfinished line was cut off again.
    if (this.#stream !== null && size < this.#stream.at) this.#stream = null;
    const from = this.#stream?.at ?? this.offset;
    if (size <= from && !(isEnded && this.#stream !== null)) return 'read';
    this.#reading ??= await this.#learnReading(handle, size);
    if (this.#reading === null) return 'read';
    if (this.#reading === 'together') return this.#readTogether(handle, stats, signal);
    const stream = (this.#stream ??= await this.#openStream(handle));
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    const turnEnd = stream.at + TURN_BYTES;
    while (stream.at < turnEnd) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, stream.at);
      if (bytesRead === 0) {
        const last = isEnded ? stream.documents.end() : stream.documents.flush();
        if (last !== null) await this.#take(last, handle, stats, signal);
        if (isEnded) this.#stream = null;
        return 'read';
      }
      stream.at += bytesRead;
      for (const run of stream.documents.push(buffer.subarray(0, bytesRead))) await this.#take(run, handle, stats, signal);
    }
    return 'more';
  }

  async #openStream(handle: FileHandle): Promise<{ documents: DocumentStream; at: number }> {
    this.#line ??= (await countLines(handle, this.offset)) + 1;
    const { maxDocument } = this.#options;
    return { documents: new DocumentStream({ offset: this.offset, line: this.#line, ...(maxDocument === undefined ? {} : { maxDocument }) }), at: this.offset };
  }

  /** By the first documents of the file, wherever reading begins. */
  async #learnReading(handle: FileHandle, size: number): Promise<'alone' | 'together' | null> {
    const head = Buffer.allocUnsafe(Math.min(HEAD_BYTES, size));
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    const documents = new DocumentStream();
    const runs = documents.push(head.subarray(0, bytesRead));
    const last = documents.flush();
    if (last !== null) runs.push(last);
    for (const run of runs) {
      if (run.rejected.length > 0) return 'alone';
      const reading = readingOf(documentsOfRun(run));
      if (reading !== null) return reading;
    }
    // Nothing but the beginning of a document, or lines that decide nothing: what follows will tell.
    return size >= HEAD_BYTES ? 'alone' : null;
  }

  async #take(run: DocumentRun, handle: FileHandle, stats: BigIntStats, signal: AbortSignal): Promise<void> {
    const read = { identity: await identityAt(handle, stats, run.end), offset: run.end };
    // In the order of the file: the position is that of the last batch, so nothing before it may still be open.
    if (run.rejected.length > 0 || run.documents === 0) await this.#ingest(run.rejected, signal, run.documents === 0 ? read : undefined);
    if (run.documents > 0) {
      const { bytes: body, firstLine } = run;
      try {
        this.#count(await ingestPatiently(this.#options.sink, { form: 'documents', body, firstLine, origin: this.#origin, baseNs: baseOf(stats, run.end), position: this.#position(read) }, signal, this.#waits));
      } catch (error) {
        if (!(error instanceof SinkError)) throw error;
        await this.#ingest([{ where: `line ${firstLine}`, reason: error.message, value: null }], signal, read);
      }
    }
    this.#read = read;
    this.#line = run.nextLine;
  }

  async #readTogether(handle: FileHandle, stats: BigIntStats, signal: AbortSignal): Promise<Turn> {
    const size = Number(stats.size);
    if (size > MOST_TOGETHER_BYTES) throw new Error(`sessions are read as a whole, and this file has more than ${MOST_TOGETHER_BYTES / 1024 / 1024} MiB`);
    const documents = new DocumentStream();
    const together = new Together();
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let end = 0;
    for (let at = 0; at < size; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, size - at), at);
      if (bytesRead === 0) break;
      at += bytesRead;
      for (const run of documents.push(buffer.subarray(0, bytesRead))) {
        await together.add(run);
        end = run.end;
      }
      signal.throwIfAborted();
    }
    const last = documents.flush();
    if (last !== null) {
      await together.add(last);
      end = last.end;
    }
    const { spans, logs, rejected } = together.read(baseOf(stats, 0));
    const changed = this.#known.changed(spans);
    const read = { identity: await identityAt(handle, stats, end), offset: end };
    const batches = batchesOf(changed);
    for (const [index, piece] of batches.entries()) {
      const isLast = index === batches.length - 1;
      const batch = { spans: piece, logs: isLast ? logs : [], rejected: isLast ? rejected.slice(this.#told) : [], origin: this.#origin };
      this.#count(await ingestPatiently(this.#options.sink, isLast ? { ...batch, position: this.#position(read) } : batch, signal, this.#waits));
      this.#known.remember(piece);
    }
    this.#told = rejected.length;
    this.#read = read;
    return 'read';
  }

  async #ingest(rejected: readonly Rejection[], signal: AbortSignal, read: ReadUpTo | undefined): Promise<void> {
    const batch = { spans: [], logs: [], rejected, origin: this.#origin };
    this.#count(await ingestPatiently(this.#options.sink, read === undefined ? batch : { ...batch, position: this.#position(read) }, signal, this.#waits));
  }

  #position(read: ReadUpTo): TailPosition {
    return { path: this.path, ...read };
  }

  #count({ spans, rejected }: Ingested): void {
    this.spans += spans;
    this.#rejected += rejected.length;
    const last = rejected.at(-1);
    if (last !== undefined) this.problem = `${this.#rejected === 1 ? '1 part' : `${this.#rejected} parts`} could not be taken, the last: ${[last.where, last.reason].filter((text) => text !== '').join(': ')}`;
  }

  readonly #waits = (reason: string | null): void => {
    const wasWaiting = this.problem?.startsWith('waits: ') === true;
    if (reason !== null) this.problem = `waits: ${reason}`;
    else if (wasWaiting) this.problem = null;
    if (wasWaiting !== (reason !== null)) this.#options.onWait?.();
  };
}

async function isStill(handle: FileHandle, stats: BigIntStats, { identity, offset }: ReadUpTo): Promise<boolean> {
  return stats.size >= BigInt(offset) && (await identityAt(handle, stats, offset)) === identity;
}

/** Recordings without times begin when their file was written; what comes later in it, later. */
function baseOf(stats: BigIntStats, offset: number): string {
  return (stats.mtimeNs + BigInt(offset)).toString();
}

async function countLines(handle: FileHandle, end: number): Promise<number> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end));
  let lines = 0;
  for (let at = 0; at < end; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) break;
    for (let newline = buffer.indexOf(10); newline >= 0 && newline < bytesRead; newline = buffer.indexOf(10, newline + 1)) lines++;
    at += bytesRead;
  }
  return lines;
}

/** Behind the last whole line: what is written next may be the rest of one. */
async function endOfLines(handle: FileHandle, size: number): Promise<number> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size));
  for (let end = size; end > 0; end -= buffer.length) {
    const from = Math.max(0, end - buffer.length);
    const { bytesRead } = await handle.read(buffer, 0, end - from, from);
    const newline = buffer.subarray(0, bytesRead).lastIndexOf(10);
    if (newline >= 0) return from + newline + 1;
  }
  return size;
}
