import * as vscode from 'vscode';
import { expectationEdit } from '../../../core/dataset/edit.ts';
import { errorMessage } from '../../../core/errors.ts';
import type { CellKey } from '../../../core/eval/model.ts';
import { INTERNAL_COMMANDS } from '../../constants.ts';
import { asExpectation } from '../../datasets/accept.ts';
import type { CaseView, DatasetFiles } from '../../datasets/dataset-files.ts';
import { enginePath, toRange } from '../../paths.ts';
import type { Services } from '../../services.ts';
import type { RunTarget } from '../../targets.ts';
import { FAILING_CASE, failureRange, isFailing } from './diagnostics.ts';

/** *Show difference*, *Accept output as expected* and *Open trace* on a failing case. */
export class CaseFixes implements vscode.CodeActionProvider {
  static readonly kinds = [vscode.CodeActionKind.QuickFix];
  readonly #datasets: DatasetFiles;
  readonly #services: Services;

  constructor(services: Services, datasets: DatasetFiles) {
    this.#services = services;
    this.#datasets = datasets;
  }

  provideCodeActions(document: vscode.TextDocument, _range: vscode.Range, context: vscode.CodeActionContext): vscode.CodeAction[] {
    const view = this.#datasets.view(document.uri);
    if (!view) return [];
    return context.diagnostics.filter((diagnostic) => diagnostic.source === 'Touchstone' && diagnostic.code === FAILING_CASE).flatMap((diagnostic) => {
      const found = view.cases.find((candidate) => isFailing(candidate) && failureRange(document, candidate).isEqual(diagnostic.range));
      return found ? [this.#difference(found, diagnostic), ...this.#accept(document, found, diagnostic), ...this.#trace(document, found, diagnostic)] : [];
    });
  }

  #difference(found: CaseView, diagnostic: vscode.Diagnostic): vscode.CodeAction {
    const action = new vscode.CodeAction(vscode.l10n.t('Show difference'), vscode.CodeActionKind.QuickFix);
    action.diagnostics = [diagnostic];
    action.command = { command: INTERNAL_COMMANDS.showDifference, title: action.title, arguments: [{ caseId: found.case.id, expected: found.case.expected, output: found.outcome?.output ?? '' }] };
    return action;
  }

  #trace(document: vscode.TextDocument, { outcome }: CaseView, diagnostic: vscode.Diagnostic): vscode.CodeAction[] {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    if (!outcome || !folder) return [];
    const action = new vscode.CodeAction(vscode.l10n.t('Open trace'), vscode.CodeActionKind.QuickFix);
    action.diagnostics = [diagnostic];
    action.command = { command: INTERNAL_COMMANDS.openCellTrace, title: action.title, arguments: [{ folder: folder.uri.toString(), runId: outcome.runId } satisfies RunTarget, { caseIndex: outcome.caseIndex, modelIndex: outcome.modelIndex ?? 0, repeat: outcome.repeat ?? 0 } satisfies CellKey] };
    return [action];
  }

  #accept(document: vscode.TextDocument, found: CaseView, diagnostic: vscode.Diagnostic): vscode.CodeAction[] {
    const action = new vscode.CodeAction(vscode.l10n.t('Accept output as expected'), vscode.CodeActionKind.QuickFix);
    action.diagnostics = [diagnostic];
    try {
      const edit = expectationEdit(enginePath(document.uri), document.getText(), found.case.place.range.start, asExpectation(found.case.expected, found.outcome?.output ?? ''));
      action.edit = new vscode.WorkspaceEdit();
      action.edit.replace(document.uri, toRange(edit.range), edit.newText);
    } catch (error) {
      // A file without a place for an expectation has no such fix; the panel's action says why.
      this.#services.log.debug(errorMessage(error));
      return [];
    }
    return [action];
  }
}
