import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds that one step keeps the thread. */
const STEP_MS = 10;
/** Items between two looks at the clock. */
const LOOK_AFTER = 64;

/** Maps a long list in steps: whatever else the engine is asked goes on between them. */
export async function mapInSteps<Item, Result>(items: readonly Item[], map: (item: Item, index: number) => Result): Promise<Result[]> {
  const mapped: Result[] = [];
  let until = performance.now() + STEP_MS;
  let index = -1;
  for (const item of items) {
    mapped.push(map(item, ++index));
    if (index % LOOK_AFTER === LOOK_AFTER - 1 && performance.now() > until) {
      await nextTurn();
      until = performance.now() + STEP_MS;
    }
  }
  return mapped;
}

/** Runs what yields between its units of work to its end, in steps. */
export async function runInSteps<Result>(work: Generator<undefined, Result>): Promise<Result> {
  for (let until = performance.now() + STEP_MS; ; ) {
    const { done, value } = work.next();
    if (done === true) return value;
    if (performance.now() < until) continue;
    await nextTurn();
    until = performance.now() + STEP_MS;
  }
}
