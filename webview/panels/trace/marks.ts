import type { Finding } from '../../../src/core/trace/findings/finding.ts';
import type { TreeView } from '../../../src/core/trace/view/tree-view.ts';

/** What a finding says at the row of a span. */
export interface Mark {
  readonly text: string;
  /** The first span of a finding stands out; the others say which of them they are. */
  readonly strong: boolean;
  readonly title: string;
}

const WORDS: Readonly<Record<string, (count: number) => string>> = {
  'repeated-call': (count) => `×${count} repeated`,
  'repeated-error': (count) => `×${count} failed`,
  'no-progress': (count) => `×${count} same answer`,
  'cycle': () => 'loop',
  'unknown-tool': () => 'unknown tool',
  'invalid-arguments': () => 'arguments',
  'unanswered-call': () => 'no result',
  'error-in-result': () => 'error in result',
  'retry': () => 'retry',
  'truncated': () => 'truncated',
  'after-final-answer': () => 'after the answer',
};
/** Rules whose spans are one after the other of the same. */
const COUNTED: ReadonlySet<string> = new Set(['repeated-call', 'repeated-error', 'no-progress']);
/** A list of a hundred thousand repetitions is told at its first rows. */
const MAX_MARKED = 1000;

/** By position; the first finding of a span is the one that is told at its row. */
export function marksOfFindings(findings: readonly Finding[], view: TreeView): ReadonlyMap<number, Mark> {
  const marks = new Map<number, Mark>();
  for (const { rule, message, spanIds } of findings) {
    const word = WORDS[rule];
    if (word === undefined) continue;
    for (const [index, id] of spanIds.slice(0, MAX_MARKED).entries()) {
      const position = view.positions.position(id);
      if (position < 0 || marks.has(position)) continue;
      const later = index > 0 && COUNTED.has(rule);
      marks.set(position, { text: later ? `${index + 1} of ${spanIds.length}` : word(spanIds.length), strong: !later, title: message });
    }
  }
  return marks;
}
