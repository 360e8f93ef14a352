import type { Database } from './database.ts';
import { storeError } from './database.ts';
import type { StoredRun } from './run-row.ts';

/** One model of one run. */
export interface VerdictSide {
  readonly run: StoredRun;
  readonly modelIndex: number;
}

export type StoredVerdict = 'a' | 'b' | 'tie';

export interface VerdictRow {
  readonly verdict: StoredVerdict;
  readonly author: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

interface Pair {
  readonly keys: readonly [leftRun: number, leftModel: number, rightRun: number, rightModel: number];
  /** `a` stands on the right in the table. */
  readonly turned: boolean;
}

/** People's verdicts on the cases of comparisons, whichever side is called the baseline. */
export class VerdictStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** `null` takes a verdict back. */
  set(a: VerdictSide, b: VerdictSide, caseIndex: number, verdict: StoredVerdict | null, author: string, at: number): void {
    const { keys, turned } = pairOf(a, b);
    const stored = verdict === null || verdict === 'tie' ? verdict : (verdict === 'a') === turned ? 'right' : 'left';
    try {
      this.#database
        .prepare(
          `INSERT INTO comparison_verdict (left_run, left_model, right_run, right_model, case_index, verdict, author, at, changes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)
             ON CONFLICT DO UPDATE SET verdict = excluded.verdict, author = excluded.author, at = excluded.at, changes = changes + 1`,
        )
        .run(...keys, caseIndex, stored, author, at);
    } catch (error) {
      throw storeError(error, this.#database.name);
    }
  }

  /** By case. */
  all(a: VerdictSide, b: VerdictSide): Map<number, VerdictRow> {
    const { keys, turned } = pairOf(a, b);
    const rows = this.#database
      .prepare('SELECT case_index, verdict, author, at FROM comparison_verdict WHERE left_run = ? AND left_model = ? AND right_run = ? AND right_model = ? AND verdict IS NOT NULL')
      .raw()
      .all(...keys) as [number, 'left' | 'right' | 'tie', string, number][];
    return new Map(rows.map(([caseIndex, verdict, author, at]) => [caseIndex, { verdict: verdict === 'tie' ? verdict : (verdict === 'left') === turned ? 'b' : 'a', author, at }]));
  }

  /** Grows with every change of a verdict. */
  changes(a: VerdictSide, b: VerdictSide): number {
    return Number(
      this.#database
        .prepare('SELECT coalesce(sum(changes), 0) FROM comparison_verdict WHERE left_run = ? AND left_model = ? AND right_run = ? AND right_model = ?')
        .pluck()
        .get(...pairOf(a, b).keys),
    );
  }
}

function pairOf(a: VerdictSide, b: VerdictSide): Pair {
  const turned = a.run.n === b.run.n ? a.modelIndex > b.modelIndex : a.run.n > b.run.n;
  const [left, right] = turned ? [b, a] : [a, b];
  return { keys: [left.run.n, left.modelIndex, right.run.n, right.modelIndex], turned };
}
