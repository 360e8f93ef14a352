import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { GridView } from '../../src/protocol/engine.ts';
import { createEngine } from '../../src/engine/engine.ts';
import { engineSettings, serverConfig, testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';
import { startFaultServer, type FaultServer } from '../fixtures/servers/fault-server.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const item of open.splice(0).reverse()) await item.close();
});

async function engineWith(files: Readonly<Record<string, string>>): Promise<TestEngine> {
  const made = await testEngine(files);
  open.push(made);
  return made;
}

async function server(options: Parameters<typeof startFaultServer>[0]): Promise<FaultServer> {
  const started = await startFaultServer(options);
  open.push({ close: () => started.stop() });
  return started;
}

const VIEW: GridView = { filter: 'all', search: '', groupBySlice: false, collapsed: [], sort: { by: 'order', modelIndex: 0, descending: false } };
const golden = (count: number): string => Array.from({ length: count }, (_, n) => JSON.stringify({ id: `c${n}`, n })).join('\n');
const prompt = (name: string, more = ''): string => `name: ${name}\nmodel: test/model\nmodelParameters: { max_tokens: 10 }\nmessages: [{ role: user, content: "${name} {{n}}" }]\ngolden: g.golden.jsonl\n${more}`;
const USAGE = { input: 1000, cached: 0, output: 10, reasoning: 0 };
const PRICES = 'prices:\n  test/model: { input: 0, output: 1000 }\n';

describe('runs that are cancelled, resumed, run again and looked at', () => {
  it('ends a run at once that is cancelled while it waits for another, and the other goes on', async () => {
    const faults = await server({ delayMs: 40, answer: () => ({ text: ['ok'] }) });
    const workspace = await engineWith({ 'a.prompt.yml': prompt('a'), 'b.prompt.yml': prompt('b'), 'g.golden.jsonl': golden(60), 'touchstone.yml': serverConfig(faults.url, ['test/model']) });
    const { runIds } = await workspace.engine.request('eval/start', { targets: [workspace.folder], origin: 'cli', concurrency: 2 });
    const [first, second] = runIds as [string, string];
    await workspace.engine.request('eval/cancel', { runId: second });
    expect((await workspace.engine.request('runs/get', { runId: second })).info.status).toBe('cancelled');
    expect((await workspace.engine.request('runs/get', { runId: first })).info.status).toBe('running');
    const { runs } = await workspace.engine.request('eval/wait', { runIds: [first] });
    expect(runs[0]).toMatchObject({ info: { status: 'finished' }, summary: { passed: 60 } });
    expect(faults.requests.some(({ text }) => text.startsWith('b '))).toBe(false);
  });

  it('says of a run whether it is under way here or in another process', async () => {
    const faults = await server({ fault: () => 'silence' });
    const workspace = await engineWith({ 'a.prompt.yml': prompt('a'), 'g.golden.jsonl': golden(1), 'touchstone.yml': serverConfig(faults.url, ['test/model']) });
    const { runIds } = await workspace.engine.request('eval/start', { targets: [workspace.folder], origin: 'cli' });
    const runId = runIds[0]!;
    const other = createEngine({ host: { request: () => Promise.reject(new Error('nothing is asked for')), on: () => () => undefined } });
    open.push({ close: () => other.dispose() });
    await other.request('engine/configure', engineSettings(workspace.folder));
    expect(await other.request('runs/get', { runId })).toMatchObject({ info: { status: 'running' }, elsewhere: true });
    expect(await workspace.engine.request('runs/get', { runId })).not.toHaveProperty('elsewhere');
    await workspace.engine.request('eval/cancel', { runId });
    expect(await other.request('runs/get', { runId })).not.toHaveProperty('elsewhere');
  });

  it('starts nothing when it is cancelled while it prepares', async () => {
    const workspace = await engineWith({ 'a.prompt.yml': prompt('a').replace('test/model', 'echo'), 'g.golden.jsonl': golden(2) });
    const cancel = new AbortController();
    const starting = workspace.engine.request('eval/start', { targets: [workspace.folder], origin: 'editor' }, cancel.signal);
    cancel.abort();
    await expect(starting).rejects.toMatchObject({ code: 'cancelled' });
    expect((await workspace.engine.request('runs/list', { limit: 5 })).runs).toEqual([]);
  });

  it('counts every cell once when a case with a choice among its outputs runs again, and keeps its cells until then', async () => {
    const tests = [0, 1, 2].map((n) => `  - vars: { q: x${n} }\n    assert: [{ type: contains, value: x }, { type: max-score }]\n`).join('');
    const workspace = await engineWith({ 'promptfooconfig.yaml': `prompts: ['{{q}}']\nproviders: [{ id: echo, label: a }, { id: echo, label: b }]\ntests:\n${tests}` });
    const { run } = await workspace.eval();
    expect(run.summary).toMatchObject({ cells: 6, passed: 3, failed: 3 });
    await workspace.engine.request('cells/rerun', { runId: run.info.id, caseIndex: 1 });
    const after = await workspace.engine.request('runs/get', { runId: run.info.id });
    expect(after).toMatchObject({ info: { status: 'finished' }, done: 6, total: 6, summary: { cells: 6, passed: 3, failed: 3 } });
  });

  it('keeps the results of a case whose second run is cancelled', async () => {
    const faults = await server({ answer: () => ({ text: ['ok'] }) });
    const workspace = await engineWith({ 'a.prompt.yml': prompt('a'), 'g.golden.jsonl': golden(2), 'touchstone.yml': serverConfig(faults.url, ['test/model']) });
    const { run, cells } = await workspace.eval();
    faults.options = { fault: () => 'silence' };
    const again = workspace.engine.request('cells/rerun', { runId: run.info.id, caseIndex: 0 });
    await expect.poll(() => faults.requests.length).toBe(3);
    await workspace.engine.request('eval/cancel', { runId: run.info.id });
    await again;
    expect(await workspace.cells(run.info.id)).toEqual(cells);
    expect(await workspace.engine.request('runs/get', { runId: run.info.id })).toMatchObject({ info: { status: 'finished' }, summary: run.summary });
  });

  it('shows the grid as it is when the run has ended, though it was looked at when it began', async () => {
    const workspace = await engineWith({ 'a.prompt.yml': prompt('a', 'assert: [{ type: contains, value: nothing }]\n').replace('test/model', 'echo'), 'g.golden.jsonl': golden(3) });
    const { runIds } = await workspace.engine.request('eval/start', { targets: [workspace.folder], origin: 'editor' });
    const runId = runIds[0] ?? '';
    const before = await workspace.engine.request('cells/page', { runId, view: VIEW, from: 0, to: 10 });
    let told = 0;
    workspace.engine.on('run/changed', ({ revision }) => (told = Math.max(told, revision)));
    await workspace.engine.request('eval/wait', { runIds });
    const after = await workspace.engine.request('cells/page', { runId, view: VIEW, from: 0, to: 10 });
    expect(after.counts.failing).toBe(3);
    expect(after.revision).toBeGreaterThan(before.revision);
    expect(after.revision).toBeGreaterThanOrEqual(told);
  });

  it('counts only the cells that were planned, also when the run has ended', async () => {
    const workspace = await engineWith({ 'promptfooconfig.yaml': `prompts: ['{{q}}']\nproviders: [{ id: echo, label: a }, { id: echo, label: b }]\ntests:\n  - vars: { q: 1 }\n  - vars: { q: 2 }\n    providers: [a]\n` });
    const { run } = await workspace.eval();
    expect(run).toMatchObject({ done: 3, total: 3 });
  });
});

describe('the budget of a run', () => {
  it('is not renewed by resuming; more is given by a budget of its own', async () => {
    const faults = await server({ answer: () => ({ text: ['ok'], usage: USAGE }) });
    const workspace = await engineWith({ 'a.prompt.yml': prompt('a'), 'g.golden.jsonl': golden(10), 'touchstone.yml': serverConfig(faults.url, ['test/model']) + PRICES });
    // Ten tokens cost 0.01 dollars, and that is what each request reserves.
    const { run } = await workspace.eval({ budgetUsd: 0.045, concurrency: 3 });
    expect(run).toMatchObject({ info: { status: 'budget' }, done: 4 });
    const resumed = async (more: { budgetUsd?: number }): Promise<unknown> => {
      const { runIds } = await workspace.engine.request('eval/resume', { runId: run.info.id, ...more });
      return (await workspace.engine.request('eval/wait', { runIds })).runs[0];
    };
    expect(await resumed({})).toMatchObject({ info: { status: 'budget' }, done: 4 });
    expect(faults.requests).toHaveLength(4);
    await expect(resumed({ budgetUsd: -1 })).rejects.toMatchObject({ code: 'usage' });
    expect(await resumed({ budgetUsd: 1 })).toMatchObject({ info: { status: 'finished', budgetUsd: 1 }, done: 10 });
    expect(faults.requests).toHaveLength(10);
  });

  it('covers judges: one that would exceed it stops the run, and fails no cell', async () => {
    const faults = await server({ answer: ({ text }) => ({ text: [text.startsWith('a ') ? `answer to ${text}` : '{"pass": true, "score": 1, "reason": "good"}'], usage: USAGE }) });
    const workspace = await engineWith({
      'a.prompt.yml': prompt('a', 'assert: [{ type: llm-rubric, value: good, provider: test/judge }]\n'),
      'g.golden.jsonl': golden(4),
      'touchstone.yml': `${serverConfig(faults.url, ['test/model', 'test/judge'])}${PRICES}  test/judge: { input: 0, output: 1000 }\n`,
    });
    // A judge without a limit of its own reserves 2048 tokens: 2.05 dollars.
    const { run, cells } = await workspace.eval({ budgetUsd: 2.08, concurrency: 1 });
    expect(run.info.status).toBe('budget');
    expect(cells.length).toBeGreaterThan(0);
    expect(cells.length).toBeLessThan(4);
    expect(cells.every(({ result }) => result.pass === true && result.error === null)).toBe(true);
  });
});

it('says that a result is stale when the checks were edited', async () => {
  const workspace = await engineWith({ 'a.prompt.yml': prompt('a', 'assert: [{ type: contains, value: a }]\n').replace('test/model', 'echo'), 'g.golden.jsonl': golden(1) });
  await workspace.eval();
  const path = join(workspace.folder, 'a.prompt.yml');
  const stale = async (text: string): Promise<boolean | undefined> => (await workspace.engine.request('prompts/state', { path, overlays: [{ path, text }] })).prompts[0]?.lastRun?.stale;
  expect(await stale(prompt('a', 'assert: [{ type: contains, value: a }]\n').replace('test/model', 'echo'))).toBe(false);
  expect(await stale(prompt('a', 'assert: [{ type: contains, value: b }]\n').replace('test/model', 'echo'))).toBe(true);
});
