import * as assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { COMMANDS } from '../../src/extension/constants.ts';
import type { ImportedFile, ReceiverStatus } from '../../src/protocol/traces.ts';
import { closeAll, enginePids, file, folder, open, tracePanels, until, write } from './support.ts';

/** Writes down what a program finds in its environment. */
const LOOK = "require('node:fs').writeFileSync(process.argv[2], JSON.stringify({ endpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT, protocol: process.env.OTEL_EXPORTER_OTLP_PROTOCOL }));\n";

interface Found {
  readonly endpoint?: string;
  readonly protocol?: string;
}

async function configure(key: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration().update(key, value, vscode.ConfigurationTarget.Global);
}

async function turnOn(): Promise<string> {
  const status = await vscode.commands.executeCommand<ReceiverStatus>(COMMANDS.turnReceiverOn);
  assert.equal(status.state, 'on');
  return status.state === 'on' ? `http://127.0.0.1:${status.http}` : '';
}

/** What a program that is started in a new terminal finds. */
async function inTerminal(name: string): Promise<Found> {
  const result = file(`${name}.json`).fsPath;
  const terminal = vscode.window.createTerminal({ name, cwd: folder() });
  try {
    terminal.sendText(`node look.cjs ${result}`);
    return await until(`what a program in the terminal ${name} wrote`, () => (existsSync(result) ? (JSON.parse(readFileSync(result, 'utf8')) as Found) : undefined));
  } finally {
    terminal.dispose();
  }
}

/** What a program that is started with F5 finds. */
async function underDebugger(name: string, more: object = {}): Promise<Found> {
  const result = file(`${name}.json`).fsPath;
  const started = await vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], { type: 'node', request: 'launch', name, program: file('look.cjs').fsPath, args: [result], console: 'internalConsole', ...more });
  assert.equal(started, true);
  return until(`what a program under the debugger wrote`, () => (existsSync(result) ? (JSON.parse(readFileSync(result, 'utf8')) as Found) : undefined));
}

function panelOf(label: string): vscode.Tab | undefined {
  return vscode.window.tabGroups.all.flatMap((group) => group.tabs).find((tab) => tab.input instanceof vscode.TabInputWebview && tab.input.viewType.endsWith('touchstone.trace') && tab.label === label);
}

/** One span, as an application sends it. */
async function send(endpoint: string, name: string): Promise<string> {
  const traceId = randomBytes(16).toString('hex');
  const now = BigInt(Date.now()) * 1_000_000n;
  const span = { traceId, spanId: randomBytes(8).toString('hex'), name, kind: 1, startTimeUnixNano: String(now - 42_000_000n), endTimeUnixNano: String(now), attributes: [] };
  const response = await fetch(`${endpoint}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: { name: 'test' }, spans: [span] }] }] }) });
  assert.equal(response.status, 200);
  return traceId;
}

describe('traces in the editor', () => {
  before(async () => {
    // Any free ports: whoever develops this may have a collector on the usual ones.
    await configure('touchstone.receiver.httpPort', 0);
    await configure('touchstone.receiver.grpcPort', 0);
    await write('look.cjs', LOOK);
  });
  after(async () => {
    await vscode.commands.executeCommand(COMMANDS.turnReceiverOff);
    for (const key of ['touchstone.receiver.httpPort', 'touchstone.receiver.grpcPort']) await configure(key, undefined);
  });
  afterEach(closeAll);

  it('leaves terminals and the debugger alone while the receiver is off', async () => {
    assert.deepEqual(await inTerminal('off'), {});
    assert.deepEqual(await underDebugger('debug-off'), {});
  });

  it('leads programs that are started in a terminal or with F5 to the receiver', async () => {
    const endpoint = await turnOn();
    const expected = { endpoint, protocol: 'http/protobuf' };
    assert.deepEqual(await inTerminal('on'), expected);
    assert.deepEqual(await underDebugger('debug-on'), expected);
  });

  it('leaves alone what is set: in the configuration, in its file, in the terminal', async () => {
    await turnOn();
    const own = 'http://collector.example:4318';
    assert.deepEqual(await underDebugger('debug-own', { env: { OTEL_EXPORTER_OTLP_ENDPOINT: own } }), { endpoint: own });
    const envFile = (await write('own.env', `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="${own}"\n`)).fsPath;
    assert.deepEqual(await underDebugger('debug-file', { envFile }), {});
    const key = `terminal.integrated.env.${process.platform === 'darwin' ? 'osx' : process.platform === 'win32' ? 'windows' : 'linux'}`;
    await configure(key, { OTEL_EXPORTER_OTLP_ENDPOINT: own });
    try {
      assert.deepEqual(await inTerminal('own'), { endpoint: own });
    } finally {
      await configure(key, undefined);
    }
  });

  it('opens what was received, one panel a trace', async () => {
    const endpoint = await turnOn();
    const traceId = await send(endpoint, 'answer a question');
    await vscode.commands.executeCommand(COMMANDS.openTrace, { folder: folder().toString(), traceId });
    await until('a panel', () => panelOf('answer a question'));
    await vscode.commands.executeCommand(COMMANDS.openTrace, traceId.slice(0, 12));
    // When one that was asked for later is there, a second one of the first would be, too.
    await vscode.commands.executeCommand(COMMANDS.openTrace, { folder: folder().toString(), traceId: await send(endpoint, 'answer another question') });
    await until('the other panel', () => panelOf('answer another question'));
    assert.equal(tracePanels().length, 2);
  });

  it('imports a file', async () => {
    const otlp = readFileSync(file('traces/support-agent.jsonl').fsPath, 'utf8').replaceAll(/"traceId":"[0-9a-f]{4}/g, '"traceId":"0bad');
    const first = (/"traceId":"([0-9a-f]{32})"/.exec(otlp) ?? [])[1] ?? '';
    const lines = otlp.split('\n').filter((line) => line.includes(first));
    const uri = await write('copied.jsonl', `${lines.join('\n')}\n`);
    const [imported] = await vscode.commands.executeCommand<ImportedFile[]>(COMMANDS.importTraces, uri);
    assert.ok(imported);
    assert.deepEqual(imported.rejected, []);
    assert.ok(imported.spans >= 5, `${imported.spans} spans`);
    assert.ok(imported.traceIds.includes(first));
  });

  it('adds a file to tail to touchstone.yml, and its comments stay', async () => {
    const config = file('touchstone.yml');
    const before = readFileSync(config.fsPath, 'utf8');
    await vscode.commands.executeCommand(COMMANDS.tailFile, await write('logs/app.jsonl', ''));
    const after = readFileSync(config.fsPath, 'utf8');
    assert.equal(after, before.replace('sources: [traces/*.jsonl]', 'sources: [traces/*.jsonl, logs/app.jsonl]'));
    assert.notEqual(after, before);
    await until('the config in an editor', () => vscode.window.activeTextEditor?.document.uri.toString() === config.toString());
    await write('touchstone.yml', before);
  });

  it('shows the difference of two traces in the diff editor', async () => {
    const endpoint = await turnOn();
    const targets = [];
    for (const name of ['first try', 'second try']) targets.push({ folder: folder().toString(), traceId: await send(endpoint, name) });
    await vscode.commands.executeCommand(COMMANDS.compareTraces, targets[0], targets);
    const input = await until('a diff editor', () => {
      const shown = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return shown instanceof vscode.TabInputTextDiff ? shown : undefined;
    });
    const texts = await Promise.all([input.original, input.modified].map(async (uri) => (await vscode.workspace.openTextDocument(uri)).getText()));
    assert.match(texts[0] ?? '', /^name: +first try\n/);
    assert.match(texts[1] ?? '', /^name: +second try\n/);
  });

  it('opens the trace of a cell from the quick fix on a failing case', async () => {
    const prompt = await write('prompts/colours.prompt.yml', 'name: Colours\nmodel: echo\nmessages:\n  - { role: user, content: "{{word}}" }\ngolden: colours.golden.jsonl\nassert:\n  - { type: contains, value: "{{expected}}" }\n');
    const dataset = await write('prompts/colours.golden.jsonl', '{"id":"sky","word":"blue","expected":"red"}\n');
    await vscode.commands.executeCommand(COMMANDS.evalPrompt, prompt);
    await open(dataset);
    const warning = await until('a warning', () => vscode.languages.getDiagnostics(dataset).find((one) => one.code === 'failing-case'));
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', dataset, warning.range);
    const action = actions.find((one) => one.title === 'Open trace');
    assert.ok(action?.command);
    await vscode.commands.executeCommand(action.command.command, ...(action.command.arguments as unknown[]));
    await until('a trace panel', () => vscode.window.tabGroups.all.flatMap((group) => group.tabs).some((tab) => tab.input instanceof vscode.TabInputWebview && tab.input.viewType.endsWith('touchstone.trace')));
  });

  it('receives again after its engine was killed, without anybody asking', async () => {
    await turnOn();
    const [pid] = enginePids();
    assert.ok(pid);
    process.kill(pid, 'SIGKILL');
    await until('another engine', () => enginePids().some((other) => other !== pid));
    // Its port is another one: any free one was asked for.
    const endpoint = await turnOn();
    await send(endpoint, 'after the crash');
    assert.equal((await inTerminal('after-crash')).endpoint, endpoint);
  });

  it('stops leading programs to a receiver that was turned off', async () => {
    const endpoint = await turnOn();
    await vscode.commands.executeCommand(COMMANDS.turnReceiverOff);
    assert.deepEqual(await inTerminal('off-again'), {});
    await assert.rejects(fetch(endpoint));
  });
});
