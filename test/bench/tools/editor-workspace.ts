/** What the benchmark of the editor opens: an empty folder, a finished run with many cells, an empty extension. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../../../scripts/tools/processes.ts';
import { root } from '../../../scripts/tools/paths.ts';
import { CONTROL, ticket } from './editor-texts.ts';

/** The prompt of the run. */
export const PROMPT_FILE = 'tickets.prompt.yml';

export interface Workspace {
  readonly folder: string;
  remove(): void;
}

/**
 * An empty folder: with a prompt or a YAML file in it, VS Code would start our extension before the measurement does.
 */
export function emptyWorkspace(): Workspace {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-bench-editor-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }) };
}

/** A workspace with one run of `cells` cells (one model, one repeat, two checks), made by the command line. */
export async function workspaceWithRun(cells: number): Promise<Workspace> {
  const workspace = emptyWorkspace();
  writeFileSync(
    join(workspace.folder, PROMPT_FILE),
    `name: Tickets
model: echo
messages:
  - role: system
    content: Answer the ticket in one sentence.
  - role: user
    content: "{{body}}"
golden: tickets.jsonl
assert:
  - { type: contains, value: "{{expected}}" }
  - { type: not-contains, value: refund }
`,
  );
  const rows = Array.from({ length: cells }, (_, at) =>
    JSON.stringify({ id: `ticket-${at + 1}`, expected: `invoice ${100_000 + at}`, tags: [['billing', 'account', 'technical', 'other'][at % 4]], body: ticket(at) }),
  );
  writeFileSync(join(workspace.folder, 'tickets.jsonl'), `${rows.join('\n')}\n`);
  await must(process.execPath, [join(root, 'dist/cli.mjs'), 'eval', PROMPT_FILE, '--no-cache', '--concurrency', '20', '--threshold', '0'], { cwd: workspace.folder });
  return workspace;
}

/** The files of an extension that does nothing, and of a panel that shows one word. */
export function writeControlExtension(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const [name, publisher] = [CONTROL.id.split('.')[1], CONTROL.id.split('.')[0]];
  const [category, title] = CONTROL.openPanel.split(': ');
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name, publisher, version: '1.0.0', engines: { vscode: '^1.100.0' }, main: './extension.cjs', extensionKind: ['workspace'], activationEvents: [], contributes: { commands: [{ command: 'bench.openEmpty', title, category }] } }),
  );
  writeFileSync(
    join(folder, 'extension.cjs'),
    `const vscode = require('vscode');
exports.activate = (context) => {
  context.subscriptions.push(vscode.commands.registerCommand('bench.openEmpty', () => {
    const panel = vscode.window.createWebviewPanel('bench.empty', 'Empty', vscode.ViewColumn.Active, { enableScripts: true, localResourceRoots: [context.extensionUri] });
    const script = panel.webview.asWebviewUri(vscode.Uri.joinPath(context.extensionUri, 'panel.js'));
    panel.webview.html = '<!DOCTYPE html><html><body><script type="module" src="' + script + '"></script></body></html>';
  }));
};
`,
  );
  writeFileSync(join(folder, 'panel.js'), `document.body.innerHTML = '<p class="bench-empty">empty</p>';\n`);
}
