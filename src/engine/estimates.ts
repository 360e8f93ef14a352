import type { CostEstimate } from '../core/eval/model.ts';
import type { StoredRun } from '../node/sqlite/run-store.ts';

/** Output tokens a request of this model (by label) had in the last run; `null`: there is none. */
export function meanOutput(last: StoredRun | undefined, label: string): number | null {
  const at = last?.info.models.findIndex((model) => model.label === label) ?? -1;
  const summary = at < 0 ? undefined : last?.summary?.models[at];
  const answered = (summary?.passed ?? 0) + (summary?.failed ?? 0);
  return summary === undefined || summary.tokens.output === null || answered === 0 ? null : summary.tokens.output / answered;
}

export function addEstimates(estimates: readonly CostEstimate[]): CostEstimate {
  return estimates.reduce(
    (total, one) => ({
      usd: total.usd === null || one.usd === null ? null : total.usd + one.usd,
      requests: total.requests + one.requests,
      inputTokens: total.inputTokens + one.inputTokens,
      outputTokens: total.outputTokens + one.outputTokens,
      unpriced: [...new Set([...total.unpriced, ...one.unpriced])],
    }),
    { usd: 0, requests: 0, inputTokens: 0, outputTokens: 0, unpriced: [] },
  );
}

/** Of a whole dataset, by the estimate of a part of it. */
export function scaleEstimate(estimate: CostEstimate, factor: number): CostEstimate {
  const { usd, requests, inputTokens, outputTokens, unpriced } = estimate;
  return {
    usd: usd === null ? null : usd * factor,
    requests: Math.round(requests * factor),
    inputTokens: Math.round(inputTokens * factor),
    outputTokens: Math.round(outputTokens * factor),
    unpriced,
  };
}
