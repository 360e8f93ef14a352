import * as vscode from 'vscode';
import { formatCount, formatUsd } from '../../core/text/format.ts';
import type { CostEstimate } from '../../core/eval/model.ts';
import type { EvalRequest } from '../../protocol/engine.ts';
import type { FolderEngine } from '../engine/folder-engine.ts';
import { showWarning } from '../messages.ts';
import { overlays } from '../paths.ts';
import type { Services } from '../services.ts';
import { confirmAbove } from '../settings.ts';

/**
 * Starts runs of what the request names, as it stands in the editors. Asks first when the estimate is above
 * `touchstone.confirmAbove`. Returns the ids of the runs that are under way.
 * @throws vscode.CancellationError when the person declined
 */
export async function startEval(services: Services, engine: FolderEngine, request: Omit<EvalRequest, 'overlays' | 'origin'>): Promise<readonly string[]> {
  const complete: EvalRequest = { ...request, overlays: overlays(engine.folder), origin: 'editor' };
  await confirmCost(await engine.request('eval/estimate', complete), engine.folder);
  const { runIds } = await engine.request('eval/start', complete);
  services.log.info(`Started ${runIds.length === 1 ? 'run' : 'runs'} ${runIds.join(', ')} of ${request.targets.join(', ')}.`);
  await watchRuns(services, engine, runIds);
  return runIds;
}

/** Goes on with what is missing; nothing that was finished is sent again. */
export async function resumeRun(services: Services, engine: FolderEngine, runId: string): Promise<void> {
  const { runIds } = await engine.request('eval/resume', { runId });
  await watchRuns(services, engine, runIds);
}

/** Follows runs that were just started, wherever they are shown. */
export async function watchRuns(services: Services, engine: FolderEngine, runIds: readonly string[]): Promise<void> {
  for (const runId of runIds) services.runs.note(engine, await engine.request('runs/get', { runId }));
}

function confirmCost(estimate: CostEstimate, folder: vscode.WorkspaceFolder): Promise<void> {
  return confirmAboveLimit(estimate.usd, folder, vscode.l10n.t('{0} with about {1} in and {2} out.', formatCount(estimate.requests, 'request'), formatCount(estimate.inputTokens, 'token'), formatCount(estimate.outputTokens, 'token')));
}

/**
 * Asks before more than `touchstone.confirmAbove` is spent. `usd`: the estimate; `null` where no price is known.
 * @throws vscode.CancellationError when the person declined
 */
export async function confirmAboveLimit(usd: number | null, folder: vscode.WorkspaceFolder, what: string): Promise<void> {
  const limit = confirmAbove(folder);
  if (usd === null || usd <= limit) return;
  const run = vscode.l10n.t('Run');
  const answer = await showWarning(
    vscode.l10n.t('This run will cost about {0}.', formatUsd(usd)),
    { modal: true, detail: `${what} ${vscode.l10n.t('Touchstone asks above {0} (touchstone.confirmAbove).', formatUsd(limit))}` },
    run,
  );
  if (answer !== run) throw new vscode.CancellationError();
}
