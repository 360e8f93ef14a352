import * as vscode from 'vscode';
import { formatCount } from '../../core/text/format.ts';
import type { Comparison, ComparisonRef, CompareRequest } from '../../protocol/compare.ts';
import { INTERNAL_COMMANDS } from '../constants.ts';
import type { FolderEngine } from '../engine/folder-engine.ts';
import { enginePath, overlays } from '../paths.ts';
import { confirmAboveLimit, watchRuns } from '../runs/start-run.ts';
import type { Services } from '../services.ts';

/** What a person asked to have compared: enough to do it again after an edit, and to remember it over a reload. */
export type AskedComparison = Pick<CompareRequest, 'sides' | 'dataset' | 'repeats'>;

/** How it is done this once. */
export type StartOptions = Pick<CompareRequest, 'noCache' | 'sequential' | 'options'>;

/** What the comparison panel is opened with. */
export interface ComparisonTarget {
  /** Address of the workspace folder. */
  readonly folder: string;
  readonly asked: AskedComparison;
  readonly comparisons: readonly ComparisonRef[];
}

/**
 * Compares, running only the cells that nobody has run yet; asks first where that costs more than `touchstone.confirmAbove`.
 * @throws vscode.CancellationError when the person declined
 */
export async function startComparison(services: Services, engine: FolderEngine, asked: AskedComparison, options: StartOptions = {}): Promise<readonly ComparisonRef[]> {
  const request = requestOf(engine, asked, options);
  const { cells, known, usd, comparisons: found } = await engine.request('compare/estimate', request);
  if (found !== null) return found;
  await confirmAboveLimit(usd, engine.folder, vscode.l10n.t('{0} of {1} are not known yet.', formatCount(cells - known), formatCount(cells, 'cell')));
  const { comparisons, runIds } = await engine.request('compare/start', request);
  services.log.info(`Comparing ${asked.sides.join(' with ')}: ${formatCount(cells - known, 'cell')} of ${formatCount(cells)} to run.`);
  await watchRuns(services, engine, runIds);
  return comparisons;
}

/** Compares and shows it. */
export async function compareAndShow(services: Services, engine: FolderEngine, asked: AskedComparison): Promise<void> {
  const comparisons = await startComparison(services, engine, asked);
  await vscode.commands.executeCommand(INTERNAL_COMMANDS.showComparison, { folder: engine.folder.uri.toString(), asked, comparisons } satisfies ComparisonTarget);
}

/** What is known without running a cell; `null`: something would have to be run first. */
export async function knownComparison(engine: FolderEngine, asked: AskedComparison): Promise<Comparison | null> {
  const request = requestOf(engine, asked);
  const { comparisons } = await engine.request('compare/estimate', request);
  const [ref] = comparisons ?? [];
  return ref === undefined ? null : engine.request('compare/get', { ref });
}

export function requestOf(engine: FolderEngine, asked: AskedComparison, options: StartOptions = {}): CompareRequest {
  return { ...asked, ...options, folder: enginePath(engine.folder.uri), overlays: overlays(engine.folder), origin: 'editor' };
}
