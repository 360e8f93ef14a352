import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compared, goldenCases, jsonLines, promptPath, triage, triageFiles } from '../fixtures/eval/compared.ts';
import { testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';
import { startFaultServer, type FaultServer } from '../fixtures/servers/fault-server.ts';

const CASES = 400;

/** `Right N of M.`: the share of cases that an instruction gets right. */
const answer = (instruction: string, n: number): string => {
  const [, right = 1, of = 1] = /Right (\d+) of (\d+)/.exec(instruction) ?? [];
  return (n * 7) % Number(of) < Number(right) ? 'billing' : 'technical';
};

let model: FaultServer;
let workspace: TestEngine;
beforeEach(async () => {
  model = await startFaultServer({ answer: ({ body, text }) => ({ text: [answer((body['messages'] as { content: string }[])[0]?.content ?? '', Number(text.split(' ')[1]))] }) });
  workspace = await testEngine(triageFiles(model.url, goldenCases(CASES), 'Right 5 of 10.'), { concurrency: 20 });
  await workspace.engine.request('versions/save', { path: promptPath(workspace), message: 'First' });
});
afterEach(async () => {
  await workspace.close();
  await model.stop();
});

describe('a comparison that stops early', () => {
  it('asks both sides for the same cases until the answer is clear, and says what it saved', async () => {
    const { engine } = workspace;
    writeFileSync(promptPath(workspace), triage('Right 9 of 10.'));
    const { refs: [ref], runIds } = await compared(workspace, ['triage@v1', 'triage'], { sequential: true, origin: 'editor' });
    const comparison = await engine.request('compare/get', { ref: ref! });
    const asked = comparison.stoppedEarly?.cases ?? NaN;
    expect(asked).toBeLessThan(CASES / 2);
    expect(model.requests).toHaveLength(2 * asked);
    expect([comparison.a.status, comparison.b.status, comparison.a.done, comparison.a.total]).toEqual(['finished', 'finished', asked, asked]);
    expect(comparison.result).toMatchObject({ gate: 'passes', n: asked, metrics: [{ name: 'passRate', test: 'sequential', verdict: 'better' }, {}, {}] });
    expect(comparison.stoppedEarly).toMatchObject({ of: CASES, savedUsd: null, sentence: expect.stringMatching(/^Stopped after \d+ of 400 cases, clearly better: /) as unknown });
    const order = await Promise.all(runIds.map(async (runId) => (await workspace.cells(runId)).map(({ result }) => result.caseIndex)));
    expect(order[0]).toEqual(order[1]);
    expect(order[0]).not.toEqual(Array.from({ length: asked }, (_, i) => i));
    // What was stopped answers nothing else; its answers are in the cache.
    const { refs: [whole] } = await compared(workspace, ['triage@v1', 'triage']);
    expect((await engine.request('compare/get', { ref: whole! })).result).toMatchObject({ n: CASES, metrics: [{ test: 'mcnemar-exact' }, {}, {}] });
    expect(model.requests).toHaveLength(2 * CASES);
  });

  it('asks on the command line whether it is worse by the margin, which equal versions answer as well', async () => {
    writeFileSync(promptPath(workspace), triage('Right 5 of 10, differently put.'));
    const { refs: [ref] } = await compared(workspace, ['triage@v1', 'triage'], { sequential: true });
    const comparison = await workspace.engine.request('compare/get', { ref: ref! });
    expect(comparison.stoppedEarly).toMatchObject({ sentence: expect.stringContaining('clearly not worse by more than the margin: ') as unknown });
    expect(comparison.result).toMatchObject({ gate: 'passes', metrics: [{ delta: 0, verdict: 'no-difference-shown' }, {}, {}] });
  });

  it('asks for every case where nothing is clear, and only the side that is missing', async () => {
    const { engine } = workspace;
    writeFileSync(promptPath(workspace), triage('Right 4 of 9.'));
    await compared(workspace, ['triage@v1', 'triage']);
    writeFileSync(promptPath(workspace), triage('Right 5 of 11.'));
    const asked = model.requests.length;
    const { refs: [ref], runIds } = await compared(workspace, ['triage@v1', 'triage'], { sequential: true, options: { margin: 0.04 }, origin: 'editor' });
    const comparison = await engine.request('compare/get', { ref: ref!, settings: { margin: 0.04 } });
    expect([runIds.length, model.requests.length - asked, comparison.stoppedEarly, comparison.result?.n]).toEqual([1, CASES, null, CASES]);
  });

  it('asks nothing where the sides would not be judged alike in the end', async () => {
    const { engine, folder } = workspace;
    const other = triage('Right 9 of 10.').replaceAll('triage.golden', 'other.golden');
    writeFileSync(join(folder, 'other.prompt.yml'), other);
    writeFileSync(join(folder, 'other.golden.jsonl'), jsonLines(goldenCases(CASES - 1)));
    const start = (): Promise<unknown> => engine.request('compare/start', { sides: ['triage', 'other'], folder, sequential: true, origin: 'cli' });
    await expect(start()).rejects.toMatchObject({ code: 'usage', message: expect.stringMatching(/^triage and other would not be judged alike: their datasets differ\./) as unknown });
    writeFileSync(join(folder, 'other.prompt.yml'), triage('Right 9 of 10.', '  - { type: contains, value: bill }\n'));
    await expect(start()).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('their assertions differ') as unknown });
    expect([model.requests.length, (await engine.request('runs/list', { limit: 10 })).runs]).toEqual([0, []]);
  });

  it('ends both sides when one is cancelled', async () => {
    model.options = { ...model.options, delayMs: 20 };
    const { engine, folder } = workspace;
    writeFileSync(promptPath(workspace), triage('Right 5 of 10, carefully.'));
    const { runIds } = await engine.request('compare/start', { sides: ['triage@v1', 'triage'], folder, sequential: true, origin: 'editor' });
    await engine.request('eval/cancel', { runId: runIds[0]! });
    const { runs } = await engine.request('eval/wait', { runIds });
    expect(runs.map(({ info }) => info.status)).toEqual(['cancelled', 'cancelled']);
  });
});
