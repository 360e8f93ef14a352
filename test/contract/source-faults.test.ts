import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseQuery } from '../../src/core/trace/query/parse.ts';
import { MIGRATIONS } from '../../src/node/sqlite/migrations.ts';
import { createTraceSource, SourceError, type TraceSource } from '../../src/node/sources/index.ts';
import { testTrace, type BackendTrace } from '../fixtures/servers/backend-data.ts';
import { MemoryFetchSink } from '../fixtures/servers/memory-fetch-sink.ts';
import { refOf, SOURCE_CASES, sourceAt, type SourceCase } from '../fixtures/servers/source-cases.ts';
import { startBackend, type BackendServer } from '../fixtures/servers/trace-backends.ts';
import { backend } from '../unit/links/backends.ts';

const TRACE = testTrace(60);
const never = new AbortController().signal;

/** Honeycomb gives no traces; what it is asked can fail all the same. */
const HONEYCOMB: Pick<SourceCase, 'name' | 'type' | 'endpoints' | 'entry'> = { name: 'Honeycomb', type: 'honeycomb', endpoints: (asked) => (asked.path === '/1/auth' ? { body: '{"team":{"name":"shop"}}' } : undefined) };

type Work = (source: TraceSource) => Promise<unknown>;
interface Operation {
  readonly name: string;
  readonly of: Pick<SourceCase, 'name' | 'type' | 'endpoints' | 'entry'>;
  readonly work: Work;
}

/** How many spans came. */
function fetchSpans(of: SourceCase): Work {
  return async (source) => {
    const sink = new MemoryFetchSink();
    await source.fetchTrace(refOf(of.ref(TRACE)), sink, never);
    return sink.spans;
  };
}

/** Everything that an adapter can be asked. */
const OPERATIONS: readonly Operation[] = [
  ...SOURCE_CASES.flatMap((of): Operation[] => [
    { name: `${of.name}: a trace`, of, work: fetchSpans(of) },
    { name: `${of.name}: a test`, of, work: (source) => source.test(never) },
    ...(of.type === 'datadog' ? [] : [{ name: `${of.name}: a list`, of, work: (source: TraceSource) => source.list!({ query: parseQuery(`after:2026-11-19 ${of.query ?? ''}`), limit: 10, cursor: null, now: Date.UTC(2026, 10, 21) }, never) }]),
  ]),
  { name: 'Honeycomb: a test', of: HONEYCOMB, work: (source) => source.test(never) },
];

interface Met {
  /** `null`: it did not fail. */
  readonly error: unknown;
  readonly result: unknown;
  readonly server: BackendServer;
}

/** Each operation at a server of its own that fails in the same way, all at once: what they wait for is waited for once. */
async function meet(fault: () => (response: ServerResponse) => boolean, timeoutMs = 30_000): Promise<Map<string, Met>> {
  const met = await Promise.all(OPERATIONS.map(async ({ name, of, work }): Promise<[string, Met]> => {
    const server = await startBackend<readonly BackendTrace[]>(of.endpoints, [TRACE]);
    const respond = fault();
    server.fault = (_, response) => respond(response);
    const source = sourceAt(of, server.url, { timeoutMs });
    const met = await work(source).then((result) => ({ error: null, result }), (error: unknown) => ({ error, result: null }));
    source.dispose();
    await server.stop();
    return [name, { ...met, server }];
  }));
  return new Map(met);
}

function answer(status: number, headers: Readonly<Record<string, string>>, body: string): () => (response: ServerResponse) => boolean {
  return () => (response) => {
    response.writeHead(status, headers).end(body);
    return true;
  };
}

/** Of each operation its error, where that is not as it should be. */
function unlike(met: ReadonlyMap<string, Met>, code: string, advice: RegExp): Record<string, string> {
  return Object.fromEntries([...met].flatMap(([name, { error }]) => (error instanceof SourceError && error.code === code && advice.test(error.message) ? [] : [[name, error instanceof SourceError ? `${error.code}: ${error.message}` : String(error)]])));
}

describe('what fails says what to do, at every source and whatever it is asked', () => {
  const JSON_TYPE = { 'content-type': 'application/json' };

  it('401', async () => {
    expect(unlike(await meet(answer(401, JSON_TYPE, '{"message":"no"}')), 'unauthorized', /(?:check|Check|set|Set) TOUCHSTONE_\w+/)).toEqual({});
  });

  it('403', async () => {
    expect(unlike(await meet(answer(403, JSON_TYPE, '{"message":"no"}')), 'unauthorized', /(?:check|Check) TOUCHSTONE_\w+/)).toEqual({});
  });

  it('404', async () => {
    expect(unlike(await meet(answer(404, JSON_TYPE, '{"message":"no"}')), 'not-found', /may be of another project|"url" in touchstone\.yml|is not retained|no longer shared/)).toEqual({});
  });

  it('429 with Retry-After: waits, and goes on', async () => {
    const met = await meet(() => {
      let times = 0;
      return (response) => times++ === 0 && response.writeHead(429, { 'retry-after': '0' }).end() !== undefined;
    });
    expect([...met].filter(([, { error }]) => error !== null).map(([name, { error }]) => `${name}: ${String(error)}`)).toEqual([]);
    expect([...met].flatMap(([name, { server }]) => (server.asked.length < 2 || server.wrong.length > 0 ? [`${name}: ${server.wrong.join()}`] : []))).toEqual([]);
  });

  it('429 for an hour: says so instead of waiting', async () => {
    const met = await meet(answer(429, { 'retry-after': '3600' }, ''));
    expect(unlike(met, 'rate-limited', /try again later/)).toEqual({});
    for (const [name, { server }] of met) expect(server.asked.length, name).toBe(1);
  });

  it('500 again and again', async () => {
    const met = await meet(answer(500, JSON_TYPE, '{"message":"the database is down"}'));
    expect(unlike(met, 'source-server', /try again later/)).toEqual({});
    for (const [name, { server }] of met) expect(server.asked.length, name).toBe(4);
  });

  it('503 once: asks again', async () => {
    const met = await meet(() => {
      let times = 0;
      return (response) => times++ === 0 && response.writeHead(503).end('busy') !== undefined;
    });
    expect([...met].filter(([, { error }]) => error !== null).map(([name]) => name)).toEqual([]);
  });

  it('silence', async () => {
    const met = await meet(() => () => true, 300);
    expect(unlike(met, 'timeout', /sent nothing for 0\.3 s: try again, or set "timeoutMs" in its entry/)).toEqual({});
  });

  it('half a page, and the connection breaks', async () => {
    const met = await meet(() => (response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': '5000' });
      response.write('{"data":[{"id":"1","traceId":"');
      setTimeout(() => response.destroy(), 5);
      return true;
    });
    expect(unlike(met, 'network', /broke.*try again/i)).toEqual({});
    for (const [name, { server }] of met) expect(server.asked.length, name).toBeGreaterThan(1);
  });

  it('half a page that ends as if it were whole', async () => {
    const met = await meet(answer(200, JSON_TYPE, '{"data":[{"id":"1","traceId":"'));
    // A stream of lines is read line by line: what half of one holds is told by the store, and nothing else came.
    expect(unlike(new Map([...met].filter(([name]) => name !== 'Weave: a trace')), 'source-response', /half.*Try again/i)).toEqual({});
    for (const [name, { server }] of met) if (name !== 'Weave: a trace') expect(server.asked.length, name).toBeGreaterThan(1);
  });

  it('HTML instead of JSON', async () => {
    expect(unlike(await meet(answer(200, { 'content-type': 'text/html' }, '<!doctype html><html><title>Sign in</title></html>')), 'source-response', /HTML page \(“Sign in”\).*"url" in touchstone\.yml/)).toEqual({});
  });

  it('JSON of something else', async () => {
    const met = await meet(answer(200, JSON_TYPE, '{"status":"ok","version":"1.2.3"}'));
    // Nothing is taken for a trace.
    for (const [name, { error, result }] of met) if (name.endsWith(': a trace')) expect(error instanceof SourceError || result === 0, name).toBe(true);
    // No answer makes a program's error of it.
    expect([...met].filter(([, { error }]) => error !== null && !(error instanceof SourceError)).map(([name, { error }]) => `${name}: ${String(error)}`)).toEqual([]);
  });

  it.each<string>(['null', '[]', '7', '"text"', '{"data":{"data":[null,7,"a",[]]},"items":[null],"runs":[7],"content":["a"],"traces":[[]],"rows":[null]}', '{"__proto__":{"data":[{"id":"1"}]},"constructor":7}'])('whatever else is JSON: %s', async (body) => {
    const met = await meet(answer(200, JSON_TYPE, body));
    expect([...met].filter(([, { error }]) => error !== null && !(error instanceof SourceError)).map(([name, { error }]) => `${name}: ${String(error)}`)).toEqual([]);
    expect(Object.hasOwn(Object.prototype, 'data')).toBe(false);
  });
});

describe('a database of somebody else', () => {
  let folder!: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'touchstone-sqlite-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is not there, is none, is another, is older or newer: says what to do', async () => {
    const database = (name: string, sql: string): string => {
      const path = join(folder, name);
      new Sqlite(path).exec(sql).close();
      return path;
    };
    const garbage = join(folder, 'garbage.db');
    writeFileSync(garbage, 'no database at all, '.repeat(500));
    const half = join(folder, 'half.db');
    writeFileSync(half, 'SQLite format 3\0');
    const OURS = `PRAGMA application_id = ${0x54434853};`;
    for (const [path, message] of [
      [join(folder, 'missing.db'), /is not there: check "path" in touchstone\.yml/], [folder, /cannot be read|is no database/], [garbage, /cannot be read.*It must be a touchstone\.db/], [half, /cannot be read.*It must be a touchstone\.db/],
      [database('other.db', 'CREATE TABLE span (id)'), /is no database of Touchstone/], [database('views.db', `${OURS} PRAGMA user_version = ${MIGRATIONS.length}; CREATE VIEW trace AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id FROM n`), /is no database of Touchstone/],
      [database('newer.db', `${OURS} PRAGMA user_version = 9999; CREATE TABLE a (b)`), /newer Touchstone.*update Touchstone/], [database('older.db', `${OURS} PRAGMA user_version = 1; CREATE TABLE a (b)`), /older Touchstone.*must update/],
    ] as const) {
      const source = createTraceSource(backend('sqlite', { path }), { proxy: { url: null, strictSsl: true, noProxy: [] }, secrets: () => Promise.resolve(null), redact: (text) => text });
      for (const work of [() => source.test(never), () => source.fetchTrace(refOf({ traceId: TRACE.id }), new MemoryFetchSink(), never)]) {
        const error: unknown = await work().then(() => null, (reason: unknown) => reason);
        expect(error, path).toBeInstanceOf(SourceError);
        expect((error as Error).message, path).toMatch(message);
      }
      source.dispose();
    }
  });
});
