import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { COMMANDS } from '../../src/extension/constants.ts';
import { editorLinkOf } from '../../src/core/links/make.ts';
import { recogniseLink } from '../../src/core/links/recognise.ts';
import { base64UrlOf } from '../../src/core/links/text.ts';
import { textOfAddress } from '../../src/extension/features/links/address.ts';
import { recordedCallLine } from '../fixtures/traces/recorded-calls.ts';
import { accept, closeAll, file, folder, open, tracePanels, until, write } from './support.ts';

const PROMPT = 'name: Deliveries\nmodel: echo\nmessages:\n  - { role: system, content: You say when parcels of a small shop for garden tools arrive. }\n  - { role: user, content: "{{question}}" }\ngolden: deliveries.golden.jsonl\n';
const GOLDEN = '{"id":"spade","question":"Where is my spade?","expected":"on its way"}\n';
const line = (id: string, question: string): string => recordedCallLine({ id: id.repeat(16), answer: 'on its way', messages: [{ role: 'system', content: 'You say when parcels of a small shop for garden tools arrive.' }, { role: 'user', content: question }] });
const call = (id: string): { folder: string; traceId: string; spanId: string } => ({ folder: folder().toString(), traceId: id.repeat(32), spanId: id.repeat(16) });

/** As another program makes the editor open an address of its own. */
async function openAddress(pathAndQuery: string): Promise<void> {
  await vscode.commands.executeCommand('vscode.open', vscode.Uri.parse(`${vscode.env.uriScheme}://touchstone.touchstone${pathAndQuery}`));
}

function textOf(uri: vscode.Uri): string | undefined {
  return vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString())?.getText();
}

describe('links into the editor, and what is made of recorded calls', () => {
  let prompt: vscode.Uri;
  let golden: vscode.Uri;
  before(async () => {
    prompt = await write('prompts/deliveries.prompt.yml', PROMPT);
    golden = await write('prompts/deliveries.golden.jsonl', GOLDEN);
    await vscode.commands.executeCommand(COMMANDS.importTraces, await write('deliveries.jsonl', `${line('7', 'When does the rake arrive?')}\n${line('8', 'Where is  my spade?')}\n`));
  });
  afterEach(closeAll);
  after(async () => {
    for (const uri of [prompt, golden, file('deliveries.jsonl')]) await vscode.workspace.fs.delete(uri);
  });

  it('open the trace that they name', async () => {
    await openAddress(`/trace/${'7'.repeat(32)}?span=${'7'.repeat(16)}`);
    await until('the panel of the trace', () => tracePanels().length === 1);
  });

  it('open the trace of the link in them, from the store where it is there', async () => {
    await openAddress(`/trace?u=${base64UrlOf(`http://127.0.0.1:9/trace/${'8'.repeat(32)}`)}`);
    await until('the panel of the trace', () => tracePanels().length === 1);
  });

  it('lose no name of a source on their way through VS Code', () => {
    for (const source of ['prod', 'my prod', 'R&D', 'a+b', '100%', '%26', 'C#', 'a=b?', 'x&span=0', '日本', "it's", '🙂']) {
      const link = editorLinkOf({ traceId: '7'.repeat(32), spanId: '7'.repeat(16), source });
      const address = vscode.Uri.parse(link);
      // As it is copied, as the window hands it to us, and as that writes it again.
      for (const text of [link, textOfAddress(address), textOfAddress(vscode.Uri.parse(address.toString()))]) assert.deepEqual({ ...recogniseLink(text), url: null }, { ...recogniseLink(link), source }, text);
    }
  });

  it('give way to the beginning of an id, as lists show it', async () => {
    await vscode.commands.executeCommand(COMMANDS.openTraceLink, '77777777');
    await until('the panel of the trace', () => tracePanels().length === 1);
  });

  it('lead to the prompt file of a call', async () => {
    await vscode.commands.executeCommand(COMMANDS.openPromptOfCall, call('7'));
    await until('the prompt beside', () => vscode.window.visibleTextEditors.some((editor) => editor.document.uri.toString() === prompt.toString()));
  });

  it('make a new prompt of a call, which is shown where it would be saved, and is not', async () => {
    const made = file('prompts/new-prompt.prompt.yml');
    void vscode.commands.executeCommand(COMMANDS.newPromptFromCall, call('7'));
    const { document } = await accept('the new prompt', () => vscode.window.visibleTextEditors.find(({ document: { uri, isUntitled } }) => isUntitled && uri.fsPath === made.fsPath));
    assert.match(document.getText(), /^name: New prompt\nmodel: gpt-5-mini\nmessages:\n  - role: system\n    content: You say when parcels [^]*content: When does the rake arrive\?\n[^]*from: span 7{16} of trace 7{32}\n$/);
    await assert.rejects(Promise.resolve(vscode.workspace.fs.stat(made)));
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('add a call to the golden dataset as one line more, which is read next: it has the keyboard, and one undo takes it back', async () => {
    await open(prompt);
    void vscode.commands.executeCommand(COMMANDS.addToGolden, call('7'));
    const text = await accept('another line', () => {
      const now = textOf(golden);
      return now !== undefined && now !== GOLDEN ? now : undefined;
    });
    assert.ok(text.startsWith(GOLDEN));
    const added = JSON.parse(text.slice(GOLDEN.length)) as { question: string; expected: string; metadata: { trace: string } };
    assert.deepEqual([added.question, added.expected, added.metadata.trace], ['When does the rake arrive?', 'on its way', '7'.repeat(32)]);
    assert.ok(vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === golden.toString())?.isDirty, 'it is shown, not saved');
    const editor = await until('the dataset with the keyboard', () => {
      const active = vscode.window.activeTextEditor;
      return active?.document.uri.toString() === golden.toString() && !active.selection.isEmpty && active.visibleRanges.some((seen) => seen.contains(active.selection)) ? active : undefined;
    });
    assert.equal(editor.document.getText(editor.selection), text.slice(GOLDEN.length).trimEnd());
    await vscode.commands.executeCommand('undo');
    assert.equal(textOf(golden), GOLDEN);
  });

  it('replay a call with the working copy, both answers side by side', async () => {
    void vscode.commands.executeCommand(COMMANDS.replayCall, call('7'));
    const input = await accept('a diff editor', () => {
      const shown = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return shown instanceof vscode.TabInputTextDiff ? shown : undefined;
    });
    const texts = await Promise.all([input.original, input.modified].map(async (uri) => (await vscode.workspace.openTextDocument(uri)).getText()));
    assert.equal(texts[0], 'on its way');
    assert.match(texts[1] ?? '', /When does the rake arrive\?/);
  });

  it('ask for what a call does not tell before it is replayed', async () => {
    const address = await write('prompts/address.prompt.yml', 'name: Address\nmodel: echo\nmessages:\n  - { role: user, content: "Where a parcel of the garden shop goes: {{street}}{{city}}" }\n');
    await vscode.commands.executeCommand(COMMANDS.importTraces, await write('address.jsonl', `${recordedCallLine({ id: '6'.repeat(16), answer: 'there', messages: [{ role: 'user', content: 'Where a parcel of the garden shop goes: Elm Road 7, Bath' }] })}\n`));
    // The page of the trace that an import opens takes the focus when it has loaded, and a picker that is open then closes.
    await closeAll();
    void vscode.commands.executeCommand(COMMANDS.replayCall, call('6'));
    // Two values, accepted empty: which part of the text was which nobody knows.
    const right = await accept('a diff editor', () => {
      const shown = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return shown instanceof vscode.TabInputTextDiff ? shown.modified : undefined;
    });
    assert.match((await vscode.workspace.openTextDocument(right)).getText(), /garden shop goes: *$/);
    for (const uri of [address, file('address.jsonl')]) await vscode.workspace.fs.delete(uri);
  });
});
