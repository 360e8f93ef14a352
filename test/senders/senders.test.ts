import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Span } from '../../src/core/trace/model.ts';
import { buildTree } from '../../src/core/trace/tree.ts';
import { createReceiver, type Receiver } from '../../src/node/otlp/receiver.ts';
import { openDatabase, type Database } from '../../src/node/sqlite/database.ts';
import { TraceReader } from '../../src/node/traces/read/reader.ts';
import { createTraceSink, type SqliteTraceSink } from '../../src/node/traces/sink.ts';
import type { TraceRow } from '../../src/protocol/traces.ts';
import type { FaultServer } from '../fixtures/servers/fault-server.ts';
import { startAgentModel } from '../fixtures/servers/agent-model.ts';
import { expectAgentRun, expectRow } from './expectations.ts';
import { runSender } from './run-sender.ts';
import { SENDERS } from './senders.ts';

const isLong = process.env['TOUCHSTONE_LONG'] === '1';
const chosen = SENDERS.filter(({ quick }) => isLong || quick);
/** Where a sender is installed first, that takes most of it. */
const LIMIT_MS = 10 * 60_000;

/**
 * Real SDKs, each in a process of its own, against the receiver and the store: a small agent with two tools asks a scripted model. What
 * the model was asked and said must be read from the store, whole and once. `npm run test:long` runs all of them.
 */
describe.sequential('senders', () => {
  let folder: string;
  let database: Database;
  let sink: SqliteTraceSink;
  let receiver: Receiver;
  let model: FaultServer;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'touchstone-senders-'));
    database = await openDatabase(folder);
    sink = createTraceSink({ folder });
    receiver = createReceiver({ folder, sink, owner: 'the test' });
    model = await startAgentModel();
  });

  afterEach(async () => {
    await receiver.stop();
    await model.stop();
    await sink.close();
    database.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  it.for(chosen)('$name', { timeout: LIMIT_MS }, async (sender, { onTestFailed }) => {
    const status = await receiver.start({ http: 0, grpc: 0 });
    if (status.state !== 'on' || status.grpc === null) throw new Error(`The receiver does not receive: ${JSON.stringify(status)}`);
    const printed = await runSender(sender, { model: model.url, http: status.http, grpc: status.grpc });
    // SDKs tell of what they could not send, and go on.
    onTestFailed(() => console.error(`${sender.name} printed:\n${printed}\nReceived: ${JSON.stringify(receiver.counts)}`));
    await sink.settled();
    expect(receiver.counts.rejected).toBe(0);
    const { row, spans } = await stored(database);
    expectAgentRun({ spans, tree: buildTree(spans) }, model.requests, sender.sends);
    expectRow(row, sender.sends);
  });
});

/** The only trace of the store, as the panel asks for it: its spans in the order of the tree. */
async function stored(database: Database): Promise<{ row: TraceRow; spans: Span[] }> {
  const reader = new TraceReader(database);
  const context = { prices: {} };
  const { traces } = await reader.read('traces/list', { query: '', sort: 'time', descending: true, limit: 10 }, context);
  expect(traces).toHaveLength(1);
  const [row] = traces;
  const skeleton = (await reader.read('traces/skeleton', { traceId: row!.traceId }, context))!;
  const spans: Span[] = [];
  for (let position = 0; position < skeleton.count; position++) {
    const spanId = Buffer.from(skeleton.spanIds.subarray(position * 8, position * 8 + 8)).toString('hex');
    spans.push((await reader.read('traces/span', { traceId: row!.traceId, spanId }, context)).span);
  }
  return { row: row!, spans };
}
