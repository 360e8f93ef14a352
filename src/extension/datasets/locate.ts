import type * as vscode from 'vscode';
import { TouchstoneError } from '../../core/errors.ts';
import type { Case } from '../../core/dataset/model.ts';
import { DATASET_ENDINGS, datasetOfFile, readDataset } from '../../core/dataset/read.ts';
import { endingOf } from '../../core/text/path.ts';
import type { SourceRange } from '../../core/text/position.ts';
import { enginePath, toRange } from '../paths.ts';
import { editorFiles } from './editor-files.ts';

/** Whether cases of this file can be read on their own; those of a prompt file stand among other keys. */
export function isDatasetFile(path: string): boolean {
  return DATASET_ENDINGS.includes(endingOf(path)) && !/(\.prompt|\/promptfooconfig[^/]*)\.ya?ml$/i.test(path);
}

/**
 * The cases of a dataset in an editor, saved or not; up to the first row that cannot be read, and at most `limit`.
 * `complete` is false when it stopped early.
 */
export async function casesOf(document: vscode.TextDocument, limit = Number.POSITIVE_INFINITY): Promise<{ readonly cases: readonly Case[]; readonly complete: boolean }> {
  const path = enginePath(document.uri);
  const cases: Case[] = [];
  try {
    for await (const found of readDataset(datasetOfFile(path), { files: editorFiles(), root: '/' })) {
      if (cases.length >= limit) return { cases, complete: false };
      cases.push(found);
    }
  } catch (error) {
    if (!(error instanceof TouchstoneError)) throw error;
    return { cases, complete: false };
  }
  return { cases, complete: true };
}

/** Where a case stands now; for a case that is not found by its id, where it stood. */
export async function locateCase(document: vscode.TextDocument, caseId: string, stood: SourceRange): Promise<vscode.Range> {
  const found = isDatasetFile(enginePath(document.uri)) ? await findCase(document, caseId) : undefined;
  return document.validateRange(toRange(found?.place.range ?? stood));
}

export async function findCase(document: vscode.TextDocument, caseId: string): Promise<Case | undefined> {
  const { cases } = await casesOf(document);
  return cases.find((found) => found.id === caseId);
}
