import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import { clip } from '../../../core/text/clip.ts';
import { formatDuration } from '../../../core/text/format.ts';
import { SPAN_FLAGS, SPAN_KINDS } from '../../../core/trace/skeleton.ts';
import { SpanPositions } from '../../../core/trace/view/span-ids.ts';
import type { SpanRef } from '../../../protocol/spans.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { showQuickPick } from '../../questions.ts';
import type { Services } from '../../services.ts';
import { pickTrace } from '../../traces/targets.ts';

/** Calls whose answers are shown in a pick. */
const PREVIEWED = 50;
const LONGEST_NAME = 120;

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
  const calls = await callsOf(engine, traceId);
  const [only] = calls;
  if (only === undefined) throw new TouchstoneError('not-found', vscode.l10n.t('No model was called in this trace.'));
  if (calls.length === 1) return { engine, ref: { traceId, spanId: only.spanId } };
  const chosen = await showQuickPick(itemsOf(engine, traceId, calls), { title, placeHolder: vscode.l10n.t('Pick a call of a model'), matchOnDetail: true });
  return chosen && { engine, ref: { traceId, spanId: chosen.spanId } };
}

interface ListedCall {
  readonly spanId: string;
  readonly name: string;
  readonly failed: boolean;
  /** In milliseconds; NaN: it runs. */
  readonly duration: number;
}

async function callsOf(engine: FolderEngine, traceId: string): Promise<ListedCall[]> {
  const skeleton = await engine.request('traces/skeleton', { traceId });
  if (skeleton === null) return [];
  const ids = new SpanPositions(skeleton);
  return Array.from({ length: skeleton.count }, (_, at) => at)
    .filter((at) => SPAN_KINDS[skeleton.kinds[at] ?? -1] === 'llm')
    .map((at) => ({ spanId: ids.id(at), name: skeleton.texts[skeleton.names[at] ?? -1] ?? '', failed: ((skeleton.flags[at] ?? 0) & SPAN_FLAGS.error) !== 0, duration: skeleton.durations[at] ?? Number.NaN }));
}

/** The first ones with what was answered: a trace may have thousands, and a person looks for one of few. */
async function itemsOf(engine: FolderEngine, traceId: string, calls: readonly ListedCall[]): Promise<(vscode.QuickPickItem & { readonly spanId: string })[]> {
  const outputs = await Promise.all(calls.slice(0, PREVIEWED).map(async ({ spanId }) => (await engine.request('traces/span', { traceId, spanId })).span.output));
  return calls.map(({ spanId, name, failed, duration }, at) => ({
    label: `$(${failed ? 'error' : 'comment-discussion'}) ${clip(name.replaceAll(/\s+/g, ' '), LONGEST_NAME)}`,
    description: [vscode.l10n.t('call {0} of {1}', at + 1, calls.length), Number.isNaN(duration) ? vscode.l10n.t('running') : formatDuration(duration)].join(' · '),
    ...(at < PREVIEWED ? { detail: preview(outputs[at]) } : {}),
    spanId,
  }));
}

function preview(output: unknown): string {
  const text = typeof output === 'string' ? output : JSON.stringify(output ?? '');
  return clip(text.slice(0, 1000).replaceAll(/\s+/g, ' '), 160);
}
