import type { AssertionSpec } from '../model.ts';
import { CheckError, figure, type Outcome } from '../outcome.ts';

/** The texts to compare with: one, or a list. */
export function references({ type, value }: AssertionSpec): string[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length > 0 && list.every((item) => typeof item === 'string')) return list;
  throw new CheckError(`${type} needs a text to compare with, or a list of texts.`);
}

/** A similarity passes from its threshold on. */
export function scored(name: string, score: number, threshold: number, note = ''): Outcome {
  return { pass: score >= threshold, score, reason: `${name} ${figure(score)}; at least ${threshold} asked for.${note}` };
}
