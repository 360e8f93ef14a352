import { errorMessage } from '../../core/errors.ts';
import type { RunInfo } from '../../core/eval/model.ts';
import type { FolderEngine } from '../engine/folder-engine.ts';
import type { Log } from '../log.ts';

/**
 * What the versions that ran are called now (`v7 · 3f9a1c2e`), in the order of the runs: a text that was run as a file may have been saved
 * as a version since. `null`: nobody saved it.
 */
export async function versionLabels(engine: FolderEngine, runs: readonly RunInfo[], log: Log): Promise<(string | null)[]> {
  if (runs.length === 0) return [];
  try {
    const { labels } = await engine.request('versions/labels', { contents: runs.map(({ promptPath, promptId, promptHash }) => ({ path: promptPath, prompt: promptId, hash: promptHash })) });
    return runs.map(({ version }, at) => labels[at] ?? version?.label ?? null);
  } catch (error) {
    log.warn(`The versions of runs cannot be named: ${errorMessage(error)}`);
    return runs.map(({ version }) => version?.label ?? null);
  }
}
