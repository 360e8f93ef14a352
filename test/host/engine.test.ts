import * as assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { COMMANDS } from '../../src/extension/constants.ts';
import { closeAll, enginePids, file, folder, lens, open, until, write } from './support.ts';

const CASES = 40;

/** A model that takes its time and writes down every case that it was asked for. */
const AGENT = `const { appendFileSync } = require('node:fs');
let input = '';
process.stdin.on('data', (chunk) => { input += chunk; });
process.stdin.on('end', () => setTimeout(() => {
  appendFileSync(__dirname + '/asked.txt', JSON.parse(input).case.vars.n + '\\n');
  process.stdout.write('ok');
}, 150));
`;

function asked(): string[] {
  const path = file('slow/asked.txt').fsPath;
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}

describe('the engine', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  it('is killed in the middle of a run; the run is shown interrupted, and resumes with what is missing', async () => {
    await write('slow/agent.cjs', AGENT);
    await write('slow/slow.golden.jsonl', Array.from({ length: CASES }, (_, n) => `${JSON.stringify({ id: `case-${n}`, n: String(n), expected: 'ok' })}\n`).join(''));
    const prompt = await write('slow/slow.prompt.yml', 'name: Slow\nmodel: "exec:node agent.cjs"\nmessages:\n  - { role: user, content: "{{n}}" }\ngolden: slow.golden.jsonl\nassert:\n  - { type: equals, value: "{{expected}}" }\n');
    await open(prompt);
    await lens(prompt, new RegExp(`Eval ${CASES} cases`));
    const [runId] = await vscode.commands.executeCommand<string[]>(COMMANDS.evalPrompt, prompt);
    assert.ok(runId);
    const running = await lens(prompt, /^\$\(loading~spin\) ([5-9]|[1-3]\d) of 40/);
    assert.equal(running.command, COMMANDS.openRun);
    await lens(prompt, /^Cancel$/);

    const finishedBefore = Number(/(\d+) of/.exec(running.title)?.[1]);
    const [pid] = enginePids();
    assert.ok(pid, 'an engine is running');
    process.kill(pid, 'SIGKILL');
    await until('the end of the engine', () => !enginePids().includes(pid));
    await lens(prompt, /interrupted/);
    const askedBefore = asked();

    await vscode.commands.executeCommand(COMMANDS.resumeRun, { folder: folder().toString(), runId });
    await lens(prompt, new RegExp(`^\\$\\(check\\) ${CASES}/${CASES} · 100%`));
    const counts = new Map<string, number>();
    for (const n of asked()) counts.set(n, (counts.get(n) ?? 0) + 1);
    assert.equal(counts.size, CASES, 'every case was answered');
    const twice = [...counts.values()].filter((count) => count > 1).length;
    assert.ok(askedBefore.length >= finishedBefore);
    // Only what was under way when the engine died may be asked again; 8 are under way at once.
    assert.ok(twice <= 8, `${twice} cases were asked twice`);
  });

  it('cancels a run and keeps what was finished', async () => {
    const prompt = file('slow/slow.prompt.yml');
    const editor = await open(prompt);
    const at = editor.document.positionAt(editor.document.getText().indexOf('"{{n}}"') + 1);
    await editor.edit((edit) => edit.insert(at, 'again '));
    await lens(prompt, /stale: edited/);
    const [runId] = await vscode.commands.executeCommand<string[]>(COMMANDS.evalPrompt, prompt);
    await lens(prompt, /^\$\(loading~spin\) [1-9]\d* of 40/);
    await vscode.commands.executeCommand(COMMANDS.cancelRun, { folder: folder().toString(), runId });
    await lens(prompt, /\(cancelled\)$/);
  });
});
