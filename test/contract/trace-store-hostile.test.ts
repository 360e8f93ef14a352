import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NUMBERS_PER_TRACE } from '../../src/core/trace/store/numbers.ts';
import type { RawLog, RawSpan } from '../../src/core/trace/model.ts';
import type { Ingested } from '../../src/core/trace/sink.ts';
import { readLangsmithParts } from '../../src/node/otlp/vendors/langsmith.ts';
import { openDatabase, type Database } from '../../src/node/sqlite/database.ts';
import { BatchWriter } from '../../src/node/traces/batch-writer.ts';
import { IngestQueue } from '../../src/node/traces/ingest-queue.ts';
import { LogJoiner } from '../../src/node/traces/log-joiner.ts';
import { prepareBatch, unpackPrepared } from '../../src/node/traces/prepared-batch.ts';
import { TraceStates } from '../../src/node/traces/trace-state.ts';
import { StoredTraces } from '../fixtures/traces/stored.ts';
import { rawLog, rawSpan, TRACE } from '../unit/trace/spans.ts';

const OTHER = 'b'.repeat(32);
const LAST_NS = ((1n << 63n) - 1n).toString();

let folder: string;
let database: Database;
let writer: BatchWriter;
let store: StoredTraces;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-hostile-'));
  database = await openDatabase(folder);
  writer = new BatchWriter(database);
  store = new StoredTraces(folder);
});
afterEach(() => {
  store.close();
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const packed = (spans: RawSpan[], logs: RawLog[] = []) => prepareBatch({ origin: { kind: 'received', place: '/v1/traces' }, spans, logs, rejected: [], metrics: 0, contentType: 'application/json', position: null, formats: [] }, {});
const prepared = (...sent: Parameters<typeof packed>) => unpackPrepared(packed(...sent));

describe('what a sender may send by accident or on purpose', () => {
  it('a batch that cannot be written does not take those with it that came with it', () => {
    writer.write([prepared([rawSpan({}, { id: '1' })])]);
    // A trace that has used up its numbers.
    store.database.prepare('UPDATE trace SET next_sequence = ?').run(NUMBERS_PER_TRACE);
    const queue = new IngestQueue(writer, () => undefined);
    const answers: (Ingested | string)[] = [];
    const add = (spans: RawSpan[]): void => queue.add({ batch: packed(spans), done: (ingested) => answers.push(ingested), failed: (error) => answers.push(String(error)) });
    add([{ ...rawSpan({}, { id: '1' }), traceId: OTHER }]);
    add([rawSpan({}, { id: '2' })]);
    add([{ ...rawSpan({}, { id: '2' }), traceId: OTHER }]);
    queue.step();
    expect(answers).toEqual([expect.objectContaining({ spans: 1, traceIds: [OTHER] }), expect.stringContaining('more spans than one trace can hold'), expect.objectContaining({ spans: 1 })]);
    expect([store.row(OTHER)?.['spans'], store.row(TRACE)?.['spans']]).toEqual([2, 1]);
  });

  it('versions of a span, a call and its parents in batches of one transaction that begins their trace', () => {
    const call = (id: string, parent: string | null, tokens: number): RawSpan => rawSpan({ 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': tokens, text: `version ${tokens} `.repeat(20) }, { id, parent });
    writer.write([prepared([call('2', '1', 10)]), prepared([call('2', '1', 20)]), prepared([call('2', '1', 30), call('1', null, 30)]), prepared([call('1', null, 40)])]);
    expect([store.row(TRACE), store.count('span'), store.contradictions()]).toEqual([expect.objectContaining({ spans: 2, tokens: 30, llm_calls: 1 }), 2, []]);
    writer.transaction(() => writer.search.write());
    expect([store.search('"version 20"'), store.search('"version 30"').length]).toEqual([[], 1]);
  });

  it('traces with so many names that a few thousand of them would fill the memory: the last ones stay, the others are read again', () => {
    const states = new TraceStates(database, 5000, 1000);
    const idOf = (trace: number): string => trace.toString(16).padStart(32, '0');
    for (let trace = 1; trace <= 20; trace++) {
      const state = states.open(idOf(trace), { kind: 'received', place: '' });
      for (let name = 0; name < 300; name++) state.addFacet(1, `name ${name}`);
      states.save(state, 0);
      states.trim();
    }
    expect(states.count).toBe(3);
    states.drop(states.find(idOf(20))!);
    const again = states.open(idOf(1), { kind: 'received', place: '' });
    expect([again.isNew, again.columns.n, states.count]).toEqual([false, 1, 3]);
  });

  it('tokens that no integer column could sum up', () => {
    const spans = Array.from({ length: 1100 }, (_, index) => rawSpan({ 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': Number.MAX_SAFE_INTEGER, 'gen_ai.usage.output_tokens': Number.MAX_SAFE_INTEGER }, { id: (index + 1).toString(16) }));
    writer.write([prepared(spans)]);
    expect(store.row(TRACE)).toMatchObject({ spans: 1100, tokens: Number.MAX_SAFE_INTEGER, input_tokens: Number.MAX_SAFE_INTEGER });
  });

  it('a span that ends with the last nanosecond, in a session with log records', () => {
    const span = { ...rawSpan({ 'session.id': 's1' }, { id: '1' }), endTimeUnixNano: LAST_NS };
    writer.write([prepared([span], [rawLog('claude_code.api_request', { 'session.id': 's1', model: 'claude-sonnet-4-5' })])]);
    const joiner = new LogJoiner(writer);
    while (!joiner.isIdle) joiner.step();
    expect([joiner.isWaiting, store.count('trace_unjoined'), store.contradictions()]).toEqual([false, 0, []]);
    expect(store.row(TRACE)).toMatchObject({ end_ns: Number(LAST_NS), spans: 1 });
  });

  it('log records of a trace that no memory holds at once: as many are read as may be', () => {
    const large = 'x'.repeat(22_000_000);
    const logs = Array.from({ length: 3 }, (_, index) => rawLog('note', { index, large }, { span: '1' }));
    for (const log of logs) writer.write([prepared([], [log])]);
    writer.write([prepared([rawSpan({}, { id: '1' })])]);
    const joiner = new LogJoiner(writer);
    while (!joiner.isIdle) joiner.step();
    expect([store.count('trace_log'), store.count('trace_unjoined'), [...writer.spans.joinedLogs.values()]]).toEqual([3, 0, [2]]);
  });

  it('a run with so many attachments that copying it for each would take minutes; one of them is called __proto__', () => {
    const part = (name: string): string => `--x\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: text/plain\r\n\r\na\r\n`;
    const id = '0af76519-16cd-43dd-8448-eb211c80319c';
    const body = Buffer.from(`${Array.from({ length: 60_000 }, (_, index) => part(`attachment.${id}.file${index}`)).join('')}${part(`attachment.${id}.__proto__`)}--x--`);
    const { document, rejected } = readLangsmithParts('multipart/form-data; boundary=x', body);
    expect(rejected).toEqual([]);
    const attachments = document.patch[0]!['attachments'] as object;
    expect(Object.keys(attachments)).toHaveLength(60_002);
    expect([Object.getPrototypeOf(attachments), Object.hasOwn(attachments, '__proto__')]).toEqual([Object.prototype, true]);
  });
});
