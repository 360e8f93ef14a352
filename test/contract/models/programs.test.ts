import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelCatalog, ModelReply, ModelRequest } from '../../../src/core/model/model.ts';
import { SHARED } from '../../fixtures/servers/tiny-llm.ts';
import { catalogOf, failure, KEY, never, requestOf, temporaryFolder } from './harness.ts';

let folder: ReturnType<typeof temporaryFolder>;
let catalog: ModelCatalog;
const node = `"${process.execPath}"`;

beforeAll(() => {
  folder = temporaryFolder({
    'parts.mjs': 'console.log(JSON.stringify({ output: { label: "a" }, usage: { input: 3, output: 4 }, cost: 0.25, toolCalls: [{ name: "f", arguments: { x: 1 } }], finishReason: "stop", metadata: { steps: 2 } }))',
    'environment.mjs': 'console.log([process.env.ELECTRON_RUN_AS_NODE, process.env.VSCODE_PID, process.env.GIVEN, process.env.OPENAI_API_KEY].map(String).join(" "))',
    'family.mjs': "import { spawn } from 'node:child_process'; import { writeFileSync } from 'node:fs'; const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }); writeFileSync('child.pid', String(child.pid)); setInterval(() => {}, 1000);",
    'flood.mjs': "const line = 'x'.repeat(1 << 20); for (let i = 0; i < 40; i += 1) process.stdout.write(line);",
    'deep.mjs': `console.log('{"output":' + '['.repeat(20000) + ']'.repeat(20000) + '}')`,
    'leak-late.mjs': 'console.error(`${process.env.GIVEN}${"x".repeat(985)}`); process.exit(1)',
    'leak.mjs': 'console.error(`could not use ${process.env.GIVEN}`); process.exit(1)',
    'function.cjs': 'module.exports = async (prompt) => ({ output: `said ${prompt}`, tokenUsage: { prompt: 1, completion: 2 } });',
    'named.mjs': 'export class Agent { id() { return "a"; } async callApi(prompt) { return { output: prompt.toUpperCase() }; } }\nexport const refuses = async () => ({ error: "no answer today" });',
    'crash.mjs': 'export default class { id() { return "a"; } callApi() { process.exit(9); } }',
    'loop.mjs': 'export default class { id() { return "a"; } callApi(prompt) { if (prompt === "loop") for (;;); return { output: "fine" }; } }',
    'typed.ts': 'export default class { id(): string { return "a"; } async callApi(prompt: string): Promise<{ output: string }> { return { output: `typed ${prompt}` }; } }',
    'async.py': 'async def call_api(prompt, options, context):\n    return {"output": "async " + prompt + " " + str(options["config"]["level"])}\n\ndef other(prompt, options, context):\n    return {"output": "other"}\n',
    'records.json': '[{"q": 7, "out": {"text": "seven"}, "ms": 120, "tokens": {"prompt": 3, "completion": 1}, "usd": 0.01}, {"q": 7, "out": {"text": "seven again"}}]',
    'records.csv': 'id,output\ncase-1,"from, csv"\n',
    'broken.jsonl': '{"id":"a","output":"x"}\n{"id":\n',
  });
  catalog = catalogOf({ baseDir: folder.path, secrets: (name) => Promise.resolve(name === 'MY_SECRET' ? KEY : null) });
});

afterAll(async () => {
  await catalog.dispose();
  folder.remove();
});

async function ask(id: string, config: Record<string, unknown> = {}, request: Partial<ModelRequest> = {}, text = 'hello'): Promise<ModelReply> {
  return (await catalog.resolve({ id, config })).generate(requestOf(text, request), { signal: never() });
}

describe('exec:', () => {
  it('refuses an answer that is nested without end', async () => {
    const model = await catalog.resolve({ id: `exec:${node} deep.mjs` });
    expect(await failure(model.generate(requestOf('x'), { signal: never() }))).toMatchObject({ code: 'code-failed', message: expect.stringContaining('nested more than 500 levels deep') as string });
  });

  it('reads an answer in parts', async () => {
    expect(await ask(`exec:${node} parts.mjs`)).toEqual({
      text: '{"label":"a"}',
      data: { label: 'a' },
      toolCalls: [{ id: 'call_1', name: 'f', arguments: '{"x":1}' }],
      finishReason: 'stop',
      usage: { input: 3, cachedInput: null, output: 4, reasoning: null },
      reportedCost: 0.25,
      metadata: { steps: 2 },
    });
  });

  it('passes on neither the editor\'s variables nor the store\'s secrets, but those it is told to', async () => {
    const before = { ...process.env };
    Object.assign(process.env, { ELECTRON_RUN_AS_NODE: '1', VSCODE_PID: '1' });
    try {
      expect((await ask(`exec:${node} environment.mjs`, { env: { GIVEN: '{{env.MY_SECRET}}' } })).text).toBe(`undefined undefined ${KEY} ${before['OPENAI_API_KEY'] ?? 'undefined'}`);
    } finally {
      delete process.env['ELECTRON_RUN_AS_NODE'];
      delete process.env['VSCODE_PID'];
    }
  });

  it('keeps a secret out of the error that the program writes', async () => {
    const error = await failure(ask(`exec:${node} leak.mjs`, { env: { GIVEN: '{{env.MY_SECRET}}' } }));
    expect(error).toMatchObject({ code: 'code-failed', message: expect.stringContaining('could not use [secret]') as string });
    // The end of what it wrote is quoted: that must not begin inside the secret.
    const late = await failure(ask(`exec:${node} leak-late.mjs`, { env: { GIVEN: '{{env.MY_SECRET}}' } }));
    expect(late.message).toMatch(/x{900}$/);
    expect(late.message).not.toContain(KEY.slice(-6));
  });

  it('ends everything that the program started', async () => {
    const model = await catalog.resolve({ id: `exec:${node} family.mjs` });
    const stop = new AbortController();
    const call = failure(model.generate(requestOf('x'), { signal: stop.signal }));
    const file = join(folder.path, 'child.pid');
    await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8') !== '').toBe(true);
    const pid = Number(readFileSync(file, 'utf8'));
    expect(isRunning(pid)).toBe(true);
    stop.abort();
    expect(await call).toMatchObject({ code: 'cancelled' });
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it('waits for nothing that the program has left behind in a group of its own', async () => {
    // It holds the program's output open, and no signal to the program's group reaches it.
    writeFileSync(join(folder.path, 'daemon.cjs'), `
      const daemon = require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600_000)'], { detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
      require('node:fs').writeFileSync('daemon.pid', String(daemon.pid));
      daemon.unref();`);
    try {
      expect(await failure(ask(`exec:${node} daemon.cjs`, { timeoutMs: 3_000 }))).toMatchObject({ code: 'timeout' });
    } finally {
      const file = join(folder.path, 'daemon.pid');
      if (existsSync(file)) process.kill(Number(readFileSync(file, 'utf8')));
    }
  });

  it('has a time limit and an output limit', async () => {
    expect(await failure(ask(`exec:${node} -e "setInterval(() => {}, 1000)"`, { timeoutMs: 300 }))).toMatchObject({ code: 'timeout', transient: false });
    expect(await failure(ask(`exec:${node} flood.mjs`))).toMatchObject({ code: 'model-response', message: expect.stringContaining('16 MB') as string });
  });
});

/** A zombie waits for whoever started it and runs no more. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

describe('providers in files', () => {
  it.each([
    ['file://function.cjs', 'said hello'],
    ['file://named.mjs:Agent', 'HELLO'],
    ['file://typed.ts', 'typed hello'],
    ['python:async.py', 'async hello 3'],
    ['file://async.py:other', 'other'],
  ])('%s', async (id, text) => {
    expect((await ask(id, { level: 3 })).text).toBe(text);
  });

  it('report their own errors', async () => {
    expect(await failure(ask('file://named.mjs:refuses'))).toMatchObject({ code: 'code-failed', message: expect.stringContaining('no answer today') as string });
    expect(await failure(ask('file://named.mjs:missing'))).toMatchObject({ code: 'code-failed', message: expect.stringContaining('exports no missing') as string });
    expect(await failure(ask('file://absent.mjs'))).toMatchObject({ code: 'not-found' });
  });

  it('may end their process without taking ours', async () => {
    expect(await failure(ask('file://crash.mjs'))).toMatchObject({ code: 'code-failed', message: expect.stringContaining('exit code 9') as string });
    expect(await failure(ask('file://crash.mjs'))).toMatchObject({ code: 'code-failed' });
  });

  it('are stopped when they hang, and start again', async () => {
    expect(await failure(ask('file://loop.mjs', { timeoutMs: 1_500 }, {}, 'loop'))).toMatchObject({ code: 'timeout' });
    expect((await ask('file://loop.mjs', { timeoutMs: 60_000 })).text).toBe('fine');
  });

  it('receive a conversation as JSON, as in promptfoo', async () => {
    const messages: ModelRequest['messages'] = [{ role: 'system', content: 'be brief' }, { role: 'user', content: 'hi' }];
    expect((await ask('file://function.cjs', {}, { messages })).text).toBe(`said ${JSON.stringify(messages)}`);
  });
});

describe('replay:', () => {
  it('finds a recording by a variable, with its latency, usage and cost; repeats take turns', async () => {
    const config = { match: { case: 'question', record: 'q' }, output: 'out.text', latency: 'ms', usage: 'tokens', cost: 'usd' };
    const request = { case: { id: 'x', vars: { question: '7' } } };
    expect(await ask('replay:records.json', config, request)).toMatchObject({ text: 'seven', latencyMs: 120, usage: { input: 3, output: 1 }, reportedCost: 0.01 });
    expect((await ask('replay:records.json', config, { ...request, repeat: 1 })).text).toBe('seven again');
    expect((await ask('replay:records.json', config, { ...request, repeat: 2 })).text).toBe('seven');
  });

  it('reads CSV', async () => {
    expect((await ask('replay:records.csv')).text).toBe('from, csv');
  });

  it('says what is missing, and where a file is broken', async () => {
    expect(await failure(ask('replay:records.csv', {}, { case: { id: 'case-9', vars: {} } }))).toMatchObject({ code: 'not-found', message: expect.stringContaining('case-9') as string });
    expect(await failure(ask('replay:absent.jsonl'))).toMatchObject({ code: 'not-found' });
    expect(await failure(ask('replay:broken.jsonl'))).toMatchObject({ code: 'invalid-dataset', place: { line: 2 } });
    expect(await failure(ask('replay:records.csv', { match: 3 }))).toMatchObject({ code: 'invalid-config' });
  });

  const golden = join(SHARED, 'corpus/golden');
  it.skipIf(!existsSync(golden))('replays published outputs of GSM8K by index and of M-IFEval by prompt (needs ../shared/corpus/golden)', async () => {
    const gsm8k = await catalog.resolve({ id: `replay:${golden}/gsm8k/model_solutions.slim.jsonl#175b_verification.solution`, config: { match: { case: 'index', record: 'i' } } });
    const answers = new Map<number, string>();
    for (const line of readFileSync(`${golden}/gsm8k/model_solutions.slim.jsonl`, 'utf8').trim().split('\n')) {
      const { i, '175b_verification': recorded } = JSON.parse(line) as { i: number; '175b_verification': { solution: string } };
      answers.set(i, recorded.solution);
    }
    expect(answers.size).toBe(1_319);
    for (const index of [0, 3, 500, 1_318]) {
      const reply = await gsm8k.generate(requestOf('x', { case: { id: `case-${index}`, index, vars: {} } }), { signal: never() });
      expect(reply.text).toBe(answers.get(index));
    }
    const first = JSON.parse(readFileSync(`${golden}/m-ifeval-es/gpt-4o-mini-2024-07-18.strict.jsonl`, 'utf8').split('\n')[0]!) as { prompt: string; response: string };
    const ifeval = await catalog.resolve({ id: `replay:${golden}/m-ifeval-es/gpt-4o-mini-2024-07-18.strict.jsonl#response`, config: { match: 'prompt' } });
    expect((await ifeval.generate(requestOf('x', { case: { id: 'a', vars: { prompt: first.prompt } } }), { signal: never() })).text).toBe(first.response);
  });
});

describe('an untrusted workspace', () => {
  it.each(['exec:ls', 'file://function.cjs', 'python:async.py', 'openai/gpt-5', 'http://127.0.0.1:9/x', 'vscode:copilot/gpt-5'])('neither runs nor reaches %s', async (id) => {
    const own = catalogOf({ baseDir: folder.path, trusted: false });
    expect(await failure(own.resolve({ id }))).toMatchObject({ code: 'untrusted-workspace' });
    await own.dispose();
  });
});

