import * as v from 'valibot';
import * as vscode from 'vscode';
import { formatDuration } from '../../../core/text/format.ts';
import type { TracedFunction } from '../../../protocol/spans.ts';
import { COMMANDS } from '../../constants.ts';
import { showQuickPick } from '../../questions.ts';
import { millisecondsOf } from '../../traces/numbers.ts';
import type { TraceTarget } from '../../traces/targets.ts';
import { shortTime } from '../../traces/wording.ts';

/** What a lens over a traced function names. */
export interface TracedCalls {
  /** Address of the workspace folder whose store has the traces. */
  readonly folder: string;
  readonly name: string | null;
  readonly calls: TracedFunction['last'];
}

const schema = v.object({
  folder: v.string(),
  name: v.nullable(v.string()),
  calls: v.array(v.object({ traceId: v.string(), spanId: v.string(), startNs: v.pipe(v.string(), v.regex(/^\d{1,20}$/)), durationMs: v.nullable(v.number()), error: v.boolean() })),
});

/** Opens the trace of one of a function's last calls at its span; a pick where there are several. */
export async function pickTracedCall(argument: unknown): Promise<void> {
  const { folder, name, calls }: TracedCalls = v.parse(schema, argument);
  const items = calls.map((call) => ({
    label: `$(${call.error ? 'error' : 'list-tree'}) ${shortTime(millisecondsOf(call.startNs))}`,
    description: [call.durationMs === null ? vscode.l10n.t('running') : formatDuration(call.durationMs), call.error ? vscode.l10n.t('failed') : null, call.traceId.slice(0, 8)].filter((part) => part !== null).join(' · '),
    call,
  }));
  const picked = items.length > 1 ? await showQuickPick(items, { title: name ?? vscode.l10n.t('Last Calls'), placeHolder: vscode.l10n.t('Open the trace of a call'), matchOnDescription: true }) : items[0];
  if (picked) await vscode.commands.executeCommand(COMMANDS.openTrace, { folder, traceId: picked.call.traceId, spanId: picked.call.spanId } satisfies TraceTarget);
}
