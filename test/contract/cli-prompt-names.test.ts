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
}, 60_000);
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('--prompt of golden and replay', () => {
  it('takes a prompt by its name, as all other commands do', async () => {
    expect(await touchstone('golden', CALL, '--prompt', 'First reply')).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(join(folder, 'reply.golden.jsonl'), 'utf8'))).toMatchObject({ letter: 'Where is my parcel?', expected: 'Soon.' });
    expect(await touchstone('replay', CALL, '--prompt', 'First reply@working', '--var', 'letter=Well?')).toMatchObject({ code: 0, out: expect.stringContaining('Answer politely: Well?') as string });
    expect(await touchstone('replay', CALL, '--prompt', 'second-reply')).toMatchObject({ code: 2, err: expect.stringContaining('There is no prompt second-reply') as string });
  }, 120_000);

  it('is asked for where the prompt of a call is not recognised', async () => {
    expect(await touchstone('golden', CALL)).toMatchObject({ code: 2, err: expect.stringMatching(/^Which prompt rendered the call .* is not known.*--prompt FILE/) as string });
  }, 120_000);
});
