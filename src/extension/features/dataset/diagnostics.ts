import * as vscode from 'vscode';
import type { CaseView, DatasetFiles } from '../../datasets/dataset-files.ts';
import { asExpectation } from '../../datasets/accept.ts';
import { toDiagnostic } from '../../diagnostics.ts';
import { toRange } from '../../paths.ts';
import { failureMessage } from './wording.ts';

/** The stable code of the warning on a failing case. */
export const FAILING_CASE = 'failing-case';

/** A case failed in its last run, and neither it nor its expectation was changed since. */
export function isFailing(view: CaseView): boolean {
  const { outcome, stale } = view;
  if (!outcome || stale || outcome.error !== null || outcome.pass !== false) return false;
  // Just accepted: it passes with the next run.
  const expected = view.case.expected;
  return expected === undefined || JSON.stringify(asExpectation(expected, outcome.output)) !== JSON.stringify(expected);
}

/** Where the warning stands: the expectation, else the first line of the case. */
export function failureRange(document: vscode.TextDocument, { case: found }: CaseView): vscode.Range {
  const range = toRange(found.place.expectedRange ?? found.place.range);
  return found.place.expectedRange ? range : range.intersection(document.lineAt(range.start.line).range) ?? range;
}

/** Failing cases as warnings, and what is wrong with rows as errors; gone when the file is closed. */
export function register(datasets: DatasetFiles): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection('touchstone-cases');
  return vscode.Disposable.from(
    collection,
    datasets.onDidClose((uri) => collection.delete(uri)),
    datasets.onDidChange((uri) => {
      const view = datasets.view(uri);
      if (!view) return;
      const failing = view.cases.filter(isFailing).map((found) => {
        const diagnostic = new vscode.Diagnostic(failureRange(view.document, found), failureMessage(found), vscode.DiagnosticSeverity.Warning);
        diagnostic.source = 'Touchstone';
        diagnostic.code = FAILING_CASE;
        return diagnostic;
      });
      collection.set(uri, [...view.findings.map(toDiagnostic), ...failing]);
    }),
  );
}
