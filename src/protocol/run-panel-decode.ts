import * as v from 'valibot';
import { cellDetail, interval, runInfo, summary } from './cell-decode.ts';
import type { GridCell, GridPage, GridRow } from './engine.ts';
import { decode } from './rpc-peer.ts';
import type { RunPanelMethods, RunPanelNotifications, ShownRun } from './run-panel.ts';

/** Decoders of what reaches the run panel. Unknown members are dropped; a missing or wrong one refuses the message. */
type Schema<T> = v.GenericSchema<unknown, T>;

const number = v.number();
const index = v.pipe(number, v.integer(), v.minValue(0));
const text = v.string();
const numberOrNull = v.nullable(number);
const textOrNull = v.nullable(text);
const texts = v.array(text);

const snapshot: Schema<ShownRun> = v.object({
  info: runInfo, summary, models: v.array(v.object({ label: text, summary })), slices: texts,
  done: index, total: index, running: index, costSoFar: numberOrNull, remainingMs: numberOrNull, elsewhere: v.optional(v.literal(true)),
  versionLabel: v.optional(text),
});

const status = v.picklist(['waiting', 'running', 'done', 'error']);

const cell: Schema<GridCell> = v.object({
  status, passes: v.array(v.nullable(v.boolean())), text, multiline: v.boolean(), agreement: v.optional(text), score: numberOrNull,
  latencyMs: numberOrNull, slow: v.boolean(), cached: v.boolean(), error: textOrNull,
});

const row: Schema<GridRow> = v.variant('kind', [
  v.object({
    kind: v.literal('slice'), slice: text, cases: index, collapsed: v.boolean(),
    models: v.array(v.object({ passRate: numberOrNull, interval, n: index })),
  }),
  v.object({ kind: v.literal('case'), caseIndex: index, caseId: text, slice: textOrNull, variables: text, expected: textOrNull, cells: v.array(cell) }),
]);

const page: Schema<GridPage> = v.object({
  total: index, from: index, rows: v.array(row),
  counts: v.object({ all: index, failing: index, errors: index, slow: index, cached: index }),
  revision: number,
});

const nothing: Schema<Record<string, never>> = v.custom<Record<string, never>>(() => true);

const results: { readonly [M in keyof RunPanelMethods]: Schema<RunPanelMethods[M][1]> } = {
  'run/get': snapshot,
  'grid/page': page,
  'grid/find': v.object({ row: number, modelIndex: number }),
  'cell/get': cellDetail,
  'cell/rerun': nothing, 'run/cancel': nothing, 'run/again': nothing, 'run/resume': nothing, 'run/export': nothing,
  'open': nothing, 'cell/accept': nothing, 'cell/diff': nothing, 'cell/trace': nothing, 'copy': nothing,
};

/** @throws TouchstoneError 'invalid-message' */
export function decodeRunPanelResult(method: string, value: unknown): unknown {
  return Object.hasOwn(results, method) ? decode(results[method as keyof RunPanelMethods], value) : undefined;
}

const changed: Schema<RunPanelNotifications['run/changed']> = v.object({ snapshot, revision: number });

/** @throws TouchstoneError 'invalid-message' */
export function decodeRunChanged(value: unknown): RunPanelNotifications['run/changed'] {
  return decode(changed, value);
}
