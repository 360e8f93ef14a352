import * as vscode from 'vscode';
import type { ReadOnlyTexts } from '../read-only-texts.ts';

/** What a case expects at the left, what a model answered at the right, in VS Code's diff editor. Data stands as indented JSON. */
export async function showExpectedAgainstOutput(texts: ReadOnlyTexts, caseId: string, expected: unknown, output: unknown): Promise<void> {
  const data = typeof output !== 'string' || (expected !== undefined && typeof expected !== 'string');
  const side = (name: string, value: unknown): vscode.Uri => texts.add(`${name}.${data ? 'json' : 'txt'}`, typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value, null, 2));
  await texts.showDifference(side('expected', expected), side('output', output), vscode.l10n.t('{0}: expected ↔ output', caseId));
}
