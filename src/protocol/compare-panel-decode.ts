import * as v from 'valibot';
import type { CaseOutputs, ComparisonResult, MetricComparison, SliceComparison, Verdict } from '../core/compare/model.ts';
import type { JsonObject } from '../core/json.ts';
import type { ResponseFormat } from '../core/model/model.ts';
import { cellDetail, interval } from './cell-decode.ts';
import type {
  ComparedCase, ComparedPrompt, ComparedSide, Comparison, ComparisonCell, ComparisonPage, ComparisonRef, ComparisonRow, ComparisonView, CompareSettings, Distributions, HumanVerdict, RunSide,
} from './compare.ts';
import type { ComparePanelMethods, ShownComparison } from './compare-panel.ts';
import { decode } from './rpc-peer.ts';

/** Decoders of what reaches the comparison panel. Unknown members are dropped; a missing or wrong one refuses the message. */
type Schema<T> = v.GenericSchema<unknown, T>;

const number = v.number();
const index = v.pipe(number, v.integer(), v.minValue(0));
const text = v.string();
const numberOrNull = v.nullable(number);
const textOrNull = v.nullable(text);
const texts = v.array(text);
const json = v.record(text, v.unknown());
const passes = v.array(v.nullable(v.boolean()));
const numbers = v.array(numberOrNull);

const runVersion = v.object({ hash: text, number: v.nullable(index), label: text, environment: textOrNull });
const runSide: Schema<RunSide> = v.object({ runId: text, modelIndex: index, as: v.optional(v.nullable(runVersion)), named: v.optional(v.literal(true)) });
export const comparisonRef: Schema<ComparisonRef> = v.object({ a: runSide, b: runSide });
export const compareSettings: Schema<CompareSettings> = v.object({ margin: v.pipe(number, v.minValue(0)), metric: text, sliceBy: textOrNull });
export const comparisonView: Schema<ComparisonView> = v.object({
  filter: v.picklist(['all', 'regressed', 'improved', 'changed', 'failing', 'disagreement']), search: v.pipe(text, v.maxLength(1000)), slice: textOrNull,
  sort: v.object({ by: v.picklist(['order', 'case', 'change', 'delta', 'a', 'b', 'latency', 'cost']), descending: v.boolean() }),
});

const verdict: Schema<Verdict> = v.picklist(['better', 'worse', 'no-difference-shown', 'too-few-cases']);
export const humanVerdict: Schema<HumanVerdict | null> = v.nullable(v.picklist(['a', 'b', 'tie']));

const side: Schema<ComparedSide> = v.object({
  ref: runSide, label: text, promptId: text, promptName: text, promptPath: text,
  version: v.nullable(runVersion),
  workingCopy: v.boolean(), model: text, status: v.picklist(['running', 'finished', 'cancelled', 'interrupted', 'budget']), startedAt: text,
  done: index, total: index, cost: numberOrNull, cached: index,
});

const metric: Schema<MetricComparison> = v.object({
  name: text, unit: v.picklist(['rate', 'score', 'usd', 'ms', 'tokens']), higherIsBetter: v.boolean(), a: numberOrNull, b: numberOrNull,
  intervalA: interval, intervalB: interval, delta: numberOrNull, interval, ratio: v.optional(v.object({ value: number, interval })),
  p: numberOrNull, pAdjusted: v.optional(number), test: v.picklist(['mcnemar-exact', 'paired-t', 'sign-flip', 'bootstrap', 'paired-medians', 'sequential', 'none']), verdict,
  n: index, clusters: v.nullable(index), minimumDetectable: numberOrNull, casesNeeded: numberOrNull, warning: v.optional(text),
});

const slice: Schema<SliceComparison> = v.object({ slice: text, n: index, regressed: index, improved: index, metrics: v.array(metric) });

const result: Schema<ComparisonResult> = v.object({
  n: index, repeats: index, unanswered: index, metrics: v.array(metric), slices: v.array(slice),
  gate: v.picklist(['passes', 'fails', 'inconclusive']), margin: number,
});

const comparison: Schema<Comparison> = v.object({
  ref: comparisonRef, a: side, b: side, datasetName: textOrNull, cases: index,
  refused: v.nullable(v.object({ differs: v.array(v.picklist(['dataset', 'assertions', 'judge'])), message: text })),
  result: v.nullable(result), settings: compareSettings, sliceFields: texts,
  counts: v.object({ all: index, regressed: index, improved: index, changed: index, failing: index, disagreement: index }), verdicts: v.object({ a: index, b: index, tie: index }), revision: number,
  stoppedEarly: v.nullable(v.object({ cases: index, of: index, savedUsd: numberOrNull, sentence: text })),
  stale: v.object({ a: v.boolean(), b: v.boolean() }),
});

const change = { delta: numberOrNull, regressed: v.boolean(), improved: v.boolean(), changed: v.boolean(), failing: v.boolean(), disagreement: v.boolean() };
const cell: Schema<ComparisonCell> = v.object({
  passes, score: numberOrNull, text, multiline: v.boolean(), agreement: v.optional(text), error: textOrNull, waiting: v.boolean(),
});
const row: Schema<ComparisonRow> = v.object({ ...change, caseIndex: index, caseId: text, expected: textOrNull, a: cell, b: cell, verdict: humanVerdict });
const page: Schema<ComparisonPage> = v.object({ total: index, from: index, rows: v.array(row), revision: number });

const shown: Schema<ShownComparison> = v.object({
  comparison, choices: v.array(v.object({ ref: comparisonRef, label: text, verdict: v.nullable(v.union([verdict, v.literal('refused')])) })), environments: texts, promoted: v.optional(v.object({ label: text, environments: texts })), page: v.nullable(page),
});

const outputs: Schema<CaseOutputs> = v.object({ passes, scores: numbers, latencyMs: numbers, costs: numbers, tokens: numbers, named: v.record(text, numbers) });
const comparedCase: Schema<ComparedCase> = v.object({
  ...change, caseIndex: index, caseId: text, cells: v.object({ a: v.array(cellDetail), b: v.array(cellDetail) }), outputs: v.object({ a: outputs, b: outputs }), verdict: humanVerdict,
});

const object: Schema<JsonObject> = v.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const content = v.union([text, v.array(v.variant('type', [v.object({ type: v.literal('text'), text }), v.object({ type: v.literal('image'), url: text })]))]);
const responseFormat: Schema<ResponseFormat> = v.variant('type', [
  v.object({ type: v.literal('text') }), v.object({ type: v.literal('json_object') }),
  v.object({ type: v.literal('json_schema'), name: text, schema: object, strict: v.optional(v.boolean()) }),
]);
const prompt: Schema<ComparedPrompt> = v.object({
  messages: v.optional(v.array(v.object({ role: v.picklist(['system', 'developer', 'user', 'assistant', 'tool']), content }))),
  template: v.optional(text), source: v.optional(object), parameters: json, responseFormat: v.optional(responseFormat),
  tools: v.array(v.object({ name: text, description: v.optional(text), parameters: v.optional(object), strict: v.optional(v.boolean()) })), toolChoice: v.optional(v.unknown()), model: text,
});

const columns = v.object({ a: v.instance(Float64Array), b: v.instance(Float64Array) });
const distributions: Schema<Distributions> = v.object({ latencyMs: columns, cost: columns, score: columns, tokens: columns });

const nothing: Schema<Record<string, never>> = v.custom<Record<string, never>>(() => true);

const results: { readonly [M in keyof ComparePanelMethods]: Schema<ComparePanelMethods[M][1]> } = {
  'comparison/get': shown, 'comparison/page': page, 'comparison/find': v.object({ row: number }), 'comparison/case': comparedCase,
  'comparison/prompts': v.object({ a: prompt, b: prompt }), 'comparison/distributions': distributions,
  'comparison/estimate': v.object({ cells: index, known: index, usd: numberOrNull }),
  'comparison/verdict': nothing, 'comparison/again': nothing, 'comparison/run-changed': nothing, 'comparison/cancel': nothing, 'comparison/resume': nothing,
  'comparison/swap': nothing, 'comparison/choose-side': nothing, 'comparison/promote': nothing, 'comparison/export': nothing, 'prompts/diff': nothing,
  'outputs/diff': nothing, 'output/accept': nothing, 'output/trace': nothing, 'open': nothing, 'copy': nothing,
};

/** @throws TouchstoneError 'invalid-message' */
export function decodeComparePanelResult(method: string, value: unknown): unknown {
  return Object.hasOwn(results, method) ? decode(results[method as keyof ComparePanelMethods], value) : undefined;
}
