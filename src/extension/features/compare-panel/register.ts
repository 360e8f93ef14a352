import * as v from 'valibot';
import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import { comparisonRef } from '../../../protocol/compare-panel-decode.ts';
import { runSide } from '../../compare/sides.ts';
import type { ComparisonTarget } from '../../compare/start.ts';
import { INTERNAL_COMMANDS, PANELS } from '../../constants.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { OpenPanels } from '../../panels/open-panels.ts';
import { registerCommand, type Services } from '../../services.ts';
import { ComparePanel, type ShownTarget } from './compare-panel.ts';
import { RememberedComparisons, refKey } from './remembered.ts';

const targetSchema = v.object({
  folder: v.string(),
  asked: v.object({ sides: v.array(v.string()), dataset: v.optional(v.string()), repeats: v.optional(v.number()) }),
  comparisons: v.pipe(v.array(comparisonRef), v.minLength(1)),
});
/** What the panel keeps over a reload: which runs it compared, and how they were looked at (the panel's own business). */
const stateSchema = v.object({ comparisons: v.pipe(v.array(comparisonRef), v.minLength(1), v.maxLength(100)) });

export function register(services: Services): vscode.Disposable {
  const remembered = new RememberedComparisons(services.context.workspaceState);
  const panels = new OpenPanels<ShownTarget, ComparePanel>({
    viewType: PANELS.compare,
    key: ({ engine, asked }) => JSON.stringify([engine.folder.uri.toString(), asked]),
    create: (target, panel) => new ComparePanel(services, target, remembered, panel),
    restore: async (state) => {
      const parsed = v.safeParse(stateSchema, state);
      if (!parsed.success || !services.engines.available) return undefined;
      const { comparisons } = parsed.output;
      const [first] = comparisons;
      if (!first) return undefined;
      const known = remembered.find(first);
      const engine = known ? services.engines.forFolder(known.folder) : await findEngine(services, first.b.runId);
      if (!engine) return undefined;
      // Shown from another window, or long ago: then these runs are what is compared.
      return known
        ? { engine, asked: known.asked, comparisons: known.comparisons }
        : { engine, asked: { sides: [first.a, ...comparisons.map(({ b }) => b)].map(({ runId }) => runSide(runId)) }, comparisons };
    },
  });
  return vscode.Disposable.from(
    panels,
    registerCommand(services, INTERNAL_COMMANDS.showComparison, (argument) => {
      const parsed = v.safeParse(targetSchema, argument);
      if (!parsed.success) throw new TouchstoneError('invalid-message', 'showComparison needs a folder, what was asked and its comparisons.');
      const target = parsed.output as ComparisonTarget;
      const engine = services.engines.forFolder(target.folder);
      if (!engine) throw new TouchstoneError('not-found', vscode.l10n.t('The folder of this comparison is not open any more.'));
      remembered.note(target);
      const shown: ShownTarget = { engine, asked: target.asked, comparisons: target.comparisons };
      const open = panels.get(shown);
      const view = panels.show(shown, vscode.l10n.t('Comparison'));
      // The panel of an earlier comparison of the same sides goes on with the runs of this one.
      if (open === view && target.comparisons.map(refKey).join() !== view.comparisons.map(refKey).join()) view.replace(shown);
    }),
  );
}

async function findEngine(services: Services, runId: string): Promise<FolderEngine | undefined> {
  for (const engine of services.engines.all()) {
    if (await engine.request('runs/get', { runId }).then(() => true, () => false)) return engine;
  }
  return undefined;
}
