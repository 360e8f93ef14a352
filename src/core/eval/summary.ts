import type { AssertionResult } from '../assert/model.ts';
import { meanInterval } from '../stats/mean.ts';
import { wilsonInterval, type Interval } from '../stats/proportion.ts';
import { quantileSorted } from '../stats/quantile.ts';
import type { CellResult, Summary } from './model.ts';

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

export function cellFacts(result: CellResult): CellFacts {
  return {
    caseIndex: result.caseIndex,
    modelIndex: result.modelIndex,
    failedToAnswer: result.error !== null,
    pass: result.pass,
    score: result.score,
    latencyMs: result.latencyMs,
    cost: result.cost,
    inputTokens: result.usage?.input ?? null,
    outputTokens: result.usage?.output ?? null,
    cached: result.cached,
    metrics: cellMetrics(result.assertions, result.namedScores),
  };
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
  readonly #cost = new Total();
  readonly #input = new Total();
  readonly #output = new Total();
  readonly #latencies: number[] = [];
  /** What `summary` gave, until a cell changes it: sorting and resampling are not for every question. */
  #made: Summary | undefined;
  /** With repeats: sum of passes and count for each unit (a case of one model). */
  readonly #units = new Map<string, { passes: number; count: number }>();
  readonly #metrics = new Map<string, { sum: number; count: number; weighted: number }>();

  constructor(repeats: number) {
    this.#repeats = repeats;
  }

  add(cell: CellFacts): void {
    this.#count(cell, 1);
    if (hasLatency(cell)) this.#latencies.push(cell.latencyMs);
  }

  /** Takes back what was added. */
  remove(cell: CellFacts): void {
    this.#count(cell, -1);
    if (!hasLatency(cell)) return;
    const at = this.#latencies.indexOf(cell.latencyMs);
    if (at >= 0) this.#latencies.splice(at, 1);
  }

  #count(cell: CellFacts, sign: 1 | -1): void {
    this.#made = undefined;
    this.cells += sign;
    this.#cost.count(cell.cost, sign);
    if (cell.cached) this.cached += sign;
    if (cell.failedToAnswer || cell.pass === null) {
      this.errors += sign;
      return;
    }
    this.#input.count(cell.inputTokens, sign);
    this.#output.count(cell.outputTokens, sign);
    if (cell.pass) this.passed += sign;
    else this.failed += sign;
    this.#scoreSum += sign * (cell.score ?? 0);
    if (this.#repeats > 1) {
      const unit = `${cell.caseIndex}/${cell.modelIndex}`;
      const at = this.#units.get(unit) ?? { passes: 0, count: 0 };
      at.passes += cell.pass ? sign : 0;
      at.count += sign;
      if (at.count === 0) this.#units.delete(unit);
      else this.#units.set(unit, at);
    }
    for (const [name, [score, weighted]] of Object.entries(cell.metrics ?? {})) {
      const at = this.#metrics.get(name) ?? { sum: 0, count: 0, weighted: 0 };
      at.sum += sign * score;
      at.count += sign;
      at.weighted += sign * weighted;
      if (at.count === 0) this.#metrics.delete(name);
      else this.#metrics.set(name, at);
    }
  }

  get cost(): number | null {
    return this.#cost.value;
  }

  summary(): Summary {
    return (this.#made ??= this.#make());
  }

  #make(): Summary {
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
      cost: this.#cost.value,
      tokens: { input: this.#input.value, output: this.#output.value },
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
    // All cases agree: how much they vary is not known; Wilson on the cases still says how few they are.
    if (means.every((value) => value === means[0])) return wilsonInterval((means[0] ?? 0) * means.length, means.length);
    return meanInterval(means);
  }
}

/** A sum in which one unknown addend makes all unknown. */
class Total {
  #sum = 0;
  #unknown = 0;

  count(value: number | null, sign: 1 | -1): void {
    if (value === null) this.#unknown += sign;
    else this.#sum += sign * value;
  }

  get value(): number | null {
    return this.#unknown > 0 ? null : this.#sum;
  }
}

function hasLatency(cell: CellFacts): cell is CellFacts & { readonly latencyMs: number } {
  return !cell.cached && !cell.failedToAnswer && cell.latencyMs !== null;
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

  /** A cell that has a new result: what was added for it is taken back. */
  remove(cell: CellFacts): void {
    this.#all.remove(cell);
    this.#models[cell.modelIndex]?.remove(cell);
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

/** Above the 95th percentile that a summary shows. Below a millisecond nothing is slow: percentiles are rounded, and such times are noise. */
export function isSlow(latencyMs: number, p95: number | null): boolean {
  return p95 !== null && latencyMs > Math.max(p95, 1);
}
