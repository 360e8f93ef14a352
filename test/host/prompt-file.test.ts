import * as assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { COMMANDS } from '../../src/extension/constants.ts';
import { closeAll, diagnostics, file, lens, lenses, open, until, write } from './support.ts';

const TRIAGE = 'prompts/support/triage.prompt.yml';

describe('a prompt file in the editor', () => {
  // A VS Code in the browser saves by itself, by default; these tests are about what is not saved.
  before(() => vscode.workspace.getConfiguration('files').update('autoSave', 'off', vscode.ConfigurationTarget.Global));
  after(() => vscode.workspace.getConfiguration('files').update('autoSave', undefined, vscode.ConfigurationTarget.Global));
  afterEach(closeAll);

  it('shows over name: and messages: what is known before anything ran', async () => {
    const { document } = await open(file(TRIAGE));
    const line = (key: string): number => document.getText().split('\n').findIndex((text) => text.startsWith(`${key}:`));
    const evaluate = await lens(document.uri, /^\$\(play\) Eval 60 cases$/);
    const known = await lens(document.uri, /^no run yet, free$|\d+\/60/);
    const once = await lens(document.uri, /^\$\(debug-start\) Run once$/);
    assert.deepEqual([evaluate.line, known.line, once.line], [line('name'), line('name'), line('messages')]);
    assert.equal(evaluate.command, COMMANDS.evalPrompt);
  });

  it('evaluates every golden case, and the result replaces the lens', async () => {
    const { document } = await open(file(TRIAGE));
    const evaluate = await lens(document.uri, /Eval 60 cases/);
    const runIds = await vscode.commands.executeCommand<string[]>(evaluate.command, ...evaluate.arguments);
    assert.equal(runIds.length, 1);
    const result = await lens(document.uri, /^\$\(check\) \d+\/60 · [\d.]+% \[\d+–\d+\] · \$0 · p50 /, 120_000);
    assert.equal(result.command, COMMANDS.openRun);
    assert.deepEqual(result.arguments, [{ folder: vscode.workspace.workspaceFolders?.[0]?.uri.toString(), runId: runIds[0] }]);
  });

  it('marks the result stale while the text differs, saved or not', async () => {
    const editor = await open(file(TRIAGE));
    const { document } = editor;
    await lens(document.uri, /^\$\(check\) \d+\/60 .* p50 [^(]*$/);
    const at = document.positionAt(document.getText().indexOf('invoices and payments'));
    await editor.edit((edit) => edit.insert(at, 'refunds, '));
    await lens(document.uri, /\(stale: edited\)$/);
    assert.equal(document.isDirty, true);
    await vscode.commands.executeCommand('undo');
    assert.equal(document.getText().includes('refunds'), false);
    await lens(document.uri, /^\$\(check\) \d+\/60 .* p50 [^(]*$/);
  });

  it('evaluates the text in the editor, not the file', async () => {
    const uri = await write('prompts/echoed.prompt.yml', 'name: Echoed\nmodel: echo\nmessages:\n  - { role: user, content: "{{word}}" }\ntestData:\n  - { word: a, expected: a }\n  - { word: b, expected: b }\nassert:\n  - { type: contains, value: "never" }\n');
    const editor = await open(uri);
    await lens(uri, /Eval 2 cases/);
    const start = editor.document.getText().indexOf('"never"');
    await editor.edit((edit) => edit.replace(new vscode.Range(editor.document.positionAt(start), editor.document.positionAt(start + 7)), '"{{expected}}"'));
    await vscode.commands.executeCommand(COMMANDS.evalPrompt, uri);
    await lens(uri, /^\$\(check\) 2\/2 · 100%/);
    assert.equal(editor.document.isDirty, true);
    assert.match(readFileSync(uri.fsPath, 'utf8'), /"never"/);
  });

  it('has lenses for each prompt of a promptfoo config', async () => {
    const { document } = await open(file('promptfoo/promptfooconfig.yaml'));
    await until('a lens for both prompts', async () => (await lenses(document.uri)).filter((one) => /^\$\(play\) Eval \d+ cases/.test(one.title)).length === 2);
  });

  it('says what is wrong at its place, and takes it back with the file', async () => {
    const uri = await write('prompts/broken.prompt.yml', 'name: Broken\nmodel: echo\nmessages:\n  - { role: nobody, content: hi }\ngolden: missing.golden.jsonl\n');
    await open(uri);
    const found = await until('a diagnostic', () => diagnostics(uri).find((one) => one.severity === vscode.DiagnosticSeverity.Error));
    assert.equal(found.range.start.line, 3);
    await closeAll();
    await until('no diagnostics', () => diagnostics(uri).length === 0);
  });

  it('is left alone when it is no prompt file', async () => {
    const uri = await write('notes.yml', 'name: notes\nmessages: []\n');
    await open(uri);
    assert.deepEqual(await lenses(uri), []);
    assert.deepEqual(diagnostics(uri), []);
  });
});
