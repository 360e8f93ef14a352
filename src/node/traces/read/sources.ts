import { TouchstoneError } from '../../../core/errors.ts';
import type { SourcesState } from '../../../protocol/traces.ts';
import type { Database } from '../../sqlite/database.ts';

const MOST_SENDERS = 100;
const MOST_REJECTIONS = 200;

/** What the store knows of where traces come from, whichever window received them. */
export function storedSources(database: Database): Pick<SourcesState, 'counts' | 'senders' | 'rejections' | 'store'> {
  const counted = new Map(database.prepare('SELECT key, value FROM trace_count').raw().all() as [string, number][]);
  const count = (key: string): number => counted.get(key) ?? 0;
  const { traces, spans } = database.prepare('SELECT count(*) AS traces, ifnull(sum(spans), 0) AS spans FROM trace').get() as { traces: number; spans: number };
  const pages = Number(database.pragma('page_count', { simple: true })) - Number(database.pragma('freelist_count', { simple: true }));
  return {
    counts: { spans: count('spans'), logs: count('logs'), metrics: count('metrics'), rejected: count('rejected'), requests: count('requests'), lastAt: counted.get('lastAt') ?? null },
    senders: database.prepare('SELECT service, scope, spans, last_at AS lastAt FROM trace_sender ORDER BY last_at DESC LIMIT ?').all(MOST_SENDERS) as SourcesState['senders'],
    rejections: database.prepare("SELECT at, CASE place WHEN '' THEN location ELSE place || ': ' || location END AS \"where\", reason, length(body) AS bytes, n AS id FROM trace_rejection ORDER BY n DESC LIMIT ?").all(MOST_REJECTIONS) as SourcesState['rejections'],
    store: { traces, spans, bytes: pages * Number(database.pragma('page_size', { simple: true })) },
  };
}

/** @throws TouchstoneError 'not-found' */
export function storedRejection(database: Database, id: number): { contentType: string; body: Uint8Array } {
  const row = database.prepare('SELECT content_type AS contentType, body FROM trace_rejection WHERE n = ?').get(id) as { contentType: string; body: Buffer } | undefined;
  if (row === undefined) throw new TouchstoneError('not-found', 'These bytes are no longer kept: newer ones have taken their place.');
  return { contentType: row.contentType, body: Uint8Array.from(row.body) };
}
