import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { createTraceSink } from '../../../src/node/traces/sink.ts';
import { startStored } from './stored.ts';
import { JSON_TYPE, post, serve, span, traceRequest } from './support.ts';

/** A span of some 8 kB that nothing compresses. */
function bulky(index: number): object {
  const digits = Array.from({ length: 120 }, (_, line) => createHash('sha256').update(`${index} ${line}`).digest('hex')).join('');
  return span({ spanId: (index + 1).toString(16).padStart(16, '0'), attributes: [{ key: 'input.value', value: { stringValue: digits } }] });
}

describe('a store that takes nothing for now', () => {
  it('is 503 with Retry-After while another process holds the database, and 200 when it lets go', async () => {
    await using stored = await startStored({ busyLimitMs: 100 });
    expect((await stored.post(traceRequest(bulky(0)))).status).toBe(200);
    const other = new Sqlite(join(stored.folder, '.touchstone', 'touchstone.db'));
    other.exec('BEGIN IMMEDIATE');
    const refused = await stored.post(traceRequest(bulky(1)));
    expect([refused.status, refused.headers['retry-after'], (refused.json as { code: number }).code]).toEqual([503, '1', 14]);
    other.exec('ROLLBACK');
    other.close();
    expect((await stored.post(traceRequest(bulky(1)))).status).toBe(200);
    expect(await stored.spans()).toHaveLength(2);
  });

  it('is 503 when the disk is full, keeps what it took, and 200 when there is room', async () => {
    await using stored = await startStored({ maxPages: 400 });
    let taken = 0;
    let refused = await stored.post(traceRequest(bulky(taken)));
    while (refused.status === 200 && taken < 1000) {
      taken++;
      refused = await stored.post(traceRequest(bulky(taken)));
    }
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '30']);
    expect(taken).toBeGreaterThan(10);
    // Whoever answers for the disk has made room: a receiver that takes up the same workspace.
    await stored.served.receiver.stop();
    await stored.sink.close();
    const sink = createTraceSink({ folder: stored.folder });
    const served = await serve({ folder: stored.folder, sink });
    expect((await post(served.http, '/v1/traces', JSON_TYPE, traceRequest(bulky(taken)))).status).toBe(200);
    const { spans } = JSON.parse(await stored.reads.read('text', { traceId: '0af7651916cd43dd8448eb211c80319c', format: 'json' })) as { spans: unknown[] };
    expect(spans).toHaveLength(taken + 1);
    await served.receiver.stop();
    await sink.close();
  });

  it('answers all of a hundred senders, with 200 or with the time to come again, and stores each 200 once', async () => {
    await using stored = await startStored();
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => stored.post(traceRequest(bulky(index)))));
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].every((status) => status === 200 || status === 503)).toBe(true);
    for (const { status, headers } of answers) if (status === 503) expect(headers['retry-after']).toBe('1');
    expect(await stored.spans()).toHaveLength(answers.filter(({ status }) => status === 200).length);
  });
});
