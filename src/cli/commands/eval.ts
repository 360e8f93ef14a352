import { closeSync, existsSync, mkdirSync, openSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { CONFIG_FILE_NAMES } from '../../core/config/read.ts';
import { TouchstoneError } from '../../core/errors.ts';
import { reportFormatOf } from '../../core/report/formats.ts';
import { jsonReport } from '../../core/report/json.ts';
import type { ReportFormat } from '../../core/report/model.ts';
import { formatCount, formatUsd } from '../../core/text/format.ts';
import type { EngineClient, EvalRequest, RunSnapshot } from '../../protocol/engine.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { errorLine, EXIT, type ExitCode, exitCodeOf, usageError } from '../exit.ts';
import { Interrupts } from '../interrupts.ts';
import { isBelow, relativeTo } from '../paths.ts';
import { gatherResults, resultsText } from '../results.ts';
import { followRuns, StatusLine } from '../status.ts';
import { findRun, storedRuns } from '../stored-runs.ts';
import { printable } from '../terminal.ts';
import { verdictOf } from '../verdict.ts';
import { FileWatch } from '../watch.ts';
import { workspaceFolder } from '../workspace.ts';

export interface EvalOptions extends CommonOptions {
  readonly model?: readonly string[];
  readonly dataset?: string;
  readonly repeat?: number;
  readonly concurrency?: number;
  readonly filter?: string;
  readonly tag?: readonly string[];
  readonly cache: boolean;
  readonly budget?: number;
  readonly resume?: string;
  readonly threshold?: number;
  readonly allowErrors?: boolean;
  readonly output?: readonly string[];
  readonly json?: boolean;
  readonly watch?: boolean;
}

const SHOWN_FAILURES = 20;

export async function evalCommand(targets: readonly string[], options: EvalOptions, context: CliContext): Promise<ExitCode> {
  const job = new EvalJob(targets, options, context);
  const folder = workspaceFolder(context.cwd, options.workspace);
  const status = new StatusLine(context.stderr, options.verbose === true);
  const interrupts = new Interrupts(context, status);
  try {
    const engine = await context.openEngine(folder, (entry) => status.log(entry));
    try {
      return options.watch === true ? await job.watch(engine, status, interrupts.signal) : await job.once(engine, status, interrupts.signal);
    } finally {
      status.clear();
      await engine.dispose();
    }
  } finally {
    interrupts.dispose();
  }
}

class EvalJob {
  readonly #targets: readonly string[];
  readonly #options: EvalOptions;
  readonly #context: CliContext;
  readonly #reports: readonly { readonly file: string; readonly format: ReportFormat }[];

  constructor(targets: readonly string[], options: EvalOptions, context: CliContext) {
    this.#targets = (targets.length === 0 ? ['.'] : targets).map((target) => resolve(context.cwd, target));
    this.#options = options;
    this.#context = context;
    this.#reports = (options.output ?? []).map((file) => {
      const format = reportFormatOf(file);
      if (format === null) throw usageError(`--output ${file}: the ending says the format: .json, .xml (JUnit), .html or .csv.`);
      const path = resolve(context.cwd, file);
      if (!canBeWritten(path)) throw usageError(`--output ${file}: its folder cannot be written to.`);
      return { file: path, format };
    });
    if (options.resume !== undefined) this.#refuseWithResume(targets);
  }

  async once(engine: EngineClient, status: StatusLine, signal: AbortSignal): Promise<ExitCode> {
    const runIds = await this.#start(engine, signal);
    const cancel = (): void => {
      // A run that has just ended cannot be cancelled any more, which is as good.
      for (const runId of runIds) engine.request('eval/cancel', { runId }).catch(() => undefined);
    };
    signal.addEventListener('abort', cancel, { once: true });
    let runs: readonly RunSnapshot[];
    try {
      if (signal.aborted) cancel();
      await this.#announce(engine, runIds, status);
      const progress = followRuns(engine, runIds, status, this.#context.now);
      try {
        ({ runs } = await engine.request('eval/wait', { runIds }));
      } finally {
        progress.stop();
      }
    } finally {
      signal.removeEventListener('abort', cancel);
    }
    return this.#report(engine, runs, status, signal.aborted);
  }

  /** Evaluates again at every change, until it is interrupted. */
  async watch(engine: EngineClient, status: StatusLine, signal: AbortSignal): Promise<ExitCode> {
    const files = new FileWatch();
    try {
      await this.#watchFiles(engine, files);
      for (;;) {
        try {
          await this.once(engine, status, signal);
        } catch (error) {
          // A half-written file is the normal case here: say it and wait for the next change.
          if (exitCodeOf(error) === EXIT.cancelled) return EXIT.cancelled;
          status.print(errorLine(error, this.#context.cwd));
        }
        await this.#watchFiles(engine, files);
        if (signal.aborted) return EXIT.cancelled;
        status.print(`Waiting for a change of ${formatCount(files.size, 'file')}. Ctrl+C ends.`);
        const changed = await files.next(signal);
        if (changed === null) return EXIT.cancelled;
        status.print(`${printable(relative(this.#context.cwd, changed))} changed.`);
      }
    } finally {
      files.dispose();
    }
  }

  async #start(engine: EngineClient, signal: AbortSignal): Promise<readonly string[]> {
    const { resume, budget } = this.#options;
    if (resume !== undefined) {
      const run = await findRun(engine, resume);
      return (await engine.request('eval/resume', { runId: run.info.id, ...(budget === undefined ? {} : { budgetUsd: budget }) }, signal)).runIds;
    }
    return (await engine.request('eval/start', this.#request(), signal)).runIds;
  }

  #request(): EvalRequest {
    const { model, dataset, repeat, concurrency, filter, tag, cache, budget } = this.#options;
    return {
      targets: this.#targets,
      ...(model === undefined ? {} : { models: model }),
      ...(dataset === undefined ? {} : { dataset: resolve(this.#context.cwd, dataset) }),
      ...(repeat === undefined ? {} : { repeats: repeat }),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(filter === undefined ? {} : { filter }),
      ...(tag === undefined ? {} : { tags: tag }),
      ...(cache ? {} : { noCache: true }),
      ...(budget === undefined ? {} : { budgetUsd: budget }),
      origin: 'cli',
    };
  }

  #refuseWithResume(targets: readonly string[]): void {
    const { model, dataset, repeat, filter, tag } = this.#options;
    const given = Object.entries({ model, dataset, repeat, filter, tag }).find(([, value]) => value !== undefined);
    if (given !== undefined) throw usageError(`--resume finishes a run as it was planned: --${given[0]} cannot be given with it.`);
    if (targets.length > 0) throw usageError(`--resume finishes a run as it was planned: ${targets[0]} cannot be given with it.`);
  }

  /** What will be done and what it may cost, before it is done. */
  async #announce(engine: EngineClient, runIds: readonly string[], status: StatusLine): Promise<void> {
    for (const runId of runIds) {
      const { info, total, done } = await engine.request('runs/get', { runId });
      const { usd } = info.estimate;
      const size = `${formatCount(info.models.length, 'model')} × ${formatCount(info.cases, 'case')} × ${formatCount(info.repeats, 'repeat')} = ${formatCount(total, 'cell')}`;
      const kept = this.#options.resume === undefined ? '' : `, ${formatCount(done)} of them finished before`;
      const cost = usd === 0 ? '' : usd === null ? `, cost unknown (no price for ${info.estimate.unpriced.map(printable).join(', ')})` : `, about ${formatUsd(usd)}`;
      status.print(`${printable(info.promptName)}: ${size}${kept}${cost}`);
    }
  }

  async #report(engine: EngineClient, runs: readonly RunSnapshot[], status: StatusLine, cancelled: boolean): Promise<ExitCode> {
    const { options, stdout } = { options: this.#options, stdout: this.#context.stdout };
    const source = storedRuns(engine, runs);
    for (const { file, format } of this.#reports) {
      await engine.request('runs/export', { runIds: runs.map((run) => run.info.id), format, file });
      status.print(`Wrote ${relativeTo(this.#context.cwd, file)}`);
    }
    if (options.json === true) {
      for await (const piece of jsonReport(source)) {
        if (!(await stdout.write(piece))) break;
      }
    } else {
      const mostFailures = options.verbose === true ? Number.POSITIVE_INFINITY : SHOWN_FAILURES;
      for (const [at, run] of runs.entries()) {
        await stdout.write(`${at === 0 ? '' : '\n'}${resultsText(await gatherResults(source, run, mostFailures), stdout)}`);
      }
    }
    const { code, reason } = verdictOf(runs, { threshold: options.threshold, allowErrors: options.allowErrors, cancelled });
    if (code === EXIT.notEvaluated && reason !== null) throw new TouchstoneError('usage', reason);
    for (const run of runs) {
      if (run.done < run.total) status.print(`Run ${run.info.id} has ${formatCount(run.done)} of ${formatCount(run.total, 'cell')}. To finish it: touchstone eval --resume ${run.info.id}`);
    }
    if (code === EXIT.failed && reason !== null) status.print(reason);
    return code;
  }

  /** The prompts' files, their datasets, what both use, and the project's settings. */
  async #watchFiles(engine: EngineClient, files: FileWatch): Promise<void> {
    const folders = this.#targets.filter((target) => statSync(target, { throwIfNoEntry: false })?.isDirectory() ?? false);
    const targets = this.#targets.filter((target) => !folders.includes(target));
    const listed = folders.length === 0 ? [] : (await engine.request('prompts/list', {})).prompts.filter((prompt) => folders.some((folder) => isBelow(prompt.path, folder)));
    const watched = new Set([...targets, ...listed.map((prompt) => prompt.path)]);
    if (this.#options.dataset !== undefined) watched.add(resolve(this.#context.cwd, this.#options.dataset));
    for (const path of [...watched]) {
      const { prompts } = await engine.request('prompts/state', { path }).catch(() => ({ prompts: [] }));
      for (const prompt of prompts) for (const file of [...(prompt.dataset?.files ?? []), ...(prompt.dependencies ?? [])]) watched.add(file);
    }
    const folder = workspaceFolder(this.#context.cwd, this.#options.workspace);
    for (const name of CONFIG_FILE_NAMES) watched.add(resolve(folder, name));
    files.update([...watched], folders);
  }
}

/**
 * Whether a report can be written there, which is better known before a run than after: its folder is made, and takes a file. One
 * folder at a time: on file systems that take none, such as /proc, Node never ends making several.
 */
function canBeWritten(file: string): boolean {
  const folder = dirname(file);
  const missing: string[] = [];
  for (let at = folder; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at);
  const probe = join(folder, `.touchstone-${process.pid}.tmp`);
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) return false;
    for (const path of missing) mkdirSync(path);
    closeSync(openSync(probe, 'wx'));
    unlinkSync(probe);
    return true;
  } catch {
    return false;
  }
}
