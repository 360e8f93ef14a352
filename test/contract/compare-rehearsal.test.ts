import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { compareParts } from '../../src/engine/compare/handlers.ts';
import { Rehearsal } from '../../src/engine/compare/rehearsal.ts';
import { Evals } from '../../src/engine/evals.ts';
import { Limiters } from '../../src/engine/run-ports.ts';
import { Workspace } from '../../src/engine/workspace.ts';
import type { ComparisonRef } from '../../src/protocol/compare.ts';
import { answersByInstruction, goldenCases, triageFiles } from '../fixtures/eval/compared.ts';
import { engineSettings, testEngine } from '../fixtures/eval/engine-fixture.ts';
import { startFaultServer } from '../fixtures/servers/fault-server.ts';

const CASES = 240;

const open: { close(): void | Promise<void> }[] = [];
afterEach(async () => {
  for (const item of open.splice(0).reverse()) await item.close();
});

const unexpected = (): Promise<never> => Promise.reject(new Error('a rehearsal asks nobody'));

interface Rehearsed {
  readonly runs: readonly string[];
  /** What was compared. */
  readonly rehearsed: ComparisonRef[];
  readonly rehearsal: Rehearsal;
  /** Somebody waits for an answer. */
  answering: boolean;
  /** How often it looked whether somebody waits. What it begins then, it begins at once. */
  looks: number;
}

/** A store with two runs of so many cases, each asked so often, and the rehearsal on it. */
async function rehearsalOf(cases: number, repeats = 1): Promise<Rehearsed> {
  const server = await startFaultServer({ answer: answersByInstruction });
  open.push({ close: () => server.stop() });
  const made = await testEngine(triageFiles(server.url, goldenCases(cases, (i) => ({ tags: [i % 2 === 0 ? 'even' : 'odd'] }))));
  open.push(made);
  const runs: string[] = [];
  for (const model of ['test/model', 'test/other']) runs.push((await made.eval({ models: [model], repeats })).run.info.id);
  const workspace = new Workspace(engineSettings(made.folder), { request: unexpected, on: () => () => undefined });
  open.push({ close: () => workspace.close() });
  const evals = new Evals(workspace, new Limiters(), { changed: () => undefined, listChanged: () => undefined, log: () => undefined }, unexpected);
  const { comparisons } = compareParts(workspace, evals, { changed: () => undefined, versionsOf: unexpected });
  const rehearsed: ComparisonRef[] = [];
  const rehearse = async (ref: ComparisonRef): Promise<void> => {
    rehearsed.push(ref);
    await comparisons.rehearse(ref);
  };
  const isIdle = (): boolean => {
    state.looks++;
    return !state.answering;
  };
  const state: Rehearsed = { runs, rehearsed, answering: false, looks: 0, rehearsal: new Rehearsal({ comparisons: { rehearse }, store: () => workspace.store(), isIdle }) };
  open.push({ close: () => state.rehearsal.close() });
  return state;
}

it('compares the newest runs that were judged alike while nobody waits, and comes to an end', async () => {
  const state = await rehearsalOf(CASES);
  state.answering = true;
  state.rehearsal.begin();
  await expect.poll(() => state.looks).toBeGreaterThan(1);
  expect(state.rehearsed).toEqual([]);
  state.answering = false;
  const rounds = Math.ceil(25_000 / CASES);
  await expect.poll(() => state.rehearsed).toHaveLength(rounds);
  await sleep(300);
  expect(state.rehearsed).toHaveLength(rounds);
  const [before, after] = state.runs;
  expect(new Set(state.rehearsed.map(({ a, b }) => `${a.runId} ${b.runId}`))).toEqual(new Set([`${before ?? ''} ${after ?? ''}`]));
});

it('comes to an end as soon where few cases were asked many times', async () => {
  const { rehearsal, rehearsed } = await rehearsalOf(2, CASES / 2);
  rehearsal.begin();
  const rounds = Math.ceil(25_000 / CASES);
  await expect.poll(() => rehearsed.length).toBeGreaterThanOrEqual(rounds);
  await sleep(300);
  expect(rehearsed).toHaveLength(rounds);
});

it('ends with the workspace folder', async () => {
  const { rehearsal, rehearsed } = await rehearsalOf(CASES);
  rehearsal.begin();
  await expect.poll(() => rehearsed.length).toBeGreaterThan(0);
  rehearsal.close();
  const { length } = rehearsed;
  await sleep(300);
  expect(rehearsed).toHaveLength(length);
});

it('leaves small runs alone', async () => {
  const state = await rehearsalOf(20);
  state.rehearsal.begin();
  await expect.poll(() => state.looks).toBe(1);
  expect(state.rehearsed).toEqual([]);
});
