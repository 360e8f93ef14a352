import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import { showInputBox } from '../../questions.ts';
import type { Services } from '../../services.ts';
import { pickTrace } from '../../traces/targets.ts';
import { withProgress } from '../../progress.ts';

/** A person's score of a trace or span, sent to the source it came from. Off until its entry says `annotate: true`. */
export async function scoreTrace(services: Services, argument: unknown): Promise<void> {
  const title = vscode.l10n.t('Score Trace at Its Source');
  const picked = await pickTrace(services, argument, title);
  if (!picked) return;
  const { engine, row: { traceId }, spanId } = picked;
  const origin = await engine.request('remote/origin', { traceId });
  if (origin === null) throw new TouchstoneError('usage', vscode.l10n.t('This trace came from no source: there is nobody to tell.'));
  const source = (await services.remotes.list(engine)).find(({ name }) => name === origin.source);
  if (!source) throw new TouchstoneError('not-found', vscode.l10n.t('Source "{0}" is not in touchstone.yml any more.', origin.source));
  if (!source.can.annotate) throw new TouchstoneError('usage', vscode.l10n.t('Nothing is sent to source "{0}": its entry in touchstone.yml needs "annotate: true", and its tool an interface for scores.', source.name));
  const name = await showInputBox({ title, prompt: vscode.l10n.t('Name of the score'), value: 'helpful', validateInput: (text) => (text.trim() === '' ? vscode.l10n.t('Type a name.') : undefined) });
  if (name === undefined) return;
  const value = await showInputBox({ title, prompt: vscode.l10n.t('A number (1, 0.5) or a label (correct)'), validateInput: (text) => (text.trim() === '' ? vscode.l10n.t('Type a number or a label.') : undefined) });
  if (value === undefined) return;
  const comment = await showInputBox({ title, prompt: vscode.l10n.t('A comment, or nothing') });
  if (comment === undefined || !(await services.hosts.agree([source]))) return;
  const number = Number(value);
  await withProgress(vscode.l10n.t('Telling {0}', source.name), (signal) => engine.request('remote/annotate', {
    traceId, name: name.trim(), ...(spanId === null ? {} : { spanId }), ...(Number.isFinite(number) ? { value: number } : { label: value.trim() }), ...(comment.trim() === '' ? {} : { comment: comment.trim() }),
  }, signal));
  vscode.window.setStatusBarMessage(vscode.l10n.t('{0} was told.', source.name), 5000);
}
