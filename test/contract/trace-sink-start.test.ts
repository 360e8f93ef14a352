import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DATABASE_FILE, DATABASE_FOLDER } from '../../src/node/sqlite/database.ts';
import { createTraceSink } from '../../src/node/traces/sink.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-start-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('opens the store before the first batch comes', async () => {
  const sink = createTraceSink({ folder });
  sink.start();
  sink.start();
  await expect.poll(() => existsSync(join(folder, DATABASE_FOLDER, DATABASE_FILE))).toBe(true);
  await expect(sink.ingest({ spans: [], logs: [], rejected: [], origin: { kind: 'fetched', place: 'test' } })).resolves.toMatchObject({ spans: 0 });
  await sink.close();
});

it('starts nothing once it is closed', async () => {
  const sink = createTraceSink({ folder });
  await sink.close();
  sink.start();
  await expect(sink.settled()).resolves.toBeUndefined();
  expect(existsSync(join(folder, DATABASE_FOLDER))).toBe(false);
});
