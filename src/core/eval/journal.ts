import type { TouchstoneError } from '../errors.ts';
import type { ModelReply, TokenUsage } from '../model/model.ts';
import type { AttemptInfo, CellError, CellKey, CellResult } from './model.ts';

/**
 * What a run writes down as it goes, so that a killed process loses nothing that was answered. Calls return at once;
 * the adapter commits what was recorded in one turn of the event loop together, in order. The port that `node/sqlite` implements.
 */
export interface RunJournal {
  /** A stored answer, or `undefined`. */
  findReply(replyKey: string): ModelReply | undefined;
  /** Keeps an answer for every run (the response cache). Resolves when it is committed: from then on nothing is sent again for it. */
  keepReply(replyKey: string, reply: ModelReply): Promise<void>;
  /**
   * Keeps the answer of a cell for this run alone, until the run is finished. Resolves when it is committed, or the cell's result in its
   * place: what is scored in the turn of its answer is written once. `replyKey` is called only where the answer itself is written.
   */
  holdReply(key: CellKey, replyKey: () => string, reply: ModelReply): Promise<void>;
  attemptStarted(key: CellKey, number: number, at: number): void;
  attemptEnded(key: CellKey, number: number, end: AttemptEnd): void;
  /** Resolves when the result is committed: only then is a cell finished for anybody else. */
  cellFinished(result: CellResult): Promise<void>;
  /** US dollars that the run may have spent by now, what is under way included: a budget goes on from there. */
  spent(usd: number): void;
  /** The results that are already there, for resuming and for checks across one case's outputs. */
  readCell(key: CellKey): CellResult | undefined;
  /** The first write that failed: the journal is no longer whole, and the run must stop. */
  failure(): TouchstoneError | undefined;
  /** Resolves when everything recorded so far is committed. Rejects with TouchstoneError 'store'. */
  flush(): Promise<void>;
}

export interface AttemptEnd {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly outcome: Exclude<AttemptInfo['outcome'], 'open'>;
  readonly error: CellError | null;
  /** `null`: unknown, as for an attempt that was cut. */
  readonly usage: TokenUsage | null;
}
