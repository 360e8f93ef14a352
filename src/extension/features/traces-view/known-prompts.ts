import * as vscode from 'vscode';
import { formatCount } from '../../../core/text/format.ts';
import { asksFor } from '../../../core/trace/query/parse.ts';
import { MOST_OLDER, type SpanMethods } from '../../../protocol/spans.ts';
import { askFolders } from '../../engine/ask-folders.ts';
import type { Services } from '../../services.ts';

type Known = SpanMethods['calls/match'][1];

/** What a list of a query with `prompt:` may lack, because nobody knows yet, or ever will, which prompt made a call; `null`: nothing. */
export async function missingPrompts(services: Pick<Services, 'engines' | 'log'>, query: string): Promise<string | null> {
  if (!asksFor(query, 'prompt')) return null;
  const answers = await askFolders(services, services.engines.forTraces(), (engine) => engine.request('calls/match', { forMs: 0 }), (error) => services.log.warn(error.message));
  return missingText(answers.map(({ answer }) => answer));
}

function missingText(known: readonly Known[]): string | null {
  const pending = known.reduce((sum, one) => sum + one.pending, 0);
  const older = known.reduce((sum, one) => sum + one.older, 0);
  const isBounded = known.some((one) => one.older >= MOST_OLDER);
  const texts = [
    ...(pending === 0 ? [] : [vscode.l10n.t('the prompts of {0} are still being found out', formatCount(pending, 'trace'))]),
    ...(older === 0 ? [] : [vscode.l10n.t('of the {0} older than the newest {1} only those that name their prompt', `${formatCount(older)}${isBounded ? '+' : ''}`, formatCount(known[0]?.newest ?? 0))]),
  ];
  return texts.length === 0 ? null : texts.join(' · ');
}
