import { fork, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineMethods, HostNotifications, RunSnapshot } from '../../src/protocol/engine.ts';
import { RpcPeer } from '../../src/protocol/rpc-peer.ts';
import { engineSettings, SECRET, serverConfig } from '../fixtures/eval/engine-fixture.ts';
import { startFaultServer, type FaultServer } from '../fixtures/servers/fault-server.ts';

/** The engine as the extension starts it: a process of its own behind RPC. */
interface EngineProcess {
  readonly child: ChildProcess;
  readonly peer: RpcPeer<EngineMethods, HostNotifications>;
  readonly notifications: string[];
  readonly exited: Promise<void>;
}

let folder = '';
let server: FaultServer;
const processes: EngineProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-process-'));
  server = await startFaultServer({ delayMs: 20, answer: () => ({ text: ['ok'] }) });
  writeFileSync(join(folder, 'p.prompt.yml'), 'name: P\nmodel: test/model\nmessages: [{ role: user, content: "case {{n}}" }]\ngolden: p.golden.jsonl\nassert: [{ type: contains, value: ok }]\n');
  writeFileSync(join(folder, 'p.golden.jsonl'), Array.from({ length: 200 }, (_, n) => JSON.stringify({ id: `c${n}`, n })).join('\n'));
  writeFileSync(join(folder, 'touchstone.yml'), serverConfig(server.url, ['test/model']));
});
afterEach(async () => {
  for (const { child, exited } of processes.splice(0)) {
    child.kill('SIGKILL');
    await exited;
  }
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<EngineProcess> {
  const child = fork(join(import.meta.dirname, '../../src/engine/main.ts'), [], { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } });
  const notifications: string[] = [];
  const hear = (name: string) => (): void => void notifications.push(name);
  const peer = new RpcPeer<EngineMethods, HostNotifications>((message) => void child.send(message), {
    handlers: { 'secret/get': () => ({ value: SECRET }) },
    listeners: { 'run/changed': hear('run/changed'), 'runs/changed': hear('runs/changed'), 'log': hear('log'), 'once/text': hear('once/text') },
  });
  child.on('message', (message) => peer.receive(message));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const engine = { child, peer, notifications, exited };
  processes.push(engine);
  await peer.request('engine/configure', engineSettings(folder));
  return engine;
}

const settled = async (engine: EngineProcess, runId: string): Promise<RunSnapshot> => (await engine.peer.request('eval/wait', { runIds: [runId] })).runs[0] as RunSnapshot;

describe('the engine as a process', () => {
  it('runs an eval, tells of it, and ends with its channel', async () => {
    const engine = await start();
    const { runIds } = await engine.peer.request('eval/start', { targets: [join(folder, 'p.prompt.yml')], origin: 'editor', caseIds: ['c0', 'c1'] });
    const run = await settled(engine, runIds[0] ?? '');
    expect(run).toMatchObject({ info: { status: 'finished' }, summary: { passed: 2 } });
    expect(engine.notifications).toContain('run/changed');
    await expect(engine.peer.request('runs/get', { runId: 7 } as never)).rejects.toMatchObject({ code: 'invalid-message' });
    engine.child.disconnect();
    await engine.exited;
  });

  it('killed in mid-run, the run is found interrupted and resumes with what is missing; nothing finished is repeated', async () => {
    const first = await start();
    const { runIds } = await first.peer.request('eval/start', { targets: [join(folder, 'p.prompt.yml')], origin: 'editor', noCache: true });
    const runId = runIds[0] ?? '';
    await expect.poll(() => server.requests.length, { interval: 5 }).toBeGreaterThan(40);
    first.child.kill('SIGKILL');
    await first.exited;

    const second = await start();
    const { runs } = await second.peer.request('runs/list', { limit: 5 });
    expect(runs[0]).toMatchObject({ info: { id: runId, status: 'interrupted' } });
    const { cells: before } = await second.peer.request('cells/list', { runId, from: 0, to: 1000 });
    expect(before.length).toBeGreaterThan(10);
    expect(before.length).toBeLessThan(200);
    await second.peer.request('eval/resume', { runId });
    const run = await settled(second, runId);
    expect(run).toMatchObject({ info: { status: 'finished' }, summary: { cells: 200, passed: 200, errors: 0 }, done: 200, total: 200 });
    const asked = (id: string): number => server.requests.filter((request) => request.text === `case ${id.slice(1)}`).length;
    expect(before.filter(({ case: item }) => asked(item.id) !== 1)).toEqual([]);
    // Only what was under way at the kill is asked twice.
    expect(server.requests.length).toBeLessThanOrEqual(200 + 8);
    await expect(second.peer.request('eval/resume', { runId })).rejects.toMatchObject({ code: 'usage' });
  });

  it('cancels at once and keeps what is finished', async () => {
    const engine = await start();
    const { runIds } = await engine.peer.request('eval/start', { targets: [join(folder, 'p.prompt.yml')], origin: 'editor', noCache: true });
    await expect.poll(() => server.requests.length, { interval: 5 }).toBeGreaterThan(20);
    await engine.peer.request('eval/cancel', { runId: runIds[0] ?? '' });
    const run = await engine.peer.request('runs/get', { runId: runIds[0] ?? '' });
    expect(run.info.status).toBe('cancelled');
    const asked = server.requests.length;
    expect(run.done).toBeGreaterThan(0);
    const { runIds: [next] } = await engine.peer.request('eval/start', { targets: [join(folder, 'p.prompt.yml')], origin: 'editor', noCache: true, caseIds: Array.from({ length: 40 }, (_, n) => `c${n}`) });
    expect(await settled(engine, next ?? '')).toMatchObject({ summary: { passed: 40 } });
    // Of the cancelled one no more than was on its way.
    expect(server.requests.length).toBeLessThanOrEqual(asked + 8 + 40);
  });

  it('ends without a word when its window is killed in the middle of a run', async () => {
    const log = join(folder, 'engine.log');
    const window = spawn(process.execPath, [join(import.meta.dirname, '../fixtures/engine-process/killed-window.ts'), log, JSON.stringify(engineSettings(folder)), join(folder, 'p.prompt.yml')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const said = await text(window.stdout);
    const pid = Number(said);
    expect(pid).toBeGreaterThan(1);
    const isThere = (): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await expect.poll(isThere).toBe(false);
    expect(readFileSync(log, 'utf8')).toBe('');
  });

  it('shares the workspace with a second engine: both evaluate at once, each sees the other\'s run and cannot take it', async () => {
    const [one, two] = [await start(), await start()];
    const started = await Promise.all([one, two].map((engine) => engine.peer.request('eval/start', { targets: [join(folder, 'p.prompt.yml')], origin: 'editor', noCache: true })));
    const [first, second] = started.map(({ runIds }) => runIds[0] ?? '') as [string, string];
    await expect(two.peer.request('eval/resume', { runId: first })).rejects.toMatchObject({ code: 'usage' });
    const ended = await Promise.all([settled(one, first), settled(two, second)]);
    expect(ended.map(({ summary }) => summary.passed)).toEqual([200, 200]);
    const { runs } = await one.peer.request('runs/list', { limit: 5 });
    expect(new Map(runs.map(({ info }) => [info.id, info.status]))).toEqual(new Map([[first, 'finished'], [second, 'finished']]));
  });
});
