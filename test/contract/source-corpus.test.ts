import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackendTrace } from '../fixtures/servers/backend-data.ts';
import { checkRecorded, RECORDED_CASES } from '../fixtures/servers/recorded-checks.ts';
import { conversations, recordedTraces } from '../fixtures/servers/recorded-traces.ts';
import { startBackend, type BackendServer } from '../fixtures/servers/trace-backends.ts';

const shared = process.env['TOUCHSTONE_SHARED'] ?? path.resolve(import.meta.dirname, '../../../shared');
const folder = path.join(shared, 'corpus/traces');

/** The corpus' traces, written in each backend's form from its description, and fetched: what the form carries has to arrive. */
describe.skipIf(!existsSync(folder))(`sources that serve the recorded traces (skipped without ${folder})`, () => {
  let traces!: Map<string, BackendTrace>;
  beforeAll(() => void (traces = recordedTraces(folder)));

  it('has all of them', () => {
    expect([...traces].map(([name, { spans }]) => [name, spans.length])).toEqual([
      ['langfuse/agno-2025-06-11', 6], ['langfuse/beeai-2025-08-01', 29], ['langfuse/google-adk-2025-08-28', 5], ['langfuse/langgraph-2025-08-22', 9], ['langfuse/llamaindex-2025-06-05', 2], ['langfuse/openai-agents-2025-09-30', 5], ['langfuse/pydantic-ai-tools-2025-12-04', 12],
      ['jaeger-ui/genaiTestTrace', 57], ['otlp/otel_traces_01 1', 2], ['otlp/otel_traces_01 2', 2], ['otlp/trace 1', 1], ['genkit/trace', 4], ['langsmith/wrap_openai_reasoning', 1],
    ]);
  });

  describe.each(RECORDED_CASES)('$name', (test) => {
    let server!: BackendServer;
    beforeAll(async () => void (server = await startBackend(test.endpoints, [...traces.values()])));
    afterAll(() => server.stop());

    it('gives each of them, span by span', async () => {
      let spans = 0;
      for (const trace of traces.values()) spans += await checkRecorded(test, server, trace);
      expect(spans).toBe(135);
      expect(server.wrong).toEqual([]);
    });

    it.runIf(process.env['TOUCHSTONE_LONG'] === '1')('gives every conversation of the corpus, span by span', async () => {
      const all = conversations(folder);
      const serving = await startBackend(test.endpoints, [...all.values()]);
      try {
        let spans = 0;
        for (const trace of all.values()) spans += await checkRecorded(test, serving, trace);
        expect([all.size, spans]).toEqual([115, 2422]);
        expect(serving.wrong).toEqual([]);
      } finally {
        await serving.stop();
      }
    });
  });
});
