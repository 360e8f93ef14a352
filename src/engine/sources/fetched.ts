import type { SourceType } from '../../core/config/model.ts';
import type { RemoteIds } from '../../core/links/make.ts';
import type { Database } from '../../node/sqlite/database.ts';
import type { Fetched } from '../../protocol/remote.ts';

/** What is remembered of a trace that was fetched: where it came from, and how to ask for it again. */
export interface FetchedRecord extends Fetched {
  readonly ids: RemoteIds;
}

interface Row {
  readonly source: string;
  readonly type: SourceType;
  readonly link: string | null;
  readonly ids: string;
  readonly notes: string;
  readonly at: number;
}

/** The table `trace_fetched`. A row goes with its trace. */
export class FetchedTraces {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(traceId: string): FetchedRecord | null {
    const row = this.#database.prepare('SELECT source, type, link, ids, notes, at FROM trace_fetched WHERE trace_id = ?').get(Buffer.from(traceId, 'hex')) as Row | undefined;
    return row === undefined ? null : { ...row, ids: JSON.parse(row.ids) as RemoteIds, notes: JSON.parse(row.notes) as string[] };
  }

  set(traceId: string, { source, type, link, ids, notes, at }: FetchedRecord): void {
    this.#database
      .prepare('INSERT INTO trace_fetched (trace_id, source, type, link, ids, notes, at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (trace_id) DO UPDATE SET source = excluded.source, type = excluded.type, link = excluded.link, ids = excluded.ids, notes = excluded.notes, at = excluded.at')
      .run(Buffer.from(traceId, 'hex'), source, type, link, JSON.stringify(ids), JSON.stringify(notes), at);
  }

  /** Which of these the store has. */
  stored(traceIds: readonly string[]): Set<string> {
    const has = this.#database.prepare('SELECT 1 FROM trace WHERE id = ?').pluck();
    return new Set(traceIds.filter((id) => has.get(Buffer.from(id, 'hex')) !== undefined));
  }
}
