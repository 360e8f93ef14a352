import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage, TouchstoneError } from '../../core/errors.ts';
import { SinkError, type TraceSink } from '../../core/trace/sink.ts';
import { DATABASE_FILE, DATABASE_FOLDER } from '../../node/sqlite/database.ts';
import { isSearchBehind } from '../../node/traces/index-behind.ts';
import { createTraceReads, type TraceReads } from '../../node/traces/read/reads.ts';
import type { ReadMethod, ReadMethods } from '../../node/traces/read/methods.ts';
import { createTraceSink, type SqliteTraceSink } from '../../node/traces/sink.ts';
import type { TraceMethods, TraceNotifications } from '../../protocol/traces.ts';
import type { Workspace } from '../workspace.ts';

export interface TraceEvents {
  changed(params: TraceNotifications['traces/changed']): void;
  log(level: 'info' | 'warn' | 'error', message: string): void;
}

/** Traces that are deleted at once: between two rounds others read and write. */
const DELETED_AT_ONCE = 500;

/** How long a search waits for the words that a killed process has left; what is found later is told as a change. */
const CATCH_UP_MS = 2000;

/** The traces of one workspace folder: reading, taking in, deleting. Everything opens on first use. */
export class Traces {
  readonly #workspace: Workspace;
  readonly #events: TraceEvents;
  #open: Promise<{ reads: TraceReads; sink: SqliteTraceSink }> | undefined;
  #secrets = 0;
  /** The settings that the sink was told last, as JSON. */
  #told = '';
  #closed = false;
  /** What a killed process has left is being added to the index of words. */
  #catchingUp: Promise<void> | undefined;

  constructor(workspace: Workspace, events: TraceEvents) {
    this.#workspace = workspace;
    this.#events = events;
  }

  /** @throws TouchstoneError 'untrusted-workspace' | 'store' and what the read says */
  async read<M extends ReadMethod>(method: M, params: ReadMethods[M][0], signal?: AbortSignal): Promise<ReadMethods[M][1]> {
    const { reads } = await this.#opened();
    if (this.#catchingUp !== undefined && 'query' in params && params.query !== '') await Promise.race([this.#catchingUp, sleep(CATCH_UP_MS, undefined, { ref: false })]);
    return reads.read(method, params, signal);
  }

  /** What takes traces in. Secrets that became known meanwhile are told before the next batch. @throws TouchstoneError 'untrusted-workspace' | 'store' */
  async sink(): Promise<TraceSink> {
    const { sink } = await this.#opened();
    return {
      ingest: (batch) => {
        const secrets = this.#workspace.redactor.secrets();
        if (secrets.length !== this.#secrets) sink.update({ secrets });
        this.#secrets = secrets.length;
        return sink.ingest(batch);
      },
    };
  }

  /** A trace is on its way: it finds what stores and reads it at work. @throws as `sink` does */
  async expectTrace(): Promise<void> {
    const { reads, sink } = await this.#opened();
    sink.start();
    reads.start();
  }

  async delete(which: TraceMethods['traces/delete'][0]): Promise<number> {
    const { reads, sink } = await this.#opened();
    if ('traceIds' in which) return this.#deleteFrom(sink, which.traceIds);
    let deleted = 0;
    // From the last one down: what arrives meanwhile was not meant, and comes behind it.
    for (let before: number | null | undefined; before !== null; ) {
      const { traceIds, next } = await reads.read('ids', { query: which.query, limit: DELETED_AT_ONCE, ...(before === undefined ? {} : { before }) });
      deleted += await this.#deleteFrom(sink, traceIds);
      before = next;
    }
    return deleted;
  }

  async #deleteFrom(sink: SqliteTraceSink, traceIds: readonly string[]): Promise<number> {
    try {
      return await sink.delete(traceIds);
    } catch (error) {
      throw error instanceof SinkError ? new TouchstoneError('store', `The traces could not be deleted: ${error.message}`, { cause: error }) : error;
    }
  }

  /** Settings or touchstone.yml changed: how long traces are kept, what calls cost. */
  async update(): Promise<void> {
    // What could not be opened is opened with the new settings.
    const open = await this.#open?.catch(() => undefined);
    if (open === undefined) return;
    const settings = await this.#settings();
    const told = JSON.stringify(settings);
    // It is asked at every look at the sources, and retention is looked at anew whenever it is told.
    if (told !== this.#told) open.sink.update(settings);
    this.#told = told;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const open = await this.#open?.catch(() => undefined);
    this.#open = undefined;
    if (open !== undefined) await Promise.all([open.reads.close(), open.sink.close()]);
  }

  async #opened(): Promise<{ reads: TraceReads; sink: SqliteTraceSink }> {
    this.#workspace.requireTrust();
    if (this.#closed) throw new TouchstoneError('engine-stopped', 'The workspace folder was closed.');
    this.#open ??= this.#openStore().catch((error: unknown) => {
      this.#open = undefined;
      throw error;
    });
    return this.#open;
  }

  async #openStore(): Promise<{ reads: TraceReads; sink: SqliteTraceSink }> {
    // Creates the file and its tables.
    const { database } = await this.#workspace.store();
    const { folder } = this.#workspace;
    const settings = await this.#settings();
    this.#told = JSON.stringify(settings);
    const sink = createTraceSink({
      folder,
      ...settings,
      secrets: this.#workspace.redactor.secrets(),
      onChanged: (traceIds, all) => this.#events.changed({ traceIds, all }),
      onProblem: (message) => this.#events.log('warn', message),
    });
    const reads = createTraceReads({ path: join(folder, DATABASE_FOLDER, DATABASE_FILE), prices: async () => (await this.#config()).prices });
    if (isSearchBehind(database)) this.#catchUp(sink);
    return { reads, sink };
  }

  /** Also in a window that stores nothing: it is the first that searches. (Of a process that lives its words are added a moment sooner.) */
  #catchUp(sink: SqliteTraceSink): void {
    this.#catchingUp = sink.catchUp()
      .catch((error: unknown) => {
        if (!this.#closed) this.#events.log('warn', `Words of the last traces are not found yet: ${errorMessage(error)}`);
      })
      .finally(() => {
        this.#catchingUp = undefined;
      });
  }

  async #settings(): Promise<Parameters<SqliteTraceSink['update']>[0]> {
    const { traces } = this.#workspace.settings;
    const { prices } = await this.#config();
    return { prices, ...(traces === undefined ? {} : { retention: { days: traces.retentionDays, maxBytes: traces.maxBytes } }) };
  }

  #config(): ReturnType<Workspace['config']> {
    return this.#workspace.config(this.#workspace.files());
  }
}
