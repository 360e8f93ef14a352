import * as v from 'valibot';
import type { EngineMethod, Params } from '../protocol/engine.ts';
import { decode } from '../protocol/rpc-peer.ts';
import { REGISTRY_SCHEMAS } from './decode-registry.ts';
import { COMPARE_SCHEMAS } from './decode-compare.ts';
import { REMOTE_SCHEMAS } from './decode-remote.ts';
import { SPAN_SCHEMAS } from './decode-spans.ts';
import { TRACE_SCHEMAS } from './decode-traces.ts';

const path = v.pipe(v.string(), v.minLength(1));
const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const strings = v.array(v.string());
const vars = v.custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const overlays = v.array(v.object({ path, text: v.string() }));
const none = v.object({});
const runId = v.object({ runId: v.string() });

const settings = v.object({
  folder: path,
  trusted: v.boolean(),
  concurrency: v.pipe(v.number(), v.integer(), v.minValue(1)),
  idleTimeoutMs: v.pipe(v.number(), v.minValue(1)),
  maxRetries: index,
  defaultBudgetUsd: v.nullable(v.number()),
  traces: v.optional(v.object({ retentionDays: v.pipe(v.number(), v.minValue(0)), maxBytes: v.pipe(v.number(), v.minValue(0)) })),
  proxy: v.object({ url: v.nullable(v.string()), strictSsl: v.boolean(), noProxy: strings }),
});

const evalRequest = v.object({
  targets: v.array(path),
  prompts: v.optional(strings),
  overlays: v.optional(overlays),
  version: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(4096))),
  models: v.optional(strings),
  dataset: v.optional(path),
  repeats: v.optional(v.number()),
  concurrency: v.optional(v.number()),
  filter: v.optional(v.string()),
  tags: v.optional(strings),
  caseIds: v.optional(strings),
  noCache: v.optional(v.boolean()),
  budgetUsd: v.optional(v.number()),
  origin: v.picklist(['editor', 'cli']),
});

const view = v.object({
  filter: v.picklist(['all', 'failing', 'errors', 'slow', 'cached']),
  search: v.string(),
  groupBySlice: v.boolean(),
  collapsed: strings,
  sort: v.object({ by: v.picklist(['order', 'case', 'score', 'latency', 'cost']), modelIndex: index, descending: v.boolean() }),
});

/** One decoder a method: nothing from the channel is used before it passed. */
const SCHEMAS = {
  'engine/configure': settings,
  'prompts/list': none,
  'prompts/state': v.object({ path, overlays: v.optional(overlays) }),
  'eval/estimate': evalRequest,
  'eval/start': evalRequest,
  'eval/resume': v.object({ runId: v.string(), budgetUsd: v.optional(v.number()) }),
  'eval/wait': v.object({ runIds: strings }),
  'eval/cancel': runId,
  'runs/list': v.object({ limit: index, promptId: v.optional(v.string()) }),
  'runs/get': runId,
  'runs/delete': v.object({ runIds: strings }),
  'runs/rename': v.object({ runId: v.string(), title: v.string() }),
  'runs/export': v.object({ runIds: strings, format: v.picklist(['json', 'xml', 'html', 'csv']), file: path }),
  'cells/page': v.object({ runId: v.string(), view, from: index, to: index }),
  'cells/find': v.object({ runId: v.string(), view, fromRow: v.number(), direction: v.picklist([1, -1]), what: v.picklist(['failing', 'case']), caseIndex: v.optional(index) }),
  'cells/list': v.object({ runId: v.string(), from: index, to: index, caseId: v.optional(v.string()), modelIndex: v.optional(index), only: v.optional(v.literal('not-passed')), after: v.optional(v.object({ caseIndex: index, modelIndex: index, repeat: index })) }),
  'cells/get': v.object({ runId: v.string(), key: v.object({ caseIndex: index, modelIndex: index, repeat: index }) }),
  'cells/rerun': v.object({ runId: v.string(), caseIndex: index }),
  'cases/outcomes': v.object({ file: path }),
  'once/run': v.object({ path, promptId: v.optional(v.string()), overlays: v.optional(overlays), model: v.optional(v.string()), vars, stream: v.string() }),
  'models/list': none,
  'cache/clear': none,
  ...COMPARE_SCHEMAS,
  ...SPAN_SCHEMAS,
  ...REMOTE_SCHEMAS,
  ...TRACE_SCHEMAS,
  ...REGISTRY_SCHEMAS,
} satisfies { readonly [M in EngineMethod]: v.GenericSchema<unknown, Params<M>> };

export const ENGINE_METHODS = Object.keys(SCHEMAS) as EngineMethod[];

/** @throws TouchstoneError 'invalid-message' that names the field */
export function decodeParams<M extends EngineMethod>(method: M, params: unknown): Params<M> {
  return decode(SCHEMAS[method] as v.GenericSchema<unknown, Params<M>>, params);
}
