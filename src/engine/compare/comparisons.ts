import { caseChange } from '../../core/compare/change.ts';
import { adjustTogether, compareInSteps, withoutDifference } from '../../core/compare/compare.ts';
import type { CaseChange, CompareOptions, ComparisonResult, Side } from '../../core/compare/model.ts';
import { TouchstoneError } from '../../core/errors.ts';
import type { RunInfo, RunSequence } from '../../core/eval/model.ts';
import type { ReportedComparison } from '../../core/report/compare-model.ts';
import { authorName } from '../../node/registry/author.ts';
import type { StoredRun } from '../../node/sqlite/run-store.ts';
import { casesWithText } from '../../node/sqlite/search-cells.ts';
import { VerdictStore } from '../../node/sqlite/verdict-store.ts';
import type { ComparedCase, Comparison, ComparisonRef, ComparisonView, CompareMethods, CompareSettings, Distributions } from '../../protocol/compare.ts';
import { FIRST_QUESTION } from '../../protocol/compare-panel.ts';
import { cellDetail } from '../cells.ts';
import type { Evals } from '../evals.ts';
import { runInSteps } from '../steps.ts';
import type { Workspace } from '../workspace.ts';
import { CurrentPrompts, type CurrentPrompt } from './current.ts';
import { describeSides, isStale, type DescribedSide } from './describe.ts';
import type { VersionsOf } from './last.ts';
import { Pairings, slicedBy, type Pairing } from './pairings.ts';
import { comparedPrompt } from './prompts.ts';
import { refusalOf } from './refusal.ts';
import { reportOf } from './report.ts';
import { countChanges, mean, rowOf, viewedCases } from './rows.ts';
import { sequentialResult } from './sequence.ts';
import { STANDARD_SETTINGS } from './settings.ts';

type Answer<M extends keyof CompareMethods> = CompareMethods[M][1];
type Question<M extends keyof CompareMethods> = CompareMethods[M][0];

/** What is computed of a pairing and kept with it: scrolling and sorting ask again and again. */
interface Computed {
  readonly changes: readonly CaseChange[];
  /** By settings. */
  readonly results: Map<string, Promise<ComparisonResult>>;
  /** The last view. */
  view?: { readonly key: string; readonly cases: readonly number[] };
}

const MOST_ROWS = 1000;

export interface ComparisonPorts {
  /** Told of a run when something about its comparisons changed. */
  changed(runId: string, revision: number): void;
  /** The registry's. */
  readonly versionsOf: VersionsOf;
}

/** Answers what is asked of comparisons of stored runs. Nothing here runs a prompt. */
export class Comparisons {
  readonly #workspace: Workspace;
  readonly #evals: Evals;
  readonly #pairings: Pairings;
  readonly #current: CurrentPrompts;
  readonly #ports: ComparisonPorts;
  readonly #computed = new WeakMap<Pairing, Computed>();
  /** Git is asked once: a person gives many verdicts in a row. */
  #author: Promise<string> | undefined;

  constructor(workspace: Workspace, evals: Evals, ports: ComparisonPorts) {
    this.#workspace = workspace;
    this.#evals = evals;
    this.#pairings = new Pairings(workspace, evals);
    this.#current = new CurrentPrompts(workspace);
    this.#ports = ports;
  }

  async get({ ref, settings, together, overlays, soon }: Question<'compare/get'>): Promise<Comparison> {
    const store = await this.#workspace.store();
    const pairing = await this.#pairings.get(ref);
    const used = { ...STANDARD_SETTINGS, ...settings };
    const sides = await this.#describe(pairing, overlays, soon);
    const { a, b } = describeSides(sides.a, sides.b, store);
    const refused = refusalOf(store, pairing.runs.a, pairing.runs.b, { a: a.label, b: b.label });
    const { changes } = this.#compute(pairing);
    const { info } = pairing.runs.b;
    return {
      ref,
      a,
      b,
      datasetName: info.datasetName,
      cases: info.cases,
      refused,
      result: refused === null ? await this.#result(pairing, used, together) : null,
      settings: used,
      sliceFields: sliceFields(pairing),
      counts: countChanges(refused === null ? changes : []),
      verdicts: countVerdicts(pairing),
      revision: pairing.revision,
      stoppedEarly: sequenceOf(pairing)?.stopped ?? null,
      stale: { a: isStale(sides.a), b: isStale(sides.b) },
    };
  }

  async page({ ref, settings, view, from, to }: Question<'compare/page'>): Promise<Answer<'compare/page'>> {
    const pairing = await this.#pairings.get(ref);
    const cases = await this.#view(pairing, { ...STANDARD_SETTINGS, ...settings }, view);
    const start = Math.max(0, from);
    const { changes } = this.#compute(pairing);
    const shown = cases.slice(start, Math.max(start, Math.min(to, start + MOST_ROWS)));
    return { total: cases.length, from: start, rows: shown.map((caseIndex) => rowOf(pairing, caseIndex, changes[caseIndex]!)), revision: pairing.revision };
  }

  /** Does what showing a comparison does, reads both sides anew for it, and keeps nothing. */
  async rehearse(ref: ComparisonRef): Promise<void> {
    const pairing = await new Pairings(this.#workspace, this.#evals).get(ref);
    const { changes } = this.#compute(pairing);
    await this.#result(pairing, STANDARD_SETTINGS, undefined);
    countChanges(changes);
    const cases = await this.#view(pairing, STANDARD_SETTINGS, FIRST_QUESTION.rows.view);
    for (const caseIndex of cases.slice(0, FIRST_QUESTION.rows.count)) rowOf(pairing, caseIndex, changes[caseIndex]!);
  }

  async find({ ref, settings, view, caseIndex }: Question<'compare/find'>): Promise<Answer<'compare/find'>> {
    const pairing = await this.#pairings.get(ref);
    return { row: (await this.#view(pairing, { ...STANDARD_SETTINGS, ...settings }, view)).indexOf(caseIndex) };
  }

  /** @throws TouchstoneError 'not-found' */
  async case({ ref, caseIndex }: Question<'compare/case'>): Promise<ComparedCase> {
    const store = await this.#workspace.store();
    const pairing = await this.#pairings.get(ref);
    const change = this.#compute(pairing).changes[caseIndex];
    if (change === undefined) throw new TouchstoneError('not-found', `The comparison has no case number ${caseIndex + 1}.`);
    const cells = (side: Side): ComparedCase['cells'][Side] => {
      const run = pairing.runs[side];
      const live = this.#evals.live(run);
      return Array.from({ length: run.info.repeats }, (_, repeat) => cellDetail(store, run, live, { caseIndex, modelIndex: ref[side].modelIndex, repeat }));
    };
    return {
      ...change,
      caseIndex,
      caseId: pairing.facts.caseIds[caseIndex] ?? '',
      cells: { a: cells('a'), b: cells('b') },
      outputs: { a: pairing.cells.a.outputs[caseIndex]!, b: pairing.cells.b.outputs[caseIndex]! },
      verdict: pairing.verdicts.get(caseIndex)?.verdict ?? null,
    };
  }

  async prompts({ ref }: Question<'compare/prompts'>): Promise<Answer<'compare/prompts'>> {
    const store = await this.#workspace.store();
    const runs = this.#pairings.runsOf(ref, store);
    return { a: comparedPrompt(store, runs.a, ref.a), b: comparedPrompt(store, runs.b, ref.b) };
  }

  async distributions({ ref }: Question<'compare/distributions'>): Promise<Distributions> {
    const { cells } = await this.#pairings.get(ref);
    const both = (of: (outputs: ComparedCase['outputs'][Side]) => readonly (number | null)[]): Record<Side, Float64Array> => {
      const values = (side: Side): Float64Array => Float64Array.from(cells[side].outputs.flatMap((outputs) => mean(of(outputs)) ?? []));
      return { a: values('a'), b: values('b') };
    };
    return { latencyMs: both((outputs) => outputs.latencyMs), cost: both((outputs) => outputs.costs), score: both((outputs) => outputs.scores), tokens: both((outputs) => outputs.tokens) };
  }

  async verdict({ ref, caseIndex, verdict }: Question<'compare/verdict'>): Promise<Record<string, never>> {
    const store = await this.#workspace.store();
    const runs = this.#pairings.runsOf(ref, store);
    // Says so where there is no such case.
    store.case(runs.b, caseIndex);
    new VerdictStore(store.database).set({ run: runs.a, modelIndex: ref.a.modelIndex }, { run: runs.b, modelIndex: ref.b.modelIndex }, caseIndex, verdict, await this.#authorName(), Date.now());
    this.#tell(runs.b);
    return {};
  }

  /** Whoever looks at the comparison asks again. */
  #tell(run: StoredRun): void {
    this.#ports.changed(run.info.id, this.#evals.live(run).revision);
  }

  #authorName(): Promise<string> {
    return (this.#author ??= authorName(this.#workspace.folder, new AbortController().signal));
  }

  /** Everything about a comparison that reports show. */
  async report(question: Question<'compare/get'>): Promise<ReportedComparison> {
    const comparison = await this.get(question);
    const pairing = await this.#pairings.get(question.ref);
    const { changes } = this.#compute(pairing);
    return reportOf(comparison, pairing, comparison.refused === null ? changes : []);
  }

  async #describe(pairing: Pairing, overlays: Question<'compare/get'>['overlays'], soon = false): Promise<Record<Side, DescribedSide>> {
    const { a, b } = pairing.runs;
    const currentOf = ({ info }: StoredRun): Promise<CurrentPrompt | null> =>
      this.#current.of(info, overlays, soon ? (hash) => { if (hash !== null && hash !== info.datasetHash) this.#tell(b); } : undefined);
    const now = await currentOf(a);
    const same = a.info.promptPath === b.info.promptPath && a.info.promptId === b.info.promptId;
    const side = async (which: Side, current: DescribedSide['current']): Promise<DescribedSide> => {
      const run = pairing.runs[which];
      return { run, ref: pairing.ref[which], cells: pairing.cells[which], current, environment: await this.#environmentOf(run.info) };
    };
    return { a: await side('a', now), b: await side('b', same ? now : await currentOf(b)) };
  }

  /** That by which a run's version was asked for, if it still points there. */
  async #environmentOf({ version, promptPath, promptId }: RunInfo): Promise<string | null> {
    const environment = version?.environment ?? null;
    if (environment === null) return null;
    const { environments } = await this.#ports.versionsOf({ path: promptPath, prompt: promptId }).catch(() => ({ environments: [] }));
    return environments.some((state) => state.environment === environment && state.version === version?.hash) ? environment : null;
  }

  #compute(pairing: Pairing): Computed {
    let computed = this.#computed.get(pairing);
    if (computed === undefined) {
      computed = { changes: pairing.cases.map((item, i) => caseChange(item, pairing.changed[i] === 1)), results: new Map() };
      this.#computed.set(pairing, computed);
    }
    return computed;
  }

  /** With `together` the p values of all are adjusted, so all are compared; those that cannot be are no part of the family. */
  async #result(pairing: Pairing, settings: CompareSettings, together: readonly ComparisonRef[] | undefined): Promise<ComparisonResult> {
    const own = await this.#compare(pairing, settings);
    if (isOneRequest(pairing)) return withoutDifference(own);
    const others: ComparisonResult[] = [];
    const store = await this.#workspace.store();
    for (const ref of together ?? []) {
      if (isSame(ref, pairing.ref)) continue;
      const other = await this.#pairings.get(ref);
      if (refusalOf(store, other.runs.a, other.runs.b, { a: '', b: '' }) === null) others.push(await this.#compare(other, settings));
    }
    return others.length === 0 ? own : (adjustTogether([own, ...others], optionsOf(settings))[0] ?? own);
  }

  #compare(pairing: Pairing, settings: CompareSettings): Promise<ComparisonResult> {
    const { results } = this.#compute(pairing);
    const key = JSON.stringify(settings);
    let result = results.get(key);
    if (result === undefined) results.set(key, (result = compareNow(pairing, settings)));
    return result;
  }

  async #view(pairing: Pairing, { sliceBy }: CompareSettings, view: ComparisonView): Promise<readonly number[]> {
    const computed = this.#compute(pairing);
    const key = JSON.stringify([sliceBy, view]);
    if (computed.view?.key === key) return computed.view.cases;
    const slices = view.slice === null ? [] : slicedBy(pairing, sliceBy).map((item) => item.slices);
    const cases = viewedCases(pairing, computed.changes, slices, view, await this.#matching(pairing, view.search));
    computed.view = { key, cases };
    return cases;
  }

  async #matching({ runs }: Pairing, search: string): Promise<ReadonlySet<number> | null> {
    const store = await this.#workspace.store();
    const inA = casesWithText(store, runs.a, search);
    if (inA === null || runs.a.n === runs.b.n) return inA;
    return new Set([...inA, ...(casesWithText(store, runs.b, search) ?? [])]);
  }
}

async function compareNow(pairing: Pairing, settings: CompareSettings): Promise<ComparisonResult> {
  const cases = slicedBy(pairing, settings.sliceBy);
  const sequence = sequenceOf(pairing);
  return sequence === null ? runInSteps(compareInSteps(cases, optionsOf(settings))) : sequentialResult(cases, pairing.facts.clusters, sequence, settings);
}

function optionsOf({ margin, metric, sliceBy }: CompareSettings): CompareOptions {
  return { margin, metric, ...(sliceBy === null ? {} : { sliceBy }) };
}

/** How the cases of exactly these two sides were asked for, where they were asked for in random order until the answer was clear. */
function sequenceOf({ ref, runs }: Pairing): RunSequence | null {
  return [runs.a, runs.b].map(({ info }) => info.sequence).find((sequence) => sequence !== undefined && (isSame(sequence, ref) || isSame({ a: sequence.b, b: sequence.a }, ref))) ?? null;
}

/** Whether both sides asked the same, and got the same. What a program of the user's is asked is not all that it is. */
function isOneRequest({ ref, runs: { a, b }, changed }: Pairing): boolean {
  const [modelA, modelB] = [a.info.models[ref.a.modelIndex], b.info.models[ref.b.modelIndex]];
  if (a.info.promptHash !== b.info.promptHash || modelA?.identity === undefined || modelA.kind === 'code' || modelA.identity !== modelB?.identity) return false;
  return a.info.status === 'finished' && b.info.status === 'finished' && !changed.includes(1);
}

function isSame(x: ComparisonRef, y: ComparisonRef): boolean {
  return (['a', 'b'] as const).every((side) => x[side].runId === y[side].runId && x[side].modelIndex === y[side].modelIndex);
}

function sliceFields({ facts }: Pairing): string[] {
  return [...(facts.tags.some((tags) => tags.length > 0) ? ['tag'] : []), ...facts.fields.keys()];
}

function countVerdicts({ verdicts }: Pairing): Comparison['verdicts'] {
  const counts = { a: 0, b: 0, tie: 0 };
  for (const { verdict } of verdicts.values()) counts[verdict]++;
  return counts;
}

