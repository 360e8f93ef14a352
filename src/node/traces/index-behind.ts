import type { Database } from '../sqlite/database.ts';

/** `index_behind.kind` */
export const BEHIND = { search: 0, keys: 1 } as const;

/** Whether words of what is stored wait to be added: of a process that writes now, or of one that was killed. */
export function isSearchBehind(database: Database): boolean {
  return database.prepare(`SELECT 1 FROM index_behind WHERE kind = ${BEHIND.search} LIMIT 1`).get() !== undefined;
}

export interface Range {
  readonly first: number;
  readonly last: number;
}

/**
 * Which numbers an index does not have yet. Said in the transaction that stores what they number, and taken back in the one that adds
 * them to the index: a process that is killed in between leaves word.
 */
export class IndexBehind {
  readonly #statements;

  constructor(database: Database, kind: (typeof BEHIND)[keyof typeof BEHIND]) {
    this.#statements = {
      say: database.prepare(`INSERT OR IGNORE INTO index_behind (kind, first, last) VALUES (${kind}, ?, ?)`),
      takeBack: database.prepare(`DELETE FROM index_behind WHERE kind = ${kind} AND first = ?`),
      all: database.prepare(`SELECT first, last FROM index_behind WHERE kind = ${kind} ORDER BY first`),
      forgetTrace: database.prepare(`DELETE FROM index_behind WHERE kind = ${kind} AND first BETWEEN ? AND ? AND last <> first`),
    };
  }

  say(first: number, last: number): void {
    this.#statements.say.run(first, last);
  }

  /** `false`: another process has added the range meanwhile, or its trace was deleted. */
  takeBack(first: number): boolean {
    return this.#statements.takeBack.run(first).changes === 1;
  }

  /** In their order. Each process says a range of its own where it goes on in a trace that another one has written to: so a range ends before the next. */
  all(): Range[] {
    const ranges = this.#statements.all.all() as Range[];
    const open = ranges.filter(({ first, last }) => last > first);
    const ends = new Map(open.map(({ first, last }, at) => [first, Math.min(last, (open[at + 1]?.first ?? Infinity) - 1)]));
    return ranges.map(({ first, last }) => ({ first, last: ends.get(first) ?? last }));
  }

  /** A trace was deleted, whose numbers these are. What is said of a single number stays: other traces may use that chunk. */
  forgetTrace({ first, last }: Range): void {
    this.#statements.forgetTrace.run(first, last);
  }
}
