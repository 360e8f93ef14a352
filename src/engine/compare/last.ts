import type { RunInfo, RunVersion } from '../../core/eval/model.ts';
import { assertionsHash, promptHash } from '../../core/prompt/canonical.ts';
import { readPromptFile } from '../../core/prompt/formats.ts';
import { runsOfContent } from '../../node/sqlite/find-runs.ts';
import type { RunStore } from '../../node/sqlite/run-store.ts';
import type { CompareMethods, ComparisonRef } from '../../protocol/compare.ts';
import type { PromptPlace, PromptVersions } from '../../protocol/registry.ts';
import type { Workspace } from '../workspace.ts';
import { sideOfRun } from './asked.ts';
import { differences } from './refusal.ts';

/** Runs that are looked at for a pair; older ones say little about a prompt that was run so often since. */
const MOST_RUNS = 20;

/** The registry's: versions, and where environments point to. */
export type VersionsOf = (place: PromptPlace) => Promise<Pick<PromptVersions, 'versions' | 'environments'>>;

/**
 * The newest comparison of a prompt as it is now with an environment's version that finished runs give: both judged alike, of one model.
 * `null`: there is none, and nothing is run for it.
 */
export async function lastComparison({ path, prompt, environment, overlays = [] }: CompareMethods['compare/last'][0], workspace: Workspace, versionsOf: VersionsOf): Promise<ComparisonRef | null> {
  const files = workspace.files(overlays);
  const file = await readPromptFile(path, { files, root: workspace.folder, datasets: (await workspace.config(files)).datasets });
  const document = prompt === undefined ? file.prompts[0] : file.prompts.find(({ id }) => id === prompt);
  if (document === undefined) return null;
  const { versions, environments } = await versionsOf({ path, prompt: document.id, overlays });
  const hash = environments.find((state) => state.environment === environment)?.version ?? null;
  const version = versions.find((one) => one.hash === hash);
  if (hash === null || version === undefined) return null;
  const store = await workspace.store();
  const place = { promptPath: path, promptId: document.id, assertionsHash: assertionsHash(document) };
  const now = finished(store, { ...place, promptHash: promptHash(document) });
  if (now.length === 0) return null;
  const before = finished(store, { ...place, promptHash: hash });
  const asked: RunVersion = { hash, number: version.number, label: version.label, environment };
  for (const b of now) {
    for (const a of before) {
      const models = a.id === b.id ? null : sharedModel(a, b);
      if (models !== null) return { a: sideOfRun(a, models.a, asked), b: sideOfRun(b, models.b, undefined) };
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

/** The model that both asked, of runs that were judged alike. */
function sharedModel(a: RunInfo, b: RunInfo): { readonly a: number; readonly b: number } | null {
  if (differences(a, b).length > 0) return null;
  for (const [indexB, { identity }] of b.models.entries()) {
    const indexA = identity === undefined ? -1 : a.models.findIndex((model) => model.identity === identity);
    if (indexA >= 0) return { a: indexA, b: indexB };
  }
  return null;
}
