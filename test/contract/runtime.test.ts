import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildRuntime } from '../../scripts/build/runtime.mjs';
import { RegistryBench } from '../fixtures/registry-folder.ts';

const root = resolve(import.meta.dirname, '../..');
const signal = new AbortController().signal;
let app = '';

/** An app as somebody has it: the package is built, packed by npm, and installed from the file. Nothing else is installed with it. */
beforeAll(async () => {
  const built = mkdtempSync(join(tmpdir(), 'touchstone-runtime-'));
  await buildRuntime({ root, outdir: relative(root, built).replaceAll('\\', '/'), common: { absWorkingDir: root, bundle: true, metafile: true, logLevel: 'warning', legalComments: 'none' } });
  app = mkdtempSync(join(tmpdir(), 'touchstone-app-'));
  const npm = (...args: string[]): string => execFileSync('npm', args, { cwd: app, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  writeFileSync(join(app, 'package.json'), '{ "name": "app", "version": "1.0.0", "private": true }');
  const [packed] = JSON.parse(npm('pack', '--json', join(built, 'runtime'))) as { filename: string }[];
  npm('install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', `file:./${packed?.filename ?? ''}`);
  rmSync(built, { recursive: true });
});
afterAll(() => rmSync(app, { recursive: true, force: true }));

const open: RegistryBench[] = [];
afterEach(() => {
  for (const bench of open.splice(0)) bench.remove();
});

async function bench(text: string, name = 'prompts/support/triage.prompt.yml'): Promise<RegistryBench & { place: { path: string } }> {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-registry-'));
  const made = new RegistryBench(folder, { file: name });
  open.push(made);
  writeFileSync(made.path, text);
  await made.registry.save({ path: made.path }, { message: 'First', tags: [], useCase: null }, signal);
  await made.registry.promote({ path: made.path }, 'v1', 'production', '', signal);
  return Object.assign(made, { place: { path: made.path } });
}

const TRIAGE = `name: Triage
model: openai/gpt-5-mini
modelParameters: { temperature: 0.1, max_tokens: 64, logit_bias: { 7: -1e-7 } }
messages:
  - { role: system, content: "Label. Zürich 😀" }
  - { role: user, content: "{{ticket}} {{ customer.name }} {{data}}" }
tools: [{ name: lookup, parameters: { type: object } }]
jsonSchema: '{"name":"l","schema":{"type":"object"},"strict":true}'
`;

interface Answer {
  ok?: Record<string, unknown>;
  error?: { code: string; message: string; known: boolean };
}

/** Runs a script of the app in a process of its own. */
function run(folder: string, expression: string, kind: 'mjs' | 'cjs' = 'mjs'): Answer {
  const script = join(app, `script.${kind}`);
  const load = kind === 'mjs' ? "import { getPrompt, PromptError } from 'touchstone/runtime';" : "const { getPrompt, PromptError } = require('touchstone/runtime');";
  writeFileSync(script, `${load}\nlet answer;\ntry { answer = { ok: (${expression}) }; } catch (error) { answer = { error: { code: error.code, message: error.message, known: error instanceof PromptError } }; }\nconsole.log(JSON.stringify(answer));\n`);
  const { stdout, stderr, status } = spawnSync(process.execPath, [script], { cwd: folder, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout) as Answer;
}

const WHOLE = "(() => { const set = {}; const p = getPrompt('support/triage', { environment: 'production' }); const span = { setAttribute(key, value) { set[key] = value; return this; } }; return { ...p, messages: p.messages({ ticket: 'declined {{data}}', customer: { name: 'Ana' }, data: { a: [1] } }), set, same: p.annotate(span) === span }; })()";

describe('touchstone/runtime, installed from a packed file', () => {
  it('brings nothing else', () => {
    expect(readFileSync(join(app, 'package-lock.json'), 'utf8').match(/"node_modules\//g)).toHaveLength(1);
    expect(existsSync(join(app, 'node_modules/touchstone/runtime.d.mts'))).toBe(true);
  });

  it.each(['mjs', 'cjs'] as const)('gives the version of an environment, filled in, with what the model needs and what spans say (%s)', async (kind) => {
    const { folder, registry, place } = await bench(TRIAGE);
    const { known } = await registry.open(place, signal);
    mkdirSync(join(folder, 'src/deep'), { recursive: true });
    const { ok } = run(join(folder, 'src/deep'), WHOLE, kind);
    expect(ok).toMatchObject({
      id: 'prompts/support/triage', version: known.newest?.label, number: 1, hash: known.newest?.hash, environment: 'production', model: 'openai/gpt-5-mini', models: ['openai/gpt-5-mini'],
      parameters: { temperature: 0.1, maxTokens: 64, extra: { logit_bias: { 7: -1e-7 } } },
      tools: [{ name: 'lookup', parameters: { type: 'object' } }],
      responseFormat: { type: 'json_schema', name: 'l', schema: { type: 'object' }, strict: true },
      messages: [{ role: 'system', content: 'Label. Zürich 😀' }, { role: 'user', content: 'declined {{data}} Ana {"a":[1]}' }],
      set: { 'gen_ai.prompt.name': 'prompts/support/triage', 'gen_ai.prompt.version': known.newest?.label },
      same: true,
    });
  });

  it('takes a version by number and hash, follows promotions and rollbacks, and a prompt that was moved', async () => {
    const made = await bench(TRIAGE);
    const { folder, registry, place } = made;
    writeFileSync(made.path, TRIAGE.replace('Label.', 'Sort.'));
    await registry.save(place, { message: 'Second', tags: [], useCase: null }, signal);
    const label = (expression: string): unknown => run(folder, `(${expression}).version.slice(0, 2)`).ok;
    expect([label("getPrompt('support/triage')"), label("getPrompt('triage', { version: 2 })"), label("getPrompt('prompts/support/triage', { version: 'v2' })")]).toEqual(['v1', 'v2', 'v2']);
    const { known } = await registry.open(place, signal);
    expect(label(`getPrompt('triage', { version: '${known.newest?.hash.slice(0, 6)}' })`)).toBe('v2');
    await registry.promote(place, 'v2', 'production', '', signal);
    expect(label("getPrompt('support/triage')")).toBe('v2');
    await registry.rollback(place, 'production', '', signal);
    expect(label("getPrompt('support/triage')")).toBe('v1');
    await made.apply({ kind: 'move', to: 3 });
    expect(run(folder, "getPrompt('p3').id").ok).toBe('prompts/p3');
    expect(run(folder, "getPrompt('support/triage')").error).toMatchObject({ code: 'not-found', message: expect.stringContaining('prompts/p3') as unknown });
  });

  it('says what is wrong instead of giving something else', async () => {
    const made = await bench(TRIAGE);
    const { folder, registry, place, path } = made;
    const texts = made.files();
    const error = (expression: string, from = folder): Answer['error'] => run(from, expression).error;
    expect(error("getPrompt('nothing')")).toMatchObject({ code: 'not-found', known: true, message: expect.stringContaining('prompts/support/triage') as unknown });
    expect(error("getPrompt('triage', { environment: 'staging' })")).toMatchObject({ code: 'not-found', message: expect.stringContaining('production') as unknown });
    expect(error("getPrompt('triage', { environment: '../../x' })")).toMatchObject({ code: 'not-found' });
    expect(error("getPrompt('triage', { version: 9 })")).toMatchObject({ code: 'not-found' });
    expect(error("getPrompt('triage').messages({ ticket: 'x' })")).toMatchObject({ code: 'missing-variable', message: expect.stringMatching(/"customer\.name", "data"/) as unknown });
    expect(error("getPrompt('triage')", tmpdir())).toMatchObject({ code: 'not-found' });
    // A hand edit of the text that is sent, and of the last movement.
    const version = [...texts.keys()].find((name) => name.includes('/versions/')) ?? '';
    writeFileSync(join(folder, version), (texts.get(version) ?? '').replace('Label.', 'Obey.'));
    for (const expression of ["getPrompt('triage')", "getPrompt('triage', { version: 1 })"]) expect(error(expression)).toMatchObject({ code: 'damaged', message: expect.stringContaining('versions/') as unknown });
    writeFileSync(join(folder, version), texts.get(version) ?? '');
    const pointer = [...texts.keys()].find((name) => name.includes('/environments/')) ?? '';
    writeFileSync(join(folder, pointer), (texts.get(pointer) ?? '').replace('"note": ""', '"note": "x"'));
    expect(error("getPrompt('triage')")).toMatchObject({ code: 'damaged', message: expect.stringContaining('environments/') as unknown });
    writeFileSync(join(folder, pointer), texts.get(pointer) ?? '');
    // Two people promoted different versions on two branches.
    writeFileSync(path, TRIAGE.replace('Label.', 'Sort.'));
    await registry.save(place, { message: 'Second', tags: [], useCase: null }, signal);
    const other = made.branch('Ben', Date.now);
    open.push(other);
    await registry.promote(place, 'v2', 'production', '', signal);
    await other.registry.promote({ path: other.path }, 'v2', 'production', '', signal);
    await other.registry.promote({ path: other.path }, 'v1', 'production', '', signal);
    for (const [name, text] of other.files()) writeFileSync(join(folder, name), text);
    expect(error("getPrompt('triage')")).toMatchObject({ code: 'diverged' });
  });

  it('fills promptfoo templates that have only names in braces, and refuses the others', async () => {
    const config = (prompt: string): string => `prompts:\n  - ${JSON.stringify(prompt)}\nproviders: [echo]\ntests: [{ vars: { x: 1 } }]\n`;
    const made = await bench(config('Say {{ x }} to {{a.b}}'), 'promptfooconfig.yaml');
    const messages = async (prompt: string, vars = "{ x: 'one\\n', a: { b: 2 } }"): Promise<Answer> => {
      writeFileSync(made.path, config(prompt));
      await made.registry.save(made.place, { message: 'm', tags: [], useCase: null }, signal);
      const { known, hash } = await made.registry.open(made.place, signal);
      expect(known.version(hash)).not.toBeNull();
      return run(made.folder, `getPrompt('promptfooconfig', { version: '${hash}' }).messages(${vars})`);
    };
    expect((await messages('Say {{ x }} to {{a.b}}')).ok).toEqual([{ role: 'user', content: 'Say one to 2' }]);
    expect((await messages('[{"role":"system","content":"a"},{"role":"user","content":"{{x}}"}]', '{ x: \'quote " and\\nline\' }')).ok).toEqual([{ role: 'system', content: 'a' }, { role: 'user', content: 'quote " and\nline' }]);
    for (const template of ['{{ x | upper }}', '{% if x %}y{% endif %}', '{{- x }}', '- role: user\n  content: "{{x}}"']) expect((await messages(template)).error, template).toMatchObject({ code: 'unsupported' });
    expect((await messages('{{ x }}', '{ x: { a: 1 } }')).error).toMatchObject({ code: 'unsupported' });
  });

  it('has types, for modules of both kinds', async () => {
    const source = "import { getPrompt, PromptError, type Prompt } from 'touchstone/runtime';\nconst prompt: Prompt = getPrompt('a', { environment: 'production' });\nconst role: 'system' | 'developer' | 'user' | 'assistant' | 'tool' | undefined = prompt.messages({ x: 1 })[0]?.role;\nexport { role, PromptError };\n";
    writeFileSync(join(app, 'check.mts'), source);
    writeFileSync(join(app, 'check.cts'), source);
    writeFileSync(join(app, 'wrong.mts'), "import { getPrompt } from 'touchstone/runtime';\nexport const number: number = getPrompt(5).version;\n");
    const check = (...files: string[]): string => spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022', '--module', 'nodenext', ...files], { cwd: app, encoding: 'utf8' }).stdout;
    expect(check('check.mts', 'check.cts')).toBe('');
    expect(check('wrong.mts').match(/error TS/g)).toHaveLength(2);
  });
});

const hasPython = spawnSync('python3', ['--version']).status === 0;

describe('the file layout', () => {
  it.skipIf(!hasPython)('is read by the Python program of docs/runtime.md (skipped where there is no python3)', async () => {
    const made = await bench(TRIAGE.replace(' {{ customer.name }}', ''));
    const { folder, registry, place, path } = made;
    const program = /```python\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs/runtime.md'), 'utf8'))?.[1] ?? '';
    writeFileSync(join(folder, 'reader.py'), program);
    const python = (code: string): { stdout: string; stderr: string } => spawnSync('python3', ['-c', `from reader import *\n${code}`], { cwd: folder, encoding: 'utf8' });
    expect(python("version = get_prompt('support/triage')\nprint(version['number'], json.dumps(messages(version, {'ticket': 'T', 'data': 'D'}), ensure_ascii=False))").stdout.trim()).toBe('1 [{"role": "system", "content": "Label. Zürich 😀"}, {"role": "user", "content": "T D"}]');
    writeFileSync(path, TRIAGE.replace('Label.', 'Sort.'));
    await registry.save(place, { message: 'Second', tags: [], useCase: null }, signal);
    await registry.promote(place, 'v2', 'production', '', signal);
    expect(python("print(get_prompt('support/triage')['number'])").stdout.trim()).toBe('2');
    for (const [name, text] of made.files()) if (name.includes('/versions/')) writeFileSync(join(folder, name), text.replace('Sort.', 'Obey.'));
    expect(python("get_prompt('support/triage')").stderr).toContain('missing or damaged');
  });
});
