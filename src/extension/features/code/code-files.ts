import type * as vscode from 'vscode';
import { CODE_FILES, isCodeName } from '../../../core/code/endings.ts';
import { SCHEMES } from '../../constants.ts';

/** Files that code runs in. */
export const CODE_SELECTOR: vscode.DocumentSelector = [{ scheme: 'file', pattern: CODE_FILES }];

/** The same, and files as they were at a commit. */
export const SHOWN_CODE_SELECTOR: vscode.DocumentSelector = [{ scheme: 'file', pattern: CODE_FILES }, { scheme: SCHEMES.text, pattern: CODE_FILES }];

/** By its name only: nothing is read. */
export function isCodeFile(uri: vscode.Uri): boolean {
  return uri.scheme === 'file' && isCodeName(uri.path);
}
