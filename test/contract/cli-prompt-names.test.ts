import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { touchstoneIn, type CommandResult } from '../fixtures/command-line.ts';
import { recordedCallLine } from '../fixtures/traces/recorded-calls.ts';

/** The beginning of the trace of span `cccc…`, as somebody copies it from `touchstone traces`. */
const CALL = 'cccccccc';

let folder: string;
const touchstone = (...args: string[]): Promise<CommandResult> => touchstoneIn(folder, args);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-cli-names-'));
  writeFileSync(join(folder, 'reply.prompt.yml'), 'name: First reply\nmodel: echo\nmessages:\n  - { role: user, content: "Answer politely: {{letter}}" }\ngolden: reply.golden.jsonl\n');
  writeFileSync(join(folder, 'reply.golden.jsonl'), '');
  writeFileSync(join(folder, 'calls.jsonl'), `${recordedCallLine({ id: 'c'.repeat(16), model: 'rules-1', answer: 'Soon.', messages: [{ role: 'user', content: 'Where is my parcel?' }] })}\n`);
  expect(await touchstone('import', 'calls.jsonl')).toMatchObject({ code: 0 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the label of a prompt of a promptfoo config', () => {
  it('names it, also where it is the only one, and finds it', async () => {
    writeFileSync(join(folder, 'urgency.txt'), 'Rate this: {{ticket}}');
    writeFileSync(join(folder, 'promptfooconfig.yaml'), 'description: Tickets\nprompts: [{ id: file://urgency.txt, label: urgency }]\nproviders: [echo]\ntests: [{ vars: { ticket: Hello } }]\n');
    expect(await touchstone('save', 'urgencey', '-m', 'First')).toMatchObject({ code: 2, err: expect.stringContaining('Did you mean promptfooconfig?') as string });
    expect(await touchstone('save', 'urgency', '-m', 'First')).toMatchObject({ code: 0, out: expect.stringMatching(/^Saved v1 · [0-9a-f]{8} of promptfooconfig\.\n$/) as string });
    expect(await touchstone('search', 'urgency')).toMatchObject({ code: 0, out: expect.stringContaining('promptfooconfig.yaml  v1') as string });
    expect(await touchstone('versions', 'promptfooconfig.yaml#urgency')).toMatchObject({ code: 0, out: expect.stringContaining('The working copy is v1') as string });
    expect(await touchstone('compare', 'urgency@v2', 'urgency')).toMatchObject({ code: 2, err: expect.stringContaining('promptfooconfig has no version v2') as string });
    // Without a label the file is its name, and stands nowhere else.
    writeFileSync(join(folder, 'promptfooconfig.yaml'), 'description: Tickets\nprompts: [file://urgency.txt]\nproviders: [echo]\ntests: [{ vars: { ticket: Hello } }]\n');
    expect(await touchstone('search', 'urgency')).toMatchObject({ code: 0, out: expect.stringContaining('promptfooconfig.yaml  v1') as string });
    expect(await touchstone('versions', 'urgency')).toMatchObject({ code: 0, out: expect.stringContaining('The working copy is v1') as string });
  });
});

describe('--prompt of golden and replay', () => {
  it('takes a prompt by its name, as all other commands do', async () => {
    expect(await touchstone('golden', CALL, '--prompt', 'First reply')).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(join(folder, 'reply.golden.jsonl'), 'utf8'))).toMatchObject({ letter: 'Where is my parcel?', expected: 'Soon.' });
    expect(await touchstone('replay', CALL, '--prompt', 'First reply@working', '--var', 'letter=Well?')).toMatchObject({ code: 0, out: expect.stringContaining('Answer politely: Well?') as string });
    expect(await touchstone('replay', CALL, '--prompt', 'second-reply')).toMatchObject({ code: 2, err: expect.stringContaining('There is no prompt second-reply') as string });
  });

  it('is asked for where the prompt of a call is not recognised', async () => {
    expect(await touchstone('golden', CALL)).toMatchObject({ code: 2, err: expect.stringMatching(/^Which prompt rendered the call .* is not known.*--prompt FILE/) as string });
  });
});
