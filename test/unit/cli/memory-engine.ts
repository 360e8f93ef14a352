import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { TouchstoneError } from '../../../src/core/errors.ts';
import { REPORT_WRITERS } from '../../../src/core/report/formats.ts';
import type { ReportCell } from '../../../src/core/report/model.ts';
import type { CliContext } from '../../../src/cli/context.ts';
import type { Output } from '../../../src/cli/terminal.ts';
import type { EngineClient, EngineMethod, EvalRequest, Params, Result, RunSnapshot } from '../../../src/protocol/engine.ts';

export interface StoredRun {
  readonly run: RunSnapshot;
  readonly cells: readonly ReportCell[];
}

/**
 * An engine over runs that are already there: what the commands make of answers is tested with it. That the real engine
 * gives such answers is tested in test/contract/cli.test.ts.
 */
export class MemoryEngine implements EngineClient {
  readonly requests: { method: EngineMethod; params: unknown }[] = [];
  runs: readonly StoredRun[];
  /** Runs that the next eval makes. */
  planned: readonly StoredRun[];
  /** Holds back `eval/wait` until the run is cancelled. */
  endless = false;
  failure: TouchstoneError | null = null;
  disposed = 0;
  #cancelled: (() => void) | null = null;

  constructor(planned: readonly StoredRun[], stored: readonly StoredRun[] = []) {
    this.planned = planned;
    this.runs = [...planned, ...stored];
  }

  get evals(): EvalRequest[] {
    return this.requests.filter(({ method }) => method === 'eval/start').map(({ params }) => params as EvalRequest);
  }

  async request<M extends EngineMethod>(method: M, params: Params<M>): Promise<Result<M>> {
    await Promise.resolve();
    this.requests.push({ method, params });
    const handler = this.#handlers[method];
    if (handler === undefined) throw new Error(`MemoryEngine answers no ${method}`);
    return handler(params);
  }

  on(): () => void {
    return () => undefined;
  }

  dispose(): Promise<void> {
    this.disposed++;
    return Promise.resolve();
  }

  #find(runId: string): StoredRun {
    const found = this.runs.find(({ run }) => run.info.id === runId);
    if (found === undefined) throw new TouchstoneError('not-found', `no run ${runId}`);
    return found;
  }

  readonly #handlers: { [M in EngineMethod]?: (params: Params<M>) => Result<M> | Promise<Result<M>> } = {
    'eval/start': () => {
      if (this.failure !== null) throw this.failure;
      return { runIds: this.planned.map(({ run }) => run.info.id) };
    },
    'eval/resume': ({ runId }) => ({ runIds: [runId] }),
    'eval/cancel': () => {
      this.#cancelled?.();
      return {};
    },
    'eval/wait': async ({ runIds }) => {
      if (this.endless) await new Promise<void>((resolve) => (this.#cancelled = resolve));
      const status = this.endless ? 'cancelled' : null;
      return { runs: runIds.map((id) => this.#find(id).run).map((run) => (status === null ? run : { ...run, info: { ...run.info, status } })) };
    },
    'runs/get': ({ runId }) => this.#find(runId).run,
    'runs/list': ({ limit }) => ({ runs: this.runs.slice(0, limit).map(({ run }) => run) }),
    'runs/export': async ({ runIds, format, file }) => {
      const source = { runs: runIds.map((id) => this.#find(id).run), cells: (runId: string, modelIndex?: number) => this.#cells(runId, modelIndex) };
      await pipeline(REPORT_WRITERS[format](source), createWriteStream(file));
      return {};
    },
    'cells/list': ({ runId, from, to, caseId, modelIndex, after }) => {
      const cells = this.#find(runId).cells.filter((cell) => (caseId === undefined || cell.case.id === caseId) && (modelIndex === undefined || cell.result.modelIndex === modelIndex));
      const first = after === undefined ? 0 : cells.findIndex(({ result }) => result.caseIndex === after.caseIndex && result.modelIndex === after.modelIndex && result.repeat === after.repeat) + 1;
      return { cells: cells.slice(first + from, first + to), total: after === undefined ? cells.length : null };
    },
    'cells/get': ({ runId, key }) => {
      const { run, cells } = this.#find(runId);
      const cell = cells.find(({ result }) => result.caseIndex === key.caseIndex && result.modelIndex === key.modelIndex && result.repeat === key.repeat);
      if (cell === undefined) throw new TouchstoneError('not-found', 'no such cell');
      const place = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
      return {
        run: run.info, status: cell.result.status, result: cell.result, modelLabel: run.models[key.modelIndex]?.label ?? '', attempts: [],
        case: { ...cell.case, metadata: {}, options: {}, file: '/ws/a.jsonl', range: place },
        request: { messages: [{ role: 'user', content: `Subject: ${cell.case.id}` }], inserted: [[]], parameters: {} },
      };
    },
    'models/list': () => ({
      models: [
        { id: 'local:labels', label: 'local:labels', kind: 'local', problem: null, price: { input: 0, output: 0, date: '2026-11-01', source: 'free' } },
        { id: 'openai/gpt-5-mini', label: 'openai/gpt-5-mini', kind: 'remote', problem: 'OPENAI_API_KEY is not set', contextWindow: 400_000, price: { input: 0.25, output: 2, date: '2026-11-01', source: 'table' } },
        { id: 'x/y', label: 'x/y', kind: 'remote', problem: null, price: null },
      ],
    }),
    'cache/clear': () => ({ entries: 1204 }),
    'prompts/list': () => ({ prompts: [], diagnostics: [] }),
    'prompts/state': () => ({ prompts: [], diagnostics: [] }),
  };

  async *#cells(runId: string, modelIndex?: number): AsyncGenerator<readonly ReportCell[]> {
    yield await Promise.resolve(this.#find(runId).cells.filter((cell) => modelIndex === undefined || cell.result.modelIndex === modelIndex));
  }
}

export interface Recorded {
  readonly context: CliContext;
  readonly engine: MemoryEngine;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly interrupt: () => void;
  readonly exits: number[];
}

export function record(engine: MemoryEngine, given: { live?: boolean; columns?: number; color?: boolean; cwd?: string } = {}): Recorded {
  let out = '';
  let err = '';
  const listeners = new Set<() => void>();
  const exits: number[] = [];
  const output = (take: (text: string) => void): Output => ({
    color: given.color ?? false,
    columns: given.columns ?? 100,
    live: given.live ?? false,
    write: (text) => {
      take(text);
      return Promise.resolve(true);
    },
  });
  return {
    engine,
    exits,
    stdout: () => out,
    stderr: () => err,
    interrupt: () => {
      for (const listener of [...listeners]) listener();
    },
    context: {
      version: '1.2.3',
      cwd: given.cwd ?? '/ws',
      env: {},
      stdout: output((text) => (out += text)),
      stderr: output((text) => (err += text)),
      now: () => 0,
      openEngine: () => Promise.resolve(engine),
      onInterrupt: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      exitNow: (code) => exits.push(code),
    },
  };
}
