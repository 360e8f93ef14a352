import type { Summary } from '../eval/model.ts';
import { quantileSorted } from '../stats/quantile.ts';
import type { ReportCell, ReportRun } from './model.ts';
import { RateCounter } from './rate.ts';

/**
 * The summary over several runs. Counts, tokens and money add up from the runs' own summaries; intervals and quantiles
 * cannot be combined, so they are computed from the cells as these pass by. Of a single run it is that run's summary.
 */
export class OverallSummary {
  readonly #runs: readonly ReportRun[];
  readonly #latencies: number[] = [];
  readonly #rate: RateCounter;

  constructor(runs: readonly ReportRun[]) {
    this.#runs = runs;
    this.#rate = new RateCounter(Math.max(1, ...runs.map((run) => run.info.repeats)));
  }

  /** The next cells of a run, in their order. */
  add(run: ReportRun, cells: readonly ReportCell[]): void {
    if (this.#runs.length === 1) return;
    for (const { result } of cells) {
      if (result.pass !== null) this.#rate.add(`${run.info.id} ${result.caseIndex} ${result.modelIndex}`, result.pass);
      if (result.latencyMs !== null && !result.cached) this.#latencies.push(result.latencyMs);
    }
  }

  result(): Summary {
    const [only] = this.#runs;
    if (only !== undefined && this.#runs.length === 1) return only.summary;
    const parts = this.#runs.map((run) => run.summary);
    const counted = parts.filter((part) => part.cells > 0);
    const { rate, interval } = this.#rate.result();
    const sorted = Float64Array.from(this.#latencies).sort();
    return {
      cells: sum(parts.map((part) => part.cells)),
      passed: sum(parts.map((part) => part.passed)),
      failed: sum(parts.map((part) => part.failed)),
      errors: sum(parts.map((part) => part.errors)),
      passRate: rate,
      interval,
      score: meanScore(parts),
      cost: sumKnown(counted.map((part) => part.cost)),
      tokens: { input: sumKnown(counted.map((part) => part.tokens.input)), output: sumKnown(counted.map((part) => part.tokens.output)) },
      latency: { p50: quantileSorted(sorted, 0.5), p95: quantileSorted(sorted, 0.95) },
      cached: sum(parts.map((part) => part.cached)),
      namedScores: {},
    };
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Unknown wins: a total with an unknown part is unknown. */
function sumKnown(values: readonly (number | null)[]): number | null {
  let total = 0;
  for (const value of values) {
    if (value === null) return null;
    total += value;
  }
  return values.length === 0 ? null : total;
}

/** Weighted by the cells that have an answer. */
function meanScore(parts: readonly Summary[]): number | null {
  let cells = 0;
  let total = 0;
  for (const part of parts) {
    if (part.score === null) continue;
    const answered = part.passed + part.failed;
    cells += answered;
    total += part.score * answered;
  }
  return cells === 0 ? null : total / cells;
}
