import { passHatK } from '../stats/pass-k.ts';
import type { CaseOutputs, MetricUnit, PairedCase } from './model.ts';

/** One metric over all cases, a number a case and side with repeats averaged; NaN where a side has none. */
export interface Column {
  readonly name: string;
  readonly unit: MetricUnit;
  readonly higherIsBetter: boolean;
  /** What is compared of the cases' values. */
  readonly statistic: 'mean' | 'median';
  /** Of one value; `null`: has none above. */
  readonly bounded: boolean;
  readonly a: Float64Array;
  readonly b: Float64Array;
}

/** Mean of what is known; NaN of nothing. */
function average(values: readonly (number | null)[] | undefined): number {
  if (values?.length === 1) return values[0] != null && Number.isFinite(values[0]) ? values[0] : Number.NaN;
  let sum = 0;
  let count = 0;
  for (const value of values ?? []) {
    if (value === null || !Number.isFinite(value)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? Number.NaN : sum / count;
}

/** How many repeats passed, of those that were judged. */
export function passes(outputs: CaseOutputs): { readonly passed: number; readonly judged: number } {
  let passed = 0;
  let judged = 0;
  for (const pass of outputs.passes) {
    if (pass === null) continue;
    judged++;
    if (pass) passed++;
  }
  return { passed, judged };
}

/** Share of a case's outputs that pass; NaN when none was judged. */
function passShare(outputs: CaseOutputs): number {
  const { passed, judged } = passes(outputs);
  return judged === 0 ? Number.NaN : passed / judged;
}

/** Repeats of a case; the larger where sides or cases differ. */
export function repeatsOf(cases: readonly PairedCase[]): number {
  let repeats = 0;
  for (const { a, b } of cases) repeats = Math.max(repeats, a.passes.length, b.passes.length);
  return repeats;
}

/** Metrics that the cases have: pass rate, score, named metrics by name, pass^k with repeats, cost, latency, tokens. */
export function columnsOf(cases: readonly PairedCase[]): Column[] {
  const repeats = repeatsOf(cases);
  const names = new Set<string>();
  // Outputs of the same metrics often share one record of them.
  const seen = new Set<object>();
  const addNames = (named: CaseOutputs['named']): void => {
    if (seen.has(named)) return;
    seen.add(named);
    for (const name of Object.keys(named)) names.add(name);
  };
  for (const { a, b } of cases) {
    addNames(a.named);
    addNames(b.named);
  }
  const column = (name: string, unit: MetricUnit, valueOf: (outputs: CaseOutputs) => number, statistic: Column['statistic'] = 'mean'): Column => {
    const shared = { name, unit, statistic, higherIsBetter: unit === 'rate' || unit === 'score' };
    const a = new Float64Array(cases.length);
    const b = new Float64Array(cases.length);
    let index = 0;
    for (const paired of cases) {
      a[index] = valueOf(paired.a);
      b[index] = valueOf(paired.b);
      index++;
    }
    return { ...shared, a, b, bounded: shared.higherIsBetter && within(a) && within(b) };
  };
  const columns = [
    column('passRate', 'rate', passShare),
    column('score', 'score', ({ scores }) => average(scores)),
    ...[...names].sort().map((name) => column(name, 'score', ({ named }) => average(Object.hasOwn(named, name) ? named[name] : undefined))),
    ...(repeats > 1 ? [column(`pass^${repeats}`, 'rate', (outputs) => {
      const { passed, judged } = passes(outputs);
      return passHatK(passed, judged, repeats) ?? Number.NaN;
    })] : []),
    column('cost', 'usd', ({ costs }) => average(costs), 'median'),
    column('latencyMs', 'ms', ({ latencyMs }) => average(latencyMs), 'median'),
    column('tokens', 'tokens', ({ tokens }) => average(tokens)),
  ];
  return columns;
}

/** Whether all that is known lies in 0..1: assertions of some formats give scores outside. */
function within(values: Float64Array): boolean {
  return values.every((value) => Number.isNaN(value) || (value >= 0 && value <= 1));
}

/** Which cluster each case is in, as numbers 0 … C − 1 over `indices`; `null` when no two of them share one. */
export function clustersOf(cases: readonly PairedCase[], indices: Int32Array): Int32Array | null {
  const numbers = new Map<string, number>();
  const clusters = new Int32Array(indices.length);
  let next = 0;
  for (let i = 0; i < indices.length; i++) {
    const cluster = cases[indices[i] ?? 0]?.cluster ?? null;
    let number = cluster === null ? undefined : numbers.get(cluster);
    if (number === undefined) {
      number = next++;
      if (cluster !== null) numbers.set(cluster, number);
    }
    clusters[i] = number;
  }
  return next === indices.length ? null : clusters;
}
