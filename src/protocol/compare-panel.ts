import type { Side, Verdict } from '../core/compare/model.ts';
import type { CompareEstimate, Comparison, CompareMethods, CompareSettings, ComparisonPage, ComparisonRef, ComparisonView } from './compare.ts';

/** One of the comparisons with the panel's baseline. */
export interface ComparisonChoice {
  readonly ref: ComparisonRef;
  /** Of the side that is compared with the baseline. */
  readonly label: string;
  /** `null`: nothing can be said yet, because a run is under way or no case was answered. */
  readonly verdict: Verdict | 'refused' | null;
}

/** What the panel shows: one comparison out of those with its baseline. */
export interface ShownComparison {
  readonly comparison: Comparison;
  /** In the order in which they were asked for, the shown one included; of one alone just that. */
  readonly choices: readonly ComparisonChoice[];
  /** Environments that the version at `b` can be promoted to; empty: no *Promote…* (two runs, or no registry). */
  readonly environments: readonly string[];
  /** The saved version that `b` is, and those of the environments that point to it; absent: none does. */
  readonly promoted?: { readonly label: string; readonly environments: readonly string[] };
  /** The rows that were asked for with it; `null`: none were, or it is refused. */
  readonly page: ComparisonPage | null;
}

/** What a page asks for when it begins. */
export interface ComparisonQuestion {
  /** One of the choices; `null` or one that is no choice any more (its runs were replaced): the first. */
  readonly ref: ComparisonRef | null;
  readonly settings: CompareSettings;
  /** The first rows of a view come with the comparison: one answer is on the screen sooner than two. */
  readonly rows: { readonly view: ComparisonView; readonly count: number } | null;
}

/**
 * What a new page asks first: the extension asks the engine for it while the page still loads. What changed stands first in its rows: that
 * is what a comparison is looked through for.
 */
export const FIRST_QUESTION = {
  ref: null,
  settings: { margin: 0.05, metric: 'passRate', sliceBy: null },
  rows: { view: { filter: 'all', search: '', slice: null, sort: { by: 'change', descending: false } }, count: 100 },
} as const satisfies ComparisonQuestion;

/** One output: a repeat of one side of a case. */
export interface ComparedOutput {
  readonly ref: ComparisonRef;
  readonly side: Side;
  readonly caseIndex: number;
  readonly repeat: number;
}

type Shown = { readonly ref: ComparisonRef };
type Nothing = Record<string, never>;

/**
 * What the comparison panel asks of the extension: method → [parameters, result]. Every request names its comparison; one whose runs
 * are gone is the failure `not-found`. `Distributions` travel as typed arrays of their own buffers, which postMessage keeps.
 */
export interface ComparePanelMethods {
  'comparison/get': [ComparisonQuestion, ShownComparison];
  'comparison/page': CompareMethods['compare/page'];
  'comparison/find': CompareMethods['compare/find'];
  'comparison/case': CompareMethods['compare/case'];
  'comparison/prompts': CompareMethods['compare/prompts'];
  'comparison/distributions': CompareMethods['compare/distributions'];
  'comparison/verdict': CompareMethods['compare/verdict'];
  /** What *Run what changed* would run. */
  'comparison/estimate': [Shown, Omit<CompareEstimate, 'comparisons'>];
  /**
   * Runs every cell of both sides again, without the cache; the panel then shows the new runs. `untilClear`: case by case in random
   * order, of one comparison only, and no further once its metric shows by these settings which side is better.
   */
  'comparison/again': [Shown & { readonly untilClear?: CompareSettings }, Nothing];
  /** Compares the sides as their files are now: runs only the cells that are missing. */
  'comparison/run-changed': [Shown, Nothing];
  /** Stops the runs that are under way; what was answered is kept. */
  'comparison/cancel': [Shown, Nothing];
  /** Goes on with runs that were cancelled, interrupted or stopped by their budget. */
  'comparison/resume': [Shown, Nothing];
  /** The shown `b` becomes the baseline; the other choices are compared with it. */
  'comparison/swap': [Shown, Nothing];
  /** Lets the person choose another version, environment, model or run for a side. */
  'comparison/choose-side': [Shown & { readonly side: Side }, Nothing];
  /** Asks to which environment; what `b` is is promoted (a working copy is saved as a version first). */
  'comparison/promote': [Shown, Nothing];
  /** To the clipboard, or into a file that the person chooses. */
  'comparison/export': [Shown & { readonly settings: CompareSettings; readonly format: 'markdown' | 'html' | 'json'; readonly to: 'clipboard' | 'file' }, Nothing];
  /** Both prompts in VS Code's own diff editor. */
  'prompts/diff': [Shown, Nothing];
  /** One output of each side in VS Code's own diff editor. */
  'outputs/diff': [Shown & { readonly caseIndex: number; readonly repeats: Readonly<Record<Side, number>> }, Nothing];
  /** Writes the output as the case's expectation, after showing what will change; undoable in the editor. */
  'output/accept': [ComparedOutput, Nothing];
  /** Opens the trace of the output in a panel of its own. */
  'output/trace': [ComparedOutput, Nothing];
  'open': [Shown & ComparePanelTarget, Nothing];
  'copy': [{ readonly text: string }, Nothing];
}

/** What the panel can have opened for it. */
export type ComparePanelTarget =
  /** `prompt`: its file; `version`: its content as it was; `run`: its panel. */
  | { readonly what: 'prompt' | 'version' | 'run'; readonly side: Side }
  | { readonly what: 'dataset' }
  | { readonly what: 'case'; readonly caseIndex: number };

export interface ComparePanelNotifications {
  /**
   * Something of what is shown changed: cells, verdicts, the files of a side, or which runs are compared. The panel asks again. Sent a few
   * times a second at most, and when a hidden panel is shown again.
   */
  'comparison/changed': Nothing;
}
