import { readPromptFile } from '../../core/prompt/formats.ts';
import type { PromptDocument } from '../../core/prompt/model.ts';
import type { ProjectConfig } from '../../core/config/model.ts';
import type { FileReader } from '../../core/files.ts';
import type { StoredScore } from '../../node/sqlite/version-scores.ts';
import type { VersionScore } from '../../protocol/registry.ts';

/** What is kept of runs of a prompt, and the dataset that the prompt has now; `null`: it is not known. */
export interface KnownScores {
  readonly scores: readonly StoredScore[];
  readonly datasetName: string | null;
}

export const NO_SCORES: KnownScores = { scores: [], datasetName: null };

/**
 * What a content scored. What was once tried with another model, or with a handful of other cases, is no score to set beside those of
 * other versions, however new it is: such runs come last. A version that names no model is run with whichever is asked for.
 */
export function scoresOf(hash: string, models: readonly { readonly id: string }[], { scores, datasetName }: KnownScores): VersionScore[] {
  const found = scores.filter(({ promptHash }) => promptHash === hash).map(({ promptHash: _hash, modelId, ...score }): VersionScore => ({
    ...score,
    own: (datasetName === null || score.datasetName === datasetName) && (models.length === 0 || models.some(({ id }) => id === modelId)),
  }));
  return [...found.filter(({ own }) => own), ...found.filter(({ own }) => !own)];
}

/** How runs call the dataset that a prompt has now. Its file is read for it only where runs had other ones, or where the prompt itself does not name it. */
export async function datasetNameOf(document: PromptDocument | null, scores: readonly StoredScore[], { files, root, config }: { readonly files: FileReader; readonly root: string; readonly config: ProjectConfig }): Promise<string | null> {
  if (document === null || scores.every((score) => score.datasetName === document.dataset.name)) return document?.dataset.name ?? null;
  const read = await readPromptFile(document.path, { files, root, datasets: config.datasets }).catch(() => null);
  return read?.prompts.find(({ id }) => id === document.id)?.dataset.name ?? null;
}
