import type { Message, Part, Span } from '../model.ts';
import type { TraceTree } from '../tree.ts';

/** Something about a trace that a person would want to be told. */
export interface Finding {
  readonly rule: string;
  readonly severity: 'info' | 'warning' | 'error';
  readonly message: string;
  readonly spanIds: readonly string[];
}

/** A trace as the rules look at it. */
export interface Examined {
  readonly spans: readonly Span[];
  readonly tree: TraceTree;
  /** What each agent did itself, in the order of its start; spans below no agent are together. Sub-agents are apart. */
  readonly byAgent: readonly (readonly Span[])[];
}

export type Rule = (trace: Examined) => Finding[];

export function examine(spans: readonly Span[], tree: TraceTree): Examined {
  const owners = new Int32Array(spans.length).fill(-1);
  const groups = new Map<number, Span[]>();
  for (const index of tree.order) {
    const parent = tree.parents[index]!;
    const owner = parent < 0 ? -1 : spans[parent]!.kind === 'agent' ? parent : owners[parent]!;
    owners[index] = owner;
    const group = groups.get(owner);
    if (group) group.push(spans[index]!);
    else groups.set(owner, [spans[index]!]);
  }
  return { spans, tree, byAgent: [...groups.values()] };
}

export function messagesIn(span: Span, side: 'input' | 'output'): readonly Message[] {
  return span[`${side}Form`] === 'messages' ? (span[side] as readonly Message[]) : [];
}

type PartOf<T extends Part['type']> = Extract<Part, { type: T }>;

export function partsIn<T extends Part['type']>(messages: readonly Message[], type: T): PartOf<T>[] {
  return messages.flatMap((message) => message.parts.filter((part): part is PartOf<T> => part.type === type));
}

/** A model call that another instrumentation of the same call repeats says everything twice. */
export function isCounted(span: Span): boolean {
  return span.usageRole !== 'duplicate';
}

export function quote(text: string, length = 120): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return `“${line.length > length ? `${line.slice(0, length)}…` : line}”`;
}
