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
  /** Ids of the calls of tools that were told of; by tool, how many were that no span has been found of. */
  readonly #callIds = new Set<string>();
  readonly #untaken = new Map<string, number>();

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
      for (const part of parts) {
        if (part.type !== 'tool_call') continue;
        if (part.id !== null) this.#callIds.add(part.id);
        this.#untaken.set(part.name, (this.#untaken.get(part.name) ?? 0) + 1);
      }
    }
    return {
      conversation, begins,
      input: input.map((message, index) => ({ index, message })).slice(common),
      output: output.map((message, index) => ({ index, message })),
    };
  }

  /**
   * Whether messages tell of this call of a tool: by its id, else, because not all senders give one to both, by its name, each call that
   * was told of once. Asked once for each span, in the order of time.
   */
  tells(tool: string, callId: string | null): boolean {
    const untaken = this.#untaken.get(tool) ?? 0;
    if (untaken > 0) this.#untaken.set(tool, untaken - 1);
    return untaken > 0 || (callId !== null && this.#callIds.has(callId));
  }
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

/**
 * The spans whose messages make the conversation, by their start: calls of models and of tools; where no model is called, everything that may
 * have messages. A tool within a tool of the same name is the same call once more, as its client or its server saw it.
 */
export function conversationSpans(skeleton: TraceSkeleton): Int32Array {
  const { count, kinds, flags, names, parents, starts } = skeleton;
  const aside = SPAN_FLAGS.aggregate | SPAN_FLAGS.duplicate | SPAN_FLAGS.pending;
  const llm = SPAN_KINDS.indexOf('llm');
  const tool = SPAN_KINDS.indexOf('tool');
  const silent: ReadonlySet<number> = new Set([SPAN_KINDS.indexOf('http'), SPAN_KINDS.indexOf('db')]);
  /** By position: the nearest call of a tool at or above it; -1: none. */
  const within = new Int32Array(count);
  const isRepeated = new Uint8Array(count);
  let calls = 0;
  for (let at = 0; at < count; at++) {
    const above = parents[at]! < 0 ? -1 : within[parents[at]!]!;
    within[at] = kinds[at] === tool ? at : above;
    if (kinds[at] === tool && above >= 0 && names[above] === names[at]) isRepeated[at] = 1;
    if (kinds[at] === llm && (flags[at]! & aside) === 0) calls++;
  }
  const isTold = (at: number): boolean => (kinds[at] === tool ? isRepeated[at] === 0 : calls > 0 ? kinds[at] === llm && (flags[at]! & aside) === 0 : !silent.has(kinds[at]!));
  return orderByStart(Int32Array.from({ length: count }, (_, at) => at).filter(isTold), starts);
}
