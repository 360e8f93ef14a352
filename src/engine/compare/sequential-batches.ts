import { stoppedSentence, type EarlyAnswer, type SequentialComparison } from '../../core/compare/sequential.ts';
import type { PairedCase } from '../../core/compare/model.ts';
import type { RunInfo, RunSequence } from '../../core/eval/model.ts';
import type { CaseFacts } from '../../node/sqlite/case-facts.ts';
import type { RunStore } from '../../node/sqlite/run-store.ts';
import { readOutputs } from '../../node/sqlite/side-cells.ts';
import type { CompareSettings, ComparisonRef } from '../../protocol/compare.ts';
import { aborted } from '../aborted.ts';
import type { CaseBatches } from '../case-batches.ts';
import { batchesOf, sequentialComparison } from './sequence.ts';

/** Between two looks. Each costs a pause of the faster side: a few requests in a row are worth more than stopping a case earlier. */
const BATCH = 20;

type Turn = PromiseWithResolvers<readonly number[] | null>;

/**
 * Gives the runs of a comparison their cases in random order, both the same ones, and no more once the answer is clear. A run asks for the
 * next batch when it has the answers of the last; it gets it when all have asked.
 */
export class SequentialBatches implements CaseBatches {
  readonly #settings: CompareSettings;
  readonly #until: RunSequence['until'];
  readonly #seed: number;
  readonly #ready = Promise.withResolvers<void>();
  readonly #waiting = new Set<string>();
  #runs = new Set<string>();
  #turn: Turn = Promise.withResolvers();
  #begun: { readonly ref: ComparisonRef; readonly store: RunStore; readonly facts: CaseFacts; readonly comparison: SequentialComparison; readonly batches: readonly (readonly number[])[] } | null = null;
  #given = 0;
  #asked = 0;
  #answer: EarlyAnswer | null = null;
  /** A run has ended before the others: nothing can be compared any more. */
  #broken = false;

  constructor(settings: CompareSettings, until: RunSequence['until'], seed: number) {
    this.#settings = settings;
    this.#until = until;
    this.#seed = seed;
    // Nobody may wait for it, when a run could not start.
    this.#ready.promise.catch(() => undefined);
  }

  /** Once all runs are journaled. `runIds`: those that were started; the other side's cells are there. */
  begin(ref: ComparisonRef, runIds: readonly string[], store: RunStore, facts: CaseFacts): void {
    this.#runs = new Set(runIds);
    this.#begun = { ref, store, facts, comparison: sequentialComparison(facts.clusters, { until: this.#until }, this.#settings), batches: batchesOf(facts.clusters, { seed: this.#seed, batch: BATCH }) };
    this.#ready.resolve();
  }

  async next(runId: string, signal: AbortSignal): Promise<readonly number[] | null> {
    const stopped = aborted(signal).then(() => null);
    if ((await Promise.race([this.#ready.promise, stopped])) === null) return null;
    const { promise } = this.#turn;
    this.#waiting.add(runId);
    this.#advance();
    return Promise.race([promise, stopped]);
  }

  outcome(_runId: string, done: number): { readonly status: 'finished' | 'cancelled'; readonly sequence?: Required<Pick<RunInfo, 'planned' | 'sequence'>> } {
    if (this.#begun === null || this.#broken) return { status: 'cancelled' };
    const { ref, facts } = this.#begun;
    const stopped = this.#answer === null ? null : this.#stopped(this.#answer, facts.caseIds.length);
    const sequence: RunSequence = { a: ref.a, b: ref.b, seed: this.#seed, batch: BATCH, until: this.#until, metric: this.#settings.metric, margin: this.#settings.margin, stopped };
    return { status: 'finished', sequence: { planned: done, sequence } };
  }

  left(runId: string): void {
    this.#runs.delete(runId);
    this.#waiting.delete(runId);
    if (this.#begun !== null && this.#answer === null && this.#given < this.#begun.batches.length) this.#broken = true;
    if (this.#runs.size > 0) this.#advance();
  }

  #advance(): void {
    if (this.#waiting.size < this.#runs.size || this.#begun === null) return;
    const turn = this.#turn;
    this.#turn = Promise.withResolvers();
    this.#waiting.clear();
    try {
      this.#look();
      const batch = this.#broken || this.#answer !== null ? undefined : this.#begun.batches[this.#given];
      if (batch !== undefined) this.#given++;
      turn.resolve(batch ?? null);
    } catch (error) {
      turn.reject(error);
    }
  }

  /** At the answers of the batch that was given last. */
  #look(): void {
    const { ref, store, facts, comparison, batches } = this.#begun!;
    const batch = this.#given === 0 || this.#broken || this.#answer !== null ? undefined : batches[this.#given - 1];
    if (batch === undefined) return;
    const [a, b] = [ref.a, ref.b].map(({ runId, modelIndex }) => readOutputs(store, store.get(runId), modelIndex, batch)) as [PairedCase['a'][], PairedCase['b'][]];
    comparison.add(batch.map((index, i) => ({ caseId: facts.caseIds[index] ?? '', cluster: facts.clusters[index] ?? null, slices: [], a: a[i]!, b: b[i]! })));
    this.#asked += batch.length;
    // After the last batch there is nothing left to save, and the usual test says more.
    if (this.#given < batches.length) this.#answer = comparison.answer;
  }

  #stopped(answer: EarlyAnswer, of: number): NonNullable<RunSequence['stopped']> {
    const { store, ref } = this.#begun!;
    const runs = [...new Set([ref.a.runId, ref.b.runId])].map((runId) => store.get(runId)).filter(({ info }) => info.sequence !== undefined || info.status === 'running');
    const spent = runs.reduce<number | null>((sum, run) => {
      const { cost } = store.summarize(run);
      return sum === null || cost === null ? null : sum + cost;
    }, 0);
    const savedUsd = spent === null ? null : (spent / this.#asked) * (of - this.#asked);
    return { cases: this.#asked, of, savedUsd, sentence: stoppedSentence({ ...answer, cases: this.#asked }, of, savedUsd) };
  }
}
