import type { Difference } from '../../core/compare/model.ts';
import type { AssertionSpec } from '../../core/assert/model.ts';
import type { RunInfo } from '../../core/eval/model.ts';
import type { StoredPlan } from '../../core/eval/plan.ts';
import { hashJson } from '../../core/hash.ts';
import { caseHash } from '../../core/prompt/canonical.ts';
import { formatCount } from '../../core/text/format.ts';
import type { RunStore, StoredRun } from '../../node/sqlite/run-store.ts';
import type { Comparison } from '../../protocol/compare.ts';
import { needsJudge } from '../judge.ts';

/** Names of cases and checks in one sentence; the rest is counted. */
const NAMED = 5;

export type Refusal = NonNullable<Comparison['refused']>;

/** In what two runs were, or would be, judged otherwise; empty: their outputs can be compared. A run that does not say who judged it was judged by another one. */
export function differences(a: RunInfo, b: RunInfo): Difference[] {
  const found: Difference[] = [];
  if (a.datasetHash !== b.datasetHash) found.push('dataset');
  if (a.assertionsHash !== b.assertionsHash || hashJson(a.checkFiles ?? {}) !== hashJson(b.checkFiles ?? {})) found.push('assertions');
  if (a.judge === undefined || b.judge === undefined || a.judge?.hash !== b.judge?.hash) found.push('judge');
  return found;
}

/** What a person calls them, in one sentence. */
export function namesOf(differs: readonly Difference[]): string {
  return listed(differs.map((what) => ({ dataset: 'datasets', assertions: 'assertions', judge: 'judges' })[what]));
}

/** Why the outputs of two runs were not judged alike, so that their difference would say nothing; `null`: they were. */
export function refusalOf(store: RunStore, a: StoredRun, b: StoredRun, labels: { readonly a: string; readonly b: string }): Refusal | null {
  if (a.n === b.n) return null;
  const found = new Map<Difference, string>();
  if (a.info.datasetHash !== b.info.datasetHash) found.set('dataset', datasetDifference(store, a, b, labels));
  const files = changedFiles(a.info.checkFiles, b.info.checkFiles);
  if (a.info.assertionsHash !== b.info.assertionsHash) found.set('assertions', assertionDifference(promptOf(store, a), promptOf(store, b), labels));
  else if (files.length > 0) found.set('assertions', `The assertions: ${formatCount(files.length, 'file')} that they name ${files.length === 1 ? 'has' : 'have'} changed (${named(files)}).`);
  const judge = judgeDifference(store, a, b, labels);
  if (judge !== null) found.set('judge', judge);
  if (found.size === 0) return null;
  const differs = [...found.keys()];
  return { differs, message: `${labels.a} and ${labels.b} were not judged alike: their ${namesOf(differs)} differ. ${[...found.values()].join(' ')} ${wayOut(a, b)}` };
}

/** Two prompts are judged by what each one's file says, however often they are run. */
function wayOut(a: StoredRun, b: StoredRun): string {
  const onePrompt = a.info.promptPath === b.info.promptPath && a.info.promptId === b.info.promptId;
  return onePrompt ? 'Run both again to judge them alike.' : 'Give both prompts the same cases and the same assertions.';
}

function datasetDifference(store: RunStore, a: StoredRun, b: StoredRun, labels: { readonly a: string; readonly b: string }): string {
  const read = (run: StoredRun): Map<string, { index: number; body: number }> =>
    new Map(
      (store.database.prepare('SELECT case_id, case_index, body FROM run_case WHERE run = ? ORDER BY case_index').raw().all(run.n) as [string, number, number][]).map(([id, index, body]) => [id, { index, body }]),
    );
  const [inA, inB] = [read(a), read(b)];
  const onlyA = [...inA.keys()].filter((id) => !inB.has(id));
  const onlyB = [...inB.keys()].filter((id) => !inA.has(id));
  // Bodies hold tags and metadata too, by which no output is judged.
  const changed = [...inA].flatMap(([id, { index, body }]) => {
    const other = inB.get(id);
    return other === undefined || other.body === body || caseHash(store.case(a, index)) === caseHash(store.case(b, other.index)) ? [] : [id];
  });
  const parts = [
    onlyA.length === 0 ? '' : `${formatCount(onlyA.length, 'case')} only in ${labels.a} (${named(onlyA)})`,
    onlyB.length === 0 ? '' : `${formatCount(onlyB.length, 'case')} only in ${labels.b} (${named(onlyB)})`,
    changed.length === 0 ? '' : `${formatCount(changed.length, 'case')} changed (${named(changed)})`,
  ].filter((part) => part !== '');
  return `The datasets: ${parts.length === 0 ? 'the same cases in another order' : listed(parts)}.`;
}

/** Of runs from before these were kept nothing is known. */
function changedFiles(a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): string[] {
  return Object.keys(a).filter((path) => Object.hasOwn(b, path) && a[path] !== b[path]);
}

type Judged = Pick<StoredPlan['prompt'], 'assertions' | 'threshold' | 'derivedMetrics'>;

function promptOf(store: RunStore, run: StoredRun): Judged {
  return (store.plan(run) as StoredPlan).prompt;
}

function assertionDifference(a: Judged, b: Judged, labels: { readonly a: string; readonly b: string }): string {
  const [inA, inB] = [checksOf(a), checksOf(b)];
  const onlyA = [...inA].filter(([key]) => !inB.has(key)).map(([, spec]) => spec);
  const onlyB = [...inB].filter(([key]) => !inA.has(key)).map(([, spec]) => spec);
  // One check with another weight is no longer the same, and still the one that a person knows by this name.
  const changed = onlyA.flatMap((spec) => {
    const other = onlyB.find((one) => nameOf(one) === nameOf(spec));
    return other === undefined ? [] : [{ spec, other }];
  });
  const namesIn = (specs: readonly AssertionSpec[]): string[] => specs.filter((spec) => !changed.some((one) => one.spec === spec || one.other === spec)).map(nameOf);
  const [namesA, namesB] = [namesIn(onlyA), namesIn(onlyB)];
  const parts = [
    namesA.length === 0 ? '' : `only ${labels.a} has ${named(namesA)}`,
    namesB.length === 0 ? '' : `only ${labels.b} has ${named(namesB)}`,
    changed.length === 0 ? '' : named(changed.map(({ spec, other }) => `${nameOf(spec)} has another ${listed(differingKeys(spec, other))}`)),
    a.threshold === b.threshold ? '' : `the threshold is ${a.threshold ?? 'absent'} and ${b.threshold ?? 'absent'}`,
    hashJson(a.derivedMetrics) === hashJson(b.derivedMetrics) ? '' : 'the derived metrics are others',
  ].filter((part) => part !== '');
  return `The assertions: ${parts.length === 0 ? 'the same in another order' : listed(parts)}.`;
}

/** By what a check is. */
function checksOf(prompt: Judged): Map<string, AssertionSpec> {
  return new Map(prompt.assertions.map((spec) => [hashJson(contentOf(spec)), spec]));
}

function differingKeys(a: AssertionSpec, b: AssertionSpec): string[] {
  const [inA, inB] = [contentOf(a), contentOf(b)];
  return Object.keys({ ...inA, ...inB }).filter((key) => hashJson(inA[key] ?? null) !== hashJson(inB[key] ?? null));
}

function contentOf({ range: _range, baseDir: _baseDir, assert, ...rest }: AssertionSpec): Readonly<Record<string, unknown>> {
  return { ...rest, ...(assert === undefined ? {} : { assert: assert.map(contentOf) }) };
}

function nameOf(spec: AssertionSpec): string {
  const value = typeof spec.value === 'string' ? spec.value : spec.value === undefined ? '' : (JSON.stringify(spec.value) ?? '');
  const text = `${spec.name ?? spec.type}${value === '' ? '' : ` ${value}`}`.replaceAll(/\s+/g, ' ');
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}

/** Of a run from before judges were kept it is only known whether it needed one. */
function judgeDifference(store: RunStore, a: StoredRun, b: StoredRun, labels: { readonly a: string; readonly b: string }): string | null {
  const judges = [a, b].map((run) => (run.info.judge === undefined && !needsJudge((store.plan(run) as StoredPlan).prompt, store.cases(run)) ? null : run.info.judge));
  const [inA, inB] = judges;
  if (inA === undefined || inB === undefined) {
    const unknown = [inA === undefined ? labels.a : null, inB === undefined ? labels.b : null].filter((label) => label !== null);
    return `The judge: an earlier Touchstone did not keep which one judged ${listed(unknown)}.`;
  }
  if (inA?.hash === inB?.hash) return null;
  const names = (models: readonly string[] | undefined): string => (models === undefined ? 'nobody' : named(models));
  const same = names(inA?.models) === names(inB?.models);
  return same ? `The judge: ${names(inA?.models)} with other settings.` : `The judge: ${labels.a} was judged by ${names(inA?.models)}, ${labels.b} by ${names(inB?.models)}.`;
}

function named(names: readonly string[]): string {
  return `${names.slice(0, NAMED).join(', ')}${names.length > NAMED ? ` and ${formatCount(names.length - NAMED)} more` : ''}`;
}

function listed(parts: readonly string[]): string {
  const [last, ...before] = [...parts].reverse();
  return before.length === 0 ? (last ?? '') : `${before.reverse().join(', ')} and ${last}`;
}

