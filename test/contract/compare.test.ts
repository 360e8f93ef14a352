import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/node/sqlite/database.ts';
import { RunStore } from '../../src/node/sqlite/run-store.ts';
import { changedOutputs, readSide } from '../../src/node/sqlite/side-cells.ts';
import type { Comparison, ComparisonRef } from '../../src/protocol/compare.ts';
import { ALL_CASES, answersByInstruction, CAREFUL, compared, goldenCases, isWrong, jsonLines, promptPath, QUICK, triage, triageFiles } from '../fixtures/eval/compared.ts';
import { HAS_CORPUS, serverConfig, testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';
import { gsm8kFiles } from '../fixtures/eval/gsm8k.ts';
import { startFaultServer, type FaultServer, type FaultServerOptions } from '../fixtures/servers/fault-server.ts';

const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/cli-output.schema.json'), 'utf8')) as { $defs: object };
const isCompareDocument = new Ajv2020({ strict: false }).compile({ $ref: '#/$defs/compare', $defs: schema.$defs });

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const item of open.splice(0).reverse()) await item.close();
});

async function engineWith(...args: Parameters<typeof testEngine>): Promise<TestEngine> {
  const made = await testEngine(...args);
  open.push(made);
  return made;
}

async function server(options: FaultServerOptions = {}): Promise<FaultServer> {
  const started = await startFaultServer({ answer: answersByInstruction, ...options });
  open.push({ close: () => started.stop() });
  return started;
}

interface CompareDocument {
  readonly verdict: string;
  readonly sentence: string;
  readonly gate: string;
  readonly n: number;
  readonly metrics: { name: string; a: number; b: number; delta: number; interval: [number, number]; p: number; pAdjusted?: number }[];
  readonly cases: { case: string; a: number; b: number; delta: number }[];
  readonly comparisons?: CompareDocument[];
}

async function documentOf({ engine }: TestEngine, ref: ComparisonRef, together?: readonly ComparisonRef[]): Promise<CompareDocument> {
  const document: unknown = JSON.parse((await engine.request('compare/export', { ref, together, format: 'json' })).text);
  expect(isCompareDocument(document), JSON.stringify(isCompareDocument.errors)).toBe(true);
  return document as CompareDocument;
}

describe.skipIf(!HAS_CORPUS)('recorded solutions of GSM8K (skipped without ../shared)', () => {
  const answers = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/statistics/gsm8k.json'), 'utf8')) as Record<string, unknown[]>;
  const expected = (pair: string, column: string): number => Number(answers[pair]?.[answers['columns']?.indexOf(column) ?? -1]);

  it('gives the difference, the interval and p that R gives, from one run that both sides share', async () => {
    const workspace = await engineWith(gsm8kFiles());
    const side = (model: string): string => `gsm8k.prompt.yml+solver/${model}`;
    const { refs, runIds } = await compared(workspace, [side('175b_verification'), side('6b_verification'), side('175b_finetuning')]);
    expect(runIds).toHaveLength(1);
    for (const [i, pair] of ['6b_verification, 175b_verification', '175b_finetuning, 175b_verification'].entries()) {
      const { a: baseline, b: other } = refs[i]!;
      const comparison = await workspace.engine.request('compare/get', { ref: { a: other, b: baseline } });
      const [metric] = comparison.result?.metrics ?? [];
      expect(metric).toMatchObject({ name: 'passRate', n: 1319, test: 'mcnemar-exact', verdict: 'better' });
      expect([metric?.a, metric?.b, metric?.delta, metric?.interval?.[0], metric?.interval?.[1]]).toEqual(['a', 'b', 'delta', 'low', 'high'].map((column) => expect.closeTo(expected(pair, column), 9) as unknown));
      expect((metric?.p ?? 0) / expected(pair, 'p')).toBeCloseTo(1, 6);
      expect(comparison.counts).toMatchObject({ all: 1319, regressed: expected(pair, 'onlyA'), improved: expected(pair, 'onlyB') });
      const page = await workspace.engine.request('compare/page', { ref: comparison.ref, view: { ...ALL_CASES, filter: 'regressed' }, from: 0, to: 50 });
      expect([page.total, page.rows.length, page.rows.every(({ regressed, delta }) => regressed && delta === -1)]).toEqual([expected(pair, 'onlyA'), 50, true]);
    }
  });
});

describe('two versions of a prompt', () => {
  it('runs what is missing once, and says the same in the panel, in JSON and in Markdown', async () => {
    const model = await server();
    const workspace = await engineWith(triageFiles(model.url, goldenCases(60)));
    const { engine, folder } = workspace;
    const path = promptPath(workspace);
    await engine.request('versions/save', { path, message: 'First' });
    await engine.request('environments/promote', { path, ref: 'v1', environment: 'production' });
    expect(await engine.request('compare/last', { path, environment: 'production' })).toBeNull();
    writeFileSync(path, triage(CAREFUL));
    const sides = ['triage@production', 'triage.prompt.yml'];
    expect(await engine.request('compare/estimate', { sides, folder, origin: 'cli' })).toMatchObject({ cells: 120, known: 0 });
    const { refs: [ref], runIds } = await compared(workspace, sides);
    expect(runIds).toHaveLength(2);
    expect(model.requests).toHaveLength(120);

    const comparison = await engine.request('compare/get', { ref: ref! });
    const wrong = (instruction: string): number => goldenCases(60).filter(({ n }) => isWrong(instruction, n)).length;
    expect(comparison.result?.metrics[0]).toMatchObject({ a: 1 - wrong(QUICK) / 60, b: 1 - wrong(CAREFUL) / 60, verdict: 'better', n: 60 });
    expect([comparison.a.label, comparison.b.label, comparison.a.version?.number, comparison.b.workingCopy]).toEqual(['production v1', 'working copy', 1, true]);
    expect(comparison.counts).toEqual({ all: 60, regressed: 0, improved: 12, changed: 12, failing: 3, disagreement: 0 });
    expect(comparison.stale).toEqual({ a: false, b: false });

    const document = await documentOf(workspace, ref!);
    const { result } = comparison;
    expect([document.n, document.gate, document.metrics[0]]).toEqual([60, 'passes', expect.objectContaining({ a: result?.metrics[0]?.a, b: result?.metrics[0]?.b, delta: result?.metrics[0]?.delta, interval: result?.metrics[0]?.interval, p: result?.metrics[0]?.p })]);
    expect(document.cases.filter(({ delta }) => delta > 0).map((item) => item.case)).toEqual(goldenCases(60).filter(({ n }) => isWrong(QUICK, n) && !isWrong(CAREFUL, n)).map(({ id }) => id));
    const { text } = await engine.request('compare/export', { ref: ref!, format: 'markdown' });
    expect(text).toContain('### ▲ Better: pass rate 75.0 % → 95.0 %, +20.0 points');
    expect(text).toContain('<summary>Improved (12)</summary>');
    const html = join(folder, 'reports/comparison.html');
    await engine.request('compare/export', { ref: ref!, format: 'html', file: html });
    expect(readFileSync(html, 'utf8')).toContain(`<p class="verdict better"><span aria-hidden="true">▲</span> ${document.sentence.replace('<', '&lt;')}</p>`);

    // Both are known now, whatever the request's other words are.
    expect(await compared(workspace, ['triage.prompt.yml@v1', path])).toMatchObject({ refs: [ref], runIds: [] });
    const golden = join(folder, 'triage.golden.jsonl');
    writeFileSync(golden, jsonLines(goldenCases(61)));
    expect((await engine.request('compare/get', { ref: ref! })).stale).toEqual({ a: true, b: true });
    // Who cannot wait for the dataset to be read is told later, once.
    expect((await engine.request('compare/get', { ref: ref!, soon: true })).stale).toEqual({ a: true, b: true });
    writeFileSync(golden, jsonLines(goldenCases(62)));
    const told: string[] = [];
    const stop = engine.on('run/changed', ({ runId }) => void told.push(runId));
    expect((await engine.request('compare/get', { ref: ref!, soon: true })).stale).toEqual({ a: false, b: false });
    await expect.poll(() => told).toEqual([ref!.b.runId]);
    stop();
    expect((await engine.request('compare/get', { ref: ref!, soon: true })).stale).toEqual({ a: true, b: true });
    writeFileSync(golden, jsonLines(goldenCases(60)));
    expect(await engine.request('compare/estimate', { sides, folder, origin: 'cli' })).toEqual({ cells: 120, known: 120, usd: 0, comparisons: [ref] });
    expect((await engine.request('compare/last', { path, environment: 'production' }))?.result).toEqual(result);
    writeFileSync(path, triage('Something else.'));
    expect((await engine.request('compare/get', { ref: ref! })).stale).toEqual({ a: false, b: true });
    expect(await engine.request('compare/last', { path, environment: 'production' })).toBeNull();
    expect(await engine.request('compare/prompts', { ref: ref! })).toMatchObject({ a: { messages: [{ content: QUICK }, {}], model: 'test/model' }, b: { messages: [{ content: CAREFUL }, {}] } });
  });

  it('calls a side by its environment only while that points to it', async () => {
    const workspace = await engineWith(triageFiles((await server()).url, goldenCases(12)));
    const { engine } = workspace;
    const path = promptPath(workspace);
    await engine.request('versions/save', { path, message: 'First' });
    await engine.request('environments/promote', { path, ref: 'v1', environment: 'production' });
    writeFileSync(path, triage(CAREFUL));
    const { refs: [ref] } = await compared(workspace, ['triage@production', 'triage']);
    const baseline = async (): Promise<string> => (await engine.request('compare/get', { ref: ref! })).a.label;
    expect(await baseline()).toBe('production v1');
    await engine.request('versions/save', { path, message: 'Second' });
    await engine.request('environments/promote', { path, ref: 'v2', environment: 'production' });
    expect(await baseline()).toMatch(/^v1 · [0-9a-f]{8}$/);
    await engine.request('environments/rollback', { path, environment: 'production' });
    expect(await baseline()).toBe('production v1');
  });

  it('takes what was run of the file for the version that was saved of it, and the other way round', async () => {
    const model = await server();
    const workspace = await engineWith(triageFiles(model.url, goldenCases(30)));
    const { engine, folder } = workspace;
    const path = promptPath(workspace);
    const { run: first } = await workspace.eval({ targets: [path] });
    await engine.request('versions/save', { path, message: 'First' });
    await engine.request('environments/promote', { path, ref: 'v1', environment: 'production' });
    writeFileSync(path, triage(CAREFUL));
    const { run: second } = await workspace.eval({ targets: [path] });
    expect((await engine.request('compare/last', { path, environment: 'production' }))?.a).toMatchObject({ ref: { runId: first.info.id }, label: 'production v1', workingCopy: false });
    await engine.request('versions/save', { path, message: 'Second' });
    const asked = model.requests.length;
    const started = async (...sides: string[]): Promise<Comparison> => {
      const { refs: [ref], runIds } = await compared(workspace, sides);
      expect(runIds).toEqual([]);
      return engine.request('compare/get', { ref: ref! });
    };
    const saved = await started('triage@production', 'triage@v2');
    expect([saved.a.ref.runId, saved.b.ref.runId]).toEqual([first.info.id, second.info.id]);
    expect([saved.a.label, saved.a.version?.number, saved.b.version?.number, saved.b.workingCopy]).toEqual(['production v1', 1, 2, false]);
    expect(saved.b.label).toMatch(/^v2 · [0-9a-f]{8}$/);
    expect(saved.stale).toEqual({ a: false, b: false });
    // One run is both: as it stands in the file, and as it was saved.
    const same = await started('triage@v2', 'triage');
    expect([same.a.ref.runId, same.b.ref.runId, same.a.label, same.b.label]).toEqual([second.info.id, second.info.id, saved.b.label, 'working copy']);
    expect(same.result).toMatchObject({ gate: 'passes', metrics: [{ delta: 0, verdict: 'no-difference-shown' }, {}, {}] });
    writeFileSync(path, triage(QUICK));
    expect((await started('triage@v2', 'triage')).b).toMatchObject({ ref: { runId: first.info.id }, label: 'working copy', version: null });
    expect(model.requests).toHaveLength(asked);
    // A version is what its hash says, whatever a reference calls a run.
    const forged = { ...saved.b.version!, hash: saved.a.version!.hash, label: 'v9 · 00000000' };
    expect((await engine.request('compare/get', { ref: { a: saved.a.ref, b: { ...saved.b.ref, as: forged } } })).b.version).toBeNull();
    // A version by two names passes its gate as the file does that has its content.
    const twice = await started('triage@production', 'triage@v1');
    expect([twice.a.ref.runId, twice.a.label, twice.b.label, twice.result?.gate]).toEqual([twice.b.ref.runId, 'production v1', twice.b.version?.label, 'passes']);
    expect(twice.result?.metrics[0]?.warning).toContain('Both sides ask one model the same');
    const byHash = await started('triage@v1', `triage@${twice.b.version!.hash.slice(0, 8)}`);
    expect([byHash.a.label, byHash.b.label, byHash.result?.gate]).toEqual([twice.b.label, twice.b.label, 'passes']);
    expect((await started(`run:${first.info.id}`, 'triage')).result?.gate).toBe('passes');
    await expect(engine.request('compare/start', { sides: ['triage@v1', 'triage.prompt.yml@v1'], folder, origin: 'cli' })).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('are the same') as unknown });
  });

  it('passes a prompt that is as it was, however few its cases are', async () => {
    const workspace = await engineWith(triageFiles((await server()).url, goldenCases(12)));
    const { engine } = workspace;
    const path = promptPath(workspace);
    await engine.request('versions/save', { path, message: 'First' });
    const { refs: [ref] } = await compared(workspace, ['triage@v1', 'triage']);
    const { result } = await engine.request('compare/get', { ref: ref! });
    expect(result?.gate).toBe('passes');
    expect(result?.metrics[0]).toMatchObject({ delta: 0, verdict: 'no-difference-shown', casesNeeded: null, warning: expect.stringContaining('have the same outputs') as unknown });
    // Another prompt with the same outputs is not known to be no worse.
    writeFileSync(path, triage(`${QUICK} `));
    const { refs: [other] } = await compared(workspace, ['triage@v1', 'triage']);
    expect((await engine.request('compare/get', { ref: other! })).result?.gate).toBe('inconclusive');
  });

  it('tells long outputs apart by their digests as it does by reading them, white space around them left out', async () => {
    const line = 'They were charged twice. '.repeat(20);
    const texts = [[`${line}\nrefund`, `${line}\nrefund`], [`${line}\nrefund`, `\n ${line}\nrefund \n\t`], [`${line}\nrefund`, `${line}\nreturn`], [line, `${line} Twice`], [line, line], ['short', 'short'], ['{"a": [1,\n2]}', '{"a": [1,\n3]}']];
    const model = await server({ answer: ({ body, text }) => ({ text: [texts[Number(text.split(' ')[1])]?.[body['model'] === 'test/model' ? 0 : 1] ?? ''] }) });
    const workspace = await engineWith(triageFiles(model.url, goldenCases(texts.length)));
    const { run } = await workspace.eval({ targets: [promptPath(workspace)], models: ['test/model', 'test/other'] });
    await workspace.engine.dispose();
    const store = new RunStore(await openDatabase(workspace.folder), (text) => text);
    const changed = async (): Promise<number[]> => {
      const stored = store.get(run.info.id);
      const sides = await Promise.all([0, 1].map((modelIndex) => readSide(store, stored, modelIndex, () => Promise.resolve(null))));
      return [...(await changedOutputs(store, stored, stored, { a: sides[0]!.shown, b: sides[1]!.shown }))];
    };
    try {
      expect(await changed()).toEqual([0, 0, 1, 1, 0, 0, 1]);
      // As an earlier Touchstone left them.
      expect(store.database.prepare('UPDATE cell SET output_digest = NULL WHERE output_digest IS NOT NULL').run().changes).toBe(12);
      expect(await changed()).toEqual([0, 0, 1, 1, 0, 0, 1]);
    } finally {
      store.close();
    }
  });

  it('compares no latencies of the built-in models: there who asks first waits', async () => {
    const workspace = await engineWith({ ...triageFiles((await server()).url, goldenCases(6)), 'triage.prompt.yml': triage(QUICK).replace('model: test/model', 'model: echo') });
    await workspace.engine.request('versions/save', { path: promptPath(workspace), message: 'First' });
    writeFileSync(promptPath(workspace), triage(CAREFUL).replace('model: test/model', 'model: echo'));
    const { refs: [ref] } = await compared(workspace, ['triage@v1', 'triage']);
    const { result } = await workspace.engine.request('compare/get', { ref: ref! });
    expect(result?.metrics.map(({ name }) => name)).not.toContain('latencyMs');
    expect((await workspace.engine.request('compare/distributions', { ref: ref! })).latencyMs.a).toHaveLength(0);
    expect((await workspace.engine.request('compare/get', { ref: ref!, settings: { metric: 'latencyMs' } })).result?.metrics[0]).toMatchObject({ name: 'latencyMs', n: 0, warning: expect.stringContaining('nor have those of the built-in models') as unknown });
    const { refs: [other] } = await compared(workspace, ['triage+test/model', 'triage+test/other']);
    expect((await workspace.engine.request('compare/get', { ref: other! })).result?.metrics.map(({ name }) => name)).toContain('latencyMs');
  });

  it('asks only for the side that changed, and takes answers from the cache where the dataset grew', async () => {
    const model = await server();
    const workspace = await engineWith(triageFiles(model.url, goldenCases(20)));
    await workspace.engine.request('versions/save', { path: promptPath(workspace), message: 'First' });
    writeFileSync(promptPath(workspace), triage(CAREFUL));
    await compared(workspace, ['triage@v1', 'triage']);
    expect(model.requests).toHaveLength(40);
    writeFileSync(promptPath(workspace), triage('More care.'));
    expect((await compared(workspace, ['triage@v1', 'triage'])).runIds).toHaveLength(1);
    expect(model.requests).toHaveLength(60);
    writeFileSync(join(workspace.folder, 'triage.golden.jsonl'), jsonLines(goldenCases(22)));
    const { runIds } = await compared(workspace, ['triage@v1', 'triage']);
    expect([runIds.length, model.requests.length]).toEqual([2, 64]);
  });

  it('adjusts several against one baseline together', async () => {
    const model = await server({ answer: ({ body, text }) => ({ text: [Number(text.split(' ')[1]) % (body['model'] === 'test/model' ? 4 : body['model'] === 'test/other' ? 9 : 5) === 0 ? 'technical' : 'billing'] }) });
    const workspace = await engineWith(triageFiles(model.url, goldenCases(90)));
    const { refs, runIds } = await compared(workspace, ['triage', 'triage+test/other', 'triage+test/judge']);
    expect([refs.length, runIds.length]).toEqual([2, 1]);
    const alone = await Promise.all(refs.map(async (ref) => (await workspace.engine.request('compare/get', { ref })).result?.metrics[0]));
    const together = await Promise.all(refs.map(async (ref) => (await workspace.engine.request('compare/get', { ref, together: refs })).result?.metrics[0]));
    const [small, large] = alone.map((metric) => metric?.p ?? NaN).sort((x, y) => x - y) as [number, number];
    const adjusted = together.map((metric) => metric?.pAdjusted ?? NaN).sort((x, y) => x - y);
    expect(adjusted).toEqual([expect.closeTo(Math.min(1, 2 * small), 12), expect.closeTo(Math.min(1, Math.max(2 * small, large)), 12)]);
    const document = await documentOf(workspace, refs[0]!, refs);
    expect(document.comparisons?.map(({ metrics }) => metrics[0]?.pAdjusted)).toEqual(together.map((metric) => metric?.pAdjusted));
  });
});

describe('what was not judged alike', () => {
  it('is refused when the datasets differ, and says which cases', async () => {
    const model = await server();
    const workspace = await engineWith(triageFiles(model.url, goldenCases(12)));
    const before = await workspace.eval();
    writeFileSync(join(workspace.folder, 'triage.golden.jsonl'), jsonLines([...goldenCases(11).slice(1), { id: 'c0', n: 0, expected: 'other' }, { id: 'new', n: 30, expected: 'billing' }]));
    const after = await workspace.eval();
    const ref = { a: { runId: before.run.info.id, modelIndex: 0 }, b: { runId: after.run.info.id, modelIndex: 0 } };
    const comparison = await workspace.engine.request('compare/get', { ref });
    expect(comparison).toMatchObject({ result: null, refused: { differs: ['dataset'] } });
    expect(comparison.refused?.message).toMatch(/1 case only in run \S+ \(c11\), 1 case only in run \S+ \(new\) and 1 case changed \(c0\)\. Run both again/);
    expect(await documentOf(workspace, ref)).toMatchObject({ refused: { differs: ['dataset'] }, metrics: [], gate: 'inconclusive', cases: [] });
    const markdown = (await workspace.engine.request('compare/export', { ref, format: 'markdown' })).text;
    expect(markdown).toContain('### ✕ Refused');
    // Whole: what to do about it stands at its end.
    expect(markdown).toContain(comparison.refused!.message);
  });

  it('is refused when the assertions differ, and says which', async () => {
    const model = await server();
    const workspace = await engineWith(triageFiles(model.url, goldenCases(8)));
    const before = await workspace.eval();
    writeFileSync(promptPath(workspace), triage(QUICK, '  - { type: contains, value: bill }\n'));
    const after = await workspace.eval();
    const ref = { a: { runId: before.run.info.id, modelIndex: 0 }, b: { runId: after.run.info.id, modelIndex: 0 } };
    const { refused } = await workspace.engine.request('compare/get', { ref });
    expect(refused).toMatchObject({ differs: ['assertions'], message: expect.stringContaining(`only run ${after.run.info.id} has contains bill`) as unknown });
  });

  it('does not send somebody who compares two prompts with their own checks to run them again', async () => {
    const model = await server();
    const workspace = await engineWith({ ...triageFiles(model.url, goldenCases(6)), 'other.prompt.yml': triage(CAREFUL, '  - { type: contains, value: bill }\n') });
    const { refs: [ref] } = await compared(workspace, ['triage', 'other']);
    const { refused } = await workspace.engine.request('compare/get', { ref: ref! });
    expect(refused?.message).toMatch(/has contains bill\. Give both prompts the same cases and the same assertions\.$/);
  });

  it('says what of a check is another one when the check itself is on both sides', async () => {
    const model = await server();
    const workspace = await engineWith(triageFiles(model.url, goldenCases(8)));
    const before = await workspace.eval();
    writeFileSync(promptPath(workspace), triage(QUICK).replace('value: "{{expected}}"', 'value: "{{expected}}", weight: 2'));
    const after = await workspace.eval();
    const { refused } = await workspace.engine.request('compare/get', { ref: { a: { runId: before.run.info.id, modelIndex: 0 }, b: { runId: after.run.info.id, modelIndex: 0 } } });
    expect(refused?.message).toContain('The assertions: equals {{expected}} has another weight.');
  });

  it('is refused when a script of an assertion has changed, and its old runs answer nothing new', async () => {
    const model = await server();
    const scripted = triage(QUICK).replace('{ type: equals, value: "{{expected}}" }', '{ type: javascript, value: "file://check.cjs" }');
    const script = (right: string): string => `module.exports = (output) => output === ${JSON.stringify(right)};\n`;
    const workspace = await engineWith({ ...triageFiles(model.url, goldenCases(6)), 'triage.prompt.yml': scripted, 'check.cjs': script('billing') });
    const { refs: [before] } = await compared(workspace, ['triage', 'triage+test/other']);
    writeFileSync(join(workspace.folder, 'check.cjs'), script('technical'));
    const { refs: [after], runIds } = await compared(workspace, ['triage', 'triage+test/other']);
    expect(runIds).toHaveLength(1);
    const { refused } = await workspace.engine.request('compare/get', { ref: { a: before!.a, b: after!.a } });
    expect(refused).toMatchObject({ differs: ['assertions'], message: expect.stringContaining('1 file that they name has changed (check.cjs)') as unknown });
  });

  it('is refused when another model judged, though nothing in the files of the prompt says so', async () => {
    const model = await server({ answer: ({ body, text }) => ({ text: [text.startsWith('case') ? answersByInstruction({ body, text }).text[0]! : '{"pass": true, "score": 1, "reason": "fine"}'] }) });
    const judged = triage(QUICK, '  - { type: llm-rubric, value: it is polite }\n');
    const config = (judge: string): string => `${serverConfig(model.url, ['test/model', 'test/judge', 'test/other'])}judge: ${judge}\n`;
    const workspace = await engineWith({ ...triageFiles(model.url, goldenCases(6)), 'triage.prompt.yml': judged, 'touchstone.yml': config('test/judge') });
    const before = await workspace.eval();
    expect(before.cells.every(({ result }) => result.error === null)).toBe(true);
    writeFileSync(join(workspace.folder, 'touchstone.yml'), config('test/other'));
    const after = await workspace.eval();
    const ref = { a: { runId: before.run.info.id, modelIndex: 0 }, b: { runId: after.run.info.id, modelIndex: 0 } };
    expect((await workspace.engine.request('compare/get', { ref })).refused).toMatchObject({ differs: ['judge'], message: expect.stringMatching(/judged by test\/judge, .* by test\/other/) as unknown });
    // A new comparison judges both sides by the judge of today.
    await workspace.engine.request('versions/save', { path: promptPath(workspace), message: 'First' });
    const { refs } = await compared(workspace, ['triage@v1', 'triage']);
    expect((await workspace.engine.request('compare/get', { ref: refs[0]! })).refused).toBeNull();
  });
});

describe('a comparison under way', () => {
  it('answers over the cases that both sides have, and keeps them when it is cancelled', async () => {
    const model = await server({ delayMs: 20 });
    const workspace = await engineWith(triageFiles(model.url, goldenCases(120)), { concurrency: 2 });
    const { engine, folder } = workspace;
    await engine.request('versions/save', { path: promptPath(workspace), message: 'First' });
    writeFileSync(promptPath(workspace), triage(CAREFUL));
    const { comparisons: [ref], runIds } = await engine.request('compare/start', { sides: ['triage@v1', 'triage'], folder, origin: 'editor' });
    expect(runIds).toHaveLength(2);
    const get = (): ReturnType<typeof engine.request<'compare/get'>> => engine.request('compare/get', { ref: ref! });
    const done = async (): Promise<number> => (await get()).result?.n ?? 0;
    while ((await done()) < 6) await new Promise((resolve) => setTimeout(resolve, 10));
    const live = await get();
    expect([live.a.status, live.b.status, live.result?.n === 120 - (live.result?.unanswered ?? 0)]).toEqual(['running', 'running', true]);
    expect(live.a.done).toBeGreaterThan(0);
    for (const runId of runIds) await engine.request('eval/cancel', { runId });
    const cancelled = await get();
    expect([cancelled.a.status, cancelled.b.status]).toEqual(['cancelled', 'cancelled']);
    expect(cancelled.result?.n).toBeGreaterThanOrEqual(live.result?.n ?? Infinity);
    expect(cancelled.result?.n).toBeLessThan(120);
    expect(cancelled.revision).toBeGreaterThan(live.revision);
    // The answers that are there are not asked for again.
    const asked = model.requests.length;
    const { refs } = await compared(workspace, ['triage@v1', 'triage']);
    expect((await engine.request('compare/get', { ref: refs[0]! })).result?.n).toBe(120);
    expect(model.requests.length - asked).toBeLessThan(240 - asked + 8);
  });

  it('stays within one budget over all sides', async () => {
    const model = await server({ answer: (request) => ({ ...answersByInstruction(request), usage: { input: 1000, cached: 0, output: 10, reasoning: 0 } }) });
    const prices = 'prices:\n  "test/model": { input: 10, output: 10, date: 2026-01-01 }\n';
    const workspace = await engineWith({ ...triageFiles(model.url, goldenCases(40)), 'touchstone.yml': `${serverConfig(model.url, ['test/model'])}${prices}` });
    await workspace.engine.request('versions/save', { path: promptPath(workspace), message: 'First' });
    writeFileSync(promptPath(workspace), triage(CAREFUL));
    const { refs: [ref] } = await compared(workspace, ['triage@v1', 'triage'], { budgetUsd: 0.3, concurrency: 2 });
    const { a, b } = await workspace.engine.request('compare/get', { ref: ref! });
    expect((a.cost ?? 0) + (b.cost ?? 0)).toBeGreaterThan(0.1);
    // An answer may cost more than was reserved for it, of at most as many as were under way.
    expect((a.cost ?? 0) + (b.cost ?? 0)).toBeLessThan(0.3 + 4 * 0.0101);
    expect([a.status, b.status]).toContain('budget');
  });
});
