import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DATABASE_FILE, DATABASE_FOLDER, openDatabase } from '../../src/node/sqlite/database.ts';
import { MIGRATIONS } from '../../src/node/sqlite/migrations.ts';
import { redactedJson } from '../../src/node/sqlite/redact-json.ts';
import { RunStore } from '../../src/node/sqlite/run-store.ts';
import { aCase, aPlan, finishedCell, scriptedModel, reply, storedRun, temporaryStore } from '../fixtures/eval/run-fixture.ts';

let opened: Awaited<ReturnType<typeof temporaryStore>>;
const SECRET = 'sk-live-0123456789';
beforeEach(async () => {
  opened = await temporaryStore((text) => text.replaceAll(SECRET, '•••'));
});
afterEach(() => opened.close());

describe('the database file', () => {
  it('is created with WAL, our mark, an ignore file, and only for its owner', () => {
    const path = join(opened.folder, DATABASE_FOLDER, DATABASE_FILE);
    expect(opened.store.database.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(opened.store.database.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    expect(opened.store.database.pragma('trusted_schema', { simple: true })).toBe(0);
    expect(readFileSync(join(opened.folder, DATABASE_FOLDER, '.gitignore'), 'utf8')).toContain(DATABASE_FILE);
    // The log beside it holds the same answers.
    if (process.platform !== 'win32') for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o077, file).toBe(0);
  });

  it.each([
    ['newer than the program', (file: string) => new Sqlite(file).exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`).close(), 'newer Touchstone'],
    ['of another program', (file: string) => new Sqlite(file).exec('PRAGMA application_id = 7').close(), 'another program'],
    ['damaged', (file: string) => writeFileSync(file, 'this is not a database, it is a text that is long enough to be read as one'.repeat(40)), 'Move it away'],
  ])('is refused when it is %s', async (_, spoil, message) => {
    opened.store.close();
    const path = join(opened.folder, DATABASE_FOLDER, DATABASE_FILE);
    spoil(path);
    await expect(openDatabase(opened.folder)).rejects.toMatchObject({ code: 'store', message: expect.stringContaining(message) as unknown });
  });

  it('is refused when Git tracks it', async () => {
    opened.store.close();
    const git = (...args: string[]): void => void execFileSync('git', args, { cwd: opened.folder, stdio: 'ignore' });
    git('init');
    git('add', '--force', join(DATABASE_FOLDER, DATABASE_FILE));
    await expect(openDatabase(opened.folder)).rejects.toMatchObject({ code: 'store', message: expect.stringContaining('tracked by Git') as unknown });
  });

  it('is refused where the folder cannot be written', async () => {
    const folder = join(opened.folder, 'file');
    mkdirSync(folder);
    writeFileSync(join(folder, DATABASE_FOLDER), 'a file where the folder should be');
    await expect(openDatabase(folder)).rejects.toMatchObject({ code: 'store', message: expect.stringContaining('Cannot write') as unknown });
  });
});

describe('several processes on a new workspace', () => {
  it('wait for one that is making the file, which SQLite does not when it turns to its write-ahead log', async () => {
    const folder = join(opened.folder, 'new');
    mkdirSync(join(folder, DATABASE_FOLDER), { recursive: true });
    const maker = new Sqlite(join(folder, DATABASE_FOLDER, DATABASE_FILE));
    maker.exec('BEGIN IMMEDIATE');
    const opening = openDatabase(folder);
    setTimeout(() => maker.close(), 100);
    const database = await opening;
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    database.close();
  });

  it('all open it, whoever makes it', async () => {
    const script = `
      const { openDatabase } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/node/sqlite/database.ts'))});
      await import('better-sqlite3');
      process.once('message', async (folders) => {
        for (const { folder, at } of folders) {
          while (Date.now() < at);
          process.send(await openDatabase(folder).then((database) => (database.close(), 'open'), (error) => error.message));
        }
        process.disconnect();
      });
      process.send('ready');
    `;
    const children = Array.from({ length: 3 }, () => spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: join(import.meta.dirname, '../..'), stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    await Promise.all(children.map((child) => new Promise((resolve) => child.once('message', resolve))));
    const folders = Array.from({ length: 10 }, (_, i) => ({ folder: join(opened.folder, `new-${i}`), at: Date.now() + 50 + i * 60 }));
    for (const { folder } of folders) mkdirSync(folder);
    const said: string[] = [];
    await Promise.all(children.map((child) => new Promise<void>((resolve) => {
      child.on('message', (message) => void said.push(message as string));
      // When all that it has said is heard, which it may not be when it exits.
      child.once('disconnect', () => resolve());
      child.send(folders);
    })));
    expect(said).toEqual(Array(30).fill('open'));
  });
});

describe('runs in the store', () => {
  it('keeps no secret, wherever it came from', async () => {
    const plan = aPlan({ models: [scriptedModel('m', () => reply(''))], cases: [aCase('c0', { vars: { q: `key ${SECRET}` } })] });
    const run = await storedRun(opened.store, plan);
    const journal = opened.store.journal(run);
    const key = { caseIndex: 0, modelIndex: 0, repeat: 0 };
    journal.attemptStarted(key, 1, 0);
    journal.attemptEnded(key, 1, { at: 1, outcome: 'failed', error: { code: 'unauthorized', message: `refused ${SECRET}` }, usage: null });
    void journal.keepReply('ab'.repeat(32), reply(`I saw ${SECRET}`));
    void journal.cellFinished(finishedCell(0, { output: `leak ${SECRET}`, error: { code: 'unauthorized', message: `bad ${SECRET}` } }));
    await journal.flush();
    opened.store.database.pragma('wal_checkpoint(TRUNCATE)');
    expect(readFileSync(join(opened.folder, DATABASE_FOLDER, DATABASE_FILE)).includes(SECRET)).toBe(false);
    expect(opened.store.attempts(run, key)[0]?.error?.message).toBe('refused •••');
  });

  it('takes secrets out of texts without breaking the JSON that holds them, whatever they look like', () => {
    const value = { output: 'output 123456', latencyMs: 1234567, 'sk-123456': ['123456'] };
    const redact = (text: string): string => text.replace(/123456|output/g, '[secret]');
    expect(JSON.parse(redactedJson(value, redact))).toEqual({ output: '[secret] [secret]', latencyMs: 1234567, 'sk-[secret]': ['[secret]'] });
  });

  it('keeps a cell whose tokens a program reports as no column can hold them', async () => {
    const run = await storedRun(opened.store, aPlan({ models: [scriptedModel('m', () => reply(''))], cases: [aCase('c0'), aCase('c1')] }));
    const journal = opened.store.journal(run);
    void journal.cellFinished(finishedCell(0, { usage: { input: 12.5, cachedInput: 1e300, output: 3, reasoning: null } }));
    await journal.flush();
    expect(opened.store.finishedOrdinals(run)).toEqual([0]);
    expect(opened.store.summarize(run).all().tokens).toEqual({ input: 13, output: 3 });
  });

  it('keeps secrets out of ids, tags and what is said of a run', async () => {
    const plan = aPlan({ models: [scriptedModel(`exec:agent ${SECRET}`, () => reply(''))], cases: [aCase(`id ${SECRET}`, { tags: [SECRET] })] });
    await storedRun(opened.store, plan);
    opened.store.database.pragma('wal_checkpoint(TRUNCATE)');
    expect(readFileSync(join(opened.folder, DATABASE_FOLDER, DATABASE_FILE)).includes(SECRET)).toBe(false);
  });

  it('does not delete a run that another process works on, and never gives a run\'s number to another', async () => {
    const plan = aPlan({ models: [scriptedModel('m', () => reply(''))], cases: [aCase('c0')] });
    const run = await storedRun(opened.store, plan);
    const other = new RunStore(await openDatabase(opened.folder), (text) => text);
    try {
      expect(() => other.delete(['r-test'])).toThrow('another window or command');
      opened.store.delete(['r-test']);
      expect((await storedRun(other, plan, 'r-next')).n).toBeGreaterThan(run.n);
    } finally {
      other.close();
    }
  });

  it('writes a large plan in steps, and nobody sees it before it is whole', async () => {
    const cases = Array.from({ length: 2_500 }, (_, i) => aCase(`c${i}`, { vars: { i } }));
    const other = new RunStore(await openDatabase(opened.folder), (text) => text);
    const creating = storedRun(opened.store, aPlan({ models: [scriptedModel('m', () => reply(''))], cases }));
    try {
      for (const store of [opened.store, other]) {
        expect(store.list({ limit: 9 })).toEqual([]);
        expect(() => store.get('r-test')).toThrow('no run r-test');
      }
      const run = await creating;
      expect(other.get('r-test').info.status).toBe('running');
      expect(other.cases(run).map(({ id }) => id)).toEqual(cases.map(({ id }) => id));
    } finally {
      other.close();
    }
  });

  it('removes what a process that is gone left of a plan', async () => {
    const cases = Array.from({ length: 2_500 }, (_, i) => aCase(`c${i}`));
    const other = new RunStore(await openDatabase(opened.folder), (text) => text);
    const creating = storedRun(opened.store, aPlan({ models: [scriptedModel('m', () => reply(''))], cases }));
    try {
      other.database.prepare('UPDATE run SET heartbeat = 0').run();
      expect(other.list({ limit: 9 })).toEqual([]);
      expect(other.database.prepare('SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM run_case)').pluck().get()).toBe(0);
      await expect(creating).rejects.toMatchObject({ code: 'store' });
    } finally {
      other.close();
    }
  });

  it('stops working on a run that another process took while this one was silent, and leaves its state alone', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    opened.store.close();
    const store = new RunStore(await openDatabase(opened.folder), (text) => text);
    const other = new RunStore(await openDatabase(opened.folder), (text) => text);
    try {
      const run = await storedRun(store, aPlan({ models: [scriptedModel('m', () => reply(''))], cases: [aCase('c0')] }));
      const journal = store.journal(run);
      store.database.prepare('UPDATE run SET heartbeat = 0').run();
      expect(other.get('r-test').info.status).toBe('interrupted');
      expect(other.claim(run)).toBe(true);
      // The same process in a test; another one in life.
      other.database.prepare("UPDATE run SET owner = 'elsewhere/1/1', heartbeat = ?").run(Date.now());
      expect(journal.failure()).toBeUndefined();
      vi.advanceTimersByTime(5_000);
      store.queue.commit();
      expect(journal.failure()).toMatchObject({ code: 'store', message: expect.stringContaining('has taken run r-test') as unknown });
      const none = store.summarize(run);
      store.finish(run, { status: 'finished', durationMs: 1, summary: { all: none.all(), models: none.models(), metricSums: [] }, revision: 0 });
      expect(other.get('r-test').info.status).toBe('running');
    } finally {
      vi.useRealTimers();
      other.close();
      store.close();
    }
  });

  it('is shared with a second connection, which sees what is committed and is kept from taking a run that is at work', async () => {
    const plan = aPlan({ models: [scriptedModel('m', () => reply(''))], cases: [aCase('c0'), aCase('c1')] });
    const run = await storedRun(opened.store, plan);
    const journal = opened.store.journal(run);
    void journal.cellFinished(finishedCell(0));
    await journal.flush();
    const other = new RunStore(await openDatabase(opened.folder), (text) => text);
    try {
      const seen = other.get('r-test');
      expect(seen.info.status).toBe('running');
      expect(other.claim(seen)).toBe(false);
      expect(other.finishedOrdinals(seen)).toEqual([0]);
      const theirs = await storedRun(other, plan, 'r-other');
      void other.journal(theirs).cellFinished(finishedCell(1));
      void journal.cellFinished(finishedCell(1));
      await Promise.all([journal.flush(), other.journal(theirs).flush()]);
      expect(opened.store.list({ limit: 10 }).map(({ info }) => info.id).sort()).toEqual(['r-other', 'r-test']);
    } finally {
      other.close();
    }
  });

  it('finds the run of a process that was killed, and what that process had committed', async () => {
    opened.store.close();
    const script = `
      const { RunStore } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/node/sqlite/run-store.ts'))});
      const { openDatabase } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/node/sqlite/database.ts'))});
      const { storedRun, aPlan, aCase, scriptedModel } = await import(${JSON.stringify(join(import.meta.dirname, '../fixtures/eval/run-fixture.ts'))});
      const store = new RunStore(await openDatabase(${JSON.stringify(opened.folder)}), (text) => text);
      const run = await storedRun(store, aPlan({ models: [scriptedModel('m', () => null)], cases: [aCase('c0'), aCase('c1'), aCase('c2')] }), 'r-killed');
      const journal = store.journal(run);
      void journal.cellFinished(${JSON.stringify(finishedCell(0))});
      await journal.flush();
      journal.attemptStarted({ caseIndex: 1, modelIndex: 0, repeat: 0 }, 1, Date.now());
      await journal.flush();
      process.stdout.write('ready');
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const store = new RunStore(await openDatabase(opened.folder), (text) => text);
    try {
      expect(store.get('r-killed').info.status).toBe('running');
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
      const run = store.get('r-killed');
      expect(run.info.status).toBe('interrupted');
      expect(store.finishedOrdinals(run)).toEqual([0]);
      expect(store.attempts(run, { caseIndex: 1, modelIndex: 0, repeat: 0 })).toMatchObject([{ outcome: 'open', usage: null, durationMs: null }]);
      expect(store.claim(run)).toBe(true);
    } finally {
      store.close();
    }
  });

  it('writes a held answer unless a result that counts is in the same commit', async () => {
    const run = await storedRun(opened.store, aPlan({ models: [scriptedModel('m', () => reply(''))], cases: [aCase('c0'), aCase('c1'), aCase('c2'), aCase('c3')] }));
    const journal = opened.store.journal(run);
    const keyOf = (caseIndex: number): string => `${caseIndex}a`.repeat(32);
    const hold = (caseIndex: number): Promise<void> => journal.holdReply({ caseIndex, modelIndex: 0, repeat: 0 }, () => keyOf(caseIndex), reply(`answer ${caseIndex}`));
    const sameTurn = hold(0);
    void journal.cellFinished(finishedCell(0));
    // Its checks could not be made: it is scored again when the run resumes, and must not be asked again for that.
    void hold(1);
    void journal.cellFinished(finishedCell(1, { status: 'error', error: { code: 'internal', message: 'No judge.' }, pass: null, score: null }));
    void hold(2);
    await sameTurn;
    void journal.cellFinished(finishedCell(2));
    void hold(3);
    await journal.flush();
    expect([0, 1, 2, 3].map((i) => journal.findReply(keyOf(i))?.text)).toEqual([undefined, 'answer 1', 'answer 2', 'answer 3']);
    expect(opened.store.finishedOrdinals(run)).toEqual([0, 1, 2]);
  });

  it('tells a run of a commit that failed, whatever other runs begin meanwhile', async () => {
    const plan = aPlan({ models: [scriptedModel('m', () => reply(''))], cases: [aCase('c0')] });
    const journal = opened.store.journal(await storedRun(opened.store, plan, 'r-1'));
    // As a full disk would do for a moment.
    opened.store.database.exec("CREATE TEMP TRIGGER refuse BEFORE INSERT ON attempt BEGIN SELECT RAISE(ABORT, 'refused'); END");
    journal.attemptStarted({ caseIndex: 0, modelIndex: 0, repeat: 0 }, 1, Date.now());
    opened.store.queue.commit();
    opened.store.database.exec('DROP TRIGGER refuse');
    const other = opened.store.journal(await storedRun(opened.store, plan, 'r-2'));
    expect(journal.failure()).toMatchObject({ code: 'store' });
    await expect(journal.flush()).rejects.toMatchObject({ code: 'store' });
    expect(other.failure()).toBeUndefined();
    await other.flush();
  });

  it('deletes a run with everything that only it used', async () => {
    const plan = aPlan({ models: [scriptedModel('m', () => reply(''))], cases: [aCase('c0'), aCase('c1')] });
    const first = await storedRun(opened.store, plan, 'r-1');
    await storedRun(opened.store, aPlan({ models: plan.models, cases: [aCase('c0')] }), 'r-2');
    const journal = opened.store.journal(first);
    void journal.cellFinished(finishedCell(0));
    void journal.holdReply({ caseIndex: 1, modelIndex: 0, repeat: 0 }, () => 'cd'.repeat(32), reply('private'));
    await journal.flush();
    expect(journal.findReply('cd'.repeat(32))).toMatchObject({ text: 'private' });
    opened.store.delete(['r-1']);
    const count = (table: string): unknown => opened.store.database.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
    expect(['run', 'run_case', 'cell', 'cell_body', 'attempt', 'response', 'case_body'].map(count)).toEqual([1, 1, 0, 0, 0, 0, 1]);
    expect(() => opened.store.get('r-1')).toThrow('no run r-1');
  });
});
