import type { StoredPlan } from '../../core/eval/plan.ts';
import { versionContent } from '../../core/prompt/canonical.ts';
import type { RunStore, StoredRun } from '../../node/sqlite/run-store.ts';
import type { ComparedPrompt, RunSide } from '../../protocol/compare.ts';

/** What a side's prompt said when its run was planned, whatever became of its file. */
export function comparedPrompt(store: RunStore, run: StoredRun, { modelIndex }: RunSide): ComparedPrompt {
  const { messages, template, source, parameters, responseFormat, tools, toolChoice } = versionContent((store.plan(run) as StoredPlan).prompt);
  return {
    ...(messages === undefined ? {} : { messages }),
    ...(template === undefined ? {} : { template }),
    ...(source === undefined ? {} : { source }),
    parameters,
    ...(responseFormat === undefined ? {} : { responseFormat }),
    tools,
    ...(toolChoice === undefined ? {} : { toolChoice }),
    model: run.info.models[modelIndex]?.label ?? '',
  };
}
