import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';

let workspace: TestEngine;
afterEach(() => workspace.close());

const PROMPT = 'name: A\nmodel: echo\nmessages:\n  - { role: user, content: "{{word}}" }\ngolden: a.golden.jsonl\nassert: [{ type: contains, value: x }]\n';
const line = (id: string, word: string): string => JSON.stringify({ id, word });

describe('what lenses know of a prompt', () => {
  it('counts cases, tells the last run, and that an edit made it stale, also while the edit is not saved', async () => {
    workspace = await testEngine({ 'a.prompt.yml': PROMPT, 'a.golden.jsonl': `${line('1', 'x')}\n${line('2', 'y')}\n` });
    const path = join(workspace.folder, 'a.prompt.yml');
    const state = async (text?: string): Promise<Awaited<ReturnType<typeof ask>>> => ask(text === undefined ? [] : [{ path, text }]);
    const ask = async (overlays: { path: string; text: string }[]) => (await workspace.engine.request('prompts/state', { path, overlays })).prompts[0];
    expect(await state()).toMatchObject({ name: 'A', dataset: { name: 'a.golden.jsonl', cases: 2 }, lastRun: null, running: null, estimate: { usd: 0, requests: 2 } });
    await workspace.eval();
    expect(await state()).toMatchObject({ lastRun: { stale: false, summary: { passed: 1, failed: 1 } } });
    expect(await state(PROMPT.replace('name: A', 'name: A # a comment'))).toMatchObject({ lastRun: { stale: false } });
    expect(await state(PROMPT.replace('{{word}}', 'say {{word}}'))).toMatchObject({ lastRun: { stale: true } });
    expect(await ask([{ path: join(workspace.folder, 'a.golden.jsonl'), text: line('1', 'x') }])).toMatchObject({ dataset: { cases: 1 } });
    writeFileSync(join(workspace.folder, 'a.golden.jsonl'), [1, 2, 3].map((n) => line(String(n), 'x')).join('\n'));
    expect(await state()).toMatchObject({ dataset: { cases: 3 } });
  });

  it('estimates a large dataset by cases from all of it, as an eval of the whole does', async () => {
    workspace = await testEngine({
      'a.prompt.yml': PROMPT.replace('model: echo', 'model: test/model'),
      // Sorted by length: the first cases alone would say far too little.
      'a.golden.jsonl': Array.from({ length: 1_130 }, (_, i) => line(String(i), 'x'.repeat(4 * i))).join('\n'),
      'touchstone.yml': 'models:\n  test/model: { provider: openai-compatible, baseUrl: "http://127.0.0.1:9/v1", price: { input: 1, output: 2 } }\n',
    });
    const path = join(workspace.folder, 'a.prompt.yml');
    const whole = await workspace.engine.request('eval/estimate', { targets: [path], origin: 'editor' });
    const { prompts: [state] } = await workspace.engine.request('prompts/state', { path });
    expect(whole.usd).toBeGreaterThan(0.5);
    expect(state?.estimate).toMatchObject({ requests: 1_130, outputTokens: whole.outputTokens, unpriced: [] });
    expect(Math.abs((state?.estimate?.inputTokens ?? 0) / whole.inputTokens - 1)).toBeLessThan(0.05);
    expect(Math.abs((state?.estimate?.usd ?? 0) / (whole.usd ?? 1) - 1)).toBeLessThan(0.05);
  });

  it('names a variable that no case of the dataset has, at its place', async () => {
    workspace = await testEngine({ 'a.prompt.yml': PROMPT.replace('{{word}}', '{{wrod}}'), 'a.golden.jsonl': line('1', 'x') });
    const { diagnostics } = await workspace.engine.request('prompts/state', { path: join(workspace.folder, 'a.prompt.yml') });
    expect(diagnostics).toMatchObject([{ code: 'unknown-variable', range: { start: { line: 3 } } }]);
    expect(diagnostics[0]?.message).toContain('wrod');
  });

  it('lists prompts with their problems, and takes a dataset from touchstone.yml', async () => {
    workspace = await testEngine({
      'a.prompt.yml': PROMPT.replace('golden: a.golden.jsonl\n', ''),
      'data.jsonl': line('1', 'x'),
      'broken.prompt.yml': 'messages: [\n',
      'touchstone.yml': 'datasets: { a: data.jsonl }\n',
    });
    const { prompts, diagnostics } = await workspace.engine.request('prompts/list', {});
    expect(prompts.map(({ name, problem, dataset }) => [name, problem === null, dataset?.cases ?? null])).toEqual([['A', true, 1], ['broken.prompt.yml', false, null]]);
    expect(diagnostics.some(({ file, severity }) => severity === 'error' && file?.endsWith('broken.prompt.yml') === true)).toBe(true);
  });

  it('says at a prompt where its dataset is wrong, which is another file', async () => {
    workspace = await testEngine({ 'a.prompt.yml': PROMPT, 'a.golden.jsonl': `${line('1', 'x')}\n{"id":"2"\n` });
    const { prompts } = await workspace.engine.request('prompts/list', {});
    expect(prompts[0]?.problem).toBe('a.golden.jsonl:2: not valid JSON: } expected');
  });

  it('evaluates what is in the editor, not what is on the disk', async () => {
    workspace = await testEngine({ 'a.prompt.yml': PROMPT, 'a.golden.jsonl': line('1', 'y') });
    const path = join(workspace.folder, 'a.prompt.yml');
    const { cells, run } = await workspace.eval({ targets: [path], overlays: [{ path, text: PROMPT.replace('{{word}}', '{{word}} x') }], origin: 'editor' });
    expect(cells[0]?.result).toMatchObject({ output: 'y x', pass: true });
    expect(run.info.workingCopy).toBe(true);
  });

  it('runs one case again without the cache and leaves the others as they are', async () => {
    workspace = await testEngine({ 'a.prompt.yml': PROMPT, 'a.golden.jsonl': `${line('1', 'x')}\n${line('2', 'y')}\n` });
    const { run, cells } = await workspace.eval();
    await workspace.engine.request('cells/rerun', { runId: run.info.id, caseIndex: 1 });
    const after = await workspace.engine.request('runs/get', { runId: run.info.id });
    expect(after).toMatchObject({ info: { status: 'finished' }, summary: { cells: 2, passed: 1, failed: 1 }, done: 2 });
    expect((await workspace.cells(run.info.id))[0]).toEqual(cells[0]);
    const { attempts } = await workspace.engine.request('cells/get', { runId: run.info.id, key: { caseIndex: 1, modelIndex: 0, repeat: 0 } });
    expect(attempts.map(({ number }) => number)).toEqual([1, 2]);
  });

  it('starts nothing in a workspace that is not trusted', async () => {
    workspace = await testEngine({ 'a.prompt.yml': PROMPT, 'a.golden.jsonl': line('1', 'x') }, { trusted: false });
    await expect(workspace.eval()).rejects.toMatchObject({ code: 'untrusted-workspace' });
    await expect(workspace.engine.request('once/run', { path: join(workspace.folder, 'a.prompt.yml'), vars: { word: 'x' }, stream: 's' })).rejects.toMatchObject({ code: 'untrusted-workspace' });
    await expect(workspace.engine.request('runs/list', { limit: 1 })).rejects.toMatchObject({ code: 'untrusted-workspace' });
  });

  it('streams a single answer', async () => {
    workspace = await testEngine({ 'a.prompt.yml': PROMPT, 'a.golden.jsonl': line('1', 'x') });
    let streamed = '';
    workspace.engine.on('once/text', ({ text }) => (streamed += text));
    const result = await workspace.engine.request('once/run', { path: join(workspace.folder, 'a.prompt.yml'), vars: { word: 'hello {{word}}' }, stream: 's' });
    expect(result).toMatchObject({ output: 'hello {{word}}', model: 'echo', cost: 0 });
    expect(streamed).toBe('hello {{word}}');
  });
});
