import type { CaseOutputs, PairedCase } from '../../../src/core/compare/model.ts';

/** Outputs of one side, from what matters to a test; what is not given is not known. */
export function outputs(given: Partial<CaseOutputs>): CaseOutputs {
  const repeats = Math.max(given.passes?.length ?? 0, given.scores?.length ?? 0, given.costs?.length ?? 0, given.latencyMs?.length ?? 0, given.tokens?.length ?? 0);
  const unknown = Array<null>(repeats).fill(null);
  return { passes: unknown, scores: unknown, latencyMs: unknown, costs: unknown, tokens: unknown, named: {}, ...given };
}

interface Labels {
  readonly cluster?: string | null;
  readonly slices?: readonly string[];
}

export function paired(id: number, a: Partial<CaseOutputs>, b: Partial<CaseOutputs>, { cluster = null, slices = [] }: Labels = {}): PairedCase {
  return { caseId: `case-${id}`, cluster, slices, a: outputs(a), b: outputs(b) };
}

/** Cases with one output a side: so many pass on both, only on a, only on b, on neither. */
export function passFail(both: number, onlyA: number, onlyB: number, neither: number, labels: Labels = {}): PairedCase[] {
  const kinds: [number, boolean, boolean][] = [[both, true, true], [onlyA, true, false], [onlyB, false, true], [neither, false, false]];
  return kinds.flatMap(([count, a, b]) => Array.from({ length: count }, () => [a, b] as const)).map(([a, b], i) => paired(i, { passes: [a] }, { passes: [b] }, labels));
}

/** Numbers that R makes alike (comparison.R): the generator of Park and Miller. */
export function lehmer(seed: number, count: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => (state = (16807 * state) % 2147483647) / 2147483647);
}

/** Quarters in 0..1 for both sides, as comparison.R draws them. */
export function quarters(seed: number, n: number): { a: number[]; b: number[] } {
  const u = lehmer(seed, 2 * n);
  return { a: u.slice(0, n).map((x) => Math.floor(x * 5) / 4), b: u.slice(n).map((x) => Math.floor(Math.sqrt(x) * 5) / 4) };
}
