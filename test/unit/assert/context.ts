import type { ScoreContext, Scorer } from '../../../src/core/assert/model.ts';
import type { ScorePorts } from '../../../src/core/assert/ports.ts';

/** A context with this output and nothing else known. */
export function contextOf(output: unknown, more: Partial<ScoreContext> = {}): ScoreContext {
  return {
    output: typeof output === 'string' ? output : JSON.stringify(output),
    ...(typeof output === 'string' ? {} : { data: output }),
    vars: {},
    promptText: 'the prompt',
    caseId: 'case',
    metadata: {},
    modelId: 'test:model',
    latencyMs: null,
    cached: false,
    cost: null,
    finishReason: null,
    toolCalls: [],
    tools: [],
    ...more,
  };
}

/** Ports without a judge: asking one is a defect of the test. */
export function noJudge(scorer: Scorer): ScorePorts {
  return {
    scorer,
    judge: () => Promise.reject(new Error('No judge in this test.')),
    embed: () => Promise.reject(new Error('No embeddings in this test.')),
    signal: new AbortController().signal,
  };
}
