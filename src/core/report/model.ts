import type { CellResult, RunInfo, Summary } from '../eval/model.ts';
import type { JsonObject } from '../json.ts';

/** A run as reports need it: what the engine's snapshots hold. */
export interface ReportRun {
  readonly info: RunInfo;
  readonly summary: Summary;
  /** In the order of `info.models`. */
  readonly models: readonly { readonly label: string; readonly summary: Summary }[];
  /** First tags of its cases; none: no case has a tag. */
  readonly slices?: readonly string[];
}

/** One finished cell and the case that it answers. */
export interface ReportCell {
  readonly result: CellResult;
  readonly case: { readonly id: string; readonly description?: string; readonly vars: JsonObject; readonly expected?: unknown; readonly tags: readonly string[] };
}

/**
 * Where a report takes its data from. Cells arrive in pages because a run may have more of them than memory should hold;
 * a writer may ask for the same cells more than once.
 */
export interface ReportSource {
  readonly runs: readonly ReportRun[];
  /** The finished cells in the order of cases, then models, then repeats; of one model when `modelIndex` is given; `not-passed`: those that failed, errored or were not judged. */
  cells(runId: string, modelIndex?: number, only?: 'not-passed'): AsyncIterable<readonly ReportCell[]>;
}

/** A writer gives the report in pieces of bounded size, to be written as they come. */
export type ReportWriter = (source: ReportSource) => AsyncIterable<string>;

export type ReportFormat = 'json' | 'xml' | 'html' | 'csv';

/** The prompt formats whose cases are known by their description, as their own tools show them. */
const KNOWN_BY_ID = /\.prompt\.ya?ml$/i;

/** How a case is called in documents: its id; in promptfoo configs its description where it has one. */
export function reportedCase(run: ReportRun, cell: ReportCell): string {
  const { id, description } = cell.case;
  return KNOWN_BY_ID.test(run.info.promptPath) || description === undefined || description === '' ? id : description;
}

/** An output as text: data becomes its JSON. */
export function outputText(output: unknown): string {
  if (output === null || output === undefined) return '';
  return typeof output === 'string' ? output : (JSON.stringify(output) ?? '');
}

export function labelOfModel(run: ReportRun, modelIndex: number): string {
  return run.info.models[modelIndex]?.label ?? `model ${modelIndex + 1}`;
}
