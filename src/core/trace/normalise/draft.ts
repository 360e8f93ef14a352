import type { JsonObject } from '../../json.ts';
import type { ContentForm, Field, MemoryAccess, Message, Part, Retrieval, Score, SpanError, SpanKind, TokenBuckets, ToolDefinition } from '../model.ts';
import { nanosOf } from '../time.ts';
import { parsed } from './json-text.ts';
import { messagesOf, systemMessage } from './messages.ts';
import { textOf, type SpanView } from './span-view.ts';
import { bucketsOf, type ReportedTokens } from './tokens.ts';
import { toolsOf } from './tools.ts';

/** What the fields of a draft hold. */
interface Values {
  kind: SpanKind;
  operation: string;
  provider: string;
  modelRequested: string;
  modelServed: string;
  parameters: JsonObject;
  responseId: string;
  finishReasons: readonly string[];
  timeToFirstTokenMs: number;
  input: Content;
  output: Content;
  tools: readonly ToolDefinition[];
  toolName: string;
  toolCallId: string;
  toolArguments: unknown;
  toolResult: unknown;
  tokens: TokenBuckets;
  costReported: number;
  session: string;
  user: string;
  agentName: string;
  agentId: string;
  promptName: string;
  promptVersion: string;
  promptVariables: JsonObject;
  tags: readonly string[];
  metadata: JsonObject;
  scores: readonly Score[];
  error: SpanError;
  retrieval: Retrieval;
  memory: MemoryAccess;
  environment: string;
  code: { file: string; line: number | null; column: number | null; function: string | null };
}

export interface Content {
  readonly form: ContentForm;
  readonly value: unknown;
}

/** How much of what was said is read: taking spans in needs only what they are found, filtered and counted by, and of some what they were asked. */
export type ReadContent = 'all' | 'input' | 'none';

/** The fields that are plain texts. */
type TextField = { [F in Field]: Values[F] extends string ? (F extends 'kind' ? never : F) : never }[Field];

/**
 * A span's canonical fields while its dialects fill them. Dialects run in the order of their authority, so the first value of a
 * field stands; of inputs and outputs the one with the most structure does. Where a value came from is kept beside it.
 */
export class Draft {
  readonly view: SpanView;
  readonly sources: Partial<Record<Field, readonly string[]>> = {};
  /** Whether what was said is read: messages, tools, parameters. */
  readonly readsContent: boolean;
  readonly #readsOutput: boolean;
  readonly #values: Partial<Values> = {};

  constructor(view: SpanView, content: ReadContent = 'all') {
    this.view = view;
    this.readsContent = content !== 'none';
    this.#readsOutput = content === 'all';
  }

  get<F extends Field>(field: F): Values[F] | null {
    return this.#values[field] ?? null;
  }

  /** Sets a field that has no value yet; `null` and `undefined` set nothing. */
  set<F extends Field>(field: F, value: Values[F] | null | undefined, ...from: string[]): void {
    if (value === null || value === undefined || this.#values[field] !== undefined) return;
    this.#values[field] = value;
    this.sources[field] = from;
  }

  /** The first of the attributes that holds a text. */
  text(field: TextField, ...keys: string[]): void {
    if (this.#values[field] !== undefined) return;
    for (const key of keys) {
      const value = this.view.text(key);
      if (value !== null) return this.set(field, value, key);
    }
  }

  /** The first of the attributes that holds anything, parsed where it is JSON. */
  json(field: 'toolArguments' | 'toolResult', ...keys: string[]): void {
    for (const key of keys) this.set(field, this.view.json(key), key);
  }

  number(field: 'timeToFirstTokenMs' | 'costReported', scale: number, ...keys: string[]): void {
    for (const key of keys) {
      const value = this.view.number(key);
      if (value !== null && value >= 0) this.set(field, value * scale, key);
    }
  }

  /** The moment of the first token, as a date or a number (`nanosOf`); one before the start says nothing. */
  firstTokenAt(key: string): void {
    const first = nanosOf(this.view.json(key));
    if (first === null) return;
    const ns = BigInt(first) - BigInt(this.view.span.startTimeUnixNano);
    if (ns >= 0n) this.set('timeToFirstTokenMs', Number(ns) / 1e6, key);
  }

  /** Input or output: messages where the value holds any, else a text or JSON. */
  content(field: 'input' | 'output', value: unknown, ...from: string[]): void {
    if (!this.#reads(field)) return;
    const read = contentOf(parsed(value), field === 'input' ? 'user' : 'assistant');
    if (read === null) return;
    const current = this.#values[field];
    if (current && !saysNothing(current) && (current.form === 'messages' || read.form !== 'messages')) return;
    this.#values[field] = read;
    this.sources[field] = from;
  }

  contentOf(field: 'input' | 'output', ...keys: string[]): void {
    if (!this.#reads(field)) return;
    for (const key of keys) this.content(field, this.view.plain(key), key);
  }

  messages(field: 'input' | 'output', messages: readonly Message[] | null, ...from: string[]): void {
    if (!this.#reads(field)) return;
    const current = this.#values[field];
    if (messages === null || messages.length === 0 || (current?.form === 'messages' && !saysNothing(current))) return;
    this.#values[field] = { form: 'messages', value: messages };
    this.sources[field] = from;
  }

  #reads(field: 'input' | 'output'): boolean {
    return this.readsContent && (field === 'input' || this.#readsOutput);
  }

  /** Instructions that are sent apart from the messages become the first of them. */
  system(value: unknown, from: string): void {
    if (!this.readsContent) return;
    const [system] = systemMessage(parsed(value));
    const input = this.#values.input;
    if (!system) return;
    const messages = input?.form === 'messages' ? (input.value as Message[]) : input?.form === 'text' ? [{ role: 'user', parts: [{ type: 'text', text: input.value as string } satisfies Part] }] : [];
    if (messages.some((message) => message.role === 'system' || message.role === 'developer')) return;
    this.#values.input = { form: 'messages', value: [system, ...messages] };
    this.sources.input = [from, ...(messages.length > 0 ? (this.sources.input ?? []) : [])];
  }

  /** A graph's step returns its whole state: what it was given is no output. */
  withoutHistory(): void {
    const { input, output } = this.#values;
    if (input?.form !== 'messages' || output?.form !== 'messages') return;
    const [before, after] = [input.value as Message[], output.value as Message[]];
    if (after.length <= before.length || before.some((message, index) => JSON.stringify(message) !== JSON.stringify(after[index]))) return;
    this.#values.output = { form: 'messages', value: after.slice(before.length) };
  }

  tools(value: unknown, ...from: string[]): void {
    if (this.readsContent) this.set('tools', toolsOf(value), ...from);
  }

  tokens(reported: ReportedTokens | null, ...from: string[]): void {
    if (reported) this.set('tokens', bucketsOf(reported), ...from);
  }

  /** Adds members that are not there yet. */
  merge(field: 'parameters' | 'metadata' | 'promptVariables', members: JsonObject, ...from: string[]): void {
    if (!this.readsContent || Object.keys(members).length === 0) return;
    this.#values[field] = { ...members, ...this.#values[field] };
    this.sources[field] = [...(this.sources[field] ?? []), ...from];
  }

  /** As `merge`, of the attributes that share a prefix. */
  mergeUnder(field: 'parameters' | 'metadata' | 'promptVariables', prefix: string, except: readonly string[] = []): void {
    if (this.readsContent) this.merge(field, membersUnder(this.view, prefix, except), `${prefix}*`);
  }

  addScores(scores: readonly Score[], ...from: string[]): void {
    if (scores.length === 0) return;
    this.#values.scores = [...(this.#values.scores ?? []), ...scores];
    this.sources.scores = [...(this.sources.scores ?? []), ...from];
  }

  addTags(value: unknown, from: string): void {
    const list = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value.map(textOf) : [];
    const tags = list.map((tag) => tag?.trim() ?? '').filter((tag) => tag !== '');
    if (tags.length === 0) return;
    this.#values.tags = [...new Set([...(this.#values.tags ?? []), ...tags])];
    this.sources.tags = [...(this.sources.tags ?? []), from];
  }
}

/** Roles alone: BeeAI's agents send the texts elsewhere. */
function saysNothing({ form, value }: Content): boolean {
  return form === 'messages' && (value as readonly Message[]).every(({ parts }) => parts.length === 0);
}

function contentOf(value: unknown, role: string): Content | null {
  if (value === undefined || value === null || value === '') return null;
  const messages = messagesOf(value, role);
  if (messages) return { form: 'messages', value: messages };
  return typeof value === 'string' ? { form: 'text', value } : { form: 'json', value };
}

/** Members of attributes that share a prefix, without it: `gen_ai.request.` → `{temperature: 0.2, …}`. */
export function membersUnder(view: SpanView, prefix: string, except: readonly string[] = []): JsonObject {
  const entries = view.keys(prefix).filter((key) => !except.includes(key)).map((key): [string, unknown] => [key.slice(prefix.length), view.json(key)]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
