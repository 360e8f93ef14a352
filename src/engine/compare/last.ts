import type { RunInfo } from '../../core/eval/model.ts';
import { hashJson } from '../../core/hash.ts';
import { assertionsHash, promptHash } from '../../core/prompt/canonical.ts';
import { readPromptFile } from '../../core/prompt/formats.ts';
import { runsOfContent } from '../../node/sqlite/find-runs.ts';
import type { RunStore } from '../../node/sqlite/run-store.ts';
import type { CompareMethods, ComparisonRef } from '../../protocol/compare.ts';
import type { EnvironmentState, PromptPlace } from '../../protocol/registry.ts';
import type { Workspace } from '../workspace.ts';

/** Runs that are looked at for a pair; older ones say little about a prompt that was run so often since. */
const MOST_RUNS = 20;

/** Where environments point to. */
export type EnvironmentsOf = (place: PromptPlace) => Promise<readonly EnvironmentState[]>;

/**
 * The newest comparison of a prompt as it is now with an environment's version that finished runs give: both judged alike, of one model.
 * `null`: there is none, and nothing is run for it.
 */
export async function lastComparison({ path, prompt, environment, overlays = [] }: CompareMethods['compare/last'][0], workspace: Workspace, environmentsOf: EnvironmentsOf): Promise<ComparisonRef | null> {
  const files = workspace.files(overlays);
  const file = await readPromptFile(path, { files, root: workspace.folder, datasets: (await workspace.config(files)).datasets });
  const document = prompt === undefined ? file.prompts[0] : file.prompts.find(({ id }) => id === prompt);
  if (document === undefined) return null;
  const environments = await environmentsOf({ path, prompt: document.id, overlays });
  const version = environments.find((state) => state.environment === environment)?.version ?? null;
  if (version === null) return null;
  const store = await workspace.store();
  const place = { promptPath: path, promptId: document.id, assertionsHash: assertionsHash(document) };
  const now = finished(store, { ...place, promptHash: promptHash(document) }).filter((info) => info.version === undefined);
  if (now.length === 0) return null;
  const before = finished(store, { ...place, promptHash: version }).filter((info) => info.version?.hash === version);
  for (const b of now) {
    for (const a of before) {
      const ref = comparable(a, b);
      if (ref !== null) return ref;
    }
  }
  return null;
}

function finished(store: RunStore, content: Pick<RunInfo, 'promptPath' | 'promptId' | 'promptHash' | 'assertionsHash'>): RunInfo[] {
  return runsOfContent(store.database, content)
    .slice(0, MOST_RUNS)
    .map((id) => store.get(id).info)
    .filter(({ status }) => status === 'finished');
}

function comparable(a: RunInfo, b: RunInfo): ComparisonRef | null {
  if (a.datasetHash !== b.datasetHash || hashJson(a.checkFiles ?? {}) !== hashJson(b.checkFiles ?? {}) || a.judge === undefined || b.judge === undefined || a.judge?.hash !== b.judge?.hash) return null;
  for (const [indexB, { identity }] of b.models.entries()) {
    const indexA = identity === undefined ? -1 : a.models.findIndex((model) => model.identity === identity);
    if (indexA >= 0) return { a: { runId: a.id, modelIndex: indexA }, b: { runId: b.id, modelIndex: indexB } };
  }
  return null;
}
