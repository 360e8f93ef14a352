import { canonicalJson, isObject } from '../json.ts';
import type { Message, Part, Span } from '../trace/model.ts';

export interface RecordedResult {
  readonly text: string;
  /** `similar`: the tool was called with other arguments, and only once: its answer stands in. */
  readonly how: 'same' | 'similar';
}

/**
 * What the tools of a recorded run answered. Nothing is called: a tool may have changed the world, and the world has changed since. A call
 * that was made several times gets its answers in the order in which they came, and the last one from then on.
 */
export class RecordedTools {
  readonly #byCall = new Map<string, string[]>();
  readonly #byName = new Map<string, Set<string>>();
  readonly #asked = new Map<string, number>();
  readonly #seen = new Set<string>();

  /** Spans in the order of their time: those of tools, and the results that calls of models carry in their history. */
  constructor(spans: readonly Pick<Span, 'kind' | 'toolName' | 'toolCallId' | 'toolArguments' | 'toolResult' | 'input' | 'inputForm' | 'output' | 'outputForm' | 'error'>[]) {
    for (const span of spans) {
      if (span.kind === 'tool' && span.toolName !== null) this.#add(span.toolName, span.toolArguments, span.toolResult ?? span.error?.message ?? '', span.toolCallId);
    }
    for (const span of spans) {
      if (span.kind === 'tool') continue;
      const messages = [...messagesOf(span.input, span.inputForm), ...messagesOf(span.output, span.outputForm)];
      // An id means the call before it: it may come again further on.
      const calls = new Map<string, Extract<Part, { type: 'tool_call' }>>();
      for (const part of messages.flatMap(({ parts }) => parts)) {
        if (part.type === 'tool_call' && part.id !== null) calls.set(part.id, part);
        const call = part.type === 'tool_result' && part.id !== null ? calls.get(part.id) : undefined;
        if (part.type === 'tool_result' && call !== undefined) this.#add(call.name, call.arguments, part.result, part.id);
      }
    }
  }

  get size(): number {
    return this.#byCall.size;
  }

  /** `null`: the run has no such call. `args` as the model wrote them. */
  answer(name: string, args: string): RecordedResult | null {
    const key = keyOf(name, args);
    const same = this.#byCall.get(key);
    if (same !== undefined) {
      const asked = this.#asked.get(key) ?? 0;
      this.#asked.set(key, asked + 1);
      return { text: same[Math.min(asked, same.length - 1)] ?? '', how: 'same' };
    }
    const keys = [...(this.#byName.get(name) ?? [])];
    const [only] = keys.length === 1 ? (this.#byCall.get(keys[0] ?? '') ?? []) : [];
    return only === undefined ? null : { text: only, how: 'similar' };
  }

  /** The same call is told by its own span and by every history after it: its id counts it once. */
  #add(name: string, args: unknown, result: unknown, id: string | null): void {
    const key = keyOf(name, args);
    if (id !== null) {
      // Some programs number their calls anew at each step.
      const call = `${id} ${key}`;
      if (this.#seen.has(call)) return;
      this.#seen.add(call);
    }
    const results = this.#byCall.get(key) ?? [];
    const text = typeof result === 'string' ? result : (JSON.stringify(result) ?? '');
    // Without an id nobody knows whether a history tells of the same call again.
    if (id === null && results.includes(text)) return;
    results.push(text);
    this.#byCall.set(key, results);
    const keys = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, keys.add(key));
  }
}

function keyOf(name: string, args: unknown): string {
  return `${name} ${canonicalJson(parsed(args))}`;
}

function parsed(args: unknown): unknown {
  if (typeof args !== 'string') return args ?? {};
  try {
    const value: unknown = JSON.parse(args === '' ? '{}' : args);
    return isObject(value) || Array.isArray(value) ? value : args;
  } catch {
    return args;
  }
}

function messagesOf(value: unknown, form: Span['inputForm']): readonly Message[] {
  return form === 'messages' ? (value as readonly Message[]) : [];
}
