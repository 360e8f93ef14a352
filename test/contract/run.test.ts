import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plannedOrdinals } from '../../src/core/eval/plan.ts';
import { executeRun, type RunState } from '../../src/core/eval/runner.ts';
import { Budget } from '../../src/core/eval/budget.ts';
import { TouchstoneError } from '../../src/core/errors.ts';
import { ModelError } from '../../src/core/model/model.ts';
import type { CellResult } from '../../src/core/eval/model.ts';
import { DATABASE_FILE, DATABASE_FOLDER, openDatabase } from '../../src/node/sqlite/database.ts';
import { RunStore } from '../../src/node/sqlite/run-store.ts';
import { aCase, aPlan, reply, scriptedModel, storedRun, temporaryStore, testPorts } from '../fixtures/eval/run-fixture.ts';

let opened: Awaited<ReturnType<typeof temporaryStore>>;
beforeEach(async () => {
  opened = await temporaryStore();
});
afterEach(() => opened.close());

const START: RunState = { finished: new Set(), attempts: new Map(), runId: 'r-test' };
const never = new AbortController().signal;
const cases = (count: number): ReturnType<typeof aCase>[] => Array.from({ length: count }, (_, i) => aCase(`c${i}`, { expected: `c${i}` }));

describe('a run on the real store', () => {
  it('runs cases × models × repeats and stores results in that order, whatever finishes first', async () => {
    const slow = scriptedModel('slow', async (request) => {
      await new Promise((resolve) => setTimeout(resolve, request.case.id === 'c0' ? 30 : 1));
      return reply(String(request.case.vars['q']));
    });
    const wrong = scriptedModel('wrong', () => reply('no'));
    const plan = aPlan({ models: [slow, wrong], cases: cases(3), repeats: 2, concurrency: 12 });
    const run = await storedRun(opened.store, plan);
    const ports = testPorts(opened.store, run, plan);
    const end = await executeRun(plan, START, ports, never);
    expect(end.status).toBe('finished');
    const listed = opened.store.listCells(run, { from: 0, to: 100 });
    expect(listed.total).toBe(12);
    expect(listed.cells.map(({ result }) => `${result.caseId} ${result.modelIndex} ${result.repeat} ${result.pass}`)).toEqual(
      ['c0', 'c1', 'c2'].flatMap((id) => [`${id} 0 0 true`, `${id} 0 1 true`, `${id} 1 0 false`, `${id} 1 1 false`]),
    );
    expect(slow.calls).toHaveLength(6);
    const summary = opened.store.summarize(run);
    expect(summary.all()).toMatchObject({ cells: 12, passed: 6, failed: 6, errors: 0, passRate: 0.5 });
    expect(summary.models().map(({ passRate }) => passRate)).toEqual([1, 0]);
  });

  it('tries again what is transient, waits as long as the endpoint asked, and journals every attempt', async () => {
    const model = scriptedModel('m', (_request, _context, call) => {
      if (call === 1) throw new ModelError('rate-limited', 'Too many requests.', { transient: true, retryAfterMs: 7000, status: 429 });
      if (call === 2) throw new ModelError('model-response', 'The stream broke off.', { transient: true });
      return reply('c0');
    });
    const plan = aPlan({ models: [model], cases: cases(1) });
    const run = await storedRun(opened.store, plan);
    const ports = testPorts(opened.store, run, plan);
    await executeRun(plan, START, ports, never);
    expect(ports.observed.waits[0]).toBeGreaterThanOrEqual(7000);
    const attempts = opened.store.attempts(run, { caseIndex: 0, modelIndex: 0, repeat: 0 });
    expect(attempts.map(({ outcome, error, usage }) => [outcome, error?.code ?? null, usage?.input ?? null])).toEqual([
      ['failed', 'rate-limited', null],
      ['failed', 'model-response', null],
      ['answered', null, 10],
    ]);
    expect(ports.observed.finished[0]).toMatchObject({ pass: true, attempts: 3 });
  });

  it('gives up after its retries and on what is not transient, as a cell with an error; the others are not touched', async () => {
    const model = scriptedModel('m', (request) => {
      if (request.case.id === 'c0') throw new ModelError('model-server', 'It failed.', { transient: true, status: 500 });
      if (request.case.id === 'c1') throw new ModelError('unauthorized', 'The key is refused.', { transient: false, status: 401 });
      if (request.case.id === 'c2') throw new Error('boom');
      return reply('c3');
    });
    const plan = aPlan({ models: [model], cases: cases(4), maxRetries: 2 });
    const run = await storedRun(opened.store, plan);
    await executeRun(plan, START, testPorts(opened.store, run, plan), never);
    const { cells } = opened.store.listCells(run, { from: 0, to: 10 });
    expect(cells.map(({ result }) => [result.error?.code ?? null, result.attempts, result.pass])).toEqual([
      ['model-server', 3, null],
      ['unauthorized', 1, null],
      ['internal', 1, null],
      [null, 1, true],
    ]);
    expect(cells[0]?.result.error?.message).toContain('after 2 retries');
    expect(opened.store.summarize(run).all()).toMatchObject({ errors: 3, passed: 1, passRate: 1 });
  });

  it('answers from the cache only what is the same in everything that shapes the output', async () => {
    const model = scriptedModel('m', () => reply('c0'));
    const plan = aPlan({ models: [model], cases: cases(2), repeats: 2 });
    for (const id of ['r-1', 'r-2']) {
      const run = await storedRun(opened.store, plan, id);
      const ports = testPorts(opened.store, run, plan);
      await executeRun(plan, { ...START, runId: id }, ports, never);
      expect(ports.observed.finished.map(({ cached }) => cached)).toEqual(Array(4).fill(id === 'r-2'));
      if (id === 'r-2') expect(ports.observed.finished.every(({ cost }) => cost === 0)).toBe(true);
    }
    expect(model.calls).toHaveLength(4);
    const warmer = aPlan({ models: [model], cases: cases(2), prompt: { ...plan.prompt, parameters: { maxTokens: 100, temperature: 1 } } });
    const run = await storedRun(opened.store, warmer, 'r-3');
    await executeRun(warmer, { ...START, runId: 'r-3' }, testPorts(opened.store, run, warmer), never);
    expect(model.calls).toHaveLength(6);
    const uncached = aPlan({ models: [model], cases: cases(2), noCache: true });
    const again = await storedRun(opened.store, uncached, 'r-4');
    await executeRun(uncached, { ...START, runId: 'r-4' }, testPorts(opened.store, again, uncached), never);
    expect(model.calls).toHaveLength(8);
  });

  it('keeps what finished when it is cancelled, and resumes with what is missing', async () => {
    const cancel = new AbortController();
    const model = scriptedModel('m', (request, _context, call) => {
      if (call > 3) {
        cancel.abort();
        throw new ModelError('network', 'aborted', { transient: true });
      }
      return reply(request.case.id);
    });
    const plan = aPlan({ models: [model], cases: cases(8), concurrency: 1 });
    const run = await storedRun(opened.store, plan);
    const end = await executeRun(plan, START, testPorts(opened.store, run, plan), cancel.signal);
    expect(end.status).toBe('cancelled');
    expect(opened.store.finishedOrdinals(run)).toEqual([0, 1, 2]);
    expect(opened.store.attempts(run, { caseIndex: 3, modelIndex: 0, repeat: 0 }).map(({ outcome, usage }) => [outcome, usage])).toEqual([['cancelled', null]]);

    const second = scriptedModel('m', (request) => reply(request.case.id));
    const resumed = aPlan({ models: [second], cases: cases(8) });
    await executeRun(resumed, { finished: new Set(opened.store.finishedOrdinals(run)), attempts: opened.store.lastAttempts(run), runId: 'r-test' }, testPorts(opened.store, run, resumed), never);
    expect(second.calls.map((request) => request.case.id)).toEqual(['c3', 'c4', 'c5', 'c6', 'c7']);
    expect(opened.store.attempts(run, { caseIndex: 3, modelIndex: 0, repeat: 0 }).map(({ number }) => number)).toEqual([1, 2]);
    expect(opened.store.summarize(run).all()).toMatchObject({ cells: 8, passed: 8 });
  });

  it('does not ask again for an answer that came before the process died, even without the cache', async () => {
    const model = scriptedModel('m', (request) => reply(request.case.id));
    const plan = aPlan({ models: [model], cases: cases(1), noCache: true });
    const run = await storedRun(opened.store, plan);
    const dying = testPorts(opened.store, run, plan, {
      score: () => new Promise(() => undefined),
    });
    void executeRun(plan, START, dying, never);
    await expect.poll(() => opened.store.attempts(run, { caseIndex: 0, modelIndex: 0, repeat: 0 })[0]?.outcome).toBe('answered');
    const after = scriptedModel('m', () => reply('other'));
    const resumed = aPlan({ models: [after], cases: cases(1), noCache: true });
    const ports = testPorts(opened.store, run, resumed);
    await executeRun(resumed, { finished: new Set(), attempts: opened.store.lastAttempts(run), runId: 'r-test' }, ports, never);
    expect(after.calls).toHaveLength(0);
    expect(ports.observed.finished[0]).toMatchObject({ output: 'c0', pass: true, cached: false });
  });

  it('killed at any moment, asks again for nothing that was answered before, and loses no cell', async () => {
    const answered = new Set<string>();
    const answer = (request: { readonly case: { readonly id: string } }): ReturnType<typeof reply> => {
      const { id } = request.case;
      // By the turn after the next one an answer is on disk.
      setImmediate(() => setImmediate(() => answered.add(id)));
      return reply(id);
    };
    const wait = [() => Promise.resolve(), () => new Promise<void>((resolve) => void setImmediate(resolve)), () => new Promise<void>((resolve) => void setTimeout(resolve, 15))] as const;
    const moments: { readonly file: Buffer; readonly answered: ReadonlySet<string> }[] = [];
    // What is committed, and no more: as the file is after a kill.
    const look = (): void => void moments.push({ file: opened.store.database.serialize(), answered: new Set(answered) });
    const plan = aPlan({ models: [scriptedModel('m', async (request) => { await wait[Number(request.case.id.slice(1)) % 2 === 0 ? 2 : 1](); return answer(request); })], cases: cases(7), concurrency: 2, noCache: true });
    const run = await storedRun(opened.store, plan);
    const plain = testPorts(opened.store, run, plan);
    const ports = testPorts(opened.store, run, plan, {
      async score(assertions, context, item, signal) {
        look();
        // Scored in the turn of its answer, in the next one, or later.
        await wait[Number(item.id.slice(1)) % 3]?.();
        look();
        return plain.score(assertions, context, item, signal);
      },
      onCell: () => {
        look();
        setImmediate(look);
      },
    });
    await executeRun(plan, START, ports, never);
    expect(moments.length).toBeGreaterThan(20);
    let kept = 0;
    for (const moment of moments) {
      const after = await temporaryStore();
      try {
        after.store.database.close();
        writeFileSync(join(after.folder, DATABASE_FOLDER, DATABASE_FILE), moment.file);
        const store = new RunStore(await openDatabase(after.folder), (text) => text);
        const again = scriptedModel('m', answer);
        const rest = { ...plan, models: [again] };
        const finished = new Set(store.finishedOrdinals(run));
        await executeRun(rest, { finished, attempts: store.lastAttempts(run), runId: 'r-test' }, testPorts(store, run, rest), never);
        const askedAgain = again.calls.map((request) => request.case.id);
        expect(askedAgain.filter((id) => moment.answered.has(id))).toEqual([]);
        expect(store.listCells(run, { from: 0, to: 10 }).cells.map(({ result }) => [result.output, result.pass])).toEqual(plan.cases.map(({ id }) => [id, true]));
        kept += plan.cases.length - finished.size - askedAgain.length;
        store.close();
      } finally {
        after.close();
      }
    }
    // Some moments were between an answer and its result, or this shows nothing.
    expect(kept).toBeGreaterThan(0);
  });

  it('stops before a request that could exceed its budget, and never spends more', async () => {
    const price = { input: 1000, output: 10_000, date: '2026-01-01', source: 'table' as const };
    // 10 input tokens and 5 output tokens cost 0.01 + 0.05 dollars; up to 100 output tokens are reserved: 1 dollar and some input.
    const model = scriptedModel('m', (request) => reply(request.case.id));
    const plan = aPlan({ models: [model], cases: cases(100), concurrency: 10, budgetUsd: 1.5 });
    const run = await storedRun(opened.store, plan);
    const ports = testPorts(opened.store, run, plan, { price: () => price, budget: new Budget(1.5) });
    const end = await executeRun(plan, START, ports, never);
    expect(end.status).toBe('budget');
    expect(end.reason).toContain('$1.5');
    const spent = model.calls.length * 0.06;
    expect(spent).toBeLessThanOrEqual(1.5);
    expect(model.calls.length).toBeGreaterThan(3);
    expect(opened.store.finishedOrdinals(run)).toHaveLength(model.calls.length);
  });

  it('goes on from what was spent when a run with a budget resumes, what was under way included', async () => {
    const price = { input: 0, output: 10_000, date: '2026-01-01', source: 'table' as const };
    // An answer costs 0.05 dollars; up to 100 output tokens are reserved: 1 dollar.
    const plan = aPlan({ models: [scriptedModel('m', (request) => (request.case.id === 'c1' ? new Promise(() => undefined) : reply(request.case.id)))], cases: cases(5), concurrency: 1, budgetUsd: 2.5 });
    const run = await storedRun(opened.store, plan);
    const journal = opened.store.journal(run);
    const dying = testPorts(opened.store, run, plan, { price: () => price, budget: new Budget(2.5, 0, (usd) => journal.spent(usd)) });
    void executeRun(plan, START, dying, never);
    await expect.poll(() => opened.store.attempts(run, { caseIndex: 1, modelIndex: 0, repeat: 0 })).toHaveLength(1);
    // The process dies here: the second answer may be charged all the same.
    expect(opened.store.spent(run)).toBeCloseTo(1.05);
    const again = scriptedModel('m', (request) => reply(request.case.id));
    const resumed = aPlan({ models: [again], cases: cases(5), concurrency: 1, budgetUsd: 2.5 });
    const ports = testPorts(opened.store, run, resumed, { price: () => price, budget: new Budget(2.5, opened.store.spent(run), (usd) => journal.spent(usd)) });
    const state = { finished: new Set(opened.store.finishedOrdinals(run)), attempts: opened.store.lastAttempts(run), runId: 'r-test' };
    expect(await executeRun(resumed, state, ports, never)).toMatchObject({ status: 'finished' });
    expect(opened.store.spent(run)).toBeCloseTo(1.25);
  });

  it('stops when the budget does not allow a judge: the answer is kept and judged later, not failed', async () => {
    const model = scriptedModel('m', (request) => reply(request.case.id));
    const plan = aPlan({ models: [model], cases: cases(3), concurrency: 1, noCache: true });
    const run = await storedRun(opened.store, plan);
    const score = async (): Promise<never> => {
      throw new TouchstoneError('budget-exceeded', 'The budget of $1 is used up.');
    };
    const ports = testPorts(opened.store, run, plan, { score });
    expect(await executeRun(plan, START, ports, never)).toMatchObject({ status: 'budget', reason: 'The budget of $1 is used up.' });
    expect(opened.store.finishedOrdinals(run)).toEqual([]);
    await executeRun(plan, { ...START, attempts: opened.store.lastAttempts(run) }, testPorts(opened.store, run, plan), never);
    expect(model.calls.map((request) => request.case.id)).toEqual(['c0', 'c1', 'c2']);
  });

  it('does not ask a model without a price while there is a budget', async () => {
    const model = scriptedModel('m', () => reply('x'));
    const plan = aPlan({ models: [model], cases: cases(2), budgetUsd: 5 });
    const run = await storedRun(opened.store, plan);
    const end = await executeRun(plan, START, testPorts(opened.store, run, plan, { price: () => null }), never);
    expect(end).toMatchObject({ status: 'budget', reason: expect.stringContaining('price of m is not known') as unknown });
    expect(model.calls).toHaveLength(0);
  });

  it('says that a cell\'s cost is unknown when an attempt before its answer was cut, and known when it was refused', async () => {
    const price = { input: 0, output: 10_000, date: '2026-01-01', source: 'table' as const };
    const model = scriptedModel('m', (request, _context, call) => {
      if (call === 1) throw new ModelError('model-response', 'The stream broke off.', { transient: true });
      if (call === 3) throw new ModelError('rate-limited', 'Too many requests.', { transient: true });
      return reply(request.case.id);
    });
    const plan = aPlan({ models: [model], cases: cases(2), concurrency: 1 });
    const run = await storedRun(opened.store, plan);
    const ports = testPorts(opened.store, run, plan, { price: () => price });
    await executeRun(plan, START, ports, never);
    expect(ports.observed.finished.map(({ cost }) => cost)).toEqual([null, 0.05]);
  });

  it('asks each model only for the cases that are meant for it', async () => {
    const a = scriptedModel('a', () => reply('x'));
    const b = scriptedModel('b', () => reply('x'));
    const plan = aPlan({ models: [a, b], cases: [aCase('c0'), aCase('c1', { models: ['b'] })] });
    expect(plannedOrdinals(plan)).toEqual([0, 1, 3]);
    const run = await storedRun(opened.store, plan);
    await executeRun(plan, START, testPorts(opened.store, run, plan), never);
    expect([a.calls.length, b.calls.length]).toEqual([1, 2]);
  });

  it('chooses among the outputs of a case once all are there, also when the process died just before', async () => {
    const model = scriptedModel('m', (request) => reply(request.case.id));
    const plan = aPlan({ models: [model, scriptedModel('n', () => reply('n'))], cases: cases(2) });
    const run = await storedRun(opened.store, plan);
    const chosen: string[] = [];
    const scoreGroup = async (_specs: unknown, item: { id: string }, results: readonly CellResult[]): Promise<CellResult[]> => {
      chosen.push(`${item.id}: ${results.length}`);
      return results.map((result) => ({ ...result, pass: result.modelIndex === 1, score: result.modelIndex }));
    };
    const ports = testPorts(opened.store, run, plan, { needsGroup: () => true, scoreGroup });
    await executeRun(plan, START, ports, never);
    expect(chosen.sort()).toEqual(['c0: 2', 'c1: 2']);
    expect(ports.observed.finished).toHaveLength(4);
    const { cells } = opened.store.listCells(run, { from: 0, to: 10 });
    expect(cells.map(({ result }) => result.pass)).toEqual([false, true, false, true]);
    chosen.length = 0;
    await executeRun(plan, { finished: new Set(opened.store.finishedOrdinals(run)), attempts: opened.store.lastAttempts(run), runId: 'r-test' }, testPorts(opened.store, run, plan, { needsGroup: () => true, scoreGroup }), never);
    expect(chosen.sort()).toEqual(['c0: 2', 'c1: 2']);
    expect(opened.store.summarize(run).all().cells).toBe(4);
    // Cells that are counted already are told of only with the result that they replace, and not at all where nothing changed.
    const told: (string | undefined)[][] = [];
    const state = { finished: new Set([0, 1, 2]), attempts: opened.store.lastAttempts(run), runId: 'r-test' };
    const onCell = (result: CellResult, before?: CellResult): void => void told.push([`${result.caseId} ${result.modelIndex}`, before && `${before.caseId} ${before.modelIndex}`]);
    await executeRun(plan, state, testPorts(opened.store, run, plan, { needsGroup: () => true, scoreGroup: async (_specs, item, results) => (item.id === 'c0' ? [] : [...results]), onCell }), never);
    expect(told).toEqual([['c1 0', 'c1 0'], ['c1 1', undefined]]);
  });

  it('stops with the store\'s error when the journal cannot be written', async () => {
    const model = scriptedModel('m', async () => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return reply('x');
    });
    const plan = aPlan({ models: [model], cases: cases(50), concurrency: 1 });
    const run = await storedRun(opened.store, plan);
    opened.store.database.exec("CREATE TRIGGER full BEFORE INSERT ON cell BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    await expect(executeRun(plan, START, testPorts(opened.store, run, plan), never)).rejects.toMatchObject({ code: 'store', message: expect.stringContaining('disk full') as unknown });
    // It does not go on spending for answers that nobody will keep.
    expect(model.calls.length).toBeLessThan(5);
  });
});
