import type { SourceType } from '../../core/config/model.ts';
import { attributesOf } from '../../core/trace/any-value.ts';
import { readSpanId, spanIdFor } from '../../core/trace/ids.ts';
import type { RawLog } from '../../core/trace/model.ts';
import { nanosOf } from '../../core/trace/time.ts';
import type { RemoteScore } from '../../protocol/remote.ts';

const NO_RESOURCE = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' } as const;

/** Scores in OpenTelemetry's words: records that belong to the spans, which therefore show them. The same score again is the same record. */
export function logsOfScores(scores: readonly RemoteScore[], of: { readonly type: SourceType; readonly traceId: string; readonly root: string | null }): RawLog[] {
  return scores.map((score): RawLog => {
    const time = (score.at === null ? null : nanosOf(score.at)) ?? '0';
    return {
      traceId: of.traceId, spanId: score.spanId === null ? of.root : storedSpanId(of.type, score.spanId),
      timeUnixNano: time, observedTimeUnixNano: time, severityNumber: 0, severityText: '', eventName: 'gen_ai.evaluation.result', body: {},
      attributes: attributesOf({ 'gen_ai.evaluation.name': score.name, 'gen_ai.evaluation.score.value': score.value, 'gen_ai.evaluation.score.label': score.label, 'gen_ai.evaluation.explanation': score.comment, 'touchstone.score.from': score.from }),
      droppedAttributesCount: 0, flags: 0, resource: NO_RESOURCE, scope: { name: of.type, version: '', attributes: [], droppedAttributesCount: 0, schemaUrl: '' },
    };
  });
}

function storedSpanId(type: SourceType, id: string): string | null {
  return type === 'langfuse' || type === 'langsmith' || type === 'weave' || type === 'opik' ? spanIdFor(type, id) : (readSpanId(id) ?? null);
}
