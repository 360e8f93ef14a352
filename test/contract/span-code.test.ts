import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterEach, describe, expect, it } from 'vitest';
import type { SpanRef } from '../../src/protocol/spans.ts';
import { testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';
import { recordedCallLine, type RecordedCallOptions } from '../fixtures/traces/recorded-calls.ts';

let test: TestEngine | undefined;
afterEach(async () => {
  await test?.close();
  test = undefined;
});

const AGENT = 'export async function lookupOrder(id) {\n  // One.\n  return fetch(`https://shop.example/orders/${id}`);\n}\n\nexport const refund = async (id) => lookupOrder(id);\n';
const refOf = (id: string): SpanRef => ({ traceId: id.repeat(32), spanId: id.repeat(16) });
const call = (id: string, attributes: RecordedCallOptions['attributes'], more: Partial<RecordedCallOptions> = {}): string => recordedCallLine({ id: id.repeat(16), messages: [{ role: 'user', content: 'x' }], answer: 'y', ...more, ...(attributes === undefined ? {} : { attributes }) });

async function receive(...lines: string[]): Promise<void> {
  const file = join(test?.folder ?? '', 'spans.jsonl');
  writeFileSync(file, `${lines.join('\n')}\n`);
  await test?.engine.request('traces/import', { files: [file] });
}

describe('the code of a span', () => {
  it('is where its attributes say, whatever folder it ran in', async () => {
    test = await testEngine({ 'services/shop/agent.mjs': AGENT, 'services/other/agent.mjs': AGENT, 'touchstone.yml': 'code:\n  - { from: /deploy/current, to: services/other }\n' });
    const { engine, folder } = test;
    const at = (file: string, line = 3): RecordedCallOptions['attributes'] => ({ 'code.file.path': file, 'code.line.number': line, 'code.function.name': 'lookupOrder' });
    await receive(call('a', at('/app/services/shop/agent.mjs')), call('b', at('/deploy/current/agent.mjs')), call('c', at('/usr/lib/agent.mjs')), call('d', at('/etc/passwd')), call('e', { 'code.filepath': 'shop/agent.mjs', 'code.lineno': 6 }));
    expect(await engine.request('spans/code', refOf('a'))).toEqual({ places: [{ file: join(folder, 'services/shop/agent.mjs'), line: 3, column: null, function: 'lookupOrder', how: 'attributes', built: null, revision: null }], note: null });
    expect((await engine.request('spans/code', refOf('b'))).places.map(({ file }) => file)).toEqual([join(folder, 'services/other/agent.mjs')]);
    expect(await engine.request('spans/code', refOf('c'))).toMatchObject({ places: [{}, {}], note: 'Several files could be /usr/lib/agent.mjs.' });
    expect(await engine.request('spans/code', refOf('d'))).toMatchObject({ places: [], note: expect.stringContaining('is not in this workspace') as string });
    expect((await engine.request('spans/code', refOf('e'))).places[0]).toMatchObject({ line: 6, how: 'attributes' });
  });

  it('is where an error was thrown, or, as a guess, where something has its name', async () => {
    test = await testEngine({ 'src/agent.mjs': AGENT });
    const { engine, folder } = test;
    await receive(
      call('a', { 'exception.stacktrace': `Error: no\n    at fetch (node:internal/deps/undici:1:1)\n    at lookupOrder (file:///app/src/agent.mjs:3:10)`, 'exception.type': 'Error', 'exception.message': 'no' }, { failed: true }),
      call('b', { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'lookup order' }),
      call('c', { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'unheard_of' }),
    );
    expect((await engine.request('spans/code', refOf('a'))).places[0]).toMatchObject({ file: join(folder, 'src/agent.mjs'), line: 3, how: 'stack' });
    expect(await engine.request('spans/code', refOf('b'))).toMatchObject({ places: [{ file: join(folder, 'src/agent.mjs'), line: 1, how: 'symbol' }], note: expect.stringContaining('guess') as string });
    expect(await engine.request('spans/code', refOf('c'))).toMatchObject({ places: [], note: expect.stringContaining('nothing in this workspace has its name') as string });
  });

  it('is the source of what was built', async () => {
    test = await testEngine({ 'src/agent.ts': '/* a comment\n that goes */\nexport function answer(question: string): string {\n  const said: string = question;\n  return said.toUpperCase();\n}\n' });
    const { engine, folder } = test;
    buildSync({ entryPoints: [join(folder, 'src/agent.ts')], outdir: join(folder, 'dist'), sourcemap: true, format: 'esm', logLevel: 'silent' });
    await receive(call('a', { 'code.file.path': '/app/dist/agent.js', 'code.line.number': 3, 'code.column.number': 3 }));
    expect((await engine.request('spans/code', refOf('a'))).places[0]).toMatchObject({ file: join(folder, 'src/agent.ts'), line: 5, built: { file: join(folder, 'dist/agent.js'), line: 3 } });
    expect((await engine.request('code/lines', { traceId: refOf('a').traceId })).lines).toMatchObject([{ file: join(folder, 'src/agent.ts'), line: 5, spans: 1 }]);
    await expect.poll(async () => (await engine.request('code/functions', { file: join(folder, 'src/agent.ts') })).functions).toMatchObject([{ line: 5, calls: 1 }]);
    expect((await engine.request('code/functions', { file: join(folder, 'dist/agent.js') })).functions).toEqual([]);
  });

  it('is the file at the commit that the trace was made from', async () => {
    test = await testEngine({ 'src/agent.mjs': AGENT });
    const { engine, folder } = test;
    const git = (...args: string[]): string => execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: folder, encoding: 'utf8' }).trim();
    git('init', '-q');
    git('add', 'src');
    git('commit', '-qm', 'first');
    const commit = git('rev-parse', 'HEAD');
    const line = call('a', { 'code.file.path': '/app/src/agent.mjs', 'code.line.number': 3 }).replace('{"key":"service.name"', `{"key":"vcs.ref.head.revision","value":{"stringValue":"${commit}"}},{"key":"service.name"`);
    await receive(line, call('b', { 'code.file.path': '/app/src/agent.mjs', 'code.line.number': 3 }).replace('{"key":"service.name"', '{"key":"vcs.ref.head.revision","value":{"stringValue":"0123456789abcdef0123456789abcdef01234567"}},{"key":"service.name"'));
    expect((await engine.request('spans/code', refOf('a'))).places[0]?.revision).toBeNull();
    writeFileSync(join(folder, 'src/agent.mjs'), `// New lines\n// above.\n${AGENT}`);
    expect((await engine.request('spans/code', refOf('a'))).places[0]?.revision).toEqual({ id: commit, path: 'src/agent.mjs', text: AGENT });
    expect((await engine.request('spans/code', refOf('b'))).places[0]?.revision).toBeNull();
  });
});

describe('lines and functions', () => {
  it('carry what their spans took, of one trace and of all', async () => {
    test = await testEngine({ 'src/agent.mjs': AGENT });
    const { engine, folder } = test;
    mkdirSync(join(folder, 'src/deep'), { recursive: true });
    const at = (line: number): RecordedCallOptions['attributes'] => ({ 'code.file.path': '/app/src/agent.mjs', 'code.line.number': line, 'code.function.name': line === 1 ? 'lookupOrder' : 'refund' });
    await receive(call('a', at(1), { durationMs: 100 }), call('b', at(1), { durationMs: 300, failed: true, at: 1000 }), call('c', at(6), { at: 2000 }));
    const file = join(folder, 'src/agent.mjs');
    expect((await engine.request('code/lines', { traceId: refOf('a').traceId })).lines).toEqual([{ file, line: 1, spans: 1, totalMs: 100, tokens: 105, cost: expect.any(Number) as number, errors: 0, calls: [{ spanId: refOf('a').spanId, name: expect.stringContaining('chat') as string, durationMs: 100, error: false }] }]);
    // Words of new traces can be found a moment later.
    await expect.poll(async () => (await engine.request('code/functions', { file })).functions).toMatchObject([{ line: 1, name: 'lookupOrder', calls: 2, errors: 1, p50Ms: 200, last: [{ traceId: refOf('b').traceId, error: true }, { traceId: refOf('a').traceId }] }, { line: 6, name: 'refund', calls: 1 }]);
    expect((await engine.request('code/functions', { file: join(folder, 'src/none.mjs') })).functions).toEqual([]);
  });

  it('follow the trace and the prices as they change', async () => {
    test = await testEngine({ 'src/agent.mjs': AGENT, 'touchstone.yml': '' });
    const { engine, folder } = test;
    const at = { 'code.file.path': '/app/src/agent.mjs', 'code.line.number': 1, 'code.function.name': `lookupOrder${'x'.repeat(5000)}` };
    const inHouse = (id: string): string => call(id, at, { model: 'in-house' }).replace('"openai"', '"house"').replace(id.repeat(32), 'a'.repeat(32));
    const lines = async (): Promise<unknown> => (await engine.request('code/lines', { traceId: 'a'.repeat(32) })).lines;
    await receive(inHouse('a'));
    expect(await lines()).toMatchObject([{ spans: 1, tokens: 105, cost: null }]);
    writeFileSync(join(folder, 'touchstone.yml'), 'prices:\n  in-house: { input: 10000, output: 10000, date: 2026-11-01 }\n');
    expect(await lines()).toMatchObject([{ spans: 1, cost: 1.05 }]);
    await receive(inHouse('b'));
    expect(await lines()).toMatchObject([{ spans: 2, tokens: 210, cost: 2.1 }]);
    // What strangers call their functions is shown in lists.
    await expect.poll(async () => (await engine.request('code/functions', { file: join(folder, 'src/agent.mjs') })).functions.map(({ name, calls }) => [name?.length, calls])).toEqual([[200, 2]]);
    await engine.request('traces/delete', { traceIds: ['a'.repeat(32)] });
    await expect(lines()).rejects.toMatchObject({ code: 'not-found' });
  });
});
