import * as v from 'valibot';
import * as vscode from 'vscode';
import { DATASET_ENDINGS } from '../../../core/dataset/read.ts';
import { INTERNAL_COMMANDS } from '../../constants.ts';
import { DatasetFiles } from '../../datasets/dataset-files.ts';
import { showExpectedAgainstOutput } from '../../datasets/show-difference.ts';
import { registerCommand, type Services } from '../../services.ts';
import { register as registerDiagnostics } from './diagnostics.ts';
import { CaseFixes } from './fixes.ts';
import { DatasetLenses } from './lenses.ts';

const differenceSchema = v.object({ caseId: v.string(), expected: v.optional(v.unknown()), output: v.unknown() });

/** Datasets in editors: lenses on cases, failing cases as warnings, their quick fixes. */
export function register(services: Services): vscode.Disposable {
  const datasets = new DatasetFiles(services.engines, services.runs, services.prompts, services.log);
  const lenses = new DatasetLenses(datasets);
  const selector: vscode.DocumentSelector = { scheme: 'file', pattern: `**/*.{${DATASET_ENDINGS.join(',')}}` };
  return vscode.Disposable.from(
    datasets,
    lenses,
    registerDiagnostics(datasets),
    vscode.languages.registerCodeLensProvider(selector, lenses),
    vscode.languages.registerCodeActionsProvider(selector, new CaseFixes(services, datasets), { providedCodeActionKinds: CaseFixes.kinds }),
    registerCommand(services, INTERNAL_COMMANDS.showDifference, async (argument) => {
      const { caseId, expected, output } = v.parse(differenceSchema, argument);
      await showExpectedAgainstOutput(services.texts, caseId, expected, output);
    }),
  );
}
