import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { COMMANDS, INTERNAL_COMMANDS } from '../../src/extension/constants.ts';
import { closeAll, diagnostics, lens, lenses, open, until, write } from './support.ts';

const PROMPT = 'name: Letters\nmodel: echo\nmessages:\n  - { role: user, content: "{{word}}" }\ngolden: letters.golden.jsonl\nassert:\n  - { type: contains, value: "{{expected}}" }\n';
const DATASET = '{"id":"one","word":"apple","expected":"apple"}\n{"id":"two","word":"pear","expected":"plum"}\n{"id":"three","word":"fig","expected":"fig"}\n';

const failing = (uri: vscode.Uri): vscode.Diagnostic[] => diagnostics(uri).filter((one) => one.code === 'failing-case');

describe('a golden dataset in the editor', () => {
  let prompt: vscode.Uri;
  let dataset: vscode.Uri;

  before(async () => {
    prompt = await write('prompts/letters.prompt.yml', PROMPT);
    dataset = await write('prompts/letters.golden.jsonl', DATASET);
    await open(prompt);
    await lens(prompt, /Eval 3 cases/);
    await vscode.commands.executeCommand(COMMANDS.evalPrompt, prompt);
    await lens(prompt, /2\/3/);
  });
  afterEach(closeAll);

  it('shows Run and the last outcome on every case', async () => {
    await open(dataset);
    await lens(dataset, /^\$\(close\) .*pear.*, expected plum/);
    const all = await lenses(dataset);
    assert.deepEqual(all.filter((one) => one.command === INTERNAL_COMMANDS.runCase).map((one) => one.line), [0, 1, 2]);
    assert.equal(all.filter((one) => /^\$\(check\) /.test(one.title)).length, 2);
  });

  it('warns on the expectation of a failing case, with fixes, until the file is closed', async () => {
    await open(dataset);
    const [warning] = await until('a warning', () => (failing(dataset).length === 1 ? failing(dataset) : undefined));
    assert.ok(warning);
    const { document } = await open(dataset);
    assert.equal(document.getText(warning.range), '"plum"');
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', dataset, warning.range);
    assert.deepEqual(actions.map((action) => action.title).filter((title) => /Show difference|Accept output/.test(title)), ['Show difference', 'Accept output as expected']);
    await closeAll();
    await until('no warning', () => failing(dataset).length === 0);
  });

  it('accepts an output as expected by an edit that can be undone', async () => {
    const { document } = await open(dataset);
    const [warning] = await until('a warning', () => (failing(dataset).length === 1 ? failing(dataset) : undefined));
    assert.ok(warning);
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', dataset, warning.range);
    const accept = actions.find((action) => action.title === 'Accept output as expected');
    assert.ok(accept?.edit);
    assert.equal(await vscode.workspace.applyEdit(accept.edit), true);
    const changed = JSON.parse(document.lineAt(1).text) as { id: string; expected: string };
    assert.equal(changed.id, 'two');
    assert.match(changed.expected, /pear/);
    assert.equal(document.isDirty, true);
    await until('no warning', () => failing(dataset).length === 0);
    await vscode.commands.executeCommand('undo');
    assert.equal(document.getText(), DATASET);
    await until('the warning again', () => failing(dataset).length === 1);
  });

  it('opens expected against output in the diff editor', async () => {
    await vscode.commands.executeCommand(INTERNAL_COMMANDS.showDifference, { caseId: 'two', expected: 'plum', output: 'pear' });
    const input = await until('a diff editor', () => {
      const shown = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return shown instanceof vscode.TabInputTextDiff ? shown : undefined;
    });
    const text = async (uri: vscode.Uri): Promise<string> => (await vscode.workspace.openTextDocument(uri)).getText();
    assert.deepEqual([await text(input.original), await text(input.modified)], ['plum', 'pear']);
  });

  it('runs one case', async () => {
    await open(dataset);
    const run = (await lens(dataset, /^\$\(play\) Run$/)).arguments[0];
    const runIds = await vscode.commands.executeCommand<string[]>(INTERNAL_COMMANDS.runCase, run);
    assert.equal(runIds.length, 1);
  });

  it('has one lens at the top when it is large', async () => {
    await vscode.workspace.getConfiguration('touchstone').update('codeLens.datasetRows', 2, vscode.ConfigurationTarget.Workspace);
    try {
      await open(dataset);
      await until('one lens', async () => (await lenses(dataset)).filter((one) => one.title.includes('Eval 3 cases')).length === 1);
      assert.deepEqual((await lenses(dataset)).filter((one) => one.command === INTERNAL_COMMANDS.runCase), []);
    } finally {
      await vscode.workspace.getConfiguration('touchstone').update('codeLens.datasetRows', undefined, vscode.ConfigurationTarget.Workspace);
    }
  });

  it('leaves other JSON files alone', async () => {
    const { document } = await open(await write('data.json', '[{"a": 1}]'));
    assert.deepEqual(await lenses(document.uri), []);
    assert.deepEqual(diagnostics(document.uri), []);
  });
});
