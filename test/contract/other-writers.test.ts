import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { OtherWriters } from '../../src/engine/other-writers.ts';
import { openDatabase, type Database } from '../../src/node/sqlite/database.ts';

const EVERY_MS = 20;
let folder: string;
let ours: Database;
let theirs: Database;
let told: number;
let others: OtherWriters;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'touchstone-others-'));
  ours = await openDatabase(folder);
  theirs = await openDatabase(folder);
  theirs.exec('CREATE TABLE something (n INTEGER)');
  told = 0;
  others = new OtherWriters(() => told++, EVERY_MS);
  others.watch(ours);
});

afterEach(() => {
  others.close();
  ours.close();
  theirs.close();
  rmSync(folder, { recursive: true, force: true });
});

const write = (database: Database): unknown => database.exec('INSERT INTO something VALUES (1)');

it('tells once of what another connection has written, and nothing of our own', async () => {
  write(ours);
  write(theirs);
  await expect.poll(() => told).toBe(1);
  write(ours);
  await sleep(5 * EVERY_MS);
  expect(told).toBe(1);
});

it('waits while our own threads tell of theirs, and tells afterwards what may have been missed', async () => {
  write(theirs);
  const telling = setInterval(() => others.own(), 1);
  await sleep(10 * EVERY_MS);
  clearInterval(telling);
  expect(told).toBe(0);
  await expect.poll(() => told).toBe(1);
});

it('says nothing of a database that was closed', async () => {
  write(theirs);
  ours.close();
  await sleep(5 * EVERY_MS);
  expect(told).toBe(0);
});
