import { judgesOf } from '../core/assert/judges.ts';
import { checkAssertions } from '../core/assert/check.ts';
import type { ProjectConfig } from '../core/config/model.ts';
import type { Case, DatasetRef } from '../core/dataset/model.ts';
import { collectDataset } from '../core/dataset/read.ts';
import { joinErrors, TouchstoneError } from '../core/errors.ts';
import { caseAssertions, caseIsForPrompt, caseMatches, type RunPlan } from '../core/eval/plan.ts';
import type { RunVersion } from '../core/eval/model.ts';
import type { FileReader } from '../core/files.ts';
import type { Model, ModelCatalog, ModelRef } from '../core/model/model.ts';
import { readPromptFile } from '../core/prompt/formats.ts';
import type { PromptDocument, PromptFile } from '../core/prompt/model.ts';
import type { Diagnostic } from '../core/text/diagnostic.ts';
import { fileNameOf } from '../core/text/path.ts';
import { EMPTY_RANGE } from '../core/text/position.ts';
import { findPromptFiles, isFolder } from '../node/files/index.ts';
import type { EvalRequest } from '../protocol/engine.ts';
import { mapInSteps } from './steps.ts';
import type { Workspace } from './workspace.ts';

export interface Prepared {
  readonly plan: RunPlan;
  readonly dataset: DatasetRef | null;
  readonly workingCopy: boolean;
  /** `null`: the file as it is. */
  readonly version: RunVersion | null;
}

/** Puts a version's content in the place of a prompt's. @throws TouchstoneError 'not-found' | 'ambiguous' | 'damaged' */
export type VersionSource = (prompt: PromptDocument, ref: string, overlays: EvalRequest['overlays']) => Promise<{ readonly prompt: PromptDocument; readonly version: RunVersion | null }>;

export interface PrepareContext {
  readonly workspace: Workspace;
  readonly files: FileReader;
  readonly config: ProjectConfig;
  readonly catalog: ModelCatalog;
  readonly versions: VersionSource;
}

/** The cases of a dataset. */
type Collect = (dataset: DatasetRef) => Promise<readonly Case[]>;

/**
 * Turns a request into plans, one for each prompt. Everything that can be wrong is found here, before the first request: one prompt that
 * cannot be evaluated stops all of them, and is told together with whatever else is wrong.
 * @throws TouchstoneError 'invalid-prompt' | 'invalid-dataset' | 'unknown-model' | 'unknown-price' | 'usage' with the place
 */
export async function prepareRuns(request: EvalRequest, context: PrepareContext, collect: Collect = (dataset) => collectDataset(dataset, { files: context.files, root: context.workspace.folder })): Promise<Prepared[]> {
  const { prompts, problems } = await readAll(request, context);
  if (prompts.length === 0 && problems.length === 0) throw new TouchstoneError('usage', nothingFound(request));
  const datasets = new Map<string, Promise<readonly Case[]>>();
  const prepared: Prepared[] = [];
  for (const { file, prompt } of prompts) {
    try {
      prepared.push(await prepareRun(request, context, file, prompt, datasets, collect));
    } catch (error) {
      // A person corrects them all at once; what is no matter of one prompt is told alone.
      if (!(error instanceof TouchstoneError) || error.place === undefined) throw error;
      problems.push(error);
    }
  }
  const problem = joinErrors(withoutRepetition(problems));
  if (problem !== undefined) throw problem;
  if (prepared.every(({ plan }) => plan.cases.length === 0)) throw new TouchstoneError('usage', `No case matches ${describeFilter(request)}.`);
  return prepared.filter(({ plan }) => plan.cases.length > 0);
}

/** @throws TouchstoneError 'invalid-prompt' with everything that is wrong with the files */
export async function readPrompts(request: Pick<EvalRequest, 'targets' | 'prompts'>, context: Pick<PrepareContext, 'workspace' | 'files' | 'config'>): Promise<ReadPrompt[]> {
  const { prompts, problems } = await readAll(request, context);
  const problem = joinErrors(problems);
  if (problem !== undefined) throw problem;
  return prompts;
}

interface ReadPrompt {
  readonly file: PromptFile;
  readonly prompt: PromptDocument;
}

async function readAll(request: Pick<EvalRequest, 'targets' | 'prompts'>, { workspace, files, config }: Pick<PrepareContext, 'workspace' | 'files' | 'config'>): Promise<{ prompts: ReadPrompt[]; problems: TouchstoneError[] }> {
  const paths: string[] = [];
  for (const target of request.targets) paths.push(...((await isFolder(target)) ? await findPromptFiles(target) : [target]));
  const prompts: ReadPrompt[] = [];
  const problems: TouchstoneError[] = [];
  for (const path of new Set(paths)) {
    const file = await readPromptFile(path, { files, root: workspace.folder, datasets: config.datasets });
    const errors = file.diagnostics.filter(({ severity }) => severity === 'error');
    problems.push(...errors.map((problem) => diagnosticError('invalid-prompt', problem, path)));
    if (errors.length > 0) continue;
    for (const prompt of file.prompts) {
      if (request.prompts === undefined || request.prompts.includes(prompt.id)) prompts.push({ file, prompt });
    }
  }
  return { prompts, problems };
}

/** The prompts of a config share their tests, and what is wrong with them. */
function withoutRepetition(problems: readonly TouchstoneError[]): TouchstoneError[] {
  return [...new Map(problems.map((problem) => [JSON.stringify([problem.place, problem.message]), problem])).values()];
}

async function prepareRun(request: EvalRequest, context: PrepareContext, file: PromptFile, written: PromptDocument, datasets: Map<string, Promise<readonly Case[]>>, collect: Collect): Promise<Prepared> {
  const { workspace, config, catalog } = context;
  const { prompt, version } = request.version === undefined ? { prompt: written, version: null } : await context.versions(written, request.version, request.overlays);
  const dataset = datasetOf(request, prompt);
  // A config's prompts share their tests: read them once.
  const key = JSON.stringify([dataset.files, dataset.inline.length, dataset.files.length > 0 && dataset.inline.length === 0 ? '' : prompt.path]);
  let reading = datasets.get(key);
  if (reading === undefined) {
    reading = collect(dataset);
    datasets.set(key, reading);
  }
  const all = await reading;
  if (all.length === 0) {
    const why = dataset.files.length > 0 ? `${dataset.files.map(fileNameOf).join(' and ')} holds none: add one to it.` : 'Name a dataset under "golden:", write "testData:", or pass --dataset.';
    throw diagnosticError('invalid-dataset', { severity: 'error', code: 'no-cases', message: `${prompt.name} has no cases. ${why}`, range: prompt.ranges.name }, prompt.path);
  }
  const filter = { text: request.filter, tags: request.tags, caseIds: request.caseIds };
  const matching = await mapInSteps(all, (item, index) => (caseIsForPrompt(item, prompt) && caseMatches(item, filter) ? { ...item, place: { ...item.place, index } } : null));
  const cases = matching.filter((item) => item !== null);
  checkSpecs(prompt, cases);
  const { models, labels } = await resolveModels(request, prompt, catalog);
  const budgetUsd = request.budgetUsd ?? config.budgetUsd ?? workspace.settings.defaultBudgetUsd;
  checkBudget({ models: [...models, ...(budgetUsd === null ? [] : await resolveJudges(prompt, cases, context))], budgetUsd }, catalog);
  return {
    dataset,
    workingCopy: version === null && (request.overlays ?? []).some(({ path }) => path === prompt.path),
    version,
    plan: {
      prompt,
      models,
      labels,
      cases,
      repeats: positive('--repeat', request.repeats) ?? file.runDefaults.repeat ?? 1,
      concurrency: positive('--concurrency', request.concurrency) ?? config.concurrency ?? file.runDefaults.concurrency ?? workspace.settings.concurrency,
      noCache: request.noCache ?? file.runDefaults.cache === false,
      maxRetries: workspace.settings.maxRetries,
      ...(file.runDefaults.timeoutMs === undefined ? {} : { timeoutMs: file.runDefaults.timeoutMs }),
      budgetUsd,
    },
  };
}

function datasetOf(request: EvalRequest, prompt: PromptDocument): DatasetRef {
  return request.dataset === undefined ? prompt.dataset : { name: fileNameOf(request.dataset), files: [request.dataset], inline: [], range: EMPTY_RANGE };
}

/** Errors in checks stop a run before it costs something; the same check on many cases is looked at once. */
function checkSpecs(prompt: PromptDocument, cases: readonly Case[]): void {
  const [fromPrompt] = checkAssertions(prompt.assertions).filter(({ severity }) => severity === 'error');
  if (fromPrompt !== undefined) throw diagnosticError('invalid-prompt', fromPrompt, prompt.path);
  const seen = new Set<readonly unknown[]>();
  for (const item of cases) {
    if (item.assertions.length === 0 || seen.has(item.assertions)) continue;
    seen.add(item.assertions);
    const [problem] = checkAssertions(item.assertions).filter(({ severity }) => severity === 'error');
    if (problem !== undefined) throw diagnosticError('invalid-dataset', { ...problem, range: problem.range === EMPTY_RANGE ? item.place.range : problem.range }, item.place.file);
  }
}

export async function resolveModels(request: Pick<EvalRequest, 'models'>, prompt: PromptDocument, catalog: ModelCatalog): Promise<{ models: Model[]; labels: string[] }> {
  // A model that the prompt names itself has the settings that it has there.
  const own = (name: string): ModelRef | undefined => prompt.models.find(({ label }) => label === name) ?? prompt.models.find(({ id }) => id === name);
  const refs: readonly ModelRef[] = request.models === undefined || request.models.length === 0 ? prompt.models : request.models.map((name) => own(name) ?? { id: name });
  if (refs.length === 0) {
    throw diagnosticError('unknown-model', { severity: 'error', code: 'no-model', message: `${prompt.name} names no model. Write "model:" (for example local:labels), or pass --model.`, range: prompt.ranges.model ?? prompt.ranges.name }, prompt.path);
  }
  const models: Model[] = [];
  for (const ref of refs) {
    try {
      models.push(await catalog.resolve(ref));
    } catch (error) {
      const at = prompt.ranges.model?.start;
      if (!(error instanceof TouchstoneError) || error.place !== undefined || at === undefined || request.models !== undefined) throw error;
      throw new TouchstoneError(error.code, error.message, { cause: error, place: { file: prompt.path, line: at.line + 1, column: at.character + 1 } });
    }
  }
  return { models, labels: uniqueLabels(refs) };
}

/** The judges of a run, so that a budget can ask for their prices before the first request. */
async function resolveJudges(prompt: PromptDocument, cases: readonly Case[], { catalog, config }: PrepareContext): Promise<Model[]> {
  const standard = config.judge === undefined ? undefined : { id: config.judge };
  const refs = new Map<string, ModelRef>();
  for (const item of cases) {
    for (const ref of judgesOf(caseAssertions(prompt, item), item.options.judge, standard)) refs.set(JSON.stringify([ref.id, ref.config]), ref);
  }
  return Promise.all([...refs.values()].map((ref) => catalog.resolve(ref)));
}

/** @throws ModelError 'missing-secret', so that a run does not begin only to fail with every cell */
export async function requireKeys(models: readonly Model[]): Promise<void> {
  for (const model of models) await model.ready?.();
}

/** The same model twice (with other settings, or by mistake) stays apart by a number. */
function uniqueLabels(refs: readonly ModelRef[]): string[] {
  const taken = new Set<string>();
  return refs.map((ref) => {
    const wanted = ref.label ?? ref.id;
    let label = wanted;
    for (let count = 2; taken.has(label); count++) label = `${wanted} (${count})`;
    taken.add(label);
    return label;
  });
}

/** @throws TouchstoneError 'usage' | 'unknown-price' */
export function checkBudget({ models, budgetUsd }: Pick<RunPlan, 'models' | 'budgetUsd'>, catalog: ModelCatalog): void {
  if (budgetUsd === null) return;
  if (!(budgetUsd >= 0)) throw new TouchstoneError('usage', `A budget is an amount of US dollars from 0 on, not ${budgetUsd}.`);
  const unknown = models.filter((model) => catalog.price(model) === null).map((model) => model.ref.id);
  if (unknown.length === 0) return;
  throw new TouchstoneError('unknown-price', `A budget of $${budgetUsd} needs the price of ${unknown.join(', ')}, which is not known. Set it under "prices:" in touchstone.yml (US dollars per million tokens), or run without a budget.`);
}

function positive(option: string, value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isInteger(value) || value < 1) throw new TouchstoneError('usage', `${option} must be a whole number from 1 on, not ${value}.`);
  return value;
}

function diagnosticError(code: 'invalid-prompt' | 'invalid-dataset' | 'unknown-model', problem: Diagnostic, file: string): TouchstoneError {
  const { line, character } = problem.range.start;
  return new TouchstoneError(code, problem.message, { place: { file: problem.file ?? file, line: line + 1, column: character + 1 } });
}

function nothingFound(request: EvalRequest): string {
  if (request.prompts !== undefined) return `There is no prompt ${request.prompts.join(', ')} in ${request.targets.join(', ')}.`;
  return `There is no prompt file in ${request.targets.join(', ')}. Touchstone reads *.prompt.yml and promptfooconfig.yaml; "Touchstone: New Prompt" makes one.`;
}

function describeFilter({ filter, tags, caseIds }: EvalRequest): string {
  const parts = [filter === undefined ? undefined : `"${filter}"`, tags === undefined || tags.length === 0 ? undefined : `the tags ${tags.join(', ')}`, caseIds === undefined ? undefined : `the ids ${caseIds.join(', ')}`];
  return parts.filter((part) => part !== undefined).join(' and ') || 'this prompt';
}
