import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ComparisonRef } from '../../src/protocol/compare.ts';
import { answersByInstruction, CAREFUL, compared, goldenCases, promptPath, QUICK, triage, triageFiles } from '../fixtures/eval/compared.ts';
import { testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';
import { startFaultServer, type FaultServer } from '../fixtures/servers/fault-server.ts';

let workspace: TestEngine;
let model: FaultServer;
beforeEach(async () => {
  model = await startFaultServer({ answer: answersByInstruction });
  workspace = await testEngine(triageFiles(model.url, goldenCases(6)));
});
afterEach(async () => {
  await workspace.close();
  await model.stop();
});

describe('what has the same content by another name', () => {
  it('runs a version once that is asked for by two names', async () => {
    const { engine, folder } = workspace;
    const path = promptPath(workspace);
    await engine.request('versions/save', { path, message: 'First' });
    await engine.request('environments/promote', { path, ref: 'v1', environment: 'production' });
    writeFileSync(path, triage(CAREFUL));
    const sides = ['triage@production', 'triage@v1'];
    expect(await engine.request('compare/estimate', { sides, folder, origin: 'cli' })).toMatchObject({ cells: 6, known: 0 });
    const { refs: [ref], runIds } = await compared(workspace, sides);
    expect([runIds, model.requests.length]).toEqual([[ref!.a.runId], 6]);
    const { a, b, result } = await engine.request('compare/get', { ref: ref! });
    expect([a.label, b.label, result?.gate]).toEqual(['production v1', b.version?.label, 'passes']);
    // Whoever wants every answer anew has each side's own.
    const { refs: [anew] } = await compared(workspace, sides, { noCache: true });
    expect([anew!.a.runId === anew!.b.runId, model.requests.length]).toEqual([false, 18]);
  });

  it('calls a run that was named a run, also where the file is still as it was', async () => {
    const path = promptPath(workspace);
    const { run: first } = await workspace.eval({ targets: [path] });
    writeFileSync(path, triage(CAREFUL));
    const { run: second } = await workspace.eval({ targets: [path] });
    const labels = async (...sides: string[]): Promise<string[]> => {
      const { refs: [ref] } = await compared(workspace, sides);
      const { a, b } = await workspace.engine.request('compare/get', { ref: ref! });
      return [a.label, b.label];
    };
    const [older, newer] = [first, second].map(({ info }) => `run ${info.id}`);
    expect(await labels(`run:${first.info.id}`, 'run:latest')).toEqual([older, newer]);
    expect(await labels(`run:${first.info.id}`, 'triage')).toEqual([older, 'working copy']);
    expect(await labels('triage', `run:${first.info.id}`)).toEqual(['working copy', older]);
  });

  it('tells a version from the file that has its content, on whichever side each stands', async () => {
    const { engine } = workspace;
    const path = promptPath(workspace);
    await engine.request('versions/save', { path, message: 'First' });
    writeFileSync(path, triage(CAREFUL));
    const { refs: [started] } = await compared(workspace, ['triage@v1', 'triage']);
    writeFileSync(path, triage(QUICK));
    const [version, file] = [started!.a, { ...started!.a, as: null }];
    const labels = async (ref: ComparisonRef): Promise<string[]> => {
      const { a, b } = await engine.request('compare/get', { ref });
      return [a.label, b.label].map((label) => label.replace(/ · .*/, ''));
    };
    expect(await labels({ a: version, b: file })).toEqual(['v1', 'working copy']);
    expect(await labels({ a: file, b: version })).toEqual(['working copy', 'v1']);
  });
});
