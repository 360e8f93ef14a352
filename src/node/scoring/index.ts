import { availableParallelism } from 'node:os';
import type { AssertionSpec, ScoreContext, Scorer } from '../../core/assert/model.ts';
import { parseType } from '../../core/assert/types.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Prepared } from './messages.ts';
import { ScoringPool } from './pool.ts';

export interface ScorerOptions {
  /** `false` in an untrusted workspace: code, other programs and webhooks are refused. */
  readonly allowCode: boolean;
  /** Time limit of a regular expression or parser, milliseconds; default 1,000. */
  readonly checkLimitMs?: number;
  /** Time limit of user code, milliseconds; default 5,000. */
  readonly codeLimitMs?: number;
  /** JavaScript heap of a worker, megabytes; default 256. */
  readonly memoryMb?: number;
  /** Worker threads; default one, and a second while checks wait and there are cores for it. */
  readonly workers?: number;
  /** What user code prints. */
  readonly onPrint?: (text: string) => void;
}

export interface WarmScorer extends Scorer {
  /** Starts the worker now, so that it is there when the first output is. */
  warm(): void;
}

/**
 * Scores in worker threads and other programs. One scorer serves one run: code files are read once, with its first use of
 * them. Nothing is started before the first check that needs it.
 */
export function createScorer(options: ScorerOptions): WarmScorer {
  const pool = new ScoringPool({
    settings: { allowCode: options.allowCode },
    memoryMb: options.memoryMb ?? 256,
    checkLimitMs: options.checkLimitMs ?? 1000,
    codeLimitMs: options.codeLimitMs ?? 5000,
    maxWorkers: options.workers ?? Math.max(1, Math.min(2, availableParallelism() - 1)),
    onPrint: options.onPrint ?? (() => undefined),
  });
  return {
    warm: () => pool.warm(),
    async score(specs, context, signal) {
      const here: [number, AssertionSpec][] = [];
      for (const [index, spec] of specs.entries()) if (parseType(spec.type)?.info.place !== 'outside') here.push([index, spec]);
      return await pool.score(here.map(([, spec]) => spec), { context }, signal);
    },
    async transform(code, context, signal, baseDir) {
      return await pool.run({ kind: 'transform', code, context, ...(baseDir === undefined ? {} : { baseDir }) }, signal);
    },
    async transformVars(code, context, signal, baseDir) {
      return (await pool.run({ kind: 'transformVars', code, context, ...(baseDir === undefined ? {} : { baseDir }) }, signal)) as JsonObject;
    },
    async prepare(spec: AssertionSpec, context: ScoreContext, signal: AbortSignal) {
      return (await pool.run({ kind: 'prepare', spec, context }, signal)) as Prepared;
    },
    dispose: () => pool.dispose(),
  };
}
