import { SPAN_FLAGS, SPAN_KINDS, type TraceSkeleton } from '../../../src/core/trace/skeleton.ts';
import { orderByStart } from '../../../src/core/trace/view/statistics.ts';
import type { Message, Part } from '../../../src/core/trace/model.ts';

/** Messages that a call added to its conversation. */
export interface Turn {
  /** Number of the conversation; calls that do not continue one begin another. */
  readonly conversation: number;
  readonly begins: boolean;
  readonly input: readonly { readonly index: number; readonly message: Message }[];
  readonly output: readonly { readonly index: number; readonly message: Message }[];
}

/**
 * Calls of a model carry the whole history: of each call only what its conversation had not seen is new. A call continues the
 * conversation with which it begins alike for the longest; what a model is told at the start is common to many and continues none.
 */
export class Conversations {
  readonly #known: string[][] = [];
  readonly #calls = new Set<string>();

  add(input: readonly Message[], output: readonly Message[]): Turn {
    const keys = input.map(keyOf);
    const lead = input.findIndex((message) => message.role !== 'system' && message.role !== 'developer');
    let conversation = -1;
    let common = lead < 0 ? input.length : lead;
    for (const [at, known] of this.#known.entries()) {
      const length = commonLength(known, keys);
      if (length > common) [conversation, common] = [at, length];
    }
    const begins = conversation < 0;
    if (begins) [conversation, common] = [this.#known.length, 0];
    this.#known[conversation] = [...keys, ...output.map(keyOf)];
    for (const { parts } of [...input.slice(common), ...output]) {
      for (const part of parts) if (part.type === 'tool_call') this.#calls.add(idKey(part.id)).add(nameKey(part.name));
    }
    return {
      conversation, begins,
      input: input.map((message, index) => ({ index, message })).slice(common),
      output: output.map((message, index) => ({ index, message })),
    };
  }

  /** Whether messages tell of this call of a tool: by its id, else, because not all senders give one to both, by its name. */
  tells(tool: string, callId: string | null): boolean {
    return (callId !== null && this.#calls.has(idKey(callId))) || this.#calls.has(nameKey(tool));
  }
}

function idKey(id: string | null): string {
  return `id ${id}`;
}

function nameKey(name: string): string {
  return `name ${name}`;
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

/** An answer comes back in the next call's history without its finish reason, and often with another id or without its reasoning. */
function keyOf({ role, parts }: Message): string {
  return JSON.stringify([role, ...parts.filter((part) => part.type !== 'reasoning').map(partKey)]);
}

function partKey(part: Part): unknown {
  switch (part.type) {
    case 'text':
      return part.text.trim();
    case 'tool_call':
      return ['call', part.name, part.arguments];
    case 'tool_result':
      return ['result', part.result];
    default:
      return part;
  }
}

/** The spans whose messages make the conversation, by their start: calls of models and of tools; where no model is called, everything that may have messages. */
export function conversationSpans(skeleton: TraceSkeleton): Int32Array {
  const aside = SPAN_FLAGS.aggregate | SPAN_FLAGS.duplicate | SPAN_FLAGS.pending;
  const llm = SPAN_KINDS.indexOf('llm');
  const all = Int32Array.from({ length: skeleton.count }, (_, at) => at);
  const tool = SPAN_KINDS.indexOf('tool');
  const isCall = (at: number): boolean => skeleton.kinds[at] === llm && (skeleton.flags[at]! & aside) === 0;
  const silent: ReadonlySet<number> = new Set([SPAN_KINDS.indexOf('http'), SPAN_KINDS.indexOf('db')]);
  return orderByStart(all.some(isCall) ? all.filter((at) => skeleton.kinds[at] === tool || isCall(at)) : all.filter((at) => !silent.has(skeleton.kinds[at]!)), skeleton.starts);
}
