import type { EngineClient, EngineNotifications, RunSnapshot } from '../protocol/engine.ts';
import { progressLine, progressLogLine, progressOf, shouldLog } from './progress.ts';
import { paint, printableLines, type Output } from './terminal.ts';

const LIVE_INTERVAL_MS = 150;
const PLAIN_INTERVAL_MS = 500;
const CLEAR_LINE = '\r\u001B[K';

/** Standard error as commands use it: messages one after another, and on a terminal one live line below them. */
export class StatusLine {
  readonly #output: Output;
  readonly #verbose: boolean;
  #live = '';

  constructor(output: Output, verbose: boolean) {
    this.#output = output;
    this.#verbose = verbose;
  }

  get output(): Output {
    return this.#output;
  }

  /** A message that stays. */
  print(text: string): void {
    void this.#output.write(`${this.#live === '' ? '' : CLEAR_LINE}${text}\n${this.#live}`);
  }

  /** What the engine says: warnings and errors always, the rest on request. */
  log({ level, message }: EngineNotifications['log']): void {
    if (!this.#verbose && level !== 'warn' && level !== 'error') return;
    const text = printableLines(message).join('\n');
    this.print(level === 'warn' || level === 'error' ? `${paint(this.#output, level === 'warn' ? 'yellow' : 'red', level === 'warn' ? 'warning' : 'error')}: ${text}` : paint(this.#output, 'dim', text));
  }

  setLive(text: string): void {
    if (text === this.#live || !this.#output.live) return;
    this.#live = text;
    void this.#output.write(CLEAR_LINE + text);
  }

  clear(): void {
    if (this.#live === '') return;
    this.#live = '';
    void this.#output.write(CLEAR_LINE);
  }
}

/** Follows runs until stopped: a live line on a terminal, now and then a line of log elsewhere. */
export function followRuns(engine: EngineClient, runIds: readonly string[], status: StatusLine, now: () => number): { stop(): void } {
  const ids = new Set(runIds);
  let changed = true;
  let asking = false;
  let stopped = false;
  let last = { at: now(), done: 0 };

  const off = engine.on('run/changed', ({ runId }) => {
    if (ids.has(runId)) changed = true;
  });
  const show = (runs: readonly RunSnapshot[]): void => {
    const progress = progressOf(runs);
    if (status.output.live) status.setLive(progressLine(progress, status.output));
    else if (progress.done < progress.total && shouldLog(last, now(), progress.done, progress.total)) {
      last = { at: now(), done: progress.done };
      status.print(progressLogLine(progress));
    }
  };
  const tick = async (): Promise<void> => {
    if (!changed || asking) return;
    changed = false;
    asking = true;
    try {
      const runs = await Promise.all(runIds.map((runId) => engine.request('runs/get', { runId })));
      if (!stopped) show(runs);
    } catch {
      // The run is gone, or the engine ends: what waits for the runs learns the reason, the progress line need not.
    } finally {
      asking = false;
    }
  };
  const timer = setInterval(() => void tick(), status.output.live ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS);
  void tick();
  return {
    stop() {
      stopped = true;
      clearInterval(timer);
      off();
      status.clear();
    },
  };
}
