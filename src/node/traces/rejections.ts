import type { Database } from '../sqlite/database.ts';
import type { ReadBatch } from './decode-batch.ts';

const MAX_KEPT = 500;
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_BODY = 256 * 1024;

export interface KeptRejection {
  readonly place: string;
  readonly where: string;
  readonly reason: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** What could not be taken (`keepBytes`), for the user to look at: the newest, bounded in number and size. */
export class Rejections {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      insert: database.prepare('INSERT INTO trace_rejection (at, place, location, reason, content_type, body) VALUES (?, ?, ?, ?, ?, ?)'),
      // Newest first, with the bytes up to each: what is beyond either limit goes.
      trim: database.prepare('DELETE FROM trace_rejection WHERE n IN (SELECT n FROM (SELECT n, row_number() OVER newest AS position, sum(length(body)) OVER newest AS bytes FROM trace_rejection WINDOW newest AS (ORDER BY n DESC)) WHERE position > ? OR bytes > ?)'),
    };
  }

  add(at: number, batch: Pick<ReadBatch, 'rejected' | 'origin' | 'contentType'>): void {
    for (const { where, reason, value } of batch.rejected) {
      if (value instanceof Uint8Array) this.keep(at, { place: batch.origin.place, where, reason, contentType: batch.contentType, body: value });
    }
  }

  keep(at: number, { place, where, reason, contentType, body }: KeptRejection): void {
    this.#statements.insert.run(at, place.slice(0, 1000), where, reason.slice(0, 2000), contentType, body.subarray(0, MAX_BODY));
    this.#statements.trim.run(MAX_KEPT, MAX_BYTES);
  }
}
