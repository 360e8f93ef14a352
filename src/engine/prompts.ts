import type { ProjectConfig } from '../core/config/model.ts';
import { readDataset } from '../core/dataset/read.ts';
import { errorMessage, TouchstoneError } from '../core/errors.ts';
import type { FileReader } from '../core/files.ts';
import { readPromptFile } from '../core/prompt/formats.ts';
import { assertionsHash, promptHash } from '../core/prompt/canonical.ts';
import type { PromptDocument, PromptFile } from '../core/prompt/model.ts';
import type { Diagnostic } from '../core/text/diagnostic.ts';
import { fileNameOf, isGlob } from '../core/text/path.ts';
import { fileStamp, findPromptFiles } from '../node/files/index.ts';
import type { RunStore } from '../node/sqlite/run-store.ts';
import type { CostEstimate } from '../core/eval/model.ts';
import { checkVariables } from '../core/prompt/variables.ts';
import type { Case, DatasetRef } from '../core/dataset/model.ts';
import type { PromptState, PromptSummary, TextOverlay } from '../protocol/engine.ts';
import { hash } from './run-ports.ts';
import type { Evals } from './evals.ts';
import type { Workspace } from './workspace.ts';

interface DatasetFacts {
  readonly count: number;
  /** One case with the variables of all: enough to tell which names are unknown. */
  readonly every: Case | undefined;
  /** Cases spread evenly over all; `null`: some are for certain prompts only, so that a part says little of the whole. */
  readonly sample: readonly Case[] | null;
}

/** At least so many cases are kept of a dataset that has them, at most twice as many. */
const SAMPLE = 50;

/** What is known of the prompts without running anything. */
export class Prompts {
  readonly #workspace: Workspace;
  readonly #evals: Evals;
  /** Counting and estimating read the whole dataset; both stay true until a file, the prompt or the last run changes. */
  readonly #datasets = new Map<string, { key: string; facts: DatasetFacts }>();
  readonly #estimates = new Map<string, { key: string; estimate: CostEstimate | null }>();

  constructor(workspace: Workspace, evals: Evals) {
    this.#workspace = workspace;
    this.#evals = evals;
  }

  async list(): Promise<{ prompts: PromptSummary[]; diagnostics: Diagnostic[] }> {
    const files = this.#workspace.files();
    const config = await this.#workspace.config(files);
    const store = await this.#workspace.store();
    const prompts: PromptSummary[] = [];
    const diagnostics: Diagnostic[] = [...config.diagnostics.map((item) => ({ ...item, file: item.file ?? config.path }))];
    for (const path of await findPromptFiles(this.#workspace.folder)) {
      const file = await this.#read(path, files, config);
      diagnostics.push(...file.diagnostics.map((item) => ({ ...item, file: item.file ?? path })));
      for (const prompt of file.prompts) prompts.push(await this.#summary(prompt, file, [], store));
      if (file.prompts.length === 0) prompts.push(brokenPrompt(file, this.#workspace.folder));
    }
    return { prompts, diagnostics };
  }

  async state(path: string, overlays: readonly TextOverlay[], signal: AbortSignal): Promise<{ prompts: PromptState[]; diagnostics: Diagnostic[] }> {
    const files = this.#workspace.files(overlays);
    const config = await this.#workspace.config(files);
    const store = await this.#workspace.store();
    const file = await this.#read(path, files, config);
    const prompts: PromptState[] = [];
    const diagnostics: Diagnostic[] = [...file.diagnostics];
    for (const prompt of file.prompts) {
      const summary = await this.#summary(prompt, file, overlays, store);
      diagnostics.push(...(await this.#checkVariables(prompt, overlays)));
      const active = this.#evals.activeOf(prompt.path, prompt.id);
      prompts.push({
        ...summary,
        estimate: await this.#estimate(prompt, summary, overlays, signal),
        running: active === undefined ? null : { runId: active.run.info.id, done: active.summary.done, total: active.planned, cost: active.summary.cost },
      });
    }
    return { prompts, diagnostics };
  }

  async #facts(ref: DatasetRef, promptPath: string, overlays: readonly TextOverlay[]): Promise<DatasetFacts> {
    const name = JSON.stringify([promptPath, ref.files]);
    // A prompt whose cases stand in files of their own is edited without reading them again.
    const key = JSON.stringify(await this.#stamps(ref.inline.length === 0 ? ref.files : [...ref.files, promptPath], overlays));
    const known = this.#datasets.get(name);
    if (known?.key === key) return known.facts;
    const vars: Record<string, unknown> = {};
    let count = 0;
    let every: Case | undefined;
    let sample: Case[] | null = [];
    let stride = 1;
    for await (const item of readDataset(ref, { files: this.#workspace.files(overlays), root: this.#workspace.folder })) {
      if (item.prompts !== undefined) sample = null;
      if (sample !== null && count % stride === 0) sample.push(item);
      if (sample?.length === 2 * SAMPLE) {
        sample = sample.filter((_, index) => index % 2 === 0);
        stride *= 2;
      }
      count++;
      Object.assign(vars, item.vars);
      if (every === undefined || (every.expected === undefined && item.expected !== undefined) || item.options.transformVars !== undefined) every = item;
    }
    const facts = { count, every: every === undefined ? undefined : { ...every, vars }, sample };
    this.#datasets.set(name, { key, facts });
    return facts;
  }

  /** Misspelt variables, when the cases stand in files of their own: where they are inline, reading the prompt has looked already. */
  async #checkVariables(prompt: PromptDocument, overlays: readonly TextOverlay[]): Promise<Diagnostic[]> {
    if (prompt.dataset.files.length === 0) return [];
    try {
      const { every } = await this.#facts(prompt.dataset, prompt.path, overlays);
      return every === undefined ? [] : checkVariables(prompt, [every]);
    } catch {
      // A dataset that cannot be read is the summary's problem.
      return [];
    }
  }

  async #estimate(prompt: PromptDocument, summary: PromptSummary, overlays: readonly TextOverlay[], signal: AbortSignal): Promise<CostEstimate | null> {
    const name = `${prompt.path}#${prompt.id}`;
    const key = JSON.stringify([summary.hash, summary.lastRun?.id, prompt.models, await this.#stamps([...(summary.dataset?.files ?? []), `${this.#workspace.folder}/touchstone.yml`], overlays)]);
    const known = this.#estimates.get(name);
    if (known?.key === key) return known.estimate;
    // A lens must not fail because a price or a model is missing: the eval will say so with its place.
    const estimate = await this.#facts(prompt.dataset, prompt.path, overlays)
      .then(({ count, sample }) => this.#evals.estimate({ targets: [prompt.path], prompts: [prompt.id], overlays, origin: 'editor' }, signal, sample === null ? undefined : { cases: sample, of: count }))
      .catch(() => null);
    if (!signal.aborted) this.#estimates.set(name, { key, estimate });
    return estimate;
  }

  /** What tells that a file changed: its unsaved text's hash, else its time and size on disk. Patterns are always counted anew. */
  #stamps(paths: readonly string[], overlays: readonly TextOverlay[]): Promise<string[]> {
    return Promise.all(
      paths.map(async (path) => {
        const overlay = overlays.find((item) => item.path === path);
        if (overlay !== undefined) return hash(overlay.text);
        return (await fileStamp(path)) ?? (isGlob(path) ? `${Date.now()}` : 'missing');
      }),
    );
  }

  async #read(path: string, files: FileReader, config: ProjectConfig): Promise<PromptFile> {
    return readPromptFile(path, { files, root: this.#workspace.folder, datasets: config.datasets });
  }

  async #summary(prompt: PromptDocument, file: PromptFile, overlays: readonly TextOverlay[], store: RunStore): Promise<PromptSummary> {
    const hash = promptHash(prompt);
    const ref = prompt.dataset;
    const hasDataset = ref.files.length > 0 || ref.inline.length > 0;
    const [last] = store.list({ limit: 1, promptPath: prompt.path, promptId: prompt.id, ofFile: true });
    let cases: number | null = null;
    let problem = file.diagnostics.find(({ severity }) => severity === 'error')?.message ?? null;
    if (hasDataset) {
      try {
        cases = (await this.#facts(ref, prompt.path, overlays)).count;
      } catch (error) {
        problem ??= atItsPlace(error);
      }
    }
    return {
      id: prompt.id,
      name: prompt.name,
      ...(prompt.label === undefined ? {} : { label: prompt.label }),
      path: prompt.path,
      hash,
      models: prompt.models.map((model) => model.label ?? model.id),
      dataset: hasDataset ? { name: ref.name, files: [...ref.files], cases } : null,
      problem,
      dependencies: [...file.dependencies, ...(hasDataset ? ref.files : [])],
      lastRun:
        last === undefined
          ? null
          : { id: last.info.id, summary: this.#evals.snapshotOf(last, store).summary, stale: last.info.promptHash !== hash || last.info.assertionsHash !== assertionsHash(prompt), status: last.info.status },
    };
  }
}

/** `triage.golden.jsonl:2: …`: what is wrong with a dataset stands at the prompt, too, which is another file. */
function atItsPlace(error: unknown): string {
  const place = error instanceof TouchstoneError ? error.place : undefined;
  return place === undefined ? errorMessage(error) : `${fileNameOf(place.file)}${place.line === undefined ? '' : `:${place.line}`}: ${errorMessage(error)}`;
}

/** A file that cannot be read is listed with its problem, so that it is not missed. */
function brokenPrompt(file: PromptFile, folder: string): PromptSummary {
  const name = file.path.split('/').at(-1) ?? file.path;
  return {
    id: file.path.startsWith(`${folder}/`) ? file.path.slice(folder.length + 1) : file.path,
    name,
    path: file.path,
    hash: '',
    models: [],
    dataset: null,
    problem: file.diagnostics.find(({ severity }) => severity === 'error')?.message ?? 'The file holds no prompt.',
    lastRun: null,
  };
}
