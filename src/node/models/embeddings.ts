import { isObject } from '../../core/json.ts';
import type { OpenAiTarget } from '../../core/model/ids.ts';
import type { EmbeddingModel } from '../../core/model/model.ts';
import { AnswerError } from './answer-errors.ts';
import { OpenAiClients, readJson, type OpenAiContext } from './openai-compatible.ts';

/** The longest list that OpenAI takes in one request. */
const BATCH = 2_048;

/** An endpoint's embeddings (POST /embeddings). */
export class OpenAiEmbeddings implements EmbeddingModel {
  readonly id: string;
  readonly #target: OpenAiTarget;
  readonly #clients: OpenAiClients;

  constructor(id: string, target: OpenAiTarget, context: OpenAiContext) {
    this.id = id;
    this.#target = target;
    this.#clients = new OpenAiClients(target, context);
  }

  async embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (let from = 0; from < texts.length; from += BATCH) {
      // An empty text is refused by OpenAI; a space has no meaning either.
      const input = texts.slice(from, from + BATCH).map((text) => (text === '' ? ' ' : text));
      vectors.push(...(await this.#clients.exchange('/embeddings', { model: this.#target.model, input }, { signal }, async (response) => read(await readJson(response), input.length))));
    }
    return vectors;
  }
}

function read(answer: Record<string, unknown>, expected: number): Float32Array[] {
  const { data } = answer;
  if (!Array.isArray(data) || data.length !== expected) throw new AnswerError(`sent ${Array.isArray(data) ? data.length : 'no'} embeddings for ${expected} texts`);
  const vectors: Float32Array[] = new Array<Float32Array>(expected);
  for (const [position, item] of data.entries()) {
    const embedding: unknown = isObject(item) ? item['embedding'] : undefined;
    const index: unknown = isObject(item) ? (item['index'] ?? position) : undefined;
    if (!Array.isArray(embedding) || embedding.length === 0 || !embedding.every((value) => Number.isFinite(value))) throw new AnswerError('sent an embedding that is not a list of numbers');
    if (typeof index !== 'number' || !Number.isInteger(index) || !(index >= 0 && index < expected) || vectors[index] !== undefined) throw new AnswerError('sent embeddings that do not belong to one text each');
    vectors[index] = unit(Float32Array.from(embedding as number[]));
  }
  return vectors;
}

/** Scaled to length 1; a zero vector stays. */
export function unit(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  const length = Math.sqrt(sum);
  return length === 0 ? vector : vector.map((value) => value / length);
}
