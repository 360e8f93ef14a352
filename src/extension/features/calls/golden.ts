import * as vscode from 'vscode';
import { appendCasesEdit } from '../../../core/dataset/edit.ts';
import { textOf } from '../../../core/dataset/edit-text.ts';
import { maskedPlace } from '../../../core/golden/masked-place.ts';
import type { JsonObject } from '../../../core/json.ts';
import { formatCount } from '../../../core/text/format.ts';
import type { CaseProposal, SpanRef } from '../../../protocol/spans.ts';
import { askExpected, datasetPlace } from '../../cases/add-case.ts';
import { applyAndShow } from '../../datasets/accept.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { showInformation } from '../../messages.ts';
import { enginePath, overlays, toRange } from '../../paths.ts';
import { showInputBox, showQuickPick } from '../../questions.ts';
import type { Services } from '../../services.ts';
import { pickPrompt } from '../../targets.ts';
import { withProgress } from '../../progress.ts';
import { askValues } from './ask-values.ts';
import { pickCall } from './pick-call.ts';

/** A sample that a person can read through before it is committed. */
const SAMPLE = 20;

/** *Add to Golden Dataset*: one line more in the dataset of the call's prompt, shown, not saved, undoable. */
export async function addToGolden(services: Services, argument: unknown): Promise<void> {
  const title = vscode.l10n.t('Add to Golden Dataset');
  const picked = await pickCall(services, argument, title);
  if (!picked) return;
  const { engine, ref } = picked;
  const [found] = await propose(engine, [ref], {});
  if (!found) return;
  // What is expected is a question about the prompt: first comes which one that is.
  const prompt = found.origin === null || found.dataset === null ? await pickPrompt(services, undefined, title) : undefined;
  if ((found.origin === null || found.dataset === null) && !prompt) return;
  const expected = await askExpected(found.case.expected === undefined ? undefined : textOf(found.case.expected));
  if (expected === undefined) return;
  const isCorrection = expected !== '' && expected !== textOf(found.case.expected ?? '');
  const known = {
    ...(isCorrection ? { corrections: { [ref.spanId]: expected } } : {}),
    ...(prompt ? { prompt: { path: prompt.prompt.path, prompt: prompt.prompt.id } } : {}),
  };
  const [untold] = await propose(engine, [ref], known);
  const vars = untold && (await askValues(untold.missing, title));
  if (!vars) return;
  const [proposal] = untold.missing.length === 0 ? [untold] : await propose(engine, [ref], { ...known, vars: { [ref.spanId]: vars } });
  if (!proposal) return;
  const place = proposal.dataset === null ? (prompt ? await datasetPlace(engine.folder, prompt.prompt) : undefined) : { uri: vscode.Uri.file(proposal.dataset.file), ...(proposal.dataset.key === null ? {} : { key: proposal.dataset.key }) };
  if (!place || !(await confirm(proposal, title))) return;
  const { expected: proposed, ...rest } = proposal.case;
  await append(place, [expected === '' ? rest : { ...rest, ...(proposed === undefined ? {} : { expected: proposed }) }]);
}

/** *Add Golden Cases from Query…*: of all calls that a query finds, those that differ the most. */
export async function addGoldenFromQuery(services: Services, argument: unknown): Promise<void> {
  const title = vscode.l10n.t('Add Golden Cases from Traces');
  const prompt = await pickPrompt(services, undefined, title);
  if (!prompt) return;
  const query = await showInputBox({ title, value: typeof argument === 'string' ? argument : '', prompt: vscode.l10n.t('Calls of which traces: the query language of the Traces view. Empty: all.') });
  if (query === undefined) return;
  const place = { path: prompt.prompt.path, prompt: prompt.prompt.id };
  const proposals = await withProgress(title, async (signal) => {
    const { spans, of } = await prompt.engine.request('golden/sample', { query, count: SAMPLE, prompt: place }, signal);
    if (of === 0) {
      void showInformation(vscode.l10n.t('No call of {0} is found by this query.', prompt.prompt.name));
      return [];
    }
    return (await prompt.engine.request('golden/propose', { spans, prompt: place, overlays: overlays(prompt.engine.folder) }, signal)).proposals;
  });
  const fresh = proposals.filter(({ duplicateOf }) => duplicateOf === null);
  if (proposals.length > 0 && fresh.length === 0) void showInformation(vscode.l10n.t('The dataset asks all of this already.'));
  if (fresh.length === 0) return;
  const chosen = await showQuickPick(
    fresh.map((proposal) => ({ label: proposal.case.id ?? proposal.span.spanId, description: textOf(proposal.case.expected ?? ''), detail: detailOf(proposal), picked: true, proposal })),
    { title, canPickMany: true, placeHolder: vscode.l10n.t('Cases to append; what was answered is taken as expected'), matchOnDetail: true },
  );
  if (!chosen || chosen.length === 0) return;
  const [first] = chosen;
  const dataset = first?.proposal.dataset;
  const file = dataset == null ? await datasetPlace(prompt.engine.folder, prompt.prompt) : { uri: vscode.Uri.file(dataset.file), ...(dataset.key === null ? {} : { key: dataset.key }) };
  if (file) await append(file, chosen.map(({ proposal }) => proposal.case));
}

function propose(engine: FolderEngine, spans: readonly SpanRef[], more: { corrections?: Record<string, unknown>; vars?: Record<string, JsonObject>; prompt?: { path: string; prompt: string } }): Promise<readonly CaseProposal[]> {
  return withProgress(vscode.l10n.t('Reading the call'), async (signal) => (await engine.request('golden/propose', { spans, overlays: overlays(engine.folder), ...more }, signal)).proposals);
}

/** What was masked, what is doubtful, what is there already: read before anything is written. `true`: go on. */
async function confirm({ masked, notes, duplicateOf, case: added }: CaseProposal, title: string): Promise<boolean> {
  const details = [
    ...(duplicateOf === null ? [] : [vscode.l10n.t('{0} asks the same.', duplicateOf.caseId)]),
    ...notes,
    ...masked.map(({ placeholder, pointer, hint }) => vscode.l10n.t('{0} stands for {1} in {2}', placeholder, hint, maskedPlace(pointer))),
  ];
  if (details.length === 0) return true;
  const add = { label: `$(add) ${vscode.l10n.t('Add the case')}`, description: JSON.stringify(added.vars).slice(0, 200), adds: true };
  const items: (vscode.QuickPickItem & { adds?: boolean })[] = [add, { label: vscode.l10n.t('What to look at'), kind: vscode.QuickPickItemKind.Separator }, ...details.map((label) => ({ label }))];
  const picked = await showQuickPick(items, { title, placeHolder: masked.length > 0 ? vscode.l10n.t('Masked: {0}. Names and postal addresses are not found: read the case', formatCount(masked.length, 'value')) : vscode.l10n.t('Look at this first') });
  return picked?.adds === true;
}

/** One edit, however many cases: one undo takes all of them back. */
async function append({ uri, key }: { readonly uri: vscode.Uri; readonly key?: 'testData' | 'tests' }, cases: readonly CaseProposal['case'][]): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  const { range, newText } = appendCasesEdit(enginePath(uri), document.getText(), cases, key);
  await applyAndShow(document, toRange(range), newText);
}

function detailOf({ case: added, masked }: CaseProposal): string {
  const text = Object.values(added.vars).map((value) => textOf(value).replaceAll(/\s+/g, ' ')).join(' · ').slice(0, 160);
  return masked.length === 0 ? text : `${text}  (${vscode.l10n.t('{0} masked', masked.length)})`;
}
