import * as assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { COMMANDS } from '../../src/extension/constants.ts';
import { closeAll, file, folder, lens, lenses, open, until, write } from './support.ts';

const FILE = 'prompts/versioned.prompt.yml';
const REGISTRY = '.touchstone/registry';
const textOf = (answer: string): string => `name: Versioned\nmodel: echo\nmessages:\n  - { role: user, content: ${JSON.stringify(answer)} }\ntestData:\n${Array.from({ length: 12 }, (_, i) => `  - { word: w${i}, expected: yes-w${i} }\n`).join('')}assert:\n  - { type: equals, value: "{{expected}}" }\n`;
const WRONG = 'no-{{word}}';
const RIGHT = 'yes-{{word}}';

/** As a keybinding would call it: what a person types otherwise is in the arguments. */
function save<T>(uri: vscode.Uri, about: { message: string; tags?: string[]; useCase?: string }): Thenable<T> {
  return vscode.commands.executeCommand<T>(COMMANDS.saveVersion, { path: uri.fsPath.replaceAll('\\', '/'), ...about });
}

async function replaceText(editor: vscode.TextEditor, from: string, to: string): Promise<void> {
  const { document } = editor;
  const at = document.getText().indexOf(from);
  assert.ok(at >= 0, `${from} is not in the text`);
  await editor.edit((edit) => edit.replace(new vscode.Range(document.positionAt(at), document.positionAt(at + from.length)), to));
}

function registryFiles(): string[] {
  return readdirSync(join(folder().fsPath, REGISTRY), { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('versioned'));
}

describe('versions of a prompt', () => {
  before(() => vscode.workspace.getConfiguration('files').update('autoSave', 'off', vscode.ConfigurationTarget.Global));
  after(async () => {
    await vscode.workspace.getConfiguration('files').update('autoSave', undefined, vscode.ConfigurationTarget.Global);
    for (const name of registryFiles().filter((name) => !/[\\/]/.test(name))) rmSync(join(folder().fsPath, REGISTRY, name), { recursive: true });
  });
  afterEach(closeAll);

  it('are offered over messages:, and nothing is written before a person saves one', async () => {
    const uri = await write(FILE, textOf(WRONG));
    await open(uri);
    const versions = await lens(uri, /^\$\(history\) no version yet$/);
    assert.equal(versions.line, 2);
    assert.equal(versions.command, COMMANDS.pickVersion);
    assert.deepEqual((await lenses(uri)).filter(({ title }) => /Promote|vs production/.test(title)), []);
    assert.deepEqual(registryFiles(), []);
  });

  it('are saved from the text in the editor, with a message, tags and a use case; the same content only once', async () => {
    const editor = await open(file(FILE));
    await replaceText(editor, WRONG, `${WRONG} `);
    const saved = await save<{ label: string; message: string; tags: string[]; useCase: string }>(editor.document.uri, { message: 'The first one', tags: ['short', 'wrong'], useCase: 'answering words' });
    assert.equal(editor.document.isDirty, true, 'saving a version does not save the file');
    assert.match(saved.label, /^v1 · [0-9a-f]{8}$/);
    assert.deepEqual([saved.message, saved.tags, saved.useCase], ['The first one', ['short', 'wrong'], 'answering words']);
    await lens(editor.document.uri, /^\$\(history\) v1$/);
    const before = registryFiles();
    assert.equal(before.filter((name) => /versions[\\/].*\.json$/.test(name)).length, 1);
    // Nothing is asked for what is a version already.
    const again = await vscode.commands.executeCommand<{ label: string }>(COMMANDS.saveVersion, editor.document.uri);
    assert.equal(again.label, saved.label);
    assert.deepEqual(registryFiles(), before);
    await vscode.commands.executeCommand('undo');
    await lens(editor.document.uri, /^\$\(history\) edited since v1$/);
  });

  it('are compared with what an environment points to, and the lens says what is known without running anything', async () => {
    const uri = await write(FILE, textOf(WRONG));
    const editor = await open(uri);
    const target = { path: uri.fsPath.replaceAll('\\', '/') };
    const first = await save<{ hash: string; label: string }>(uri, { message: 'Answers wrongly' });
    const promoted = await vscode.commands.executeCommand<{ environment: string; label: string }>(COMMANDS.promoteVersion, { ...target, ref: first.hash, environment: 'production' });
    assert.deepEqual([promoted.environment, promoted.label], ['production', first.label]);
    await lens(uri, /^\$\(git-compare\) same as production$/);
    await replaceText(editor, WRONG, RIGHT);
    const compare = await lens(uri, /^\$\(git-compare\) vs production: not compared yet$/);
    await vscode.commands.executeCommand(compare.command, ...compare.arguments);
    await until('a comparison panel', () => vscode.window.tabGroups.all.flatMap((group) => group.tabs).find((tab) => /Versioned: production v\d+ ⇄ working copy/.test(tab.label)));
    // Lenses follow the files that somebody looks at.
    await open(uri);
    await lens(uri, /^\$\(git-compare\) vs production \+100\.0 pts, p < \.001$/);
    assert.equal(editor.document.isDirty, true);
  });

  it('are promoted when they are better, rolled back in one action, and every movement is kept', async () => {
    const uri = await write(FILE, textOf(RIGHT));
    await open(uri);
    const target = { path: uri.fsPath.replaceAll('\\', '/') };
    const better = await save<{ hash: string; label: string }>(uri, { message: 'Answers rightly' });
    await lens(uri, /^\$\(git-compare\) vs production \+100\.0 pts, p < \.001$/);
    const promoted = await vscode.commands.executeCommand<{ label: string } | undefined>(COMMANDS.promoteVersion, { ...target, ref: better.hash, environment: 'production' });
    assert.equal(promoted?.label, better.label, 'it is better: nothing is asked');
    const back = await vscode.commands.executeCommand<{ label: string }>(COMMANDS.rollBack, { ...target, environment: 'production' });
    assert.notEqual(back.label, better.label);
    await lens(uri, /^\$\(git-compare\) vs production \+100\.0 pts/);
    assert.equal(registryFiles().filter((name) => /environments[\\/]production[\\/].*\.json$/.test(name)).length, 3);
  });

  it('are compared as runs, too, and open in a panel with their scores', async () => {
    const uri = await write(FILE, textOf(WRONG));
    const editor = await open(uri);
    const folderUri = folder().toString();
    const evaluate = async (): Promise<string> => {
      await lens(uri, /Eval 12 cases/);
      const [runId] = await vscode.commands.executeCommand<string[]>(COMMANDS.evalPrompt, { path: uri.fsPath.replaceAll('\\', '/') });
      assert.ok(runId);
      await until('the end of the run', async () => (await lenses(uri)).find(({ title, arguments: given }) => /^\$\(check\) \d+\/12/.test(title) && JSON.stringify(given).includes(runId)));
      return runId;
    };
    const first = await evaluate();
    await replaceText(editor, WRONG, RIGHT);
    const second = await evaluate();
    const tab = (label: RegExp): Promise<vscode.Tab> => until(`a tab ${String(label)}`, () => vscode.window.tabGroups.all.flatMap((group) => group.tabs).find((one) => label.test(one.label)));
    await vscode.commands.executeCommand(COMMANDS.compareRuns, { folder: folderUri, runId: second }, [second, first].map((runId) => ({ folder: folderUri, runId })));
    // The older one is the baseline, whichever was clicked.
    await tab(new RegExp(`^Versioned: run ${first} ⇄ run ${second}$`));
    await vscode.commands.executeCommand(COMMANDS.showVersions, { path: uri.fsPath.replaceAll('\\', '/') });
    await tab(/^Versioned: versions$/);
  });

  it('are shown as damaged where a file was changed by hand, and taken back when it is as it was', async () => {
    await open(file(FILE));
    await lens(file(FILE), /\$\(history\)/);
    const name = registryFiles().find((one) => /versions[\\/].*\.json$/.test(one));
    assert.ok(name);
    const uri = vscode.Uri.file(join(folder().fsPath, REGISTRY, name));
    const problems = (): vscode.Diagnostic[] => vscode.languages.getDiagnostics(uri).filter(({ code }) => code === 'registry');
    const editor = await open(uri);
    await replaceText(editor, '{{word}}', '{{word}}!');
    assert.ok(await editor.document.save());
    await until('a diagnostic on the file', () => problems().length > 0);
    await replaceText(editor, '{{word}}!', '{{word}}');
    assert.ok(await editor.document.save());
    await until('no diagnostic', () => problems().length === 0);
  });
});
