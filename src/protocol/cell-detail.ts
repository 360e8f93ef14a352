import type { CaseOptions } from '../core/dataset/model.ts';
import type { AttemptInfo, CellRequest, CellResult, CellStatus, RunInfo } from '../core/eval/model.ts';
import type { JsonObject } from '../core/json.ts';
import type { SourceRange } from '../core/text/position.ts';

/** Everything about one cell, for the detail of a row. */
export interface CellDetail {
  readonly run: RunInfo;
  readonly status: CellStatus;
  readonly result: CellResult | null;
  readonly modelLabel: string;
  readonly case: { readonly id: string; readonly description?: string; readonly vars: JsonObject; readonly expected?: unknown; readonly tags: readonly string[]; readonly metadata: JsonObject; readonly options: CaseOptions; readonly file: string; readonly range: SourceRange };
  readonly request: CellRequest | null;
  readonly attempts: readonly AttemptInfo[];
}
