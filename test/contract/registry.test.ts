import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { PointerEvent } from '../../src/core/registry/model.ts';
import { encodeRecord, withId } from '../../src/core/registry/records.ts';
import type { EnvironmentState, PromptVersions } from '../../src/protocol/registry.ts';
import { engineSettings, SECRET, testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';

const open: TestEngine[] = [];
afterEach(async () => {
  for (const item of open.splice(0)) await item.close();
});

const PROMPT = (text: string, more = ''): string => `name: Triage\nmodel: echo\nmessages:\n  - { role: system, content: ${JSON.stringify(text)} }\n  - { role: user, content: "{{ticket}}" }\n${more}`;
const CHECKED = `testData:\n  - { ticket: hello, expected: Label }\nassert:\n  - { type: contains, value: "{{expected}}" }\n`;
const FILE = 'prompts/triage.prompt.yml';

interface Bench extends TestEngine {
  readonly path: string;
  readonly write: (name: string, text: string) => void;
  readonly save: (text: string, message?: string) => Promise<string>;
  readonly list: (git?: boolean) => Promise<PromptVersions>;
  readonly promote: (ref: string, environment?: string) => Promise<EnvironmentState>;
  readonly git: (...args: string[]) => string;
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
    const hashes = (await list()).versions.map(({ hash }) => hash);
    // What ran is known by its content, whichever version it has become since; of another prompt the same content is no version.
    const contents = [{ path, prompt: 'prompts/triage', hash: hashes[1]! }, { path, prompt: 'prompts/triage', hash: 'f'.repeat(64) }, { path, prompt: 'an earlier id', hash: hashes[0]! }, { path: join(dirname(path), 'other.prompt.yml'), prompt: 'prompts/other', hash: hashes[0]! }];
    expect((await engine.request('versions/labels', { contents })).labels).toEqual([first, null, second, null]);
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

describe('what no record can hold', () => {
  it('is refused before anything is written', async () => {
    const { engine, path, folder, save } = await bench();
    for (const about of [{ message: 'x'.repeat(5000) }, { message: 'm', tags: ['t'.repeat(5000)] }, { message: 'm', tags: [''] }, { message: 'm', useCase: 'u'.repeat(5000) }]) {
      await expect(engine.request('versions/save', { path, ...about })).rejects.toMatchObject({ code: 'usage' });
    }
    expect(existsSync(join(folder, '.touchstone/registry'))).toBe(false);
    expect(await save(PROMPT('one'))).toMatch(/^v1/);
    await expect(engine.request('environments/promote', { path, ref: 'v1', environment: 'production', note: 'n'.repeat(5000) })).rejects.toMatchObject({ code: 'usage' });
    expect((await engine.request('registry/check', {})).problems).toEqual([]);
  });
});

describe('files of the registry that somebody changed', () => {
  const edited: [what: string, change: (text: string) => string, says: RegExp, line: number | null][] = [
    ['a text in the content', (text) => text.replace('"content": "one"', '"content": "evil"'), /its content is another one than its hash says/, 5],
    ['a text in the file', (text) => text.replace('content: \\"one\\"', 'content: \\"evil\\"'), /name is the digest of another content/, 1],
    ['the message', (text) => text.replace('"message": "First"', '"message": "Reviewed"'), /name is the digest of another content/, 1],
    ['the number', (text) => text.replace('"number": 1', '"number": 9'), /name is the digest of another content/, 1],
    ['the markers of a merge', (text) => text.replace('  "number": 1,\n', '<<<<<<< HEAD\n  "number": 1,\n=======\n  "number": 2,\n>>>>>>> other\n'), /merge conflict/, 6],
    ['JSON that is none', (text) => text.slice(0, 200), /this is not JSON/, null],
    ['a key that stands twice', (text) => text.replace('"number": 1,', '"number": 1,\n  "number": 1,'), /"number" stands here twice/, 7],
    ['a key that does not belong', (text) => text.replace('"number": 1,', '"number": 1,\n  "__proto__": {},'), /"__proto__" does not belong here/, 7],
    ['a path that leads out', (text) => text.replace('"path": "prompts/', '"path": "../../'), /path/, null],
    ['a newer form', (text) => text.replace('"schema": 1', '"schema": 2'), /a newer Touchstone/, 3],
    ['a file that is nested without end', () => '['.repeat(100_000), /nested|not JSON/, null],
    ['an empty file', () => '', /not JSON/, null],
  ];
  it.each(edited)('%s: reported with its line, and never used', async (_what, change, says, line) => {
    const { engine, folder, save, list, path, promote } = await bench();
    await save(PROMPT('one'), 'First');
    await promote('v1');
    const [file] = registryFiles(folder).filter((name) => name.includes('/versions/'));
    const before = readFileSync(file!, 'utf8');
    expect(change(before)).not.toBe(before);
    writeFileSync(file!, change(before));
    const { versions, problems, environments } = await list();
    expect(versions).toEqual([]);
    // That production points to what is not used follows from it, and is no problem of its own.
    expect(problems).toMatchObject([{ file: file!, message: expect.stringMatching(new RegExp(`${says.source}.*; production was pointed to this version$`, 's')) as unknown }]);
    if (line !== null) expect(problems[0]?.line).toBe(line);
    expect(environments[2]).toMatchObject({ environment: 'production' });
    for (const ref of ['v1', 'production']) await expect(engine.request('versions/get', { path, ref }), ref).rejects.toMatchObject({ code: 'damaged' });
    expect((await engine.request('registry/check', {})).problems.length).toBeGreaterThan(0);
    // Put right again it is what it was; a number that a damaged file may have is not given again.
    const label = await save(PROMPT('two'), 'Second');
    if (before.includes('"number": 1') && /"number": 1,$/m.test(change(before))) expect(label).toMatch(/^v2/);
    writeFileSync(file!, before);
    expect((await list()).problems).toEqual([]);
    expect((await engine.request('versions/get', { path, ref: 'production' })).version.message).toBe('First');
  });

  it('an environment whose last movement was changed or lost points nowhere, until a person decides', async () => {
    const { folder, save, list, promote, engine, path } = await bench();
    await save(PROMPT('one'));
    await save(PROMPT('two'));
    await promote('v1');
    await promote('v2');
    const [, last] = registryFiles(folder).filter((name) => name.includes('/environments/'));
    writeFileSync(last!, readFileSync(last!, 'utf8').replace('"note": ""', '"note": "approved by the lead"'));
    const { environments, problems } = await list();
    expect(environments[2]).toMatchObject({ version: null });
    expect(problems).toMatchObject([{ file: last, message: expect.stringContaining('digest') as unknown }]);
    await expect(engine.request('versions/get', { path, ref: 'production' })).rejects.toMatchObject({ code: 'damaged' });
    await expect(engine.request('environments/rollback', { path, environment: 'production' })).rejects.toMatchObject({ code: 'damaged' });
    expect(await promote('v2')).toMatchObject({ label: expect.stringMatching(/^v2/) as unknown });
    rmSync(last!);
    expect((await list()).problems).toMatchObject([{ message: expect.stringContaining('which the registry does not have') as unknown }]);
  });

  it.each(['2031-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'])('a movement that is dated %s is told, and what follows it has the date of today', async (time) => {
    const { engine, folder, path, save, list, promote } = await bench();
    await save(PROMPT('one'));
    await promote('v1');
    const [first] = (await engine.request('environments/history', { path })).events;
    // As somebody would write it who knows how a file gets its name.
    const { label: _label, id: _id, ...rest } = first!;
    const record = encodeRecord('pointer', withId<PointerEvent>({ ...rest, after: [first!.id], time }));
    const file = join(dirname(registryFiles(folder).find((name) => name.includes('/environments/'))!), record.name);
    writeFileSync(file, record.text);
    expect((await list()).problems).toMatchObject([{ file, message: expect.stringContaining(`dated ${time.slice(0, 10)}`) as unknown }]);
    expect(await save(PROMPT('two'))).toMatch(/^v2/);
    expect(await promote('v2')).toMatchObject({ label: expect.stringMatching(/^v2/) as unknown, rollbackTo: { label: expect.stringMatching(/^v1/) as unknown } });
    const { events } = await engine.request('environments/history', { path });
    const moved = events.find(({ after }) => after.includes(record.name.replace('.json', '')));
    expect(Math.abs(Date.parse(moved?.time ?? '') - Date.now())).toBeLessThan(60_000);
    expect((await engine.request('environments/rollback', { path, environment: 'production' })).state.label).toMatch(/^v1/);
  });

  it('foreign files and links are told, hidden ones are not', async () => {
    const { folder, save, list, write } = await bench();
    await save(PROMPT('one'));
    const base = dirname(dirname(registryFiles(folder).find((name) => name.includes('/versions/'))!));
    const below = base.slice(folder.length + 1);
    write(`${below}/versions/notes.txt`, 'x');
    write(`${below}/versions/.DS_Store`, 'x');
    write(`${below}/environments/Production/20260101T000000000Z-00000000.json`, '{}');
    write(`${below}/environments/__proto__/20260101T000000000Z-00000000.json`, '{}');
    symlinkSync('/etc/hostname', join(base, 'versions/0000000000000000-00000000.json'));
    const { problems, versions } = await list();
    expect(versions).toHaveLength(1);
    expect(problems.map(({ file }) => file.slice(base.length + 1)).sort()).toEqual(['environments/Production', 'environments/__proto__', 'versions/0000000000000000-00000000.json', 'versions/notes.txt']);
  });

  it('a registry behind a link is neither read nor written', async () => {
    const { folder, engine, path } = await bench();
    const elsewhere = `${folder}-elsewhere`;
    mkdirSync(elsewhere);
    mkdirSync(join(folder, '.touchstone'), { recursive: true });
    symlinkSync(elsewhere, join(folder, '.touchstone/registry'));
    await expect(engine.request('versions/save', { path, message: 'm' })).rejects.toMatchObject({ code: 'store' });
    expect(readdirSync(elsewhere)).toEqual([]);
    expect((await engine.request('registry/check', {})).problems).toHaveLength(1);
    rmSync(elsewhere, { recursive: true });
  });

  it('a prompt with a key in it is not saved: versions are committed', async () => {
    const { engine, path, write, folder } = await bench({ 'touchstone.yml': 'models:\n  m: { provider: openai-compatible, baseUrl: "http://127.0.0.1:9", apiKey: "${env:TEST_KEY}" }\n', [FILE]: PROMPT('one') });
    // The key becomes known when a model asks for it.
    await engine.request('once/run', { path, model: 'm', vars: { ticket: 't' }, stream: 's' }).catch(() => undefined);
    write(FILE, PROMPT(`use ${SECRET}`));
    await expect(engine.request('versions/save', { path, message: 'm' })).rejects.toMatchObject({ code: 'usage', message: expect.not.stringContaining(SECRET) as unknown });
    write('promptfooconfig.yaml', 'prompts: ["{{x}}"]\nproviders: [echo]\nenv: { OPENAI_API_KEY: something }\n');
    await expect(engine.request('versions/save', { path: join(folder, 'promptfooconfig.yaml'), message: 'm' })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('a prompt that gets another name', () => {
  it('keeps its history: moved as it was, and with metadata.id wherever it goes', async () => {
    const { engine, folder, save, path, promote, write } = await bench();
    const label = await save(PROMPT('one'));
    await promote('v1');
    const moved = join(folder, 'prompts/support/label.prompt.yml');
    mkdirSync(dirname(moved), { recursive: true });
    renameSync(path, moved);
    const listed = await engine.request('versions/list', { path: moved });
    expect(listed).toMatchObject({ promptId: 'prompts/triage', versions: [{ label, environments: ['production'] }] });
    write('prompts/support/label.prompt.yml', PROMPT('two'));
    // Edited before anything was recorded, it is another prompt, as far as anybody knows.
    expect((await engine.request('versions/list', { path: moved })).promptId).toBe('prompts/support/label');
    write('prompts/support/label.prompt.yml', PROMPT('one'));
    await engine.request('versions/save', { path: moved, message: 'moved' });
    write('prompts/support/label.prompt.yml', PROMPT('two'));
    expect((await engine.request('versions/save', { path: moved, message: 'two' })).version).toMatchObject({ promptId: 'prompts/triage', number: 2 });
    // A new prompt in the old place is another one.
    write(FILE, PROMPT('one'));
    expect(await engine.request('versions/save', { path, message: 'new' })).toMatchObject({ created: true, version: { promptId: 'prompts/triage~2', number: 1 } });
    expect((await engine.request('versions/list', { path })).versions).toHaveLength(1);
    // An id of its own: found by it from the next record on, whatever the file is called.
    write('prompts/support/label.prompt.yml', PROMPT('two', 'metadata: { id: labels }\n'));
    await engine.request('environments/promote', { path: moved, ref: 'v2', environment: 'production' });
    rmSync(moved);
    write('x.prompt.yml', PROMPT('three', 'metadata: { id: labels }\n'));
    expect((await engine.request('versions/list', { path: join(folder, 'x.prompt.yml') })).versions.map(({ number }) => number)).toEqual([2, 1]);
  });

  it('keeps it as well when Git saw the rename, although it was edited', async () => {
    const { engine, folder, save, git, write, path } = await bench();
    await save(PROMPT('one, and more than enough of it to be known again'));
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'one');
    git('mv', FILE, 'prompts/other.prompt.yml');
    write('prompts/other.prompt.yml', PROMPT('two, and more than enough of it to be known again'));
    git('add', '.');
    const other = join(folder, 'prompts/other.prompt.yml');
    expect((await engine.request('versions/list', { path: other })).promptId).toBe('prompts/triage');
    git('commit', '-qm', 'two');
    expect((await engine.request('versions/save', { path: other, message: 'two' })).version).toMatchObject({ promptId: 'prompts/triage', number: 2 });
    // By a file that is gone its history is still found.
    expect(await engine.request('versions/list', { path })).toMatchObject({ promptId: 'prompts/triage', workingCopy: { hash: '', version: null } });
  });

  it('is another prompt where it was copied', async () => {
    const { engine, folder, save, write } = await bench();
    await save(PROMPT('one'));
    write('prompts/copy.prompt.yml', PROMPT('one'));
    expect(await engine.request('versions/list', { path: join(folder, 'prompts/copy.prompt.yml') })).toMatchObject({ promptId: 'prompts/copy', versions: [] });
  });
});

describe('versions in the history of Git', () => {
  it('are found without anybody having saved them, across renames, and run', async () => {
    const workspace = await bench({ [FILE]: PROMPT('Label one', CHECKED) });
    const { engine, git, write, list, path, folder, save } = workspace;
    expect((await list(true)).versions).toEqual([]);
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'First');
    write(FILE, `# a comment\n${PROMPT('Label one', CHECKED)}`);
    git('commit', '-qam', 'Only a comment');
    write(FILE, 'messages: [');
    git('commit', '-qam', 'Broken');
    write(FILE, PROMPT('Other', CHECKED));
    git('commit', '-qam', 'Second');
    git('mv', FILE, 'prompts/renamed.prompt.yml');
    git('commit', '-qam', 'Renamed');
    git('mv', 'prompts/renamed.prompt.yml', FILE);
    git('commit', '-qam', 'And back');
    const found = await list(true);
    expect(found.versions.map(({ message, source, number, author, label }) => [message, source, number, author, label.length])).toEqual([['Second', 'git', 0, 'Ana', 8], ['First', 'git', 0, 'Ana', 8]]);
    expect(found.versions[0]?.parent).toBe(found.versions[1]?.hash);
    const { version, summary } = await engine.request('versions/get', { path, ref: 'git:HEAD~5' });
    expect([version.hash, summary.source, version.files[0]?.path]).toEqual([found.versions[1]?.hash, 'git', FILE]);
    expect((await engine.request('versions/get', { path, ref: version.hash.slice(0, 8) })).version.hash).toBe(version.hash);
    const { run } = await workspace.eval({ targets: [path], version: 'git:HEAD~5' });
    expect([run.summary.passRate, run.info.version]).toEqual([1, { hash: version.hash, number: null, label: version.hash.slice(0, 8), environment: null }]);
    for (const ref of ['git:nothing', 'git:--output=x', 'git:HEAD..HEAD', 'git:HEAD~3']) await expect(engine.request('versions/get', { path, ref }), ref).rejects.toThrow();
    expect(existsSync(join(folder, 'x'))).toBe(false);
    // Saved, it is no longer among those that nobody saved.
    await save(PROMPT('Other', CHECKED));
    expect((await list(true)).versions.map(({ source }) => source)).toEqual(['registry', 'git']);
    await expect(engine.request('environments/promote', { path, ref: 'git:HEAD~5', environment: 'production' })).rejects.toMatchObject({ code: 'usage' });
  });

  it('include the files that a config included then', async () => {
    const { engine, folder, git, write } = await bench({ 'c/promptfooconfig.yaml': 'prompts: [file://p.txt]\nproviders: [echo]\ntests: [{ vars: { x: 1 } }]\n', 'c/p.txt': 'one {{x}}' });
    const path = join(folder, 'c/promptfooconfig.yaml');
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'one');
    write('c/p.txt', 'two {{x}}');
    git('commit', '-qam', 'two');
    const { version } = await engine.request('versions/get', { path, ref: 'git:HEAD~1' });
    expect(version.content.template).toBe('one {{x}}');
    expect(version.files).toEqual([{ path: 'c/promptfooconfig.yaml', text: expect.stringContaining('p.txt') as unknown }, { path: 'c/p.txt', text: 'one {{x}}' }]);
    const { version: saved } = await engine.request('versions/save', { path, message: 'two' });
    expect(saved.hash).not.toBe(version.hash);
    write('c/p.txt', 'three {{x}}');
    const listed = await engine.request('versions/list', { path });
    expect(listed.workingCopy.version).toBeNull();
    const { runIds } = await engine.request('eval/start', { targets: [path], version: 'v1', origin: 'cli' });
    await engine.request('eval/wait', { runIds });
    const { cells } = await engine.request('cells/list', { runId: runIds[0]!, from: 0, to: 10 });
    expect(cells[0]?.result.output).toBe('two 1');
  });

  it('start no program that a repository names', async () => {
    const { git, write, list, folder } = await bench();
    git('init', '-q');
    const program = join(folder, 'evil.sh');
    writeFileSync(program, `#!/bin/sh\ntouch ${join(folder, 'started')}\ncat\n`, { mode: 0o755 });
    for (const [key, value] of [['core.fsmonitor', program], ['diff.external', program], ['core.pager', program], ['diff.x.textconv', program], ['diff.x.command', program], ['core.hooksPath', folder], ['gpg.program', program], ['log.showSignature', 'true'], ['core.sshCommand', program]] as const) git('config', key, value);
    write('.gitattributes', '*.yml diff=x\n');
    git('-c', 'core.fsmonitor=', '-c', 'core.hooksPath=/dev/null', 'add', '.');
    git('-c', 'core.fsmonitor=', '-c', 'core.hooksPath=/dev/null', 'commit', '-qm', 'one');
    rmSync(join(folder, 'started'), { force: true });
    expect((await list(true)).versions).toHaveLength(1);
    expect(existsSync(join(folder, 'started'))).toBe(false);
  });
});

describe('a workspace that is not trusted', () => {
  it('shows its versions, and neither asks Git nor records anything', async () => {
    const { engine, folder, save, path, git, promote } = await bench();
    await save(PROMPT('one'));
    await promote('v1');
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'one');
    await engine.request('engine/configure', engineSettings(folder, { trusted: false }));
    const listed = await engine.request('versions/list', { path, git: true });
    expect(listed.versions).toMatchObject([{ source: 'registry', environments: ['production'], scores: [] }]);
    const before = registryFiles(folder);
    await expect(engine.request('versions/save', { path, message: 'm' })).rejects.toMatchObject({ code: 'untrusted-workspace' });
    await expect(engine.request('environments/rollback', { path, environment: 'production' })).rejects.toMatchObject({ code: 'untrusted-workspace' });
    await expect(engine.request('versions/get', { path, ref: 'git:HEAD' })).rejects.toMatchObject({ code: 'untrusted-workspace' });
    expect(registryFiles(folder)).toEqual(before);
  });
});
