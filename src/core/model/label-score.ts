import type { Label } from './label-prompt.ts';

/** What is embedded for one label. */
export interface LabelTexts {
  readonly name: string;
  /** The label with its description, as one sentence. */
  readonly whole: string;
  /** The parts of the description and the examples, each for itself. */
  readonly parts: readonly string[];
}

/** Similarities of one input to one label's texts, cosines. */
export interface LabelSimilarity {
  readonly whole: number;
  readonly parts: readonly number[];
}

const NEGATIVE = /^(?:but\s+)?(?:not|never|no|excluding|except|without)\b/i;

/** The texts that stand for a label. What a description says the label is *not* is left out: an embedding cannot tell "not X" from "X". */
export function labelTexts({ name, description, examples }: Label): LabelTexts {
  const words = name.replace(/[_-]+/g, ' ').replace(/([a-z])([A-Z])/g, '$1 $2').trim();
  const parts = description
    .split(/[;,.]\s+|\s+\bor\b\s+/)
    .map((part) => part.trim().replace(/[.;,]$/, ''))
    .filter((part) => part.length > 2 && !NEGATIVE.test(part));
  return { name, whole: parts.length === 0 ? words : `${words}: ${parts.join(', ')}`, parts: [...parts, ...examples] };
}

/**
 * One number for a label: the mean of its whole text's similarity and the best of its parts'. A label without parts has its
 * whole text only. Rounded, because a batch's size changes the last bits.
 */
export function labelScore({ whole, parts }: LabelSimilarity): number {
  const score = parts.length === 0 ? whole : (whole + Math.max(...parts)) / 2;
  return Math.round(score * 1e4) / 1e4;
}

/** Sharpness of the confidences: a cosine 0.1 above another is e² times as likely. */
const TEMPERATURE = 0.05;

/** The best label's index (the first of equals) and its softmax share, in 0..1, two decimals. */
export function chooseLabel(scores: readonly number[]): { readonly index: number; readonly confidence: number } {
  const best = Math.max(...scores);
  const sum = scores.reduce((total, score) => total + Math.exp((score - best) / TEMPERATURE), 0);
  return { index: scores.indexOf(best), confidence: Math.round(100 / sum) / 100 };
}
