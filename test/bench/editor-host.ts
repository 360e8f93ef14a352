/**
 * Runs inside the extension host of VS Code: how long our packaged extension takes to load and to activate, and how long its
 * lenses take, each beside a control. Writes HostTimes as JSON to the file that TOUCHSTONE_BENCH_TIMES names.
 */
import { writeFileSync } from 'node:fs';
import Module from 'node:module';
import * as vscode from 'vscode';
import { EXTENSION_ID } from '../../src/extension/constants.ts';
import { CONTROL, longPrompt } from './tools/editor-texts.ts';

/** Milliseconds. */
export interface ActivationTimes {
  /** Reading and evaluating the bundle. */
  readonly load: number;
  /** The call of its `activate`, until it returns or its promise settles. */
  readonly activate: number;
  /** `Extension.activate()` as another extension waits for it: load, activate and VS Code's own work. */
  readonly whole: number;
}

/** Milliseconds of `vscode.executeCodeLensProvider`: there and back through the window. */
export interface LensTimes {
  /** On a document that nobody has asked about. */
  readonly first: number;
  /** An edit of the text and the lenses after it, each. */
  readonly edited: readonly number[];
  /** Each on the text as before. */
  readonly unchanged: readonly number[];
  readonly count: number;
}

export interface HostTimes {
  readonly activation: { readonly ours: ActivationTimes; readonly control: ActivationTimes };
  readonly lenses: { readonly ours: LensTimes; readonly control: LensTimes };
}

const EDITS = 9;
const REPEATS = 15;
/** After an edit: until the engine has been asked about it and has answered. */
const SETTLE_MS = 900;
const LINES = 2000;

export async function run(): Promise<void> {
  const file = process.env['TOUCHSTONE_BENCH_TIMES'];
  if (!file) throw new Error('TOUCHSTONE_BENCH_TIMES names no file');
  const control = await activation(CONTROL.id);
  const ours = await activation(EXTENSION_ID);
  const lenses = await lensTimes();
  writeFileSync(file, JSON.stringify({ activation: { ours, control }, lenses } satisfies HostTimes));
}

interface Loaded {
  exports: { activate?: (context: vscode.ExtensionContext) => unknown };
}

/** What Node's loader calls to read one file; it has no public name, and no public way tells loading from activating. */
const loader = (Module as unknown as { prototype: { load: (this: Loaded, file: string) => void } }).prototype;

async function activation(id: string): Promise<ActivationTimes> {
  const extension = vscode.extensions.getExtension(id);
  if (!extension) throw new Error(`${id} is not known to VS Code`);
  if (extension.isActive) throw new Error(`${id} is active already`);
  const times = { load: NaN, activate: NaN };
  const { load } = loader;
  loader.load = function (this: Loaded, file: string): void {
    const began = performance.now();
    load.call(this, file);
    if (!file.startsWith(extension.extensionPath) || !this.exports.activate) return;
    times.load = performance.now() - began;
    const { activate } = this.exports;
    this.exports = {
      ...this.exports,
      activate: async (context) => {
        const called = performance.now();
        try {
          return await activate(context);
        } finally {
          times.activate = performance.now() - called;
        }
      },
    };
  };
  try {
    const began = performance.now();
    await extension.activate();
    return { ...times, whole: performance.now() - began };
  } finally {
    loader.load = load;
  }
}

async function lensTimes(): Promise<HostTimes['lenses']> {
  const text = longPrompt(LINES);
  const plain = await document('plain.yaml', text);
  const prompt = await document('desk.prompt.yml', text);
  if (prompt.lineCount !== LINES + 1) throw new Error(`the prompt file has ${prompt.lineCount} lines`);
  const first = { control: await ask(plain), ours: await ask(prompt) };
  if (first.ours.lenses.length === 0) throw new Error('the prompt file has no lenses');
  // The engine starts and says what it knows; that changes the text of the lenses, not their number.
  for (const deadline = Date.now() + 60_000; !(await ask(prompt)).lenses.some((lens) => /no run yet/.test(lens.command?.title ?? '')); ) {
    if (Date.now() > deadline) throw new Error('the engine did not say what it knows of the prompt');
    await pause(200);
  }
  const edited = { control: [] as number[], ours: [] as number[] };
  for (let at = 0; at < EDITS; at++) {
    for (const [shown, times] of [[plain, edited.control], [prompt, edited.ours]] as const) {
      await pause(SETTLE_MS);
      const edit = new vscode.WorkspaceEdit();
      edit.insert(shown.uri, new vscode.Position(10, shown.lineAt(10).text.length), ' Be brief.');
      // Our extension reads the text anew when it hears of the edit, before anybody asks for lenses: the edit counts, too.
      const began = performance.now();
      await vscode.workspace.applyEdit(edit);
      await ask(shown);
      times.push(performance.now() - began);
    }
  }
  await pause(SETTLE_MS);
  const unchanged = { control: [] as number[], ours: [] as number[] };
  for (let at = 0; at < REPEATS; at++) {
    unchanged.control.push((await ask(plain)).ms);
    unchanged.ours.push((await ask(prompt)).ms);
  }
  const timesOf = (which: 'ours' | 'control'): LensTimes => ({ first: first[which].ms, edited: edited[which], unchanged: unchanged[which], count: first[which].lenses.length });
  return { ours: timesOf('ours'), control: timesOf('control') };
}

/** Open, but in no editor: an editor would ask for lenses before we do. */
async function document(name: string, text: string): Promise<vscode.TextDocument> {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (!folder) throw new Error('there is no workspace folder');
  const uri = vscode.Uri.joinPath(folder.uri, name);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  return vscode.workspace.openTextDocument(uri);
}

async function ask({ uri }: vscode.TextDocument): Promise<{ ms: number; lenses: vscode.CodeLens[] }> {
  const began = performance.now();
  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri);
  return { ms: performance.now() - began, lenses };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
