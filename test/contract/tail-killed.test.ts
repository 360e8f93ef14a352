import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openDatabase } from '../../src/node/sqlite/database.ts';
import { otlpLine } from '../fixtures/trace-sink.ts';
import { randomOf } from '../unit/trace/random.ts';

const command = path.resolve(import.meta.dirname, '../../src/cli/main.ts');
const LINES = 3000;
const KILLS = 4;

let folder = '';
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function follow(): ChildProcess {
  const child = spawn(process.execPath, [command, 'serve', '--port', '0', '--no-grpc', '--json'], { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder }, stdio: 'ignore' });
  children.push(child);
  return child;
}

/** Revisions of the stored traces, one for each line of the log, and how far the log was read. */
async function stored(): Promise<{ revisions: number[]; offset: number }> {
  const database = await openDatabase(folder);
  try {
    return {
      revisions: database.prepare('SELECT revision FROM trace').pluck().all() as number[],
      offset: (database.prepare("SELECT offset FROM tail_position WHERE path LIKE '%app.jsonl'").pluck().get() as number | undefined) ?? 0,
    };
  } finally {
    database.close();
  }
}

it(`a process that is killed ${KILLS} times while it follows a log has every line in the end, each once`, async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'touchstone-killed-'));
  writeFileSync(path.join(folder, 'touchstone.yml'), 'traces: { sources: [app.jsonl] }\n');
  const log = path.join(folder, 'app.jsonl');
  const below = randomOf(11);
  let written = 0;
  const write = (lines: number): void => {
    for (let line = 0; line < lines && written < LINES; line++) appendFileSync(log, otlpLine(`span ${written++}`, { attributes: [{ key: 'pad', value: { stringValue: 'x'.repeat(500) } }] }));
  };
  for (let kill = 0; kill < KILLS; kill++) {
    const before = (await stored()).revisions.length;
    const child = follow();
    // Not before it has taken something: else nothing would be interrupted.
    write(100);
    while ((await stored()).revisions.length === before) await new Promise((resolve) => setTimeout(resolve, 50));
    const until = Date.now() + below(200);
    while (Date.now() < until) {
      write(10);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    if (kill === 1) {
      // Nobody looks while the log is rotated.
      renameSync(log, `${log}.1`);
      write(50);
    }
  }
  write(LINES);
  follow();
  await expect.poll(async () => (await stored()).revisions.length, { interval: 250 }).toBe(LINES);
  const { revisions, offset } = await stored();
  expect(offset).toBe(statSync(log).size);
  // A line that is taken twice is a new version of its trace.
  expect(revisions.filter((revision) => revision !== 1)).toEqual([]);
});
