import type { ComparisonResult, Difference } from '../compare/model.ts';
import { metricSentence } from '../compare/sentence.ts';

/** One side of a comparison, as reports name it. */
export interface ReportedSide {
  /** As short as it stays unambiguous beside the other side. */
  readonly label: string;
  readonly promptId: string;
  /** `v7 · 3f9a1c2e`; `null`: it was run from the file. */
  readonly version: string | null;
  readonly model: string;
  readonly runId: string;
  readonly status: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Cells that are there, of all. */
  readonly done: number;
  readonly total: number;
}

export interface ReportedCase {
  readonly caseId: string;
  /** Share of the repeats that pass; `null`: none was answered. */
  readonly a: number | null;
  readonly b: number | null;
  readonly delta: number | null;
  readonly regressed: boolean;
  readonly improved: boolean;
  /** First line of the most frequent output of each side, shortened; of one without an answer the error. */
  readonly outputs: { readonly a: string; readonly b: string };
  readonly expected: string | null;
  readonly verdict: 'a' | 'b' | 'tie' | null;
}

/** One comparison as reports need it. `result` is `null` where it is refused. */
export interface ReportedComparison {
  readonly a: ReportedSide;
  readonly b: ReportedSide;
  readonly datasetName: string | null;
  /** Of the dataset. */
  readonly cases: number;
  readonly refused: { readonly differs: readonly Difference[]; readonly message: string } | null;
  readonly result: ComparisonResult | null;
  readonly settings: { readonly margin: number; readonly metric: string; readonly sliceBy: string | null };
  readonly stoppedEarly: string | null;
  readonly verdicts: { readonly a: number; readonly b: number; readonly tie: number };
  readonly changes: readonly ReportedCase[];
}

/** The verdict in one line; of a comparison that is refused, why. */
export function reportedVerdict({ refused, result }: Pick<ReportedComparison, 'refused' | 'result'>): string {
  if (refused !== null) return `Refused: ${refused.message}`;
  const [metric] = result?.metrics ?? [];
  return metric === undefined ? 'Too few cases: there is nothing to compare' : metricSentence(metric);
}
