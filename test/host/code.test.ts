import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { COMMANDS } from '../../src/extension/constants.ts';
import type { ImportedFile } from '../../src/protocol/traces.ts';
import { recordedCallLine } from '../fixtures/traces/recorded-calls.ts';
import { closeAll, file, folder, lens, lenses, open, tracePanels, until, write } from './support.ts';

const AGENT = `export class Shop {
  async lookup(id) {
    return this.ask(id);
  }

  async refund(id) {
    return this.ask(id, 'refund');
  }
}
`;

const call = (id: string, line: number, name: string, more: { at?: number; failed?: boolean } = {}): string =>
  recordedCallLine({ id: id.repeat(16), messages: [{ role: 'user', content: `call ${id}` }], answer: 'done', durationMs: 400, ...more, attributes: { 'code.file.path': '/app/shop/returns.mjs', 'code.line.number': line, 'code.function.name': name } });

async function hover(uri: vscode.Uri, at: vscode.Position): Promise<string> {
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', uri, at);
  return hovers.flatMap(({ contents }) => contents.map((content) => (content instanceof vscode.MarkdownString ? content.value : ''))).filter((text) => text.includes('touchstone.openTrace')).join('\n');
}

describe('what traces say, beside the code', () => {
  let code: vscode.Uri;
  before(async () => {
    code = await write('shop/returns.mjs', AGENT);
    const spans = await write('shop/spans.jsonl', `${[call('a', 3, 'Shop.lookup'), call('b', 3, 'Shop.lookup', { at: 1000, failed: true }), call('c', 7, 'Shop.refund', { at: 2000 })].join('\n')}\n`);
    const [imported] = await vscode.commands.executeCommand<ImportedFile[]>(COMMANDS.importTraces, spans);
    assert.equal(imported?.traceIds.length, 3);
  });
  afterEach(closeAll);

  it('stands above the functions that were traced, and leads to their calls', async () => {
    await open(code);
    const lookup = await lens(code, /^\$\(list-tree\) 2 calls · p50 400 ms · 1 error$/);
    assert.equal(lookup.line, 1);
    const refund = await lens(code, /^\$\(list-tree\) 1 call · p50 400 ms$/);
    assert.equal(refund.line, 5);
    // Where there is only one, it is the one that is meant.
    await vscode.commands.executeCommand(refund.command, ...refund.arguments);
    await until('the panel of its trace', () => tracePanels().length === 1);
  });

  it('stands at the end of the lines of the open trace, until it is closed', async () => {
    const { document } = await open(code);
    const { end } = document.lineAt(6).range;
    assert.equal(await hover(code, end), '');
    await vscode.commands.executeCommand(COMMANDS.openTrace, { folder: folder().toString(), traceId: 'c'.repeat(32) });
    await vscode.window.showTextDocument(document, vscode.ViewColumn.Beside);
    const text = await until('the spans of the line', async () => (await hover(code, end)) || null);
    assert.match(text, /400(?:&nbsp;|\s)ms(?:&nbsp;|\s)·(?:&nbsp;|\s)105(?:&nbsp;|\s)tok/);
    const [, encoded = ''] = /command:touchstone\.openTrace\?([^)\s]+)/.exec(text) ?? [];
    assert.deepEqual(JSON.parse(decodeURIComponent(encoded)), [{ folder: folder().toString(), traceId: 'c'.repeat(32), spanId: 'c'.repeat(16) }]);
    // The other lines are those of other traces; within the text of the line it would be in the way.
    assert.equal(await hover(code, document.lineAt(2).range.end), '');
    assert.equal(await hover(code, new vscode.Position(6, 6)), '');
    await vscode.window.tabGroups.close(tracePanels());
    await until('an end of the notes', async () => (await hover(code, end)) === '');
  });

  it('can be switched off', async () => {
    await open(code);
    await lens(code, / 1 call /);
    const settings = vscode.workspace.getConfiguration();
    await settings.update('touchstone.code.lenses', false, vscode.ConfigurationTarget.Global);
    try {
      await until('no lens', async () => (await lenses(code)).length === 0);
    } finally {
      await settings.update('touchstone.code.lenses', undefined, vscode.ConfigurationTarget.Global);
    }
    await lens(code, / 1 call /);
  });

  it('stands above prompts: the calls that they rendered', async () => {
    const prompt = await write('prompts/returns.prompt.yml', 'name: Returns\nmodel: openai/gpt-5-mini\nmessages:\n  - { role: system, content: You decide about returns of a small shop for garden tools. }\n  - { role: user, content: "{{question}}" }\n');
    const line = (id: string, question: string, failed: boolean): string => recordedCallLine({ id: id.repeat(16), failed, durationMs: 800, answer: 'yes', messages: [{ role: 'system', content: 'You decide about returns of a small shop for garden tools.' }, { role: 'user', content: question }] });
    await open(prompt);
    await lens(prompt, /Run once/);
    assert.deepEqual((await lenses(prompt)).filter(({ title }) => title.startsWith('$(record)')), []);
    await vscode.commands.executeCommand(COMMANDS.importTraces, await write('shop/production.jsonl', `${line('d', 'May I send back a rake?', false)}\n${line('e', 'The spade broke.', true)}\n`));
    const production = await lens(prompt, /^\$\(record\) 2 calls · p95 800 ms · \$0\.\d+ a call · 50\.0% errors$/);
    assert.equal(production.command, COMMANDS.searchTraces);
    const [query] = production.arguments;
    assert.match(String(query), /^prompt:/);
    await vscode.commands.executeCommand(production.command, query);
    await vscode.commands.executeCommand(COMMANDS.clearTraceSearch);
    await vscode.workspace.fs.delete(file('prompts/returns.prompt.yml'));
  });
});
