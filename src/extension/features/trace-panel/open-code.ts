import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import type { SpanPlace, SpanRef } from '../../../protocol/spans.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { showQuickPick } from '../../questions.ts';
import type { ReadOnlyTexts } from '../../read-only-texts.ts';
import type { OpenedCode } from '../../traces/shown-traces.ts';

/** How long the status bar says what is doubtful about a place, in milliseconds. */
const TOLD_MS = 12_000;
/** As Git shortens them, where they have to be told apart in one repository only. */
const SHORT_COMMIT = 8;

/**
 * Opens the code that made a span beside the panel: a file of this workspace, or the file as it was at the commit of the trace
 * where it has changed since. Several places: a pick. `undefined`: the person has decided against it.
 *
 * @throws TouchstoneError 'not-found' with what is known about it
 */
export async function openCode(texts: ReadOnlyTexts, engine: FolderEngine, ref: SpanRef): Promise<OpenedCode | undefined> {
  const { places, note } = await engine.request('spans/code', ref);
  const [first] = places;
  if (first === undefined) throw new TouchstoneError('not-found', note ?? vscode.l10n.t('The span does not say which code made it.'));
  const place = places.length === 1 ? first : await pick(places, note);
  if (!place) return undefined;
  const uri = place.revision === null ? vscode.Uri.file(place.file) : texts.add(nameAt(place.revision), place.revision.text);
  const at = new vscode.Position(Math.max(place.line - 1, 0), Math.max((place.column ?? 1) - 1, 0));
  const editor = await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.Beside, preview: true, selection: new vscode.Range(at, at) });
  editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  const told = [places.length === 1 || place.how === 'symbol' ? note : null, ...doubts(place)].filter((text) => text !== null);
  if (told.length > 0) vscode.window.setStatusBarMessage(told.join(' '), TOLD_MS);
  return { uri, line: place.line, made: { file: place.file, line: place.line } };
}

async function pick(places: readonly SpanPlace[], note: string | null): Promise<SpanPlace | undefined> {
  const items = places.map((place) => ({
    label: `${vscode.workspace.asRelativePath(place.file)}:${place.line}`,
    ...(place.function === null ? {} : { description: place.function }),
    ...(doubts(place).length > 0 ? { detail: doubts(place).join(' ') } : {}),
    place,
  }));
  const picked = await showQuickPick(items, { title: vscode.l10n.t('Open Code'), placeHolder: note ?? vscode.l10n.t('Several places could have made this span'), matchOnDescription: true });
  return picked?.place;
}

/** What is to be known about what is shown. */
function doubts({ built, revision }: SpanPlace): string[] {
  return [
    ...(built === null ? [] : [vscode.l10n.t('Built as {0}:{1}.', vscode.workspace.asRelativePath(built.file), built.line)]),
    ...(revision === null ? [] : [vscode.l10n.t('The file as it was at {0}: it has changed since.', revision.id.slice(0, SHORT_COMMIT))]),
  ];
}

/** The ending stays: it tells VS Code the language. */
function nameAt({ id, path }: NonNullable<SpanPlace['revision']>): string {
  return `${id.slice(0, SHORT_COMMIT)} ${path.slice(path.lastIndexOf('/') + 1)}`;
}
