import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';

/** The workspace folder in which the tests run: a copy that may be changed. */
export function folder(): vscode.Uri {
  const first = vscode.workspace.workspaceFolders?.[0];
  assert.ok(first, 'the tests need a workspace folder');
  return first.uri;
}

export function file(path: string): vscode.Uri {
  return vscode.Uri.joinPath(folder(), path);
}

/** As a person opens a file: a document that the API opens would stay open for minutes after its editor. */
export async function open(uri: vscode.Uri): Promise<vscode.TextEditor> {
  await vscode.commands.executeCommand('vscode.open', uri, { preview: false });
  return until(`an editor of ${uri.path}`, () => vscode.window.visibleTextEditors.find((editor) => editor.document.uri.toString() === uri.toString()));
}

export async function write(path: string, text: string): Promise<vscode.Uri> {
  const uri = file(path);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  return uri;
}

/** Waits until the probe answers with something, which it does soon or never, however busy the machine is; its last failure is told when it never does. */
export async function until<T>(what: string, probe: () => T | Promise<T>, timeoutMs = 60_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined && found !== null && found !== false) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${timeoutMs} ms (last: ${last instanceof Error ? last.message : JSON.stringify(last)})`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export interface ShownLens {
  readonly line: number;
  /** No-break spaces as spaces. */
  readonly title: string;
  readonly command: string;
  readonly arguments: readonly unknown[];
}

/** The lenses of our extension above a text, resolved, in order. */
export async function lenses(uri: vscode.Uri): Promise<ShownLens[]> {
  const found = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri, 10_000);
  return found.map((lens) => ({
    line: lens.range.start.line,
    title: (lens.command?.title ?? '').replaceAll('\u00a0', ' '),
    command: lens.command?.command ?? '',
    arguments: (lens.command?.arguments ?? []) as unknown[],
  }));
}

/** Waits for a lens whose title matches. */
export async function lens(uri: vscode.Uri, title: RegExp, timeoutMs = 60_000): Promise<ShownLens> {
  let seen: string[] = [];
  try {
    return await until(`a lens ${String(title)}`, async () => {
      const all = await lenses(uri);
      seen = all.map((one) => one.title);
      return all.find((one) => title.test(one.title));
    }, timeoutMs);
  } catch (error) {
    throw new Error(`no lens ${String(title)}; there are ${JSON.stringify(seen)}`, { cause: error });
  }
}

export function diagnostics(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter((diagnostic) => diagnostic.source === 'Touchstone');
}

/** Process ids of the engines that this extension host has started, and that are still there. */
export function enginePids(): number[] {
  if (process.platform === 'linux') {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
      try {
        const parent = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[1]);
        return parent === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join('dist', 'engine.mjs'));
      } catch {
        return false; // ended meanwhile
      }
    }).map(Number);
  }
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,command='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(join('dist', 'engine.mjs')) && Number(line.trim().split(/\s+/)[1]) === process.pid).map((line) => Number(line.trim().split(/\s+/)[0]));
}

export function tracePanels(): readonly vscode.Tab[] {
  return vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter((tab) => tab.input instanceof vscode.TabInputWebview && tab.input.viewType.endsWith('touchstone.trace'));
}

/** Takes what questions propose, one after the other, until the probe answers with something. */
export async function accept<T>(what: string, probe: () => T | Promise<T>): Promise<NonNullable<T>> {
  return until(what, async () => {
    const found = await probe();
    if (found === undefined || found === null || found === false) await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
    return found;
  });
}

/** Leaves no editor and no unsaved text behind. */
export async function closeAll(): Promise<void> {
  for (const document of vscode.workspace.textDocuments) {
    if (!document.isDirty) continue;
    await vscode.window.showTextDocument(document, { preview: false });
    await vscode.commands.executeCommand('workbench.action.files.revert');
  }
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}
