import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startFaultServer, type Fault, type FaultServer } from '../fixtures/servers/fault-server.ts';
import { CORPUS, HAS_CORPUS, SECRET, serverConfig, testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';
import { GSM8K_MODELS, gsm8kFiles } from '../fixtures/eval/gsm8k.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const item of open.splice(0)) await item.close();
});

async function engineWith(...args: Parameters<typeof testEngine>): Promise<TestEngine> {
  const made = await testEngine(...args);
  open.push(made);
  return made;
}

async function server(options: Parameters<typeof startFaultServer>[0] = {}): Promise<FaultServer> {
  const started = await startFaultServer(options);
  open.push({ close: () => started.stop() });
  return started;
}

const PROMPT = `name: Faults
model: test/model
messages:
  - { role: user, content: "case {{n}}" }
golden: faults.golden.jsonl
assert:
  - { type: icontains, value: ok }
`;

const golden = (count: number): string => Array.from({ length: count }, (_, i) => JSON.stringify({ id: `c${i}`, n: i })).join('\n');

/** Every byte that a workspace's database and reports hold. */
function stored(folder: string): string {
  return readdirSync(join(folder, '.touchstone')).map((name) => readFileSync(join(folder, '.touchstone', name), 'latin1')).join('\n');
}

describe('the models of a run', () => {
  it('have labels of their own, whatever they were called', async () => {
    const providers = ['a', 'a (2)', 'a', 'b'].map((label) => `  - { id: echo, label: "${label}" }\n`).join('');
    const { run, cells } = await (await engineWith({ 'promptfooconfig.yaml': `prompts: ["{{n}}"]\nproviders:\n${providers}tests:\n  - vars: { n: one }\n` })).eval();
    expect(run.models.map(({ label }) => label)).toEqual(['a', 'a (2)', 'a (3)', 'b']);
    expect(cells).toHaveLength(4);
  });
});

describe('a run against a server that fails', () => {
  it('loses no cell, sends nothing again after a complete answer, journals every attempt, and keeps the usage of a cut one unknown', async () => {
    // What the first, second, … attempt of each case meets; then the server is well.
    const scripts: Fault[][] = [['429-seconds'], ['429-date'], ['500', '503'], ['cut'], ['end'], ['reset'], ['malformed-sse'], ['silence'], ['invalid-json'], ['html'], ['empty'], ['slow'], []];
    const faults = await server({
      retryAfterSeconds: 1,
      fault: (request) => scripts[Number(request.text.split(' ')[1])]?.[request.attempt] ?? 'ok',
      answer: () => ({ text: ['ok'] }),
    });
    const workspace = await engineWith({ 'faults.prompt.yml': PROMPT, 'faults.golden.jsonl': golden(scripts.length), 'touchstone.yml': serverConfig(faults.url, ['test/model']) }, { idleTimeoutMs: 3_000 });
    const { run, cells } = await workspace.eval();
    expect(run.info.status).toBe('finished');
    expect(cells.map(({ result }) => [result.caseId, result.error?.message ?? null, result.pass])).toEqual(scripts.map((_, i) => [`c${i}`, null, true]));
    for (const [i] of scripts.entries()) {
      const text = `case ${i}`;
      const received = faults.requests.filter((request) => request.text === text);
      const { attempts } = await workspace.engine.request('cells/get', { runId: run.info.id, key: { caseIndex: i, modelIndex: 0, repeat: 0 } });
      expect(attempts, text).toHaveLength(received.length);
      expect(faults.completed(text), text).toBe(1);
      expect(attempts.at(-1)).toMatchObject({ outcome: 'answered', error: null });
      for (const attempt of attempts.slice(0, -1)) expect(attempt, text).toMatchObject({ outcome: 'failed', usage: null, error: { code: expect.any(String) as unknown } });
    }
    const waited = faults.requests.filter((request) => request.text === 'case 0');
    expect(waited).toHaveLength(2);
  });

  it('says in words what stays broken', async () => {
    const always: Fault[] = ['401', 'quota', '404', '400', 'html', 'silence', '500'];
    const faults = await server({ fault: (request) => always[Number(request.text.split(' ')[1])] ?? 'ok' });
    const workspace = await engineWith({ 'faults.prompt.yml': PROMPT, 'faults.golden.jsonl': golden(always.length), 'touchstone.yml': serverConfig(faults.url, ['test/model']) }, { idleTimeoutMs: 1_500, maxRetries: 1 });
    const { run, cells } = await workspace.eval();
    expect(run.summary).toMatchObject({ errors: always.length, passRate: null, interval: null });
    expect(cells.map(({ result }) => result.error?.code)).toEqual(['unauthorized', 'rate-limited', 'model-request', 'model-request', 'model-response', 'timeout', 'model-server']);
    expect(cells[0]?.result.error?.message).toContain('TEST_KEY');
    // What cannot get better is not asked again; what can, once more.
    expect(always.map((_, i) => faults.requests.filter((request) => request.text === `case ${i}`).length)).toEqual([1, 1, 1, 1, 2, 2, 2]);
    for (const { result } of cells) {
      const message = result.error?.message ?? '';
      expect(message.length).toBeGreaterThan(20);
      expect(message.length).toBeLessThan(500);
      expect(message).not.toMatch(/undefined|\[object|at .*\.ts:\d/);
    }
  });

  it('shows a key nowhere: not in the database, the log, an error or a report, though the server quotes it', async () => {
    const faults = await server({ fault: (request) => (request.text === 'case 0' ? '401' : 'ok'), answer: () => ({ text: [`your key is ${SECRET}, ok`] }) });
    const workspace = await engineWith({ 'faults.prompt.yml': PROMPT, 'faults.golden.jsonl': golden(2), 'touchstone.yml': serverConfig(faults.url, ['test/model']) });
    const { run, cells } = await workspace.eval();
    expect(faults.requests[0]?.headers.authorization).toBe(`Bearer ${SECRET}`);
    expect(cells.map(({ result }) => result.error?.code ?? null)).toEqual(['unauthorized', null]);
    for (const format of ['json', 'xml', 'html', 'csv'] as const) {
      const file = join(workspace.folder, `report.${format}`);
      await workspace.engine.request('runs/export', { runIds: [run.info.id], format, file });
      expect(readFileSync(file, 'utf8')).not.toContain(SECRET);
    }
    expect(JSON.stringify(cells)).not.toContain(SECRET);
    expect(workspace.logs.join('\n')).not.toContain(SECRET);
    expect(stored(workspace.folder)).not.toContain(SECRET);
  });
});

describe('a budget', () => {
  it('refuses to start when a model or a judge has no price, and names it', async () => {
    const faults = await server({ answer: () => ({ text: ['ok'] }) });
    const priced = `prices:\n  "test/model": { input: 1, output: 1, date: 2026-01-01 }\n`;
    const judged = PROMPT.replace('assert:\n', 'assert:\n  - { type: llm-rubric, value: it is polite, provider: test/judge }\n');
    const workspace = await engineWith({ 'faults.prompt.yml': PROMPT, 'judged.prompt.yml': judged, 'faults.golden.jsonl': golden(1), 'touchstone.yml': serverConfig(faults.url, ['test/model', 'test/judge']) });
    const start = (file: string): Promise<unknown> => workspace.eval({ targets: [join(workspace.folder, file)], budgetUsd: 1 });
    await expect(start('faults.prompt.yml')).rejects.toMatchObject({ code: 'unknown-price', message: expect.stringContaining('test/model') as unknown });
    writeFileSync(join(workspace.folder, 'touchstone.yml'), serverConfig(faults.url, ['test/model', 'test/judge']) + priced);
    await expect(start('judged.prompt.yml')).rejects.toMatchObject({ code: 'unknown-price', message: expect.stringContaining('test/judge') as unknown });
    expect(faults.requests).toHaveLength(0);
    await start('faults.prompt.yml');
    expect(faults.requests).toHaveLength(1);
  });
});

describe('data is inert', () => {
  it('sends a value that looks like a template as that text', async () => {
    const faults = await server({ answer: () => ({ text: ['ok'] }) });
    const value = '{{env.HOME}} {{n}} {% for i in (1) %}x{% endfor %} ${HOME} {{constructor}}';
    const workspace = await engineWith({
      'faults.prompt.yml': PROMPT,
      'faults.golden.jsonl': JSON.stringify({ id: 'c', n: value }),
      'promptfooconfig.yaml': `prompts: ['case {{n}}']\nproviders: [test/model]\ntests:\n  - vars: { n: ${JSON.stringify(value)} }\n    assert: [{ type: contains, value: ok }]\n`,
      'touchstone.yml': serverConfig(faults.url, ['test/model']),
    });
    const { runIds } = await workspace.engine.request('eval/start', { targets: [workspace.folder], origin: 'cli', noCache: true });
    await workspace.engine.request('eval/wait', { runIds });
    expect(faults.requests.map(({ text }) => text)).toEqual([`case ${value}`, `case ${value}`]);
  });

  it('stops a regular expression that never ends, and judges the rest', async () => {
    const workspace = await engineWith({
      'redos.prompt.yml': `model: echo\nmessages: [{ role: user, content: "{{text}}" }]\ntestData: [{ text: "${'a'.repeat(28)}!" }]\nassert:\n  - { type: regex, value: "^(a+)+$" }\n  - { type: contains, value: "aaa" }\n`,
    });
    const { cells } = await workspace.eval();
    const [regex, contains] = cells[0]?.result.assertions ?? [];
    expect(regex).toMatchObject({ pass: false, error: expect.stringMatching(/stopped after/i) as unknown });
    expect(contains).toMatchObject({ pass: true });
  });
});

describe.skipIf(!HAS_CORPUS)('recorded outputs of real models (skipped without ../shared)', () => {
  it('gsm8k: the published shares of correct answers', async () => {
    const workspace = await engineWith(gsm8kFiles());
    const { run } = await workspace.eval({ models: GSM8K_MODELS.map((name) => `solver/${name}`) });
    expect(run.summary).toMatchObject({ cells: 1319 * 4, errors: 0 });
    expect(run.models.map(({ summary }) => ((summary.passRate ?? 0) * 100).toFixed(2))).toEqual(['21.68', '39.04', '34.72', '56.25']);
    expect(run.models[3]?.summary.interval?.map((bound) => bound.toFixed(4))).toEqual(['0.5356', '0.5891']);
  });

  it('m-ifeval-es: recorded outputs are read and shown with their own verdicts', async () => {
    const file = join(CORPUS, 'golden/m-ifeval-es/gpt-4o-mini-2024-07-18.strict.jsonl');
    const rows = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { prompt: string; response: string; follow_all_instructions: boolean });
    const workspace = await engineWith({
      'ifeval.prompt.yml': 'name: M-IFEval\nmessages: [{ role: user, content: "{{prompt}}" }]\ngolden: ifeval.golden.jsonl\nassert: [{ type: javascript, value: "output.length > 0" }]\n',
      'ifeval.golden.jsonl': rows.map(({ prompt, follow_all_instructions }, i) => JSON.stringify({ id: `es-${i}`, vars: { prompt }, metadata: { recorded: follow_all_instructions } })).join('\n'),
      'touchstone.yml': `models:\n  "gpt-4o-mini/recorded": { provider: replay, file: ${JSON.stringify(file)}, match: prompt, output: response }\n`,
    });
    const { run, cells } = await workspace.eval({ models: ['gpt-4o-mini/recorded'] });
    expect(run.summary).toMatchObject({ cells: rows.length, errors: 0 });
    expect(cells.map(({ result }) => result.output)).toEqual(rows.map(({ response }) => response));
  });
});
