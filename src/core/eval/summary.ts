import type { AssertionResult } from '../assert/model.ts';
import { meanInterval } from '../stats/mean.ts';
import { wilsonInterval, type Interval } from '../stats/proportion.ts';
import { quantileSorted } from '../stats/quantile.ts';
import type { Summary } from './model.ts';

/** What a summary needs of one finished cell. */
export interface CellFacts {
  readonly caseIndex: number;
  readonly modelIndex: number;
  readonly failedToAnswer: boolean;
  readonly pass: boolean | null;
  readonly score: number | null;
  readonly latencyMs: number | null;
  readonly cost: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cached: boolean;
  readonly metrics: CellMetrics | null;
}

/** Metric → [weighted mean of its assertions in this cell, sum of score × weight]. */
export type CellMetrics = Readonly<Record<string, readonly [number, number]>>;

/** @returns `null` when no assertion names a metric */
export function cellMetrics(assertions: readonly AssertionResult[], namedScores: Readonly<Record<string, number>>): CellMetrics | null {
  const names = Object.keys(namedScores);
  if (names.length === 0) return null;
  const sums = new Map<string, number>();
  for (const result of assertions) {
    if (result.metric !== null) sums.set(result.metric, (sums.get(result.metric) ?? 0) + result.score * result.weight);
  }
  return Object.fromEntries(names.map((name) => [name, [namedScores[name] ?? 0, sums.get(name) ?? namedScores[name] ?? 0] as const]));
}

/** Adds up cells as they finish, for one model or for all together. Memory: one number a cell. */
class Accumulator {
  readonly #repeats: number;
  cells = 0;
  passed = 0;
  failed = 0;
  errors = 0;
  cached = 0;
  #scoreSum = 0;
  #cost: number | null = 0;
  #input: number | null = 0;
  #output: number | null = 0;
  readonly #latencies: number[] = [];
  /** With repeats: sum of passes and count for each unit (a case of one model). */
  readonly #units = new Map<string, { passes: number; count: number }>();
  readonly #metrics = new Map<string, { sum: number; count: number; weighted: number }>();

  constructor(repeats: number) {
    this.#repeats = repeats;
  }

  add(cell: CellFacts): void {
    this.cells++;
    this.#cost = sum(this.#cost, cell.cost);
    if (cell.cached) this.cached++;
    else if (cell.latencyMs !== null && !cell.failedToAnswer) this.#latencies.push(cell.latencyMs);
    if (cell.failedToAnswer || cell.pass === null) {
      this.errors++;
      return;
    }
    this.#input = sum(this.#input, cell.inputTokens);
    this.#output = sum(this.#output, cell.outputTokens);
    if (cell.pass) this.passed++;
    else this.failed++;
    this.#scoreSum += cell.score ?? 0;
    if (this.#repeats > 1) {
      const unit = `${cell.caseIndex}/${cell.modelIndex}`;
      const at = this.#units.get(unit) ?? { passes: 0, count: 0 };
      at.passes += cell.pass ? 1 : 0;
      at.count++;
      this.#units.set(unit, at);
    }
    for (const [name, [score, weighted]] of Object.entries(cell.metrics ?? {})) {
      const at = this.#metrics.get(name) ?? { sum: 0, count: 0, weighted: 0 };
      at.sum += score;
      at.count++;
      at.weighted += weighted;
      this.#metrics.set(name, at);
    }
  }

  get cost(): number | null {
    return this.#cost;
  }

  summary(): Summary {
    const answered = this.passed + this.failed;
    const latencies = Float64Array.from(this.#latencies).sort();
    const round = (p: number): number | null => {
      const value = quantileSorted(latencies, p);
      return value === null ? null : Math.round(value * 10) / 10;
    };
    return {
      cells: this.cells,
      passed: this.passed,
      failed: this.failed,
      errors: this.errors,
      passRate: answered === 0 ? null : this.passed / answered,
      interval: this.#interval(answered),
      score: answered === 0 ? null : this.#scoreSum / answered,
      cost: this.#cost,
      tokens: { input: this.#input, output: this.#output },
      latency: { p50: round(0.5), p95: round(0.95) },
      cached: this.cached,
      namedScores: Object.fromEntries([...this.#metrics].map(([name, { sum: total, count }]) => [name, total / count])),
    };
  }

  /** promptfoo's prompt-level metric: the sum over cells of score × weight. */
  metricSums(): Record<string, number> {
    return Object.fromEntries([...this.#metrics].map(([name, { weighted }]) => [name, weighted]));
  }

  #interval(answered: number): Interval | null {
    if (this.#repeats <= 1) return wilsonInterval(this.passed, answered);
    const means = [...this.#units.values()].map(({ passes, count }) => passes / count);
    // All cases agree: the t interval has no width and the bootstrap nothing to resample; Wilson on the cases still says how few they are.
    if (means.every((value) => value === means[0])) return wilsonInterval((means[0] ?? 0) * means.length, means.length);
    return meanInterval(means, [0, 1]);
  }
}

/** Unknown stays unknown: one unknown addend makes the sum unknown. */
function sum(total: number | null, value: number | null): number | null {
  return total === null || value === null ? null : total + value;
}

/** The running summary of a run: of each model, and of all. */
export class RunSummary {
  readonly #all: Accumulator;
  readonly #models: Accumulator[];

  constructor(models: number, repeats: number) {
    this.#all = new Accumulator(repeats);
    this.#models = Array.from({ length: models }, () => new Accumulator(repeats));
  }

  add(cell: CellFacts): void {
    this.#all.add(cell);
    this.#models[cell.modelIndex]?.add(cell);
  }

  get done(): number {
    return this.#all.cells;
  }

  /** US dollars; `null` once a cell's cost is unknown. */
  get cost(): number | null {
    return this.#all.cost;
  }

  all(): Summary {
    return this.#all.summary();
  }

  models(): Summary[] {
    return this.#models.map((model) => model.summary());
  }

  /** Of each model. */
  metricSums(): Record<string, number>[] {
    return this.#models.map((model) => model.metricSums());
  }
}
