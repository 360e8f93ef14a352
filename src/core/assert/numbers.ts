import type { AssertionSpec, ScoreContext } from './model.ts';
import { binary, CheckError, figure, type Evaluate } from './outcome.ts';

export const cost: Evaluate = (spec, context) => {
  const limit = threshold(spec);
  if (context.cost === null) throw new CheckError('The cost of this call is unknown: the model has no price. Set one in touchstone.yml.');
  const pass = context.cost <= limit;
  return binary(pass, `The call cost $${context.cost}; at most $${limit} allowed.`);
};

export const latency: Evaluate = (spec, context) => {
  const limit = threshold(spec);
  if (context.cached) throw new CheckError('The answer came from the cache, so it has no latency. Run the case again to measure it: that asks without the cache (on the command line: --no-cache).');
  if (context.latencyMs === null) throw new CheckError('The latency of this answer is not known.');
  const pass = context.latencyMs <= limit;
  return binary(pass, `The call took ${milliseconds(context.latencyMs, limit)} ms; at most ${limit} ms allowed.`);
};

/** Whole milliseconds, which is what a clock is worth; with decimals where rounding would show it on the other side of the limit. */
function milliseconds(value: number, limit: number): string {
  for (let digits = 0; digits < 3; digits++) {
    const rounded = Number(value.toFixed(digits));
    if (rounded <= limit === value <= limit) return String(rounded);
  }
  return String(value);
}

/** exp(−mean log-probability). Without a threshold it only reports. */
export const perplexity: Evaluate = ({ threshold: limit }, context) => {
  const value = Math.exp(-meanLogProbability(context));
  if (limit === undefined) return binary(true, `Perplexity ${figure(value)}.`);
  return binary(value <= limit, `Perplexity ${figure(value)}; at most ${limit} allowed.`);
};

/** 1 / (1 + perplexity): 0.5 for a model that was certain of every token. */
export const perplexityScore: Evaluate = ({ threshold: limit }, context) => {
  const score = 1 / (1 + Math.exp(-meanLogProbability(context)));
  return { pass: limit === undefined || score >= limit, score, reason: `Perplexity score ${figure(score)}${limit === undefined ? '' : `; at least ${limit} asked for`}.` };
};

function threshold({ type, threshold: limit }: AssertionSpec): number {
  if (limit === undefined) throw new CheckError(`${type} needs a threshold.`);
  return limit;
}

function meanLogProbability({ logprobs }: ScoreContext): number {
  if (logprobs === undefined || logprobs.length === 0) {
    throw new CheckError('The endpoint returned no log-probabilities. Ask for them with the model’s parameter logprobs.');
  }
  return logprobs.reduce((sum, value) => sum + value, 0) / logprobs.length;
}
