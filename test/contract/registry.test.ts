import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { EnvironmentState, PromptVersions } from '../../src/protocol/registry.ts';
import { testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';

const open: TestEngine[] = [];
afterEach(async () => {
  for (const item of open.splice(0)) await item.close();
});

const PROMPT = (text: string, more = ''): string => `name: Triage\nmodel: echo\nmessages:\n  - { role: system, content: ${JSON.stringify(text)} }\n  - { role: user, content: "{{ticket}}" }\n${more}`;
const CHECKED = `testData:\n  - { ticket: hello, expected: Label }\nassert:\n  - { type: contains, value: "{{expected}}" }\n`;
const FILE = 'prompts/triage.prompt.yml';

interface Bench extends TestEngine {
  readonly path: string;
  write(name: string, text: string): void;
  save(text: string, message?: string): Promise<string>;
  list(git?: boolean): Promise<PromptVersions>;
  promote(ref: string, environment?: string): Promise<EnvironmentState>;
  git(...args: string[]): string;
}

async function bench(files: Readonly<Record<string, string>> = { [FILE]: PROMPT('one') }): Promise<Bench> {
  const made = await testEngine(files);
  open.push(made);
  const { engine, folder } = made;
  const path = join(folder, FILE);
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  return {
    ...made,
    path,
    write,
    async save(text, message = 'A message') {
      write(FILE, text);
      return (await engine.request('versions/save', { path, message })).version.label;
    },
    list: (git = false) => engine.request('versions/list', { path, git }),
    promote: async (ref, environment = 'production') => (await engine.request('environments/promote', { path, ref, environment })).state,
    git: (...args) => execFileSync('git', ['-c', 'user.name=Ana', '-c', 'user.email=ana@example.org', '-c', 'init.defaultBranch=main', ...args], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
  };
}

/** Every file of the registry below a folder. */
function registryFiles(folder: string): string[] {
  return (readdirSync(join(folder, '.touchstone/registry'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
}

describe('versions', () => {
  it('are saved once for each content, numbered, and found by number, hash, label and environment', async () => {
    const { engine, save, list, path, promote } = await bench();
    const first = await save(PROMPT('one'), 'First');
    const second = await save(PROMPT('two'), 'Second');
    expect([first, second]).toEqual([expect.stringMatching(/^v1 · [0-9a-f]{8}$/), expect.stringMatching(/^v2 · [0-9a-f]{8}$/)]);
    // Another spelling of the same request is the same version.
    expect(await engine.request('versions/save', { path, message: 'again', overlays: [{ path, text: `# a comment\n${PROMPT('two')}` }] })).toMatchObject({ created: false, version: { number: 2, message: 'Second' } });
    const listed = await list();
    expect(listed).toMatchObject({
      promptId: 'prompts/triage',
      versions: [{ number: 2, label: second, message: 'Second', source: 'registry', revision: null, environments: [], scores: [] }, { number: 1, label: first, parent: null }],
      workingCopy: { label: second },
      problems: [],
    });
    expect(listed.versions[0]?.parent).toBe(listed.versions[1]?.hash);
    expect(listed.environments.map(({ environment, version }) => [environment, version])).toEqual([['development', null], ['staging', null], ['production', null]]);
    await promote('v1');
    const hash = listed.versions[1]?.hash ?? '';
    for (const ref of ['v1', '1', hash, hash.slice(0, 5), first, 'production', '@v1']) {
      const { version, summary } = await engine.request('versions/get', { path, ref });
      expect([version.number, summary.label, summary.environments], ref).toEqual([1, first, ['production']]);
      expect(version.files).toEqual([{ path: FILE, text: PROMPT('one') }]);
    }
    expect((await engine.request('versions/get', { path, ref: 'working' })).version).toMatchObject({ number: 0, hash: listed.workingCopy.hash });
    await expect(engine.request('versions/get', { path, ref: 'v9' })).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining(second) as unknown });
    await expect(engine.request('versions/get', { path, ref: 'staging' })).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('production does') as unknown });
    await expect(engine.request('versions/get', { path, ref: 'somewhere' })).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('development, staging, production') as unknown });
  });
});

describe('environments', () => {
  it('are promoted, rolled back further and further, and a movement is taken back', async () => {
    const { engine, save, promote, path } = await bench();
    for (const text of ['one', 'two', 'three']) await save(PROMPT(text));
    for (const ref of ['v1', 'v2', 'v3']) await promote(ref);
    const rollback = async (): Promise<{ label: string | null; to: string | undefined; event: string }> => {
      const { event, state } = await engine.request('environments/rollback', { path, environment: 'production' });
      return { label: state.label?.slice(0, 2) ?? null, to: state.rollbackTo?.label.slice(0, 2), event: event.id };
    };
    expect(await rollback()).toMatchObject({ label: 'v2', to: 'v1' });
    const second = await rollback();
    expect(second).toMatchObject({ label: 'v1', to: undefined });
    await expect(rollback()).rejects.toMatchObject({ code: 'usage' });
    const undone = await engine.request('environments/undo', { path, event: second.event });
    expect(undone.state).toMatchObject({ label: expect.stringMatching(/^v2/) as unknown, rollbackTo: { label: expect.stringMatching(/^v1/) as unknown } });
    await expect(engine.request('environments/undo', { path, event: second.event })).rejects.toMatchObject({ code: 'usage' });
    const { events } = await engine.request('environments/history', { path, environment: 'production' });
    expect(events.map(({ action, label }) => [action, label?.slice(0, 2)])).toEqual([['undo', 'v2'], ['rollback', 'v1'], ['rollback', 'v2'], ['promote', 'v3'], ['promote', 'v2'], ['promote', 'v1']]);
    // Promoting what is there already records nothing.
    expect((await engine.request('environments/promote', { path, ref: 'v2', environment: 'production' })).event.id).toBe(events[0]?.id);
    await expect(promote('v2', 'qa')).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('touchstone.yml') as unknown });
    await expect(promote('working')).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('an eval of a version', () => {
  it('asks as the version does and judges as the working copy does', async () => {
    const workspace = await bench({ [FILE]: PROMPT('Label one', CHECKED) });
    const { engine, save, promote, list, path, write } = workspace;
    await save(PROMPT('Label one', CHECKED));
    await promote('v1');
    write(FILE, PROMPT('Other', CHECKED));
    const old = await workspace.eval({ targets: [path], version: 'production' });
    const now = await workspace.eval({ targets: [path] });
    expect([old.run.summary.passRate, now.run.summary.passRate]).toEqual([1, 0]);
    const { versions: [saved] } = await list();
    expect(old.run.info).toMatchObject({ promptHash: saved?.hash, version: { hash: saved?.hash, number: 1, label: saved?.label, environment: 'production' }, workingCopy: false, datasetHash: now.run.info.datasetHash, assertionsHash: now.run.info.assertionsHash });
    expect(now.run.info.version).toBeUndefined();
    expect(saved?.scores).toMatchObject([{ runId: old.run.info.id, model: 'echo', summary: { passRate: 1 } }]);
    // What the lens shows is the run of the file as it is, not of an older version that was compared with it.
    const again = await workspace.eval({ targets: [path], version: 'v1' });
    expect(again.run.info.version?.environment).toBeNull();
    const { prompts } = await engine.request('prompts/state', { path });
    expect(prompts[0]?.lastRun).toMatchObject({ id: now.run.info.id, stale: false });
    await expect(workspace.eval({ targets: [path], version: 'v7' })).rejects.toMatchObject({ code: 'not-found' });
  });
});
