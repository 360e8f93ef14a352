import * as vscode from 'vscode';
import { formatCount } from '../../../core/text/format.ts';
import { COMMANDS, INTERNAL_COMMANDS, SETTINGS } from '../../constants.ts';
import type { DatasetFiles, DatasetView } from '../../datasets/dataset-files.ts';
import { enginePath, toRange } from '../../paths.ts';
import { longScore } from '../../runs/wording.ts';
import { codeLensEnabled } from '../../settings.ts';
import { SteadyLenses } from '../../steady-lenses.ts';
import type { PromptTarget, RunTarget } from '../../targets.ts';
import { outcomeTitle } from './wording.ts';

/** `▶ Run` and the last outcome on every case; above a number of rows one lens at the top. */
export class DatasetLenses extends SteadyLenses {
  readonly #datasets: DatasetFiles;

  constructor(datasets: DatasetFiles) {
    super();
    this.#datasets = datasets;
    this.keep(
      datasets.onDidChange(() => this.refresh()),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(SETTINGS.codeLensEnabled)) this.refresh();
      }),
    );
  }

  protected override lensesOf(document: vscode.TextDocument): vscode.CodeLens[] {
    const view = this.#datasets.view(document.uri);
    if (!view || view.prompts.length === 0 || !codeLensEnabled(document)) return [];
    return view.large ? topLenses(view) : caseLenses(view);
  }
}

function caseLenses({ document, cases }: DatasetView): vscode.CodeLens[] {
  const file = enginePath(document.uri);
  const folder = vscode.workspace.getWorkspaceFolder(document.uri)?.uri.toString() ?? '';
  return cases.flatMap((view) => {
    const range = toRange(view.case.place.range);
    const lenses = [new vscode.CodeLens(range, {
      title: `$(play)\u00a0${vscode.l10n.t('Run')}`,
      tooltip: vscode.l10n.t('Run this case'),
      command: INTERNAL_COMMANDS.runCase,
      arguments: [{ file, caseId: view.case.id }],
    })];
    const title = outcomeTitle(view);
    if (title !== null && view.outcome) {
      lenses.push(new vscode.CodeLens(range, { title, tooltip: vscode.l10n.t('Open the run'), command: COMMANDS.openRun, arguments: [{ folder, runId: view.outcome.runId } satisfies RunTarget] }));
    }
    return lenses;
  });
}

function topLenses({ document, prompts }: DatasetView): vscode.CodeLens[] {
  const top = new vscode.Range(0, 0, 0, 0);
  const folder = vscode.workspace.getWorkspaceFolder(document.uri)?.uri.toString() ?? '';
  return prompts.flatMap((prompt) => {
    const cases = prompt.dataset?.cases ?? null;
    const what = cases === null ? vscode.l10n.t('Eval') : vscode.l10n.t('Eval {0}', formatCount(cases, 'case'));
    const lenses = [new vscode.CodeLens(top, {
      title: `$(play)\u00a0${prompts.length > 1 ? vscode.l10n.t('{0} with {1}', what, prompt.name) : what}`,
      command: COMMANDS.evalPrompt,
      arguments: [{ path: prompt.path, promptId: prompt.id } satisfies PromptTarget],
    })];
    if (prompt.lastRun) {
      lenses.push(new vscode.CodeLens(top, { title: `$(check)\u00a0${longScore(prompt.lastRun.summary)}`, command: COMMANDS.openRun, arguments: [{ folder, runId: prompt.lastRun.id } satisfies RunTarget] }));
    }
    return lenses;
  });
}
