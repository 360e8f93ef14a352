import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import type { Span } from '../../../core/trace/model.ts';
import type { SpanRef } from '../../../protocol/spans.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import type { Services } from '../../services.ts';
import { pickTrace } from '../../traces/targets.ts';

export interface PickedCall {
  readonly engine: FolderEngine;
  readonly ref: SpanRef;
}

/** The call of a model that a command is about: the span that its argument names, else the only one of the trace, else a pick. `undefined`: not picked. */
export async function pickCall(services: Services, argument: unknown, title: string): Promise<PickedCall | undefined> {
  const picked = await pickTrace(services, argument, title);
  if (!picked) return undefined;
  const { engine, row: { traceId }, spanId } = picked;
  if (spanId !== null) return { engine, ref: { traceId, spanId } };
  const { text } = await engine.request('traces/export', { traceId, format: 'json' });
  const calls = (JSON.parse(text) as { spans: readonly Pick<Span, 'spanId' | 'kind' | 'name' | 'model' | 'status' | 'output'>[] }).spans.filter(({ kind }) => kind === 'llm');
  const [only] = calls;
  if (only === undefined) throw new TouchstoneError('not-found', vscode.l10n.t('No model was called in this trace.'));
  if (calls.length === 1) return { engine, ref: { traceId, spanId: only.spanId } };
  const items = calls.map((call, i) => ({
    label: `$(${call.status === 'error' ? 'error' : 'comment-discussion'}) ${call.name}`,
    description: vscode.l10n.t('call {0} of {1}', i + 1, calls.length),
    detail: preview(call.output),
    call,
  }));
  const chosen = await vscode.window.showQuickPick(items, { title, placeHolder: vscode.l10n.t('Pick a call of a model'), matchOnDetail: true });
  return chosen && { engine, ref: { traceId, spanId: chosen.call.spanId } };
}

function preview(output: unknown): string {
  const text = typeof output === 'string' ? output : JSON.stringify(output ?? '');
  return text.replaceAll(/\s+/g, ' ').slice(0, 160);
}
