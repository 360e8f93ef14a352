import type { JsonObject } from '../../json.ts';
import { anyValueOf, attributesOf } from '../any-value.ts';
import { spanIdFor } from '../ids.ts';
import type { AnyValue, KeyValue, RawEvent, RawSpan, Resource, Scope } from '../model.ts';
import { makeSpan } from './build.ts';

/** Of a history that is longer, calls carry the last messages only: what came before is in the calls before. */
const MAX_HISTORY = 2000;
/** All calls of one conversation together carry so many messages; those that follow carry fewer. Else a long session would not fit into memory. */
const MAX_CARRIED = 4_000_000;
const LATE_HISTORY = 100;
/** Characters of JSON that a call carries: about what the window of a coding agent's model takes. */
const MAX_HISTORY_LENGTH = 1024 * 1024;

export interface Message {
  readonly role: string;
  readonly parts: readonly JsonObject[];
}

export interface SpanFields {
  /** Unique within the trace. */
  readonly id: string;
  /** Span id, as another span of this conversation was given it. */
  readonly parent: string | null;
  readonly name: string;
  readonly startNs: string;
  readonly endNs: string | null;
  readonly attributes: JsonObject;
  readonly kind?: number;
  readonly error?: string | null;
  readonly events?: readonly RawEvent[];
}

/**
 * Makes spans of a recorded conversation, in OTel's words: each call of a model carries the history that it answered. The
 * messages are converted once and shared by the spans that carry them.
 */
export class Conversation {
  readonly spans: RawSpan[] = [];
  readonly #format: string;
  readonly #traceId: string;
  readonly #scope: Scope;
  readonly #resource: Resource;

  constructor(format: string, traceId: string, scope: Scope, resource: Resource) {
    this.#format = format;
    this.#traceId = traceId;
    this.#scope = scope;
    this.#resource = resource;
  }

  spanId(id: string): string {
    return spanIdFor(this.#format, `${this.#traceId} ${id}`);
  }

  /** Adds a span and gives its id. */
  span(fields: SpanFields, extra: readonly KeyValue[] = []): string {
    const spanId = this.spanId(fields.id);
    this.spans.push(makeSpan({
      traceId: this.#traceId,
      spanId,
      parentSpanId: fields.parent,
      name: fields.name,
      kind: fields.kind ?? 1,
      startTimeUnixNano: fields.startNs,
      endTimeUnixNano: fields.endNs,
      attributes: [...attributesOf(fields.attributes), ...extra],
      events: fields.events ?? [],
      status: fields.error === undefined || fields.error === null ? { code: 0, message: '' } : { code: 2, message: fields.error },
      resource: this.#resource,
      scope: this.#scope,
    }));
    return spanId;
  }

  agent(fields: SpanFields): string {
    return this.span({ ...fields, attributes: { 'gen_ai.operation.name': 'invoke_agent', ...fields.attributes } });
  }

  /** A call of a model that answered the history with `output`, which becomes part of the history. */
  call(fields: SpanFields, history: History, output: Message): string {
    const extra = [{ key: 'gen_ai.input.messages', value: history.value() }, { key: 'gen_ai.output.messages', value: anyValueOf([output]) }];
    history.add(output);
    return this.span({ kind: 3, ...fields, attributes: { 'gen_ai.operation.name': 'chat', ...fields.attributes } }, extra);
  }

  tool(fields: SpanFields & { readonly tool: string; readonly callId: string | null; readonly arguments: unknown; readonly result: unknown }): string {
    const { tool, callId, arguments: args, result, attributes, ...rest } = fields;
    return this.span({ ...rest, attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': tool, 'gen_ai.tool.call.id': callId, 'gen_ai.tool.call.arguments': args, 'gen_ai.tool.call.result': result, ...attributes } });
  }
}

/** What was said before a call. */
export class History {
  readonly #messages: AnyValue[] = [];
  readonly #lengths: number[] = [];
  /** Position of the first message that fits, and the length of all from there on. */
  #from = 0;
  #length = 0;
  #carried = 0;

  add(message: Message): void {
    const length = JSON.stringify(message).length;
    this.#messages.push(anyValueOf(message));
    this.#lengths.push(length);
    this.#length += length;
    // The last message is carried whatever its length.
    while (this.#from < this.#messages.length - 1 && this.#length > MAX_HISTORY_LENGTH) this.#length -= this.#lengths[this.#from++]!;
  }

  /** A summary takes the place of what was said before. */
  clear(): void {
    this.#from = this.#messages.length;
    this.#length = 0;
  }

  value(): AnyValue {
    const most = this.#carried < MAX_CARRIED ? MAX_HISTORY : LATE_HISTORY;
    const values = this.#messages.slice(Math.max(this.#from, this.#messages.length - most));
    this.#carried += values.length;
    return { arrayValue: { values } };
  }
}

export function textPart(content: unknown): JsonObject {
  return { type: 'text', content };
}

/** Times for recordings that have none: everything in its order, nothing with a duration that nobody measured. */
export class Sequence {
  #now: bigint;

  constructor(baseNs: string) {
    this.#now = BigInt(baseNs);
  }

  /** The next moment, a nanosecond after the one before. */
  next(): string {
    this.#now += 1n;
    return this.#now.toString();
  }

  /** Lets a measured duration pass. */
  pass(seconds: number): string {
    if (Number.isFinite(seconds) && seconds > 0 && seconds < 1e8) this.#now += BigInt(Math.round(seconds * 1e9));
    return this.#now.toString();
  }
}
