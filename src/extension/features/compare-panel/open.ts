import * as vscode from 'vscode';
import { stringify } from 'yaml';
import { TouchstoneError } from '../../../core/errors.ts';
import type { Side } from '../../../core/compare/model.ts';
import type { ComparePanelTarget } from '../../../protocol/compare-panel.ts';
import type { ComparedSide, Comparison } from '../../../protocol/compare.ts';
import { COMMANDS } from '../../constants.ts';
import { openCase, openDataset, openPrompt } from '../../datasets/open.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { WORKING_COPY } from '../../compare/sides.ts';
import { overlays } from '../../paths.ts';
import { showDifferenceWithWorkingCopy, showVersion, showVersionDifference, type FullVersion } from '../../registry/texts.ts';
import type { Services } from '../../services.ts';
import type { PickedPrompt, RunTarget } from '../../targets.ts';

/** Opens what the page asks for, beside the panel. */
export async function openOf(services: Services, engine: FolderEngine, comparison: Comparison, what: ComparePanelTarget): Promise<void> {
  switch (what.what) {
    case 'prompt':
      return openPrompt(comparison[what.side].promptPath);
    case 'version':
      return showVersion(services.texts, await versionOf(engine, comparison[what.side]));
    case 'run':
      await vscode.commands.executeCommand(COMMANDS.openRun, { folder: engine.folder.uri.toString(), runId: comparison[what.side].ref.runId } satisfies RunTarget);
      return;
    case 'dataset': {
      const { info } = await engine.request('runs/get', { runId: comparison.b.ref.runId });
      return openDataset(await services.prompts.request(engine, info.promptPath), info);
    }
    case 'case': {
      const { cells } = await engine.request('compare/case', { ref: comparison.ref, caseIndex: what.caseIndex });
      const cell = cells.b[0] ?? cells.a[0];
      if (!cell) throw new TouchstoneError('not-found', vscode.l10n.t('This case is not there any more.'));
      return openCase(cell.case);
    }
  }
}

/** Both prompts in VS Code's diff editor: versions as they were saved, a file as it is; of runs what they sent. */
export async function showPromptDifference(services: Services, engine: FolderEngine, comparison: Comparison): Promise<void> {
  const { a, b, stale } = comparison;
  const files = a.promptPath === b.promptPath && [a, b].every((side) => side.version !== null || side.workingCopy) && !stale.a && !stale.b;
  if (files) {
    const picked = await promptOf(services, engine, b);
    if (b.workingCopy) return showDifferenceWithWorkingCopy(services.texts, picked, await versionOf(engine, a));
    const [left, right] = await Promise.all([versionOf(engine, a), versionOf(engine, b)]);
    return showVersionDifference(services.texts, picked, left, right);
  }
  const prompts = await engine.request('compare/prompts', { ref: comparison.ref });
  const text = (side: Side): vscode.Uri => services.texts.add(`${comparison[side].label}.yml`, stringify(prompts[side], { lineWidth: 0, blockQuote: 'literal' }));
  return services.texts.showDifference(text('a'), text('b'), `${a.label} ↔ ${b.label}`);
}

/** One output of each side in VS Code's diff editor; data stands as indented JSON. */
export async function showOutputDifference(services: Services, engine: FolderEngine, comparison: Comparison, { caseIndex, repeats }: { readonly caseIndex: number; readonly repeats: Readonly<Record<Side, number>> }): Promise<void> {
  const { cells, caseId } = await engine.request('compare/case', { ref: comparison.ref, caseIndex });
  const output = (side: Side): unknown => cells[side][repeats[side]]?.result?.output;
  const data = [output('a'), output('b')].some((value) => value !== undefined && value !== null && typeof value !== 'string');
  const uri = (side: Side): vscode.Uri => {
    const value = output(side);
    const text = typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value, null, 2);
    return services.texts.add(`${comparison[side].label}.${data ? 'json' : 'txt'}`, text);
  };
  await services.texts.showDifference(uri('a'), uri('b'), `${caseId}: ${comparison.a.label} ↔ ${comparison.b.label}`);
}

function versionOf(engine: FolderEngine, side: ComparedSide): Promise<FullVersion> {
  return engine.request('versions/get', { path: side.promptPath, prompt: side.promptId, overlays: overlays(engine.folder), ref: side.version?.hash ?? WORKING_COPY });
}

/** @throws TouchstoneError 'not-found' when the file has no such prompt any more */
export async function promptOf(services: Services, engine: FolderEngine, side: Pick<ComparedSide, 'promptPath' | 'promptId' | 'promptName'>): Promise<PickedPrompt> {
  const prompt = (await services.prompts.request(engine, side.promptPath)).find(({ id }) => id === side.promptId);
  if (!prompt) throw new TouchstoneError('not-found', vscode.l10n.t('{0} is not in {1} any more.', side.promptName, side.promptPath));
  return { engine, prompt };
}
