import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';

interface PostedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: unknown;
  readonly status?: { readonly code?: number };
}

/**
 * The least that storing spans takes with better-sqlite3: each body is parsed with JSON.parse, each span inserted as one row of its
 * columns and its attributes as JSON, one transaction a batch; WAL, synchronous = NORMAL as in the store. No server, no decoding of
 * other spellings, no search, no sums.
 * @param isKeyed with the primary key (trace, span), without which a batch that is sent again would be stored twice
 * @returns milliseconds
 */
export function bareLoop(bodies: readonly Buffer[], isKeyed: boolean): number {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-bench-bare-'));
  const database = new Sqlite(join(folder, 'bare.db'));
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma('cache_size = -64000');
    database.exec(`CREATE TABLE span (trace_id TEXT, span_id TEXT, parent_id TEXT, name TEXT, kind INTEGER, start_ns INTEGER, end_ns INTEGER, status INTEGER, attributes TEXT${isKeyed ? ', PRIMARY KEY (trace_id, span_id)' : ''})`);
    const insert = database.prepare('INSERT OR REPLACE INTO span VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    const write = database.transaction((spans: readonly PostedSpan[]) => {
      for (const span of spans) insert.run(span.traceId, span.spanId, span.parentSpanId ?? null, span.name, span.kind, BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano), span.status?.code ?? 0, JSON.stringify(span.attributes));
    });
    const began = performance.now();
    for (const body of bodies) {
      const { resourceSpans } = JSON.parse(body.toString('utf8')) as { resourceSpans: { scopeSpans: { spans: PostedSpan[] }[] }[] };
      for (const { scopeSpans } of resourceSpans) for (const { spans } of scopeSpans) write(spans);
    }
    return performance.now() - began;
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
