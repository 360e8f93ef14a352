/** A statement about speed or size that must hold, with what was measured. */
export interface Claim {
  /** In words, with the limit: "1,000 cases: at least 12× as fast as promptfoo". */
  readonly claim: string;
  /** As people read it: "13.1×". */
  readonly measured: string;
  readonly holds: boolean;
}

/** One benchmark: a row of the table in main.ts and a file of its own. */
export interface Benchmark {
  readonly name: string;
  /** What is measured, in one line. */
  readonly what: string;
  /** Prints its figures as it goes. */
  readonly run: (options: BenchmarkOptions) => Promise<readonly Claim[]>;
}

export interface BenchmarkOptions {
  /** Fewer runs of smaller sizes: to try a change, not to quote. */
  readonly quick: boolean;
  /** A folder where data that take minutes to make stay for the next run; `null`: they are made each time. */
  readonly keep: string | null;
}

export function atLeast(claim: string, value: number, limit: number, unit: string): Claim {
  return { claim: `${claim}: at least ${limit}${unit}`, measured: `${value.toFixed(1)}${unit}`, holds: value >= limit };
}

export function atMost(claim: string, value: number, limit: number, unit: string): Claim {
  return { claim: `${claim}: at most ${limit}${unit}`, measured: `${Number.isInteger(value) ? value : value.toPrecision(3)}${unit}`, holds: value <= limit };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
