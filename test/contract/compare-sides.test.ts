import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSide, type Side } from '../../src/engine/compare/sides.ts';
import { createFileReader } from '../../src/node/files/index.ts';
import { readProjectConfig } from '../../src/core/config/read.ts';
import { ALL_CASES, answersByInstruction, CAREFUL, compared, goldenCases, promptPath, triage, triageFiles } from '../fixtures/eval/compared.ts';
import { testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';
import { startFaultServer, type FaultServer } from '../fixtures/servers/fault-server.ts';

const prompt = (name: string): string => `name: ${name}\nmodel: echo\nmessages: [{ role: user, content: hello }]\ntestData: [{ expected: hello }]\n`;
const CONFIG = 'prompts: [{ raw: "a {{n}}", label: short }, { raw: "b {{n}}", label: long }]\nproviders: [echo]\ntests: [{ vars: { n: 1 } }]\n';

let workspace: TestEngine;
let model: FaultServer;
beforeEach(async () => {
  model = await startFaultServer({ answer: answersByInstruction });
  workspace = await testEngine({
    ...triageFiles(model.url, goldenCases(12)),
    'prompts/support/reply.prompt.yml': prompt('Reply'),
    'prompts/sales/reply.prompt.yml': prompt('Sales reply'),
    'prompts/a@v1+b.prompt.yml': prompt('Odd'),
    'prompts/@acme/quote.prompt.yaml': prompt('Quote'),
    'two/promptfooconfig.yaml': CONFIG,
  });
});
afterEach(async () => {
  await workspace.close();
  await model.stop();
});

async function side(spec: string, from = ''): Promise<Side | string> {
  const root = workspace.folder;
  const files = createFileReader({ root });
  const config = await readProjectConfig(root, { files });
  const found = await readSide(spec, { root, from: join(root, from), files, config });
  return found.kind === 'run' ? found : `${found.path.slice(root.length + 1)} ${found.version ?? '-'} ${found.model ?? '-'}`;
}

describe('a side', () => {
  it.each([
    ['triage.prompt.yml', 'triage.prompt.yml - -'],
    ['triage', 'triage.prompt.yml - -'],
    ['triage@v7', 'triage.prompt.yml v7 -'],
    ['triage.prompt.yml@production+openai/gpt-5', 'triage.prompt.yml production openai/gpt-5'],
    ['triage+vertex/claude@20250929', 'triage.prompt.yml - vertex/claude@20250929'],
    ['triage@git:HEAD@{2}', 'triage.prompt.yml git:HEAD@{2} -'],
    ['triage@git:feature/a+b+echo', 'triage.prompt.yml git:feature/a+b echo'],
    ['prompts/a@v1+b.prompt.yml', 'prompts/a@v1+b.prompt.yml - -'],
    ['prompts/a@v1+b@v2+echo', 'prompts/a@v1+b.prompt.yml v2 echo'],
    ['prompts/@acme/quote@v1', 'prompts/@acme/quote.prompt.yaml v1 -'],
    ['prompts/support/reply', 'prompts/support/reply.prompt.yml - -'],
    ['support/reply@v1', 'prompts/support/reply.prompt.yml v1 -'],
    ['Sales reply@v1', 'prompts/sales/reply.prompt.yml v1 -'],
    ['two/promptfooconfig.yaml#long@v1', 'two/promptfooconfig.yaml v1 -'],
  ])('%s', async (spec, expected) => expect(await side(spec)).toBe(expected));

  it('is looked up from the current folder', async () => {
    expect(await side('reply@v1', 'prompts/support')).toBe('prompts/support/reply.prompt.yml v1 -');
    expect(await side('../sales/reply', 'prompts/support')).toBe('prompts/sales/reply.prompt.yml - -');
  });

  it('may be a run', async () => {
    expect(await side('run:r-abc')).toEqual({ kind: 'run', id: 'r-abc', model: null });
    expect(await side('run:latest+openai/gpt-5+x')).toEqual({ kind: 'run', id: 'latest', model: 'openai/gpt-5+x' });
  });

  it.each([
    ['triaje@v1', 'not-found', 'Did you mean triage?'],
    ['nothing like that', 'not-found', 'A side is a prompt file'],
    ['triage@', 'usage', 'names no version behind the @'],
    ['triage@git:', 'usage', 'names no version behind the @'],
    ['triage+', 'usage', 'names no model behind the +'],
    ['triage@v1+', 'usage', 'names no model behind the +'],
    ['run:', 'usage', 'names no run'],
    ['reply', 'usage', 'several prompts are called reply: prompts/sales/reply, prompts/support/reply'],
    ['two/promptfooconfig.yaml', 'usage', 'holds 2 prompts. Say which one: FILE#short, FILE#long'],
    ['two/promptfooconfig.yaml#middle', 'not-found', 'It holds short, long'],
  ])('%s is told to be wrong', async (spec, code, message) => {
    await expect(side(spec)).rejects.toMatchObject({ code, message: expect.stringContaining(message) as unknown });
  });
});

describe('sides that cannot be compared', () => {
  const start = (...sides: string[]): Promise<unknown> => workspace.engine.request('compare/start', { sides, folder: workspace.folder, origin: 'cli' });

  it('are told before anything runs', async () => {
    await expect(start('triage')).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('two sides') as unknown });
    await expect(start('triage', 'triage.prompt.yml')).rejects.toMatchObject({ code: 'usage', message: 'triage and triage.prompt.yml are the same: there is nothing to compare.' });
    await expect(start('triage', 'triage@v1')).rejects.toMatchObject({ code: 'not-found' });
    await expect(start('triage', 'run:none')).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('No run here begins with none') as unknown });
    const { run } = await workspace.eval({ targets: [promptPath(workspace)], models: ['test/model', 'test/other'] });
    const asked = model.requests.length;
    await expect(start('triage', `run:${run.info.id}`)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(`run:${run.info.id}+test/other`) as unknown });
    await expect(start('triage', 'run:latest+test/othr')).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('Did you mean test/other?') as unknown });
    expect(model.requests).toHaveLength(asked);
  });
});

describe('verdicts of people', () => {
  it('are kept, counted, exported, turned round with the sides, and taken back', async () => {
    writeFileSync(promptPath(workspace), triage(CAREFUL));
    const { refs: [ref] } = await compared(workspace, ['triage', 'triage+test/other']);
    const { engine } = workspace;
    const before = (await engine.request('compare/get', { ref: ref! })).revision;
    await engine.request('compare/verdict', { ref: ref!, caseIndex: 0, verdict: 'a' });
    await engine.request('compare/verdict', { ref: ref!, caseIndex: 1, verdict: 'tie' });
    await engine.request('compare/verdict', { ref: ref!, caseIndex: 2, verdict: 'b' });
    await engine.request('compare/verdict', { ref: ref!, caseIndex: 2, verdict: null });
    const comparison = await engine.request('compare/get', { ref: ref! });
    expect([comparison.verdicts, comparison.revision > before]).toEqual([{ a: 1, b: 0, tie: 1 }, true]);
    const turned = { a: ref!.b, b: ref!.a };
    const rows = async (of: typeof turned): Promise<unknown[]> => (await engine.request('compare/page', { ref: of, view: ALL_CASES, from: 0, to: 3 })).rows.map(({ verdict }) => verdict);
    expect([await rows(ref!), await rows(turned)]).toEqual([['a', 'tie', null], ['b', 'tie', null]]);
    expect(JSON.parse((await engine.request('compare/export', { ref: ref!, format: 'json' })).text)).toMatchObject({ verdicts: { a: 1, b: 0, tie: 1 }, cases: [{ verdict: 'a' }, { verdict: 'tie' }, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}] });
    await expect(engine.request('compare/verdict', { ref: ref!, caseIndex: 99, verdict: 'a' })).rejects.toMatchObject({ code: 'not-found' });
    await engine.request('runs/delete', { runIds: [ref!.a.runId] });
    await expect(engine.request('compare/get', { ref: ref! })).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('texts of others in reports', () => {
  it('stay texts, whatever they hold', async () => {
    const hostile = ['</script><img src=x onerror=alert(1)>', '`code` | **bold** @everyone #1 https://evil.example/?q=1 ![x](http://evil.example/x.png)', '[31m‮txt\n# heading', '<!-- ``` --> &lt;b&gt;'];
    const files = { 'x.prompt.yml': `name: "<b>Evil</b> | name"\nmodel: echo\nmessages: [{ role: user, content: "{{text}}" }]\ngolden: x.golden.jsonl\nassert: [{ type: not-contains, value: "x" }]\n`, 'x.golden.jsonl': hostile.map((text, i) => JSON.stringify({ id: `${text} ${i}`, text, tags: [text] })).join('\n') };
    const own = await testEngine(files);
    try {
      const { run } = await own.eval({ models: ['echo'] });
      const { run: other } = await own.eval({ models: ['echo'] });
      const ref = { a: { runId: run.info.id, modelIndex: 0 }, b: { runId: other.info.id, modelIndex: 0 } };
      const markdown = (await own.engine.request('compare/export', { ref, format: 'markdown' })).text;
      // Outside of code there is nothing that GitHub would turn into something else.
      const outside = markdown.replaceAll(/(`+)(?!`).*?[^`]\1(?!`)/g, '').replaceAll(/<\/?(?:details|summary|sub)>/g, '');
      expect(outside).not.toMatch(/[<`@]|https?:|!\[|\*\*|onerror/);
      expect(markdown).not.toMatch(/[\u001B\u202E]/);
      const html = join(own.folder, 'x.html');
      await own.engine.request('compare/export', { ref, format: 'html', file: html });
      const page = readFileSync(html, 'utf8');
      expect(page).not.toMatch(/<(?:img|script|b|a)\b|<[^>]*\b(?:href|src)=/);
      expect(page).toContain("default-src &#39;none&#39;; style-src &#39;sha256-");
      expect(page).toContain('&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;');
    } finally {
      await own.close();
    }
  });
});
