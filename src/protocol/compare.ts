import type { CaseChange, CaseOutputs, ComparisonResult, Difference, Side } from '../core/compare/model.ts';
import type { RunStatus, RunVersion } from '../core/eval/model.ts';
import type { VersionContent } from '../core/registry/model.ts';
import type { CellDetail } from './cell-detail.ts';
import type { TextOverlay } from './text-overlay.ts';

/**
 * What can stand on a side, as the command line writes it: `prompts/triage.prompt.yml` (the working copy), `prompts/triage@v7`,
 * `…@production`, `…@git:REV`, `…@3f9a1c2e`, `run:ID`, each with an optional `+model`.
 */
export type SideSpec = string;

export interface CompareRequest {
  /** The baseline first, then one or more that are compared with it. */
  readonly sides: readonly SideSpec[];
  /** Relative sides are looked up from here; absolute. */
  readonly folder?: string;
  readonly overlays?: readonly TextOverlay[];
  /** For sides that name no model. */
  readonly model?: string;
  readonly dataset?: string;
  readonly repeats?: number;
  readonly concurrency?: number;
  readonly noCache?: boolean;
  readonly budgetUsd?: number;
  readonly options?: Partial<CompareSettings>;
  /** Stops as soon as the answer is clear, with error control. */
  readonly sequential?: boolean;
  readonly origin: 'editor' | 'cli';
}

export interface CompareSettings {
  /** In the metric's unit; default 0.05. */
  readonly margin: number;
  /** Default `passRate`. */
  readonly metric: string;
  readonly sliceBy: string | null;
}

/** Cells of one model of one run: what a side is once it was run. */
export interface RunSide {
  readonly runId: string;
  readonly modelIndex: number;
  /**
   * How the side was asked for, where its run was started as something else: a run answers for whatever has the content that it asked.
   * `null`: the file as it is. Only what has the hash of the run's prompt counts.
   */
  readonly as?: RunVersion | null;
  /** The run itself was asked for, not what it has asked: it is called by its id, also where the file is still as it was. */
  readonly named?: true;
}

export interface ComparedSide {
  readonly ref: RunSide;
  /** `production v7`, `working copy`, `run 3f9a1c (gpt-5-mini)`: as short as it stays unambiguous beside the other. */
  readonly label: string;
  readonly promptId: string;
  readonly promptName: string;
  /** Absolute. */
  readonly promptPath: string;
  readonly version: { readonly hash: string; readonly number: number | null; readonly environment: string | null; readonly label: string } | null;
  readonly workingCopy: boolean;
  readonly model: string;
  readonly status: RunStatus;
  readonly startedAt: string;
  readonly done: number;
  readonly total: number;
  readonly cost: number | null;
  /** Answered from the cache, of `done`. */
  readonly cached: number;
}

export interface ComparisonRef {
  readonly a: RunSide;
  readonly b: RunSide;
}

export interface Comparison {
  readonly ref: ComparisonRef;
  readonly a: ComparedSide;
  readonly b: ComparedSide;
  readonly datasetName: string | null;
  readonly cases: number;
  /** Present: the two cannot be compared, and `result` is `null`. */
  readonly refused: { readonly differs: readonly Difference[]; readonly message: string } | null;
  readonly result: ComparisonResult | null;
  readonly settings: CompareSettings;
  /** Fields by which the cases can be sliced. */
  readonly sliceFields: readonly string[];
  readonly counts: Readonly<Record<ComparisonFilter, number>>;
  /** People's verdicts so far, by what they chose. */
  readonly verdicts: Readonly<Record<HumanVerdict, number>>;
  /** Grows with every finished cell and verdict. */
  readonly revision: number;
  /** A run that stopped early because the answer was clear, and what that saved. */
  readonly stoppedEarly: { readonly cases: number; readonly of: number; readonly savedUsd: number | null; readonly sentence: string } | null;
  /** The content of a side's file is another one by now: comparing again would give something else. */
  readonly stale: { readonly a: boolean; readonly b: boolean };
}

export type ComparisonFilter = 'all' | 'regressed' | 'improved' | 'changed' | 'failing' | 'disagreement';

export interface ComparisonView {
  readonly filter: ComparisonFilter;
  readonly search: string;
  /** Only cases of this slice. */
  readonly slice: string | null;
  /** `change`: what regressed, what improved, other changes, failing ones, the rest. */
  readonly sort: { readonly by: 'order' | 'case' | 'change' | 'delta' | 'a' | 'b' | 'latency' | 'cost'; readonly descending: boolean };
}

export interface ComparisonRow extends CaseChange {
  readonly caseIndex: number;
  readonly caseId: string;
  readonly expected: string | null;
  readonly a: ComparisonCell;
  readonly b: ComparisonCell;
  readonly verdict: HumanVerdict | null;
}

export interface ComparisonCell {
  readonly passes: readonly (boolean | null)[];
  readonly score: number | null;
  /** First line of the most frequent output, at most 200 characters. */
  readonly text: string;
  readonly multiline: boolean;
  readonly agreement?: string;
  readonly error: string | null;
  readonly waiting: boolean;
}

export interface ComparisonPage {
  readonly total: number;
  readonly from: number;
  readonly rows: readonly ComparisonRow[];
  readonly revision: number;
}

export type HumanVerdict = 'a' | 'b' | 'tie';

/** Both sides of one case, every repeat. The cells' details carry output, assertions, request and trace. */
export interface ComparedCase extends CaseChange {
  readonly caseIndex: number;
  readonly caseId: string;
  /** One entry a repeat. */
  readonly cells: Readonly<Record<Side, readonly CellDetail[]>>;
  readonly outputs: Readonly<Record<Side, CaseOutputs>>;
  readonly verdict: HumanVerdict | null;
}

/** For drawing how a measure is spread: values of both sides, one per case (repeats averaged), in no order. */
export interface Distributions {
  readonly latencyMs: Readonly<Record<Side, Float64Array>>;
  readonly cost: Readonly<Record<Side, Float64Array>>;
  readonly score: Readonly<Record<Side, Float64Array>>;
  readonly tokens: Readonly<Record<Side, Float64Array>>;
}

/** What a side's prompt says, as its run was planned with it. */
export interface ComparedPrompt extends Pick<VersionContent, 'messages' | 'template' | 'source' | 'parameters' | 'responseFormat' | 'tools' | 'toolChoice'> {
  /** As the run names it. */
  readonly model: string;
}

export interface CompareEstimate {
  readonly cells: number;
  readonly known: number;
  /** `null`: nobody knows a price. */
  readonly usd: number | null;
  /** Where nothing is missing and no run is under way: what `compare/start` would give. */
  readonly comparisons: readonly ComparisonRef[] | null;
}

export interface CompareMethods {
  /** What would be run and what it would cost, without running it; nothing when every cell is known. */
  'compare/estimate': [CompareRequest, CompareEstimate];
  /** Finds runs that answer, starts those that are missing, and replies once all are under way: one comparison for each side after the first. */
  'compare/start': [CompareRequest, { readonly comparisons: readonly ComparisonRef[]; readonly runIds: readonly string[] }];
  /**
   * Several against one baseline: `together` lists all refs, and their p values are adjusted by Holm. `overlays`: for what is stale.
   * `soon`: whether a dataset that has to be read again is another one by now is not waited for, and told as a change of the run.
   */
  'compare/get': [{ readonly ref: ComparisonRef; readonly settings?: Partial<CompareSettings>; readonly together?: readonly ComparisonRef[]; readonly overlays?: readonly TextOverlay[]; readonly soon?: boolean }, Comparison];
  'compare/page': [{ readonly ref: ComparisonRef; readonly settings?: Partial<CompareSettings>; readonly view: ComparisonView; readonly from: number; readonly to: number }, ComparisonPage];
  /** The row of a case in a view; -1: it is not there. */
  'compare/find': [{ readonly ref: ComparisonRef; readonly settings?: Partial<CompareSettings>; readonly view: ComparisonView; readonly caseIndex: number }, { readonly row: number }];
  'compare/case': [{ readonly ref: ComparisonRef; readonly settings?: Partial<CompareSettings>; readonly caseIndex: number }, ComparedCase];
  'compare/prompts': [{ readonly ref: ComparisonRef }, Readonly<Record<Side, ComparedPrompt>>];
  'compare/distributions': [{ readonly ref: ComparisonRef }, Distributions];
  /** `null` takes the verdict back. */
  'compare/verdict': [{ readonly ref: ComparisonRef; readonly caseIndex: number; readonly verdict: HumanVerdict | null }, Record<string, never>];
  /** `markdown`: for a pull request; `html`: self-contained; `json`: docs/cli-output.schema.json. With `file` it is written there and `text` is empty. */
  'compare/export': [{ readonly ref: ComparisonRef; readonly settings?: Partial<CompareSettings>; readonly together?: readonly ComparisonRef[]; readonly format: 'markdown' | 'html' | 'json'; readonly file?: string }, { readonly text: string }];
  /** The last comparison of a prompt's working copy with an environment's version, from runs that are there: what the lens shows. `null`: none. */
  'compare/last': [{ readonly path: string; readonly prompt?: string; readonly environment: string; readonly overlays?: readonly TextOverlay[] }, Comparison | null];
}
