import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PromptVersions } from '../../src/protocol/registry.ts';
import { openEngine } from '../../src/cli/engine.ts';
import { touchstoneIn, type CommandResult } from '../fixtures/command-line.ts';

const root = resolve(import.meta.dirname, '../..');
const schema = JSON.parse(readFileSync(join(root, 'docs/cli-output.schema.json'), 'utf8')) as { $defs: object };
const ajv = new Ajv2020({ strict: false });
ajvFormats(ajv);
const isEvalDocument = ajv.compile({ $ref: '#/$defs/eval', $defs: schema.$defs });

const PROMPT = (text: string): string => `name: Triage\nmodel: echo\nmessages:\n  - { role: user, content: ${JSON.stringify(`${text} {{x}}`)} }\ntestData: [{ x: 1, expected: One }]\nassert: [{ type: contains, value: "{{expected}}" }]\n`;
const FILE = 'prompts/support/triage.prompt.yml';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-cli-registry-'));
  write(FILE, PROMPT('One'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

const touchstone = (...args: string[]): Promise<CommandResult> => touchstoneIn(folder, args);

describe('versions on the command line', () => {
  it('are saved, listed, promoted and rolled back, by file, id or the end of it', async () => {
    expect(await touchstone('save', FILE, '-m', 'First', '--tag', 'reviewed')).toMatchObject({ code: 0, out: expect.stringMatching(/^Saved v1 · [0-9a-f]{8} of prompts\/support\/triage\.\n$/) as unknown });
    expect(await touchstone('save', 'triage', '-m', 'Again')).toMatchObject({ code: 0, out: expect.stringContaining('is v1 · ') as unknown });
    write(FILE, PROMPT('Two'));
    expect((await touchstone('save', 'prompts/support/triage', '-m', 'Second\nmore', '--json')).out).toContain('"created": true');
    expect((await touchstone('promote', 'triage', 'v1', 'production', '--note', 'n')).out).toMatch(/^production of prompts\/support\/triage points to v1/);
    expect((await touchstone('promote', 'triage', 'v2', 'production')).out).toMatch(/Before it was v1 · [0-9a-f]{8}/);
    expect((await touchstone('promote', 'triage', 'v2', 'production')).out).toMatch(/^production of prompts\/support\/triage already points to v2 · [0-9a-f]{8}\.\n$/);
    expect(await touchstone('rollback', 'triage', 'production')).toMatchObject({ code: 0, out: expect.stringMatching(/ points to v1/) as unknown });
    expect((await touchstone('undo', 'triage', 'production')).out).toMatch(/points to v2/);
    expect(JSON.parse((await touchstone('undo', 'triage', 'production', '--json')).out)).toMatchObject({ event: { action: 'undo' }, state: { label: expect.stringMatching(/^v1/) as unknown } });
    const listed = JSON.parse((await touchstone('versions', 'triage', '--json')).out) as PromptVersions;
    expect(listed.versions.map(({ number, environments, tags }) => [number, environments, tags])).toEqual([[2, [], []], [1, ['production'], ['reviewed']]]);
    expect((await touchstone('versions', 'triage')).out).toMatch(/v2 · .*Second\n.*v1 · .*production +reviewed +First\nThe working copy is v2/s);
    expect((await touchstone('versions')).out).toMatch(/prompts\/support\/triage +2 +v2 · [0-9a-f]{8} +v2 · [0-9a-f]{8} +production v1/);
  });

  it('show beside the runs that evaluated them', async () => {
    await touchstone('save', 'triage', '-m', 'First');
    const engine = await openEngine(folder, { HOME: folder }, () => undefined);
    const { runIds } = await engine.request('eval/start', { targets: [join(folder, FILE)], version: 'v1', origin: 'cli' });
    await engine.request('eval/wait', { runIds });
    await engine.dispose();
    expect((await touchstone('runs')).out).toMatch(/Triage v1 · [0-9a-f]{8}/);
    const document = JSON.parse((await touchstone('show', 'latest', '--json')).out) as { runs: { run: { promptVersion: string } }[] };
    expect(isEvalDocument(document), JSON.stringify(isEvalDocument.errors)).toBe(true);
    expect(document.runs[0]?.run.promptVersion).toMatch(/^v1 · /);
    expect((await touchstone('versions', 'triage')).out).toContain('100%');
  });

  it('keep the score of their own dataset and model, whatever was tried with others since', async () => {
    write(FILE, PROMPT('One').replace('testData: [{ x: 1, expected: One }]', 'golden: triage.golden.jsonl'));
    const dataset = 'prompts/support/triage.golden.jsonl';
    write(dataset, '{"x": 1, "expected": "One"}\n{"x": 2, "expected": "Two"}\n');
    write('few.jsonl', '{"x": 1, "expected": "One"}\n');
    await touchstone('save', 'triage', '-m', 'First');
    await touchstone('eval', FILE, '--dataset', 'few.jsonl');
    expect((await touchstone('versions', 'triage')).out).toMatch(/100% \[\d+–100\] \(echo, few\.jsonl\) +1 of 1/);
    await touchstone('eval', FILE);
    await touchstone('eval', FILE, '--model', 'local:labels');
    await touchstone('eval', FILE, '--dataset', 'few.jsonl', '--no-cache');
    expect((await touchstone('versions', 'triage')).out).toMatch(/ 50\.0% \[\d+–\d+\] +1 of 2 /);
    const { hits } = JSON.parse((await touchstone('search', 'one', '--json')).out) as { hits: { passRate: number }[] };
    expect(hits.map(({ passRate }) => passRate)).toEqual([0.5]);
    expect((await touchstone('search', '--min-pass-rate', '90%')).out).toBe('');
  });

  it('have no score of a run that was stopped as soon as its comparison was clear', async () => {
    const golden = (text: string): string => PROMPT(text).replace('testData: [{ x: 1, expected: One }]', 'golden: triage.golden.jsonl');
    write('prompts/support/triage.golden.jsonl', Array.from({ length: 120 }, (_, x) => `{"x": ${x}, "expected": "One"}\n`).join(''));
    write(FILE, golden('One'));
    await touchstone('save', 'triage', '-m', 'First');
    write(FILE, golden('Two'));
    expect((await touchstone('compare', 'triage@v1', FILE, '--sequential')).out).toMatch(/of 120 cases/);
    expect((await touchstone('versions', 'triage')).out).not.toContain('%');
  });

  it('say with the exit code 2 what is wrong, and what was meant perhaps', async () => {
    expect(await touchstone('save', 'triage')).toMatchObject({ code: 2, err: expect.stringContaining('--message') as unknown });
    expect(await touchstone('versions', 'triag')).toMatchObject({ code: 2, err: expect.stringContaining('Did you mean prompts/support/triage?') as unknown });
    await touchstone('save', 'triage', '-m', 'First');
    expect(await touchstone('promote', 'triage', 'v7', 'production')).toMatchObject({ code: 2, err: expect.stringContaining('It has v1') as unknown });
    expect(await touchstone('promote', 'triage', 'v1', 'prod')).toMatchObject({ code: 2, err: expect.stringContaining('development, staging, production') as unknown });
    expect(await touchstone('rollback', 'triage', 'production')).toMatchObject({ code: 2, err: expect.stringContaining('points to no version yet') as unknown });
    expect(await touchstone('undo', 'triage', 'production')).toMatchObject({ code: 2, err: expect.stringContaining('nothing to take back') as unknown });
    expect(await touchstone('search')).toMatchObject({ code: 2, err: expect.stringContaining('--similar') as unknown });
    expect(await touchstone('search', '--min-pass-rate', '900%')).toMatchObject({ code: 2 });
    write('prompts/other/triage.prompt.yml', PROMPT('Other'));
    expect(await touchstone('versions', 'triage')).toMatchObject({ code: 2, err: expect.stringContaining('prompts/other/triage, prompts/support/triage') as unknown });
  });

  it('reports what was changed by hand with file and line, and exits with 2', async () => {
    const saved = JSON.parse((await touchstone('save', 'triage', '-m', 'First', '--json')).out) as { version: { hash: string } };
    const engine = await openEngine(folder, { HOME: folder }, () => undefined);
    const { problems } = await engine.request('registry/check', {});
    await engine.dispose();
    expect(problems).toEqual([]);
    const { globSync } = await import('tinyglobby');
    const [file = ''] = globSync('.touchstone/registry/*/versions/*.json', { cwd: folder, dot: true });
    write(file, readFileSync(join(folder, file), 'utf8').replace('"content": "One {{x}}"', '"content": "Three {{x}}"'));
    expect(saved.version.hash).toMatch(/^[0-9a-f]{64}$/);
    for (const args of [['versions'], ['versions', 'triage']]) {
      const { code, err } = await touchstone(...args);
      expect([code, err]).toEqual([2, expect.stringMatching(new RegExp(`^${file}:5: this version is not used: its content is another one.*\\n(?:.*\\n)*Nothing in the registry is edited by hand: .*git restore`)) as unknown]);
    }
  });

  it('are searched', async () => {
    await touchstone('save', 'triage', '-m', 'For the help desk', '--tag', 'reviewed', '--use-case', 'first answer');
    expect((await touchstone('search', 'help', 'desk')).out).toMatch(/prompts\/support\/triage\.prompt\.yml +v1 · /);
    expect(JSON.parse((await touchstone('search', '--tag', 'reviewed', '--json')).out)).toMatchObject({ hits: [{ promptId: 'prompts/support/triage', version: { number: 1 } }] });
    write('two/promptfooconfig.yaml', 'prompts: [{ raw: "sort it", label: short }, { raw: "sort it with care", label: long }]\nproviders: [echo]\n');
    expect((await touchstone('search', 'sort')).out).toMatch(/two\/promptfooconfig\.yaml#(short|long) .*\n.*two\/promptfooconfig\.yaml#(?!\1)(short|long) /);
    expect((await touchstone('search', '--similar', 'Triage: one')).out).toMatch(/Alike.*\n.*triage\.prompt\.yml .* 0\.[3-9]\d/);
    expect(await touchstone('search', '--similar', 'the Roman empire')).toMatchObject({ code: 0, out: '', err: expect.stringMatching(/^No prompt .* The nearest by its meaning is .+ \(0\.[012]\d of 1\)\.\n$/) as unknown });
    expect(await touchstone('search', 'nothing of this')).toMatchObject({ code: 0, out: '', err: expect.stringContaining('No prompt') as unknown });
  });
});
