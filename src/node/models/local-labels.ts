import { isObject, type JsonObject } from '../../core/json.ts';
import { enumOf, readLabelPrompt, type Label, type LabelPrompt } from '../../core/model/label-prompt.ts';
import { chooseLabel, labelScore, labelTexts } from '../../core/model/label-score.ts';
import { ModelError, type CallContext, type EmbeddingModel, type Model, type ModelRef, type ModelReply, type ModelRequest } from '../../core/model/model.ts';
import { estimateTokens } from '../../core/model/usage.ts';

const WHAT_IT_IS =
  '`local:labels` is no language model: it compares sentence embeddings on this machine and answers with one of the labels that a prompt lists. List them, for example as `- billing: charges, refunds, invoices`, as `Labels: a, b, c`, or as an `enum` in the JSON schema. For any other prompt choose another model.';
/** Cosine to a property's description from which a boolean is true. */
const TRUE_FROM = 0.3;
const EXTRACT = 120;

interface Choice {
  readonly name: string;
  readonly confidence: number;
}

/**
 * `local:labels`: the small model for the first run, examples and tests. It looks only at the messages and the response format,
 * as a remote model would, and is deterministic. How it reads prompts is documented in docs/models.md.
 */
export class LocalLabelsModel implements Model {
  readonly ref: ModelRef;
  readonly endpoint = 'local:labels';
  readonly kind = 'local' as const;
  readonly identity = { adapter: 'local:labels', version: 1 };
  readonly cacheable = true;
  readonly #embedder: EmbeddingModel;

  constructor(ref: ModelRef, embedder: EmbeddingModel) {
    this.ref = ref;
    this.#embedder = embedder;
  }

  async generate(request: ModelRequest, { signal, onText }: CallContext): Promise<ModelReply> {
    const prompt = readLabelPrompt(request.messages, request.responseFormat);
    if (prompt === null) throw new ModelError('model-request', `This prompt lists no labels. ${WHAT_IT_IS}`, { transient: false });
    const choice = await this.#choose(prompt.labels, prompt.input, signal);
    const text = await this.#write(request, prompt, choice, signal);
    onText?.(text);
    const input = request.messages.reduce((sum, message) => sum + 4 + estimateTokens(typeof message.content === 'string' ? message.content : JSON.stringify(message.content)), 0);
    return {
      text,
      toolCalls: [],
      finishReason: 'stop',
      usage: { input, cachedInput: 0, output: estimateTokens(text), reasoning: 0 },
      reportedCost: 0,
      metadata: { confidence: choice.confidence },
    };
  }

  async #choose(labels: readonly Label[], input: string, signal: AbortSignal): Promise<Choice> {
    const texts = labels.map(labelTexts);
    const all = [input, ...texts.flatMap(({ whole, parts }) => [whole, ...parts])];
    const [subject, ...vectors] = await this.#embedder.embed(all, signal);
    let next = 0;
    const scores = texts.map(({ parts }) => {
      const whole = cosine(subject!, vectors[next++]!);
      return labelScore({ whole, parts: parts.map(() => cosine(subject!, vectors[next++]!)) });
    });
    const { index, confidence } = chooseLabel(scores);
    return { name: labels[index]!.name, confidence };
  }

  async #write(request: ModelRequest, prompt: LabelPrompt, choice: Choice, signal: AbortSignal): Promise<string> {
    const format = request.responseFormat;
    if (format === undefined || format.type === 'text') return choice.name;
    if (format.type === 'json_schema') return JSON.stringify(await this.#fill(format.schema, '', prompt, choice, signal, 0));
    const asked = request.messages.map((message) => (typeof message.content === 'string' ? message.content : '')).join('\n');
    return JSON.stringify({ [/"(\w{1,40})"\s*:/.exec(asked)?.[1] ?? 'label']: choice.name });
  }

  /** A value for a schema: simple rules, so that the shape is right and nothing is made up. */
  async #fill(schema: unknown, name: string, prompt: LabelPrompt, choice: Choice, signal: AbortSignal, depth: number): Promise<unknown> {
    if (!isObject(schema) || depth > 8) return null;
    if ('const' in schema) return schema['const'];
    const values = enumOf(schema);
    if (values !== null) {
      if (values.includes(choice.name)) return choice.name;
      const labels = values.map((value): Label => ({ name: value, description: '', examples: [] }));
      return values.length === 0 ? null : (await this.#choose(labels, prompt.input, signal)).name;
    }
    const variants: unknown = schema['anyOf'] ?? schema['oneOf'];
    const variant = Array.isArray(variants) ? variants.filter(isObject).find((option) => option['type'] !== 'null') : undefined;
    if (variant !== undefined) return this.#fill(variant, name, prompt, choice, signal, depth + 1);
    const types: unknown[] = Array.isArray(schema['type']) ? schema['type'] : [schema['type']];
    const type = types.find((item) => item !== 'null' && item !== undefined) ?? (isObject(schema['properties']) ? 'object' : 'string');
    switch (type) {
      case 'object': {
        const filled: JsonObject = {};
        const properties = isObject(schema['properties']) ? schema['properties'] : {};
        for (const [key, property] of Object.entries(properties)) filled[key] = await this.#fill(property, key, prompt, choice, signal, depth + 1);
        return filled;
      }
      case 'array': {
        const item = await this.#fill(schema['items'], name, prompt, choice, signal, depth + 1);
        return item === null ? [] : [item];
      }
      case 'boolean': {
        const about = `${name.replace(/[_-]+/g, ' ')} ${typeof schema['description'] === 'string' ? schema['description'] : ''}`.trim();
        const [subject, property] = await this.#embedder.embed([prompt.input, about], signal);
        return cosine(subject!, property!) >= TRUE_FROM;
      }
      case 'number':
      case 'integer':
        return numberFor(schema, choice.confidence, type === 'integer');
      case 'string':
        return extract(prompt.input, typeof schema['maxLength'] === 'number' ? Math.min(EXTRACT, schema['maxLength']) : EXTRACT);
      default:
        return null;
    }
  }
}

/** The confidence, laid out over the range that the schema allows. */
function numberFor(schema: JsonObject, confidence: number, whole: boolean): number {
  const lowest = typeof schema['minimum'] === 'number' ? schema['minimum'] : 0;
  const highest = typeof schema['maximum'] === 'number' ? schema['maximum'] : lowest + 1;
  const value = lowest + (highest - lowest) * confidence;
  return whole ? Math.round(value) : Math.round(value * 100) / 100;
}

/** The first sentence of the input. */
function extract(input: string, longest: number): string {
  const sentence = /^[\s\S]*?[.!?](?=\s|$)/.exec(input.trim())?.[0] ?? input.trim();
  return sentence.replace(/\s+/g, ' ').slice(0, longest).trim();
}

/** Of unit vectors. */
function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}
