import { traceIdOfCell } from '../core/eval/cell-trace-id.ts';
import type { CellKey, CellRequest, CellResult, CellStatus } from '../core/eval/model.ts';
import { cellKeyAt, cellOrdinal } from '../core/eval/ordinal.ts';
import type { StoredPlan } from '../core/eval/plan.ts';
import { hashJson } from '../core/hash.ts';
import type { JsonObject } from '../core/json.ts';
import type { Case } from '../core/dataset/model.ts';
import type { PromptDocument } from '../core/prompt/model.ts';
import { renderPrompt } from '../core/prompt/render.ts';
import { shapeOf, type RunStore, type StoredRun } from '../node/sqlite/run-store.ts';
import type { CaseOutcome, CellDetail, ListedCell } from '../protocol/engine.ts';
import type { LiveRun } from './grid.ts';

/** Everything about one cell, for the detail pane. */
export function cellDetail(store: RunStore, run: StoredRun, live: LiveRun, key: CellKey): CellDetail {
  const item = store.case(run, key.caseIndex);
  const result = store.cell(run, key);
  const { prompt } = store.plan(run) as StoredPlan;
  return {
    run: run.info,
    status: statusOf(result, live, cellOrdinal(key, shapeOf(run.info))),
    result: result === null ? null : withTraceId(run, result),
    modelLabel: run.info.models[key.modelIndex]?.label ?? '',
    case: {
      id: item.id,
      ...(item.description === undefined ? {} : { description: item.description }),
      vars: item.vars,
      ...(item.expected === undefined ? {} : { expected: item.expected }),
      tags: item.tags,
      metadata: item.metadata,
      options: item.options,
      file: item.place.file,
      range: item.place.range,
    },
    request: requestOf(prompt, item),
    attempts: store.attempts(run, key),
  };
}

function statusOf(result: unknown, live: LiveRun, ordinal: number): CellStatus {
  if (result !== null) return (result as { status: CellStatus }).status;
  return live.running.has(ordinal) ? 'running' : 'waiting';
}

/** `null` for prompts that a program makes: they are not made again just to be shown. */
export function requestOf(prompt: PromptDocument, item: Case): CellRequest | null {
  if (prompt.source !== undefined || item.options.transformVars !== undefined) return null;
  const { messages, inserted } = renderPrompt(prompt, item);
  const { extra, ...parameters } = prompt.parameters;
  const shown: JsonObject = { ...parameters, ...extra };
  if (prompt.responseFormat !== undefined) shown['responseFormat'] = prompt.responseFormat;
  if (prompt.tools.length > 0) shown['tools'] = prompt.tools;
  return { messages, inserted, parameters: shown };
}

/** A page of finished cells, as reports read them. */
export function listCells(store: RunStore, run: StoredRun, options: { from: number; to: number; caseId?: string; modelIndex?: number; only?: 'not-passed'; after?: CellKey }): { cells: ListedCell[]; total: number | null } {
  const { cells, total } = store.listCells(run, { ...options, onlyNotPassed: options.only === 'not-passed' });
  return { total, cells: cells.map(({ result, case: item }) => ({ result: withTraceId(run, result), case: listedCase(item) })) };
}

/** Nothing has to be stored for it: the id follows from the run and the cell. */
function withTraceId(run: StoredRun, result: CellResult): CellResult {
  return { ...result, traceId: traceIdOfCell(run.info.id, cellOrdinal(result, shapeOf(run.info))) };
}

function listedCase(item: Case): ListedCell['case'] {
  return {
    id: item.id,
    ...(item.description === undefined ? {} : { description: item.description }),
    vars: item.vars,
    ...(item.expected === undefined ? {} : { expected: item.expected }),
    tags: item.tags,
  };
}

/** Runs that are looked through for outcomes: a single case that was run alone must not hide what is known of the others. */
const RUNS_OF_FILE = 20;

/** What the newest runs said of the cases in a dataset file: of each case the newest result, the first cell that did not pass before others. */
export function caseOutcomes(store: RunStore, file: string): CaseOutcome[] {
  const outcomes = new Map<string, CaseOutcome>();
  for (const run of store.runsOfFile(file, RUNS_OF_FILE)) {
    const shape = shapeOf(run.info);
    const inRun = new Map<string, CaseOutcome>();
    for (const row of store.outcomes(run, file)) {
      const known = inRun.get(row.case_id);
      const passed = row.pass === 1;
      if (outcomes.has(row.case_id) || (known !== undefined && (known.pass !== true || passed))) continue;
      const { vars, expected } = JSON.parse(row.json) as Pick<Case, 'vars' | 'expected'>;
      inRun.set(row.case_id, {
        caseId: row.case_id,
        runId: run.info.id,
        ...cellKeyAt(row.ordinal, shape),
        pass: row.pass === null ? null : passed,
        output: row.error_code === null ? row.preview : '',
        latencyMs: row.latency_ms,
        error: row.error_code === null ? null : row.preview,
        caseHash: hashJson({ vars, expected }),
      });
    }
    for (const [id, outcome] of inRun) outcomes.set(id, outcome);
  }
  return [...outcomes.values()];
}
