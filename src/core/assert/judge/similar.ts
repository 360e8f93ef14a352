import { CheckError, figure, type Outcome } from '../outcome.ts';
import { references } from '../similarity/references.ts';
import type { JudgeSetting } from './ask.ts';

type Metric = 'cosine' | 'dot' | 'euclidean';

interface Measured {
  readonly pass: boolean;
  readonly score: number;
  readonly reason: string;
}

/** Similarity of the output's embedding to that of a text, or to the most similar of several. */
export async function similar(setting: JudgeSetting): Promise<Outcome> {
  const { spec, context } = setting;
  const targets = references(spec);
  const metric = metricOf(spec.type);
  const threshold = spec.threshold ?? 0.75;
  const [output, ...vectors] = await setting.embed([context.output, ...targets]);
  if (output === undefined) throw new CheckError('The embedding model gave no vector.');
  const measured = vectors.map((vector) => measure(metric, output, vector, threshold));
  const best = measured.reduce((a, b) => (b.score > a.score ? b : a));
  return { ...best, pass: measured.some((one) => one.pass) };
}

function metricOf(type: string): Metric {
  const name = type.split(':')[1];
  return name === 'dot' || name === 'euclidean' ? name : 'cosine';
}

/** For a distance d the score is 1/(1+d), and the threshold is the largest distance allowed. */
function measure(metric: Metric, a: Float32Array, b: Float32Array, threshold: number): Measured {
  if (a.length !== b.length) throw new CheckError('The embedding model gave vectors of different lengths.');
  if (metric === 'euclidean') {
    const distance = Math.sqrt(a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0));
    return { pass: distance <= threshold, score: 1 / (1 + distance), reason: `Euclidean distance ${figure(distance)}; at most ${threshold} allowed.` };
  }
  const value = metric === 'dot' ? dot(a, b) : cosine(a, b);
  return { pass: value >= threshold, score: value, reason: `${metric === 'dot' ? 'Dot product' : 'Cosine similarity'} ${figure(value)}; at least ${threshold} asked for.` };
}

/** Cosine of the angle between two vectors; 0 when one of them is zero. */
export function cosine(a: Float32Array, b: Float32Array): number {
  const lengths = Math.sqrt(dot(a, a) * dot(b, b));
  return lengths === 0 ? 0 : dot(a, b) / lengths;
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
