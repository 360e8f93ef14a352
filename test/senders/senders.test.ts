import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { normaliseTraces } from '../../src/core/trace/normalise/normalise-trace.ts';
import { createReceiver, type Receiver } from '../../src/node/otlp/receiver.ts';
import { startAgentModel } from '../fixtures/servers/agent-model.ts';
import { MemorySink } from '../fixtures/memory-sink.ts';
import { expectAgentRun } from './expectations.ts';
import { runSender } from './run-sender.ts';
import { SENDERS } from './senders.ts';

const isLong = process.env['TOUCHSTONE_LONG'] === '1';
const chosen = SENDERS.filter(({ quick }) => isLong || quick);

/**
 * Real SDKs, each in a process of its own, against the receiver: a small agent with two tools asks a scripted model. What the model was
 * asked and said must be in the trace, whole and once. `npm run test:long` runs all of them.
 */
describe.sequential('senders', () => {
  let folder: string;
  let receiver: Receiver;
  let sink: MemorySink;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'touchstone-senders-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.for(chosen)('$name', { timeout: 10 * 60_000 }, async (sender) => {
    const model = await startAgentModel();
    sink = new MemorySink();
    receiver = createReceiver({ folder, sink, owner: 'the test' });
    try {
      const status = await receiver.start({ http: 0, grpc: 0 });
      if (status.state !== 'on' || status.grpc === null) throw new Error(`The receiver does not receive: ${JSON.stringify(status)}`);
      await runSender(sender, { model: model.url, http: status.http, grpc: status.grpc });
      expect(sink.rejected).toEqual([]);
      const traces = normaliseTraces(sink.spans, sink.logs);
      expect(traces).toHaveLength(1);
      expectAgentRun(traces[0]!, model.requests, sender.sends);
    } finally {
      await receiver.stop();
      await model.stop();
    }
  });
});
