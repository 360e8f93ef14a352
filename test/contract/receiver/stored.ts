import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../../src/node/sqlite/database.ts';
import { createTraceReads, type TraceReads } from '../../../src/node/traces/read/reads.ts';
import { createTraceSink, type SqliteTraceSink, type TraceSinkOptions } from '../../../src/node/traces/sink.ts';
import { JSON_TYPE, post, serve, TRACE, type Served } from './support.ts';

/** A span as `touchstone trace ID --json` prints it; the members that these tests look at. */
export interface StoredSpan {
  readonly spanId: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly kind: string;
  readonly startNs: string;
  readonly endNs: string | null;
  readonly status: string;
  readonly input: unknown;
  readonly output: unknown;
  readonly tokens: { readonly input: number | null; readonly output: number | null; readonly cacheRead: number | null } | null;
  readonly attributes: { readonly [key: string]: unknown };
}

/** The real receiver before the real store in a workspace of its own. */
export interface Stored extends AsyncDisposable {
  readonly served: Served<SqliteTraceSink>;
  readonly reads: TraceReads;
  readonly sink: SqliteTraceSink;
  readonly folder: string;
  /** Posts OTLP/JSON. */
  post(request: object, path?: string): ReturnType<typeof post>;
  spans(traceId?: string): Promise<StoredSpan[]>;
}

export async function startStored(options: Partial<TraceSinkOptions> & { readonly problems?: string[] } = {}): Promise<Stored> {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-received-'));
  (await openDatabase(folder)).close();
  const sink = createTraceSink({ folder, ...options });
  const served = await serve({ folder, sink });
  const reads = createTraceReads({ path: join(folder, '.touchstone', 'touchstone.db'), prices: () => Promise.resolve({}) });
  return {
    served, reads, sink, folder,
    post: (request, path = '/v1/traces') => post(served.http, path, JSON_TYPE, request),
    async spans(traceId = TRACE) {
      await sink.settled();
      return (JSON.parse(await reads.read('text', { traceId, format: 'json' })) as { spans: StoredSpan[] }).spans;
    },
    async [Symbol.asyncDispose]() {
      await served.receiver.stop();
      await Promise.all([sink.close(), reads.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
