import type * as vscode from 'vscode';
import { readDataset } from '../../core/dataset/read.ts';
import { readPromptFile } from '../../core/prompt/formats.ts';
import { editorFiles } from '../datasets/editor-files.ts';
import { enginePath } from '../paths.ts';

/** Counting more in the extension host would be work that others wait for. */
const MOST_COUNTED = 2000;

export interface CaseCount {
  readonly count: number;
  /** There are more. */
  readonly atLeast: boolean;
}

/** The number of cases of each prompt of a file, by reading alone; `null` where the dataset cannot be read. */
export async function countCases(document: vscode.TextDocument, folder: vscode.WorkspaceFolder): Promise<(CaseCount | null)[]> {
  const options = { files: editorFiles(), root: enginePath(folder.uri) };
  const { prompts } = await readPromptFile(enginePath(document.uri), { ...options, text: document.getText() });
  return Promise.all(prompts.map(async ({ dataset }) => {
    if (dataset.files.length === 0 && dataset.inline.length === 0) return null;
    let count = 0;
    try {
      for await (const _ of readDataset(dataset, options)) {
        count += 1;
        if (count >= MOST_COUNTED) return { count, atLeast: true };
      }
    } catch {
      return null; // A dataset that cannot be read has no number; its problem is told where it can be run.
    }
    return { count, atLeast: false };
  }));
}
