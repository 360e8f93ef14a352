import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { COMMANDS } from '../../src/extension/constants.ts';
import { enginePath, relativePaths } from '../../src/extension/paths.ts';
import { recordedCallLine } from '../fixtures/traces/recorded-calls.ts';
import { accept, closeAll, enginePids, tracePanels, until } from './support.ts';

const TRACE = '7'.repeat(32);

function folderNamed(name: string): vscode.Uri {
  const found = vscode.workspace.workspaceFolders?.find((folder) => folder.name === name);
  assert.ok(found, `no folder ${name}`);
  return found.uri;
}

describe('a window with two folders, of which one has a store that cannot be read', function () {
  this.timeout(120_000);
  before(async () => {
    // A window that never showed this workspace reads its file when it is there already.
    await until('both folders', () => vscode.workspace.workspaceFolders?.length === 2);
    const uri = vscode.Uri.joinPath(folderNamed('shop'), 'calls.jsonl');
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(`${recordedCallLine({ id: '7'.repeat(16), answer: 'on its way', messages: [{ role: 'user', content: 'Where is my spade?' }] })}\n`));
    await vscode.commands.executeCommand(COMMANDS.importTraces, uri);
    await closeAll();
  });
  afterEach(closeAll);
  const panel = (): Promise<unknown> => until('the panel of the trace', () => tracePanels().length === 1);

  it('opens the trace of a link from the other folder', async () => {
    await vscode.commands.executeCommand(COMMANDS.openTraceLink, `http://127.0.0.1:9/trace/${TRACE}`);
    await panel();
    // Both were asked.
    assert.equal(enginePids().length, 2);
  });

  it('opens the trace whose id begins so', async () => {
    await vscode.commands.executeCommand(COMMANDS.openTraceLink, '77777777');
    await panel();
  });

  it('offers its traces to be picked', async () => {
    void vscode.commands.executeCommand(COMMANDS.openTrace);
    await accept('the panel of the trace', () => tracePanels().length === 1);
  });

  it('tells paths as the views do, with the name of the folder, and others whole', () => {
    const shop = enginePath(folderNamed('shop'));
    assert.equal(relativePaths(`${shop}/prompts/a b.prompt.yml:3:1: no model; see ${shop}/touchstone.yml`), 'shop/prompts/a b.prompt.yml:3:1: no model; see shop/touchstone.yml');
    for (const other of [`${shop}-2/a.yml`, `/srv${shop}/a.yml`, '/etc/hosts']) assert.equal(relativePaths(`${other}: not found`), `${other}: not found`);
  });
});
