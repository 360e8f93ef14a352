import type { RunInfo } from '../../core/eval/model.ts';
import { runsOfSize } from '../../node/sqlite/find-runs.ts';
import type { RunStore } from '../../node/sqlite/run-store.ts';
import type { ComparisonRef } from '../../protocol/compare.ts';
import type { Comparisons } from './comparisons.ts';
import { differences } from './refusal.ts';

/** What a window asks at its start is answered by then. */
const AFTER_MS = 400;
/** Somebody was being answered: a look that late disturbs nobody. */
const AGAIN_MS = 250;
/** Outputs of a side: fewer are compared at once by code that never ran, more would take their time. */
const LEAST = 200;
const MOST = 6000;
/** Outputs of a side altogether, after which V8 has compiled what compares them and compiles little more: about 0.2 s of the thread. */
const ALTOGETHER = 25_000;

export interface RehearsalPorts {
  readonly comparisons: Pick<Comparisons, 'rehearse'>;
  readonly store: () => Promise<RunStore>;
  /** Nobody waits for an answer. */
  readonly isIdle: () => boolean;
}

/**
 * Compares stored runs with nobody waiting, again and again, once the engine has been at rest for a moment: V8 compiles what it has seen
 * run, so a person's first comparison takes as long as the later ones. Nothing is kept of it. Where no run is large, nothing is done.
 */
export class Rehearsal {
  readonly #ports: RehearsalPorts;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #outputs = 0;

  constructor(ports: RehearsalPorts) {
    this.#ports = ports;
  }

  /** The database is open: from now on, when nobody waits. */
  begin(): void {
    this.#later(AFTER_MS);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #later(ms: number): void {
    if (this.#closed) return;
    // What goes wrong here goes wrong again, and is told, where a person asks for it.
    this.#timer = setTimeout(() => void this.#step().catch(() => undefined), ms).unref();
  }

  async #step(): Promise<void> {
    const { comparisons, isIdle } = this.#ports;
    const store = await this.#ports.store();
    if (this.#closed) return;
    if (!isIdle() || store.list({ limit: 1 }).some(({ info }) => info.status === 'running')) {
      this.#later(AGAIN_MS);
      return;
    }
    const pair = pairOf(store);
    if (pair === null) return;
    await comparisons.rehearse(pair.ref);
    // Not its cases: a run may ask one of them hundreds of times, and each of its outputs is read and weighed.
    this.#outputs += pair.outputs;
    if (this.#outputs < ALTOGETHER) this.#later(0);
  }
}

/** The newest run of some size with one before it that was judged alike, else with itself, and how many outputs it has; `null`: there is none. */
function pairOf(store: RunStore): { readonly ref: ComparisonRef; readonly outputs: number } | null {
  const [b, ...others] = runsOfSize(store.database, LEAST, MOST).map((id) => store.get(id).info);
  if (b === undefined) return null;
  return { ref: { a: sideOf(others.find((a) => differences(a, b).length === 0) ?? b), b: sideOf(b) }, outputs: b.cases * b.repeats };
}

function sideOf({ id }: RunInfo): ComparisonRef['a'] {
  return { runId: id, modelIndex: 0 };
}
