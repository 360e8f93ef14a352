import type { ScoreContext } from '../core/assert/model.ts';
import type { Case } from '../core/dataset/model.ts';
import type { JsonObject } from '../core/json.ts';

/** What user code sees that runs before there is an output: variables, and the case where there is one. */
export function contextOf(vars: JsonObject, item?: Case): ScoreContext {
  return { output: '', vars, expected: item?.expected, promptText: '', caseId: item?.id ?? '', metadata: item?.metadata ?? {}, modelId: '', latencyMs: null, cached: false, cost: null, finishReason: null, toolCalls: [], tools: [] };
}
