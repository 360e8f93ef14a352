import type { Comparison, ComparisonRef } from '../../../protocol/compare.ts';
import type { ComparisonQuestion, ShownComparison } from '../../../protocol/compare-panel.ts';
import type { EngineClient } from '../../../protocol/engine.ts';
import type { TextOverlay } from '../../../protocol/text-overlay.ts';
import { refKey } from './remembered.ts';

type Engine = Pick<EngineClient, 'request'>;

/** What is shown, and all comparisons in the order in which they were asked for. */
export interface Shown {
  readonly shown: ShownComparison;
  readonly all: readonly Comparison[];
}

/** Asks the engine for all that a page shows at first of comparisons with one baseline; `null`: there are none. `overlays`: the texts in the editors, which tell what is stale. */
export async function askShown(engine: Engine, comparisons: readonly ComparisonRef[], overlays: readonly TextOverlay[], { ref: wanted, settings, rows }: ComparisonQuestion, signal?: AbortSignal): Promise<Shown | null> {
  const together = comparisons.length > 1 ? { together: comparisons } : {};
  const all = await Promise.all(comparisons.map((ref) => engine.request('compare/get', { ref, settings, overlays, soon: true, ...together }, signal)));
  const comparison = all.find(({ ref }) => wanted !== null && refKey(ref) === refKey(wanted)) ?? all[0];
  if (comparison === undefined) return null;
  const { ref } = comparison;
  const [promotion, page] = await Promise.all([
    promotionOf(engine, comparison, overlays, signal),
    rows === null || comparison.refused ? null : engine.request('compare/page', { ref, settings, view: rows.view, from: 0, to: rows.count }, signal),
  ]);
  return { shown: { comparison, choices: all.map((one) => ({ ref: one.ref, label: one.b.label, verdict: verdictOf(one) })), ...promotion, page }, all };
}

/** Only what is a version, or can be saved as one, can be promoted; a run of a prompt that is gone cannot. */
async function promotionOf(engine: Engine, { b, stale }: Comparison, overlays: readonly TextOverlay[], signal?: AbortSignal): Promise<Pick<ShownComparison, 'environments' | 'promoted'>> {
  if (b.version === null && !b.workingCopy) return { environments: [] };
  try {
    const { environments, versions, workingCopy } = await engine.request('versions/list', { path: b.promptPath, prompt: b.promptId, overlays }, signal);
    // A working copy that was edited since it ran is no version of what is shown.
    const hash = b.version?.hash ?? (stale.b ? null : workingCopy.version);
    const version = versions.find((one) => one.hash === hash);
    const pointing = environments.filter((state) => hash !== null && state.version === hash).map(({ environment }) => environment);
    return { environments: environments.map(({ environment }) => environment), ...(version === undefined || pointing.length === 0 ? {} : { promoted: { label: version.label, environments: pointing } }) };
  } catch {
    return { environments: [] };
  }
}

/** None while a run is under way: looking again and again until it pleases would be no test. */
function verdictOf({ a, b, refused, result }: Comparison): ShownComparison['choices'][number]['verdict'] {
  if (refused) return 'refused';
  if (a.status === 'running' || b.status === 'running' || !result || result.n === 0) return null;
  return result.metrics[0]?.verdict ?? null;
}
