import type { Case } from '../dataset/model.ts';
import type { Model, ModelPrice } from '../model/model.ts';
import type { CostEstimate } from './model.ts';
import type { RunPlan } from './plan.ts';
import { modelRequest, type RenderedRequest } from './request.ts';
import { ASSUMED_OUTPUT_TOKENS, approximateRequestTokens } from './tokens.ts';

/** Cases that are rendered to estimate a larger dataset. */
const SAMPLE = 50;

export interface EstimatePorts {
  price(model: Model): ModelPrice | null;
  render(item: Case): Promise<RenderedRequest>;
  /** Output tokens a request of this model (by label) had in the last run; `null`: there is none. */
  meanOutputTokens(label: string): number | null;
}

/**
 * About what a run will cost, judges and cached answers not counted. Input is counted at four characters a token over a
 * sample of the cases; output is what the last run had, else the limit's half, else 150 tokens.
 */
export async function estimatePlan(plan: RunPlan, ports: EstimatePorts): Promise<CostEstimate> {
  const requests = plan.cases.length * plan.models.length * plan.repeats;
  const unpriced = plan.models.filter((model) => ports.price(model) === null).map((model) => model.ref.id);
  const paid = plan.models.some((model) => {
    const price = ports.price(model);
    return price !== null && (price.input > 0 || price.output > 0);
  });
  const usd = unpriced.length > 0 ? null : 0;
  if (!paid || plan.cases.length === 0) return { usd, requests, inputTokens: 0, outputTokens: 0, unpriced };
  const inputPerCase = await meanInputTokens(plan, ports);
  let cost = 0;
  let outputTokens = 0;
  for (const [i, model] of plan.models.entries()) {
    const price = ports.price(model);
    const { maxTokens } = plan.prompt.parameters;
    const output = ports.meanOutputTokens(plan.labels[i] ?? '') ?? (maxTokens === undefined ? ASSUMED_OUTPUT_TOKENS : maxTokens / 2);
    const count = plan.cases.length * plan.repeats;
    outputTokens += output * count;
    if (price !== null) cost += (count * (inputPerCase * price.input + output * price.output)) / 1e6;
  }
  return { usd: usd === null ? null : cost, requests, inputTokens: Math.round(inputPerCase * requests), outputTokens: Math.round(outputTokens), unpriced };
}

async function meanInputTokens(plan: RunPlan, ports: EstimatePorts): Promise<number> {
  // Evenly over the dataset: files are often sorted by topic or length.
  const step = Math.max(1, plan.cases.length / SAMPLE);
  let tokens = 0;
  let count = 0;
  for (let at = 0; at < plan.cases.length; at += step) {
    const item = plan.cases[Math.floor(at)];
    if (item === undefined) continue;
    try {
      tokens += approximateRequestTokens(modelRequest(plan.prompt, await ports.render(item), item, 0));
      count++;
    } catch {
      // A case that cannot be rendered will be a failed cell; it costs nothing.
    }
  }
  return count === 0 ? 0 : tokens / count;
}
