import { existsSync } from 'node:fs';
import { readTraceId } from '../../../core/trace/ids.ts';
import { printQuery } from '../../../core/trace/query/print.ts';
import { MIGRATIONS } from '../../sqlite/migrations.ts';
import { createTraceReads, type TraceReads } from '../../traces/read/reads.ts';
import { SourceError } from '../errors.ts';
import type { FetchedTrace, FetchSink, ListedPage, ListRequest, SourceContext, TraceRef, TraceSource } from '../source.ts';

const APPLICATION_ID = 0x54434853;

/** A database of Touchstone that somebody else writes, read where it lies: traces are listed and searched there, and copied when they are opened. */
export class SqliteSource implements TraceSource {
  readonly entry;
  #reads: Promise<TraceReads> | undefined;

  constructor(context: Pick<SourceContext, 'entry'>) {
    this.entry = context.entry;
  }

  dispose(): void {
    void this.#reads?.then((reads) => reads.close(), () => undefined);
    this.#reads = undefined;
  }

  async test(signal: AbortSignal): Promise<string> {
    const page = await (await this.#open()).read('traces/list', { query: '', sort: 'time', descending: true, limit: 1 }, signal);
    return `The database has ${page.total.count.toLocaleString('en')}${page.total.atLeast ? ' and more' : ''} traces.`;
  }

  async fetchTrace(ref: TraceRef, sink: FetchSink, signal: AbortSignal): Promise<FetchedTrace> {
    const wanted = ref.traceId ?? '';
    const id = readTraceId(wanted);
    if (typeof id !== 'string') throw new SourceError('not-found', `Source "${this.entry.name}" has no trace ${wanted}: it is no trace id.`, { status: 404 });
    const reads = await this.#open();
    const { traceId } = await reads.read('traces/get', { traceId: id }, signal);
    const text = await reads.read('text', { traceId, format: 'otlp' }, signal);
    await sink.documents(new TextEncoder().encode(text));
    return { ids: { traceId, spanId: ref.spanId, project: null, tenant: null, callId: null }, traceId, spanId: ref.spanId, notes: ['Log records beside the spans are left where they are.'] };
  }

  async list(request: ListRequest, signal: AbortSignal): Promise<ListedPage> {
    const page = await (await this.#open()).read('traces/list', { query: printQuery(request.query), sort: 'time', descending: true, limit: request.limit, ...(request.cursor === null ? {} : { cursor: request.cursor }) }, signal);
    return {
      traces: page.traces.map(({ traceId, name, startNs, durationNs, spans, errors, tokens, cost, service, session, user }) => ({ id: traceId, name, startNs, durationNs, spans, errors, tokens, cost, service, session, user })),
      next: page.next, notes: [],
    };
  }

  #open(): Promise<TraceReads> {
    this.#reads ??= this.#check().catch((error: unknown) => {
      this.#reads = undefined;
      throw error;
    });
    return this.#reads;
  }

  /** Only a database of ours, of this very version: it is somebody else's file, and nothing in it is changed. */
  async #check(): Promise<TraceReads> {
    const { name, path = '' } = this.entry;
    const fail = (why: string): SourceError => new SourceError('store', `Source "${name}": ${path} ${why}`);
    if (!existsSync(path)) throw fail('is not there: check "path" in touchstone.yml.');
    const { default: Sqlite } = await import('better-sqlite3');
    let id: unknown;
    let version = 0;
    let hasViews = false;
    try {
      const database = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 5000 });
      id = database.pragma('application_id', { simple: true });
      version = Number(database.pragma('user_version', { simple: true }));
      // We have none. One in the place of a table would make of a read whatever its author wants, without end.
      hasViews = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'view' LIMIT 1").get() !== undefined;
      database.close();
    } catch (error) {
      throw new SourceError('store', `Source "${name}": ${path} cannot be read (${error instanceof Error ? error.message : String(error)}). It must be a touchstone.db in a folder that may be written to, because SQLite keeps a lock beside it.`, { cause: error });
    }
    if (Number(id) !== APPLICATION_ID || hasViews) throw fail('is no database of Touchstone.');
    if (version > MIGRATIONS.length) throw fail(`was written by a newer Touchstone (schema ${version}, this one knows ${MIGRATIONS.length}): update Touchstone.`);
    if (version < MIGRATIONS.length) throw fail(`was last written by an older Touchstone (schema ${version}, this one reads ${MIGRATIONS.length}): whoever writes it must update.`);
    return createTraceReads({ path, prices: () => Promise.resolve({}) });
  }
}
