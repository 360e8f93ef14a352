import * as assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { COMMANDS, EXTENSION_ID } from '../../src/extension/constants.ts';
import { enginePath, relativePaths } from '../../src/extension/paths.ts';
import { enginePids, folder, until } from './support.ts';

interface Manifest {
  contributes: { commands: Array<{ command: string; title: string; category?: string }> };
}

describe('the extension in a real VS Code', () => {
  it('is found and activates', async () => {
    const extension = vscode.extensions.getExtension(EXTENSION_ID);
    assert.ok(extension, `${EXTENSION_ID} is not known to VS Code`);
    await extension.activate();
    assert.equal(extension.isActive, true);
  });

  it('tells paths within the workspace as the views do, and others whole', () => {
    const here = enginePath(folder());
    assert.equal(relativePaths(`${here}/prompts/a b.prompt.yml:3:1: no model; see ${here}/touchstone.yml`), 'prompts/a b.prompt.yml:3:1: no model; see touchstone.yml');
    for (const other of [`${here}-2/a.yml`, `/srv${here}/a.yml`, '/etc/hosts']) assert.equal(relativePaths(`${other}: not found`), `${other}: not found`);
  });

  it('registers every command that package.json contributes', async () => {
    const extension = vscode.extensions.getExtension(EXTENSION_ID);
    assert.ok(extension);
    await extension.activate();
    const registered = new Set(await vscode.commands.getCommands(true));
    const manifest = JSON.parse(readFileSync(join(extension.extensionPath, 'package.json'), 'utf8')) as Manifest;
    const contributed = manifest.contributes.commands.map(({ command }) => command);
    assert.deepEqual([...contributed].sort(), Object.values(COMMANDS).sort());
    assert.deepEqual(contributed.filter((command) => !registered.has(command)), []);
  });

  it('starts a process without being asked only where touchstone.yml names files to follow, and follows them although nobody looks', async () => {
    await vscode.extensions.getExtension(EXTENSION_ID)?.activate();
    const config = vscode.Uri.joinPath(folder(), 'touchstone.yml');
    assert.match(new TextDecoder().decode(await vscode.workspace.fs.readFile(config)), /^ +sources: \[traces\//m);
    await until('one engine', () => enginePids().length === 1);
    const database = vscode.Uri.joinPath(folder(), '.touchstone/touchstone.db');
    await until('a store', () => existsSync(database.fsPath));
  });
});
