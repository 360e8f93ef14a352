import { cellKeyAt } from '../../core/eval/ordinal.ts';
import { isSlow, RunSummary } from '../../core/eval/summary.ts';
import { shapeOf, type RunStore, type StoredRun } from './run-store.ts';

/** Bits of a case: it has at least one such cell. */
export const FAILING = 1;
export const ERROR = 2;
export const SLOW = 4;
export const CACHED = 8;

/**
 * The narrow columns of a run's cells in typed arrays: what filters, sorting and slices of the grid need, for tens of
 * thousands of cells in a few milliseconds. Valid for one revision of the run.
 */
export interface CellIndex {
  readonly revision: number;
  /** Bits by case. */
  readonly flags: Uint8Array;
  /** Bits by case × model. */
  readonly modelFlags: Uint8Array;
  /** Mean over repeats, by case × model; NaN: none. */
  readonly scores: Float64Array;
  readonly latencies: Float64Array;
  readonly costs: Float64Array;
  readonly caseIds: readonly string[];
  /** The first tag of each case. */
  readonly slices: readonly (string | null)[];
  /** Slices in the order of their first case, each with its own summary. */
  readonly bySlice: ReadonlyMap<string, { readonly cases: number; readonly summary: RunSummary }>;
  /** 95th percentile of each model's latencies: what is above is slow. */
  readonly slowAbove: readonly (number | null)[];
}

/** Cases without a tag stand under this slice when some have one. */
export const NO_SLICE = '';

type CellRow = [ordinal: number, errorCode: string | null, pass: number | null, score: number | null, latency: number | null, cost: number | null, cached: number];

export function buildCellIndex(store: RunStore, run: StoredRun, revision: number, slowAbove: readonly (number | null)[]): CellIndex {
  store.queue.commit();
  const { info } = run;
  const shape = shapeOf(info);
  const models = shape.models;
  const caseRows = store.database.prepare('SELECT case_id, slice FROM run_case WHERE run = ? ORDER BY case_index').raw().all(run.n) as [string, string | null][];
  const flags = new Uint8Array(info.cases);
  const modelFlags = new Uint8Array(info.cases * models);
  const scores = new Float64Array(info.cases * models).fill(NaN);
  const latencies = new Float64Array(info.cases * models).fill(NaN);
  const costs = new Float64Array(info.cases * models).fill(NaN);
  // Of each mean its own: a repeat without a score still has a cost.
  const known = { scores: new Uint32Array(scores.length), latencies: new Uint32Array(scores.length), costs: new Uint32Array(scores.length) };
  const slices = caseRows.map(([, slice]) => slice);
  const bySlice = new Map<string, { cases: number; summary: RunSummary }>();
  for (const slice of slices) {
    const at = bySlice.get(slice ?? NO_SLICE) ?? { cases: 0, summary: new RunSummary(models, info.repeats) };
    at.cases++;
    bySlice.set(slice ?? NO_SLICE, at);
  }
  const rows = store.database.prepare('SELECT ordinal, error_code, pass, score, latency_ms, cost, cached FROM cell WHERE run = ?').raw().iterate(run.n) as IterableIterator<CellRow>;
  for (const [ordinal, errorCode, pass, score, latency, cost, cached] of rows) {
    const { caseIndex, modelIndex } = cellKeyAt(ordinal, shape);
    const at = caseIndex * models + modelIndex;
    const bits = (errorCode !== null ? ERROR : pass === 0 ? FAILING : 0) | (cached === 1 ? CACHED : latency !== null && isSlow(latency, slowAbove[modelIndex] ?? null) ? SLOW : 0);
    flags[caseIndex] = (flags[caseIndex] ?? 0) | bits;
    modelFlags[at] = (modelFlags[at] ?? 0) | bits;
    average(scores, known.scores, at, score);
    average(latencies, known.latencies, at, latency);
    average(costs, known.costs, at, cost);
    bySlice.get(slices[caseIndex] ?? NO_SLICE)?.summary.add({
      caseIndex,
      modelIndex,
      failedToAnswer: errorCode !== null,
      pass: pass === null ? null : pass === 1,
      score,
      latencyMs: latency,
      cost,
      inputTokens: null,
      outputTokens: null,
      cached: cached === 1,
      metrics: null,
    });
  }
  return { revision, flags, modelFlags, scores, latencies, costs, caseIds: caseRows.map(([id]) => id), slices, bySlice, slowAbove };
}

/** Running mean of the values that are known. */
function average(means: Float64Array, counts: Uint32Array, at: number, value: number | null): void {
  if (value === null) return;
  const n = (counts[at] ?? 0) + 1;
  counts[at] = n;
  const before = n === 1 ? 0 : (means[at] ?? 0);
  means[at] = before + (value - before) / n;
}
