import type { ContentPart } from '../../../src/core/model/model.ts';
import type { ComparedPrompt } from '../../../src/protocol/compare.ts';

/** A message, a tool, or the whole template of a side, as text. */
export interface PromptPart {
  /** `system`, `user`, …; of a tool its name. */
  readonly label: string;
  readonly text: string;
}

/** Parts that belong together; `null`: the other side has it alone. */
export interface PartPair {
  readonly a: PromptPart | null;
  readonly b: PromptPart | null;
}

/** What a prompt says, in its order. */
export function messagesOf({ messages, template, source }: ComparedPrompt): readonly PromptPart[] {
  if (template !== undefined) return [{ label: 'template', text: template }];
  if (messages !== undefined) return messages.map(({ role, content }) => ({ label: role, text: textOf(content) }));
  return source === undefined ? [] : [{ label: 'program', text: JSON.stringify(source, null, 2) }];
}

export function toolsOf({ tools }: ComparedPrompt): readonly PromptPart[] {
  return tools.map((tool) => ({ label: tool.name, text: JSON.stringify(tool, null, 2) }));
}

function textOf(content: string | readonly ContentPart[]): string {
  return typeof content === 'string' ? content : content.map((part) => (part.type === 'text' ? part.text : `[image ${part.url}]`)).join('\n');
}

/** Below it two messages are rather one removed and one added than one that was changed. */
const ALIKE = 0.25;

/**
 * Parts with the same label paired in their order, so that the pairs are as alike as they can be altogether (as an alignment of two
 * sequences: Needleman and Wunsch 1970); what finds no partner was removed or added.
 */
export function matchParts(a: readonly PromptPart[], b: readonly PromptPart[]): readonly PartPair[] {
  const likeness = a.map((one) => b.map((other) => (one.label === other.label ? likenessOf(one.text, other.text) : 0)));
  /** By how many parts of either side are still to come: the best sum. */
  const best = Array.from({ length: a.length + 1 }, () => new Float64Array(b.length + 1));
  const sum = (i: number, j: number): number => best[i]?.[j] ?? 0;
  const paired = (i: number, j: number): number => {
    const alike = likeness[i]?.[j] ?? 0;
    return alike >= ALIKE ? alike + sum(i + 1, j + 1) : -1;
  };
  for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) best[i]![j] = Math.max(paired(i, j), sum(i + 1, j), sum(i, j + 1));
  const pairs: PartPair[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [one, other] = [a[i] ?? null, b[j] ?? null];
    if (one !== null && other !== null && paired(i, j) === sum(i, j)) {
      pairs.push({ a: one, b: other });
      [i, j] = [i + 1, j + 1];
    } else if (one !== null && (other === null || sum(i + 1, j) >= sum(i, j + 1))) {
      pairs.push({ a: one, b: null });
      i++;
    } else {
      pairs.push({ a: null, b: other });
      j++;
    }
  }
  return pairs;
}

/** Share of the words that two texts have in common (Dice's coefficient over the words with their number), 0..1. */
function likenessOf(one: string, other: string): number {
  if (one === other) return 1;
  const count = (text: string): Map<string, number> => {
    const words = new Map<string, number>();
    for (const [word] of text.matchAll(/[\p{L}\p{N}_]+/gu)) words.set(word, (words.get(word) ?? 0) + 1);
    return words;
  };
  const [first, second] = [count(one), count(other)];
  const total = [...first.values(), ...second.values()].reduce((sum, n) => sum + n, 0);
  let common = 0;
  for (const [word, n] of first) common += Math.min(n, second.get(word) ?? 0);
  // Without a single word, as in a lone placeholder that was replaced, the same place and role is what they share.
  return total === 0 ? ALIKE : (2 * common) / total;
}
