import * as assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import * as vscode from 'vscode';
import { COMMANDS } from '../../src/extension/constants.ts';
import { heldAgent } from '../fixtures/eval/held-agent.ts';
import { closeAll, enginePids, file, folder, lens, open, until, write } from './support.ts';

const CASES = 40;

/** Cases that are answered at once. */
const ANSWERED = 10;

function asked(): string[] {
  const path = file('slow/asked.txt').fsPath;
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}

describe('the engine', () => {
  afterEach(closeAll);

  it('is killed in the middle of a run; the run is shown interrupted, and resumes with what is missing', async () => {
    await write('slow/agent.cjs', heldAgent(ANSWERED));
    await write('slow/slow.golden.jsonl', Array.from({ length: CASES }, (_, n) => `${JSON.stringify({ id: `case-${n}`, n: String(n), expected: 'ok' })}\n`).join(''));
    const prompt = await write('slow/slow.prompt.yml', 'name: Slow\nmodel: "exec:node agent.cjs"\nmessages:\n  - { role: user, content: "{{n}}" }\ngolden: slow.golden.jsonl\nassert:\n  - { type: equals, value: "{{expected}}" }\n');
    await open(prompt);
    await lens(prompt, new RegExp(`Eval ${CASES} cases`));
    const [runId] = await vscode.commands.executeCommand<string[]>(COMMANDS.evalPrompt, prompt);
    assert.ok(runId);
    const running = await lens(prompt, new RegExp(`^\\$\\(loading~spin\\) ${ANSWERED} of ${CASES}`));
    assert.equal(running.command, COMMANDS.openRun);
    await lens(prompt, /^Cancel$/);

    const [pid] = enginePids();
    assert.ok(pid, 'an engine is running');
    process.kill(pid, 'SIGKILL');
    await until('the end of the engine', () => !enginePids().includes(pid));
    await lens(prompt, /interrupted/);
    assert.ok(asked().length >= ANSWERED);

    await write('slow/go.txt', '');
    await vscode.commands.executeCommand(COMMANDS.resumeRun, { folder: folder().toString(), runId });
    await lens(prompt, new RegExp(`^\\$\\(check\\) ${CASES}/${CASES} · 100%`));
    const counts = new Map<string, number>();
    for (const n of asked()) counts.set(n, (counts.get(n) ?? 0) + 1);
    assert.equal(counts.size, CASES, 'every case was answered');
    const twice = [...counts.values()].filter((count) => count > 1).length;
    // Only what was under way when the engine died may be asked again; 8 are under way at once.
    assert.ok(twice <= 8, `${twice} cases were asked twice`);
  });

  it('cancels a run and keeps what was finished', async () => {
    const prompt = file('slow/slow.prompt.yml');
    const editor = await open(prompt);
    const at = editor.document.positionAt(editor.document.getText().indexOf('"{{n}}"') + 1);
    await editor.edit((edit) => edit.insert(at, 'again '));
    await lens(prompt, /stale: edited/);
    rmSync(file('slow/go.txt').fsPath);
    const [runId] = await vscode.commands.executeCommand<string[]>(COMMANDS.evalPrompt, prompt);
    await lens(prompt, new RegExp(`^\\$\\(loading~spin\\) ${ANSWERED} of ${CASES}`));
    await vscode.commands.executeCommand(COMMANDS.cancelRun, { folder: folder().toString(), runId });
    await lens(prompt, /\(cancelled\)$/);
  });
});
