import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path, { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTraceText } from '../../src/core/trace/formats/read.ts';
import { mergeSpans } from '../../src/core/trace/merge.ts';
import type { RawLog, RawSpan } from '../../src/core/trace/model.ts';
import { normaliseTraces } from '../../src/core/trace/normalise/normalise-trace.ts';
import { totalOf } from '../../src/core/trace/normalise/tokens.ts';
import { encodeSpans } from '../../src/core/trace/otlp-encode.ts';
import type { BatchOrigin, DecodedBatch, EncodedBatch } from '../../src/core/trace/sink.ts';
import { DATABASE_FILE, DATABASE_FOLDER } from '../../src/node/sqlite/database.ts';
import { createTraceSink, type SqliteTraceSink, type TraceSinkOptions } from '../../src/node/traces/sink.ts';
import { StoredTraces } from '../fixtures/traces/stored.ts';
import { randomOf } from '../unit/trace/random.ts';
import { rawLog, rawSpan, TRACE } from '../unit/trace/spans.ts';

const shared = process.env['TOUCHSTONE_SHARED'] ?? path.resolve(import.meta.dirname, '../../../shared');
const corpus = path.join(shared, 'corpus/traces');
const ORIGIN: BatchOrigin = { kind: 'received', place: '/v1/traces' };

let folder: string;
const sinks: SqliteTraceSink[] = [];
const stores: StoredTraces[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-traces-'));
});
afterEach(async () => {
  for (const store of stores.splice(0)) store.close();
  for (const sink of sinks.splice(0)) await sink.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(options: Partial<TraceSinkOptions> = {}): SqliteTraceSink {
  const sink = createTraceSink({ folder, ...options });
  sinks.push(sink);
  return sink;
}

function look(): StoredTraces {
  const store = new StoredTraces(folder);
  stores.push(store);
  return store;
}

const decoded = (spans: readonly RawSpan[], logs: readonly RawLog[] = [], origin = ORIGIN): DecodedBatch => ({ spans, logs, rejected: [], origin });
const posted = (spans: readonly RawSpan[]): EncodedBatch => ({ form: 'otlp-traces-json', body: Buffer.from(JSON.stringify(encodeSpans(spans))), origin: ORIGIN });
const words = (word: string, count = 60): string => `${word} `.repeat(count);

const call = (id: string, parent: string | null, over: Parameters<typeof rawSpan>[1] = {}, attributes = {}): RawSpan =>
  rawSpan({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-5-mini', 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 10, ...attributes }, { id, parent, name: `chat ${id}`, ...over });
const agent = (id: string, parent: string | null, over: Parameters<typeof rawSpan>[1] = {}): RawSpan =>
  rawSpan({ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.usage.input_tokens': 200, 'gen_ai.usage.output_tokens': 20 }, { id, parent, name: `agent ${id}`, ...over });

describe('the trace store', () => {
  it('has every span when the promise resolves, and tells which traces changed', async () => {
    const told: string[] = [];
    const sink = open({ onChanged: (ids) => told.push(...ids) });
    const result = await sink.ingest(posted([agent('1', null), call('2', '1')]));
    expect(result).toEqual({ spans: 2, logs: 0, metrics: 0, rejected: [], formats: [], traceIds: [TRACE] });
    const store = look();
    expect(store.row(TRACE)).toMatchObject({ name: 'agent 1', name_of_root: 1, spans: 2, running: 0, errors: 0, llm_calls: 1, tool_calls: 0, tokens: 110, input_tokens: 100, output_tokens: 10, origin: 0, models: '["gpt-5-mini"]' });
    expect(store.contradictions()).toEqual([]);
    // Once more when its words can be found.
    await expect.poll(() => [...new Set(told)]).toEqual([TRACE]);
  });

  it('finds what a message says, each message once', async () => {
    const sink = open();
    const messages = (count: number): object => ({ 'gen_ai.input.messages': JSON.stringify(Array.from({ length: count }, (_, index) => ({ role: 'user', parts: [{ type: 'text', content: `${words(`turn${index}`)}\nHippogriff${index}` }] }))) });
    await sink.ingest(decoded([1, 2, 3, 4].map((turn) => call(String(turn), null, {}, messages(turn)))));
    await sink.settled();
    const store = look();
    for (const index of [0, 1, 2, 3]) expect(store.search(`hippogriff${index}`)).toHaveLength(1);
    // It is found with the span that brought it.
    expect(store.value('SELECT t.text FROM span s JOIN trace_text t ON t.n = s.name WHERE s.n = ?', store.search('hippogriff2')[0])).toBe('chat 3');
    expect(store.count('chunk')).toBe(2 + 4);
  });

  it('keeps a chunk that another trace brought until the last trace that carries it is deleted', async () => {
    const sink = open();
    const [first, second] = ['a'.repeat(32), 'b'.repeat(32)];
    const prompt = { system: words('basilisk') };
    await sink.ingest(decoded([{ ...rawSpan(prompt), traceId: first }]));
    await sink.ingest(decoded([{ ...rawSpan({ ...prompt, own: words('own') }), traceId: second }]));
    await sink.settled();
    const store = look();
    const spans = store.spans(second);
    // With the span that brought it, and as a chunk that others use.
    expect(store.search('basilisk')).toHaveLength(2);
    expect(await sink.delete([first])).toBe(1);
    await sink.settled();
    expect(store.spans(second)).toEqual(spans);
    expect(store.search('basilisk')).toHaveLength(1);
    expect(await sink.delete([second, first])).toBe(1);
    await sink.settled();
    for (const table of ['trace', 'span', 'span_body', 'chunk', 'chunk_use', 'trace_facet', 'span_awaited', 'trace_removed']) expect([table, store.count(table)]).toEqual([table, 0]);
    expect(store.search('basilisk')).toEqual([]);
    expect(store.count('chunk_key')).toBe(0);
    await sink.ingest(decoded([{ ...rawSpan(prompt), traceId: first }]));
    await sink.settled();
    expect(store.search('basilisk')).toHaveLength(1);
  });

  it('takes a batch that is sent again as the same one', async () => {
    const sink = open();
    const batch = posted([agent('1', null), call('2', '1')]);
    await sink.ingest(batch);
    const store = look();
    const before = store.row(TRACE);
    expect((await sink.ingest(batch)).spans).toBe(2);
    expect(store.row(TRACE)).toEqual(before);
    expect(store.count('span')).toBe(2);
    expect(store.count('chunk')).toBe(2);
  });

  it('merges what was sent of a span before and after, also in another process', async () => {
    const start = rawSpan({ early: 'yes' }, { id: '1', end: null, name: 'work' });
    const end = rawSpan({ late: words('late') }, { id: '1', end: 5000, name: 'work', status: { code: 2, message: 'it broke\nat line 1' } });
    await open().ingest(decoded([start]));
    const store = look();
    expect(store.row(TRACE)).toMatchObject({ running: 1, errors: 0, duration_ns: null });
    const second = open();
    await second.ingest(decoded([end]));
    await second.settled();
    expect(store.spans(TRACE)).toEqual([mergeSpans([start, end])[0]!.span]);
    expect(store.row(TRACE)).toMatchObject({ spans: 1, running: 0, errors: 1, duration_ns: 4_000_000_000 });
    expect(store.search('late')).toHaveLength(1);
    expect(store.value('SELECT text FROM trace_text t JOIN span s ON s.error = t.n')).toBe('it broke');
    // A chunk that a later version brought says whose it is.
    expect(store.database.prepare('SELECT chunk, span FROM chunk_use').raw().all()).toEqual([[store.search('late')[0], store.value('SELECT n FROM span')]]);
    expect(store.contradictions()).toEqual([]);
  });

  it('counts usage once whatever the order in which spans arrive', async () => {
    const spans = [agent('1', null), agent('2', '1'), call('3', '2'), call('4', '2'), agent('5', '1'), call('6', '9'), agent('7', 'a'), call('8', '7'), agent('a', null), agent('b', '6')];
    const next = randomOf(3);
    for (let round = 0; round < 12; round++) {
      const traceId = round.toString(16).padStart(32, 'f');
      const shuffled = spans.map((span) => ({ ...span, traceId })).sort(() => next(3) - 1);
      const sink = open();
      while (shuffled.length > 0) await sink.ingest(decoded(shuffled.splice(0, next(3) + 1)));
    }
    const store = look();
    expect(store.contradictions()).toEqual([]);
    const sums = new Set(store.database.prepare('SELECT tokens, llm_calls, unpriced FROM trace').raw().all().map((row) => JSON.stringify(row)));
    const [trace] = normaliseTraces(spans);
    const leaves = trace!.spans.filter((span) => span.usageRole === 'leaf');
    expect([...sums]).toEqual([JSON.stringify([leaves.reduce((sum, span) => sum + totalOf(span.tokens!)!, 0), 4, leaves.filter((span) => span.cost === null).length])]);
  });

  it('counts a call of a cycle of parents once, and comes to an end', async () => {
    const sink = open();
    for (const span of [agent('1', '3'), call('2', '1'), agent('3', '2')]) await sink.ingest(decoded([span]));
    expect(look().row(TRACE)).toMatchObject({ spans: 3, tokens: 110, llm_calls: 1 });
  });

  it('names a trace after its root, and keeps the name true', async () => {
    const sink = open();
    const store = (): Record<string, unknown> => look().row(TRACE)!;
    await sink.ingest(decoded([call('3', '1', { start: 3000 })]));
    expect(store()).toMatchObject({ name: 'chat 3', name_of_root: 0 });
    await sink.ingest(decoded([call('2', '1', { start: 2000 })]));
    expect(store()).toMatchObject({ name: 'chat 2' });
    await sink.ingest(decoded([rawSpan({}, { id: '1', name: 'early name', start: 2500, end: null })]));
    expect(store()).toMatchObject({ name: 'early name', name_of_root: 1 });
    await sink.ingest(decoded([rawSpan({}, { id: '1', name: 'final name', start: 1000, end: 9000 })]));
    expect(store()).toMatchObject({ name: 'final name', start_ns: 1_000_000_000, end_ns: 9_000_000_000 });
  });

  it('takes two processes at once', async () => {
    const [one, two] = [open(), open()];
    const batches = Array.from({ length: 20 }, (_, batch) => Array.from({ length: 25 }, (_span, index) => ({ ...call((batch * 25 + index + 16).toString(16), index === 0 ? null : (batch * 25 + 16).toString(16), {}, { text: words(`word${index}`) }), traceId: (index % 3 === 0 ? 'c' : 'd').repeat(32) })));
    await Promise.all(batches.flatMap((batch, index) => [one.ingest(decoded(batch)), ...(index % 2 === 0 ? [two.ingest(posted(batch))] : [])]));
    await Promise.all([one.settled(), two.settled()]);
    const store = look();
    expect(store.count('span')).toBe(500);
    expect(store.contradictions()).toEqual([]);
    expect(store.search('word7')).toHaveLength(1);
  });

  it('rejects what it cannot take, and keeps it for the user', async () => {
    const sink = open();
    const good = encodeSpans([call('1', null)]);
    const body = Buffer.from(JSON.stringify({ resourceSpans: [...good.resourceSpans, { scopeSpans: [{ spans: [{ name: 'no id' }] }] }] }));
    const result = await sink.ingest({ form: 'otlp-traces-json', body, origin: ORIGIN });
    expect(result).toMatchObject({ spans: 1, rejected: [{ where: 'resourceSpans[1].scopeSpans[0].spans[0]', reason: 'the span has no traceId' }] });
    await expect(sink.ingest({ form: 'otlp-traces-json', body: Buffer.from('{"resourceSpans":['), origin: ORIGIN })).rejects.toMatchObject({ name: 'SinkError', reason: 'undecodable' });
    await expect(sink.ingest({ form: 'otlp-traces-protobuf', body: Buffer.from([10, 255, 255]), origin: ORIGIN })).rejects.toMatchObject({ reason: 'undecodable' });
    const rows = look().database.prepare('SELECT place, location, content_type, CAST(body AS TEXT) AS body FROM trace_rejection ORDER BY n').all() as { body: string }[];
    expect(rows.slice(0, 2)).toEqual([
      { place: '/v1/traces', location: 'resourceSpans[1].scopeSpans[0].spans[0]', content_type: 'application/json', body: '{"name":"no id"}' },
      { place: '/v1/traces', location: '', content_type: 'application/json', body: '{"resourceSpans":[' },
    ]);
    expect(rows).toHaveLength(3);
    expect(look().database.prepare('SELECT key, value FROM trace_count WHERE key <> ? ORDER BY key').raw().all('lastAt')).toEqual([['rejected', 3], ['requests', 3], ['spans', 1]]);
  });

  it('stores the position of a tailed file with what was read of it', async () => {
    const sink = open();
    await sink.ingest({ ...decoded([call('1', null)]), position: { path: '/logs/a.jsonl', identity: '1:2', offset: 100 } });
    await sink.ingest({ ...decoded([call('2', null)]), position: { path: '/logs/a.jsonl', identity: '1:2', offset: 250 } });
    expect(look().database.prepare('SELECT path, identity, offset, spans FROM tail_position').all()).toEqual([{ path: '/logs/a.jsonl', identity: '1:2', offset: 250, spans: 2 }]);
  });

  it('lets no known secret reach the disk', async () => {
    const secret = 'sk-live-"ß/0123456789';
    const sink = open({ secrets: [secret] });
    const escaped = JSON.stringify(encodeSpans([rawSpan({ key: `Bearer ${secret}`, [secret]: 1 }, { name: secret })])).replaceAll('sk-live', '\\u0073k-live');
    await sink.ingest({ form: 'otlp-traces-json', body: Buffer.from(escaped), origin: ORIGIN });
    await sink.ingest(decoded([call('2', null, {}, { 'gen_ai.input.messages': JSON.stringify([{ role: 'user', content: words(secret) }]) })], [rawLog('x', { secret }, { body: `it is ${secret}` })]));
    await expect(sink.ingest({ form: 'otlp-traces-json', body: Buffer.from(`{"broken ${secret}`), origin: ORIGIN })).rejects.toThrow();
    await sink.ingest({ form: 'otlp-traces-json', body: Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ name: secret }] }] }] })), origin: ORIGIN });
    sink.update({ secrets: [secret, 'another-secret-value'] });
    await sink.ingest(decoded([rawSpan({ key: 'another-secret-value' }, { id: '3' })]));
    await sink.close();
    const database = join(folder, DATABASE_FOLDER, DATABASE_FILE);
    for (const file of [database, `${database}-wal`].filter((name) => existsSync(name))) {
      const bytes = readFileSync(file);
      for (const form of ['0123456789', 'another-secret-value']) expect(bytes.includes(form), `${form} in ${path.basename(file)}`).toBe(false);
    }
    expect(look().count('span')).toBe(3);
  });

  it('keeps no beginning of a secret at the end of what it keeps of a rejected value', async () => {
    const secret = 'ZQXJ-0123456789-abcdef';
    const sink = open({ secrets: [secret] });
    const name = `${'x'.repeat(256 * 1024 - '{"name":"'.length - 12)}${secret}${'x'.repeat(10_000)}`;
    await sink.ingest({ form: 'otlp-traces-json', body: Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ name }] }] }] })), origin: ORIGIN });
    const body = look().value('SELECT body FROM trace_rejection') as Buffer;
    expect(body.byteLength).toBe(256 * 1024);
    expect(body.subarray(-30).toString()).toMatch(/^x+\[secret\]x*$/);
  });

  it('says busy while another process holds the database, and goes on when it lets go', async () => {
    const sink = open({ busyLimitMs: 100 });
    await sink.ingest(decoded([call('1', null)]));
    const other = new Sqlite(join(folder, DATABASE_FOLDER, DATABASE_FILE));
    other.exec('BEGIN IMMEDIATE');
    const refused = sink.ingest(decoded([call('2', '1')]));
    await expect(refused).rejects.toMatchObject({ name: 'SinkError', reason: 'busy', retryAfter: 1 });
    other.exec('ROLLBACK');
    other.close();
    await sink.ingest(decoded([call('2', '1'), call('3', '1')]));
    const store = look();
    expect(store.row(TRACE)).toMatchObject({ spans: 3 });
    expect(store.contradictions()).toEqual([]);
  });

  it('says full when there is no room, loses nothing that it had taken, and goes on when there is room again', async () => {
    const sink = open({ maxPages: 400 });
    const batchOf = (batch: number): RawSpan[] => Array.from({ length: 20 }, (_, index) => ({ ...call((batch * 20 + index + 1).toString(16), null, {}, { text: words(`w${batch}x${index}`, 200) }), traceId: (batch + 1).toString(16).padStart(32, '0') }));
    const taken: number[] = [];
    let refusal: unknown;
    for (let batch = 0; batch < 200 && refusal === undefined; batch++) await sink.ingest(decoded(batchOf(batch))).then(() => taken.push(batch), (error: unknown) => (refusal = error));
    expect(refusal).toMatchObject({ name: 'SinkError', reason: 'full', retryAfter: 30 });
    const store = look();
    expect(store.count('span')).toBe(taken.length * 20);
    expect(store.contradictions()).toEqual([]);
    await expect(sink.ingest(decoded(batchOf(199)))).rejects.toMatchObject({ reason: 'full' });
    const another = open();
    expect(await another.delete(store.traceIds.slice(0, 10))).toBe(10);
    await another.settled();
    await sink.ingest(decoded(batchOf(199)));
    expect(store.row((200).toString(16).padStart(32, '0'))).toMatchObject({ spans: 20 });
    expect(store.contradictions()).toEqual([]);
  });
});

describe('what is old or too much', () => {
  it('goes after its days', async () => {
    const sink = open({ retention: { days: 30, maxBytes: 0 } });
    await sink.ingest(decoded([{ ...call('1', null), traceId: 'a'.repeat(32) }, { ...call('2', null), traceId: 'b'.repeat(32) }], [rawLog('x', {})]));
    const store = look();
    store.database.prepare('UPDATE trace SET updated_at = ? WHERE id = ?').run(Date.now() - 31 * 86_400_000, Buffer.from('a'.repeat(32), 'hex'));
    store.database.prepare('UPDATE trace_log SET at = ?').run(Date.now() - 31 * 86_400_000);
    sink.update({ retention: { days: 30, maxBytes: 0 } });
    await sink.settled();
    expect(store.traceIds).toEqual(['b'.repeat(32)]);
    expect(store.count('trace_log')).toBe(0);
    expect(store.count('span')).toBe(1);
    expect(store.contradictions()).toEqual([]);
  });

  it('goes by size, what was left alone longest first, and no more than that', async () => {
    const sink = open({ retention: { days: 0, maxBytes: 0 } });
    const ids = Array.from({ length: 40 }, (_, index) => (index + 1).toString(16).padStart(32, '0'));
    for (const [index, traceId] of ids.entries()) await sink.ingest(decoded([{ ...call('1', null, {}, { text: words(`unique${index}`, 600) }), traceId }]));
    const store = look();
    for (const [index, traceId] of ids.entries()) store.database.prepare('UPDATE trace SET updated_at = ? WHERE id = ?').run(1_700_000_000_000 + index, Buffer.from(traceId, 'hex'));
    const size = store.value('SELECT sum(bytes + spans * 600) FROM trace') as number;
    sink.update({ retention: { days: 0, maxBytes: size / 2 } });
    await sink.settled();
    expect(store.traceIds).toEqual(ids.slice(-store.traceIds.length));
    expect(store.traceIds.length).toBeGreaterThanOrEqual(17);
    expect(store.traceIds.length).toBeLessThanOrEqual(20);
    expect(store.count('span')).toBe(store.traceIds.length);
    expect(store.contradictions()).toEqual([]);
  });

  it('leaves what is being written, however much it is: traces of just now, and those with a span that runs', async () => {
    const sink = open({ retention: { days: 0, maxBytes: 0 } });
    const [now, running, left, ended] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(32)) as [string, string, string, string];
    const text = words('long', 600);
    for (const traceId of [now, ended]) await sink.ingest(decoded([{ ...call('1', null, {}, { text }), traceId }]));
    for (const traceId of [running, left]) await sink.ingest(decoded([{ ...call('1', null, {}, { text }), traceId, endTimeUnixNano: null }]));
    const store = look();
    const ageBy = (traceId: string, minutes: number): unknown => store.database.prepare('UPDATE trace SET updated_at = ? WHERE id = ?').run(Date.now() - minutes * 60_000, Buffer.from(traceId, 'hex'));
    ageBy(running, 10);
    ageBy(ended, 10);
    ageBy(left, 120);
    sink.update({ retention: { days: 0, maxBytes: 1 } });
    await sink.settled();
    expect(store.traceIds).toEqual([now, running]);
    await sink.ingest(decoded([{ ...call('2', '1'), traceId: running }]));
    expect(store.row(running)).toMatchObject({ spans: 2 });
    expect(store.contradictions()).toEqual([]);
  });
});

describe('log records', () => {
  it('give their span what it does not say itself, before it or after it', async () => {
    const request = rawSpan({ 'session.id': 's1', request_id: 'req_1', model: 'claude-sonnet-4-5', input_tokens: 10, output_tokens: 5 }, { id: '1', name: 'claude_code.llm_request', scope: 'com.anthropic.claude_code.tracing' });
    const log = rawLog('claude_code.api_request', { 'session.id': 's1', request_id: 'req_1', cost_usd: 0.25, model: 'claude-sonnet-4-5' });
    for (const order of [[[request], [], [], [log]], [[], [log], [request], []]] as const) {
      const sink = open();
      await sink.ingest(decoded(order[0], order[1]));
      await sink.ingest(decoded(order[2], order[3]));
      await sink.settled();
      const store = look();
      expect(store.row(TRACE)).toMatchObject({ cost: 0.25, spans: 1, session: 's1' });
      expect(store.contradictions()).toEqual([]);
      await sink.delete(store.traceIds);
      await sink.settled();
      expect(store.count('trace_log')).toBe(0);
    }
  });

  it('of a session go with the last of its traces that a person deletes, and do not bring it back', async () => {
    const sink = open();
    const prompt = (text: string, session: string) => rawLog('claude_code.user_prompt', { 'session.id': session, prompt: text });
    await sink.ingest(decoded([], [prompt('delete me', 's3'), prompt('keep me', 's4')]));
    await sink.settled();
    const store = look();
    const traceOf = (session: string) => store.value('SELECT lower(hex(id)) FROM trace WHERE session = ?', session) as string | undefined;
    expect(await sink.delete([traceOf('s3')!])).toBe(1);
    await sink.settled();
    expect(store.database.prepare('SELECT session FROM trace_log').pluck().all()).toEqual(['s4']);
    await sink.ingest(decoded([], [prompt('a new one', 's3')]));
    await sink.settled();
    expect(store.spans(traceOf('s3')!).some((span) => JSON.stringify(span).includes('delete me'))).toBe(false);
    expect(traceOf('s4')).toBeDefined();
    expect(store.contradictions()).toEqual([]);
  });

  it('are joined although those of another trace cannot be', async () => {
    const [damaged, whole] = ['a'.repeat(32), 'b'.repeat(32)];
    const sink = open();
    const [request, log] = [
      rawSpan({ request_id: 'req_1', model: 'claude-sonnet-4-5', input_tokens: 10, output_tokens: 5 }, { id: '1', name: 'claude_code.llm_request', scope: 'com.anthropic.claude_code.tracing' }),
      rawLog('claude_code.api_request', { request_id: 'req_1', cost_usd: 0.25, model: 'claude-sonnet-4-5' }),
    ];
    await sink.ingest(decoded([{ ...request, traceId: damaged }, { ...request, traceId: whole }]));
    const store = look();
    const insert = store.database.prepare("INSERT INTO trace_log (hash, trace_id, span_id, time_ns, session, name, body, at) VALUES (?, ?, NULL, 1, NULL, 'x', 'no JSON', ?)");
    insert.run(Buffer.alloc(16, 1), Buffer.from(damaged, 'hex'), Date.now());
    store.database.prepare('INSERT INTO trace_unjoined (key) VALUES (?)').run(Buffer.from(damaged, 'hex'));
    await sink.ingest(decoded([], [{ ...log, traceId: whole }]));
    await expect.poll(() => store.row(whole)).toMatchObject({ cost: 0.25 });
  });

  it('become a trace where a session sends nothing else, which gives way to the session’s own', async () => {
    const sink = open();
    const logs = [
      rawLog('claude_code.user_prompt', { 'session.id': 's2', prompt: 'hello' }, { time: 1000 }),
      rawLog('claude_code.api_request', { 'session.id': 's2', request_id: 'r', model: 'claude-sonnet-4-5', input_tokens: 3, output_tokens: 4, cost_usd: 0.5, duration_ms: 100 }, { time: 2000 }),
    ];
    await sink.ingest(decoded([], logs));
    await sink.ingest(decoded([], logs));
    await sink.settled();
    const store = look();
    expect(store.count('trace_log')).toBe(2);
    expect(store.database.prepare('SELECT session, spans, llm_calls, cost FROM trace').all()).toEqual([{ session: 's2', spans: 3, llm_calls: 1, cost: 0.5 }]);
    await sink.ingest(decoded([rawSpan({ 'session.id': 's2' }, { name: 'claude_code.interaction', scope: 'com.anthropic.claude_code.tracing' })]));
    await sink.settled();
    expect(store.traceIds).toEqual([TRACE]);
    expect(store.contradictions()).toEqual([]);
  });
});

describe.skipIf(!existsSync(corpus))(`the corpus in the store (skipped without ${corpus})`, () => {
  it('comes out as it went in, with the sums that core computes', async () => {
    const sink = open();
    const next = randomOf(11);
    const files = globSync('**/*.{json,jsonl,traj}', { cwd: corpus }).filter((file) => readTraceText(readFileSync(path.join(corpus, file), 'utf8')).spans.length > 0);
    expect(files.length).toBeGreaterThan(20);
    const all: RawSpan[] = [];
    for (const file of files) {
      const { spans } = readTraceText(readFileSync(path.join(corpus, file), 'utf8'));
      all.push(...spans);
      const left = [...spans];
      while (left.length > 0) await sink.ingest(decoded(left.splice(0, next(40) + 1)));
    }
    const store = look();
    const expected = normaliseTraces(all);
    expect(store.count('trace')).toBe(expected.length);
    for (const { traceId, spans } of expected) {
      const raw = mergeSpans(all.filter((span) => span.traceId === traceId)).map(({ span }) => span);
      const byId = (a: RawSpan, b: RawSpan): number => a.spanId.localeCompare(b.spanId);
      expect(store.spans(traceId).sort(byId)).toEqual(raw.sort(byId));
      const leaves = spans.filter((span) => span.usageRole === 'leaf');
      const tokens = leaves.map((span) => (span.tokens === null ? null : totalOf(span.tokens))).filter((count) => count !== null);
      const costs = leaves.map((span) => span.cost).filter((cost) => cost !== null);
      const row = store.row(traceId)!;
      expect({ spans: row['spans'], tokens: row['tokens'] }, traceId).toEqual({ spans: spans.length, tokens: tokens.length === 0 ? null : tokens.reduce((sum, count) => sum + count, 0) });
      expect(row['cost'] === null ? null : Number(row['cost']), traceId).toEqual(costs.length === 0 ? null : expect.closeTo(costs.reduce((sum, cost) => sum + cost, 0), 9));
    }
    expect(store.contradictions()).toEqual([]);
  });
});

describe('sixty turns, each call with the whole history', () => {
  const said = Array.from({ length: 120 }, (_, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', text: Array.from({ length: 70 }, (_word, at) => `w${(index * 7919 + at * 104_729) % 4001}`).join(' ') }));
  const forms: [string, (history: typeof said) => object][] = [
    ['gen_ai', (history) => ({ 'gen_ai.input.messages': JSON.stringify(history.map(({ role, text }) => ({ role, parts: [{ type: 'text', content: text }] }))) })],
    ['Vercel AI SDK', (history) => ({ 'ai.prompt.messages': JSON.stringify(history.map(({ role, text }) => ({ role, content: [{ type: 'text', text }] }))) })],
    ['OpenInference', (history) => Object.fromEntries(history.flatMap(({ role, text }, index) => [[`llm.input_messages.${index}.message.role`, role], [`llm.input_messages.${index}.message.content`, text]]))],
  ];
  it.each(forms)('take at most a fifth of their OTLP JSON on disk: %s', async (_, attributes) => {
    const sink = open();
    await sink.ingest(decoded([rawSpan({}, { id: 'ffff' })]));
    await sink.close();
    const file = join(folder, DATABASE_FOLDER, DATABASE_FILE);
    const sizeOf = (): number => {
      const database = new Sqlite(file);
      database.pragma('wal_checkpoint(TRUNCATE)');
      database.close();
      return statSync(file).size;
    };
    const empty = sizeOf();
    const spans = Array.from({ length: 60 }, (_turn, turn) => call((turn + 1).toString(16), null, {}, attributes(said.slice(0, 2 * turn + 1))));
    const again = open();
    for (const span of spans) await again.ingest(posted([span]));
    await again.close();
    const json = Buffer.byteLength(JSON.stringify(encodeSpans(spans)));
    expect((sizeOf() - empty) / json).toBeLessThan(0.2);
    expect(look().spans(TRACE).slice(1)).toEqual(spans);
  });
});
