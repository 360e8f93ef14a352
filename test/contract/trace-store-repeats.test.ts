import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { attributesOf } from '../../src/core/trace/any-value.ts';
import { makeSpan } from '../../src/core/trace/formats/build.ts';
import { openDatabase } from '../../src/node/sqlite/database.ts';
import { TraceReader } from '../../src/node/traces/read/reader.ts';
import { createTraceSink } from '../../src/node/traces/sink.ts';

it('takes a span that a batch repeats 20,000 times, each time with another attribute, as one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-repeats-'));
  const database = await openDatabase(folder);
  const sink = createTraceSink({ folder });
  try {
    const ids = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) };
    const versions = Array.from({ length: 20_000 }, (_, index) => makeSpan({ ...ids, parentSpanId: null, name: 's', startTimeUnixNano: '1790000000000000000', endTimeUnixNano: '1790000000000000001', attributes: attributesOf({ [`k${index}`]: index }) }));
    const taken = await sink.ingest({ spans: versions, logs: [], rejected: [], origin: { kind: 'received', place: 'test' } });
    expect(taken.spans).toBe(20_000);
    await sink.settled();
    const reader = new TraceReader(database);
    expect(await reader.read('traces/get', { traceId: ids.traceId }, { prices: {} })).toMatchObject({ spans: 1 });
    const { span } = await reader.read('traces/span', ids, { prices: {} });
    expect(Object.keys(span.attributes)).toHaveLength(20_000);
  } finally {
    await sink.close();
    database.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
});
