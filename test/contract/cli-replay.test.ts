import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { touchstoneIn, type CommandResult } from '../fixtures/command-line.ts';
import { recordedCallLine } from '../fixtures/traces/recorded-calls.ts';

const PROMPT = `name: Triage
model: echo
messages:
  - { role: user, content: "{{plan}} plan: {{ticket}}" }
`;
const TRACE = 'a'.repeat(32);
const SECOND = 'b'.repeat(16);

let folder = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-cli-replay-'));
  writeFileSync(join(folder, 'touchstone.yml'), '');
  writeFileSync(join(folder, 'triage.prompt.yml'), PROMPT);
  const call = (id: string, tokens: number): string => recordedCallLine({ id, messages: [{ role: 'user', content: 'Where is it?' }], answer: 'There.', attributes: { 'gen_ai.usage.input_tokens': tokens } });
  // Two calls of one trace.
  writeFileSync(join(folder, 'calls.jsonl'), `${call('a'.repeat(16), 1100)}\n${call(SECOND, 40).replace(SECOND.repeat(2), TRACE)}\n`);
  expect((await touchstone('import', 'calls.jsonl')).code).toBe(0);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const touchstone = (...args: string[]): Promise<CommandResult> => touchstoneIn(folder, args);

describe('touchstone replay', () => {
  it('lists the calls to choose from, as the tree shows them, and takes the beginning of an id', async () => {
    const listed = `  ${'a'.repeat(16)}  chat gpt-5-mini  1,100 → 5 tokens\n  ${SECOND}  chat gpt-5-mini  40 → 5 tokens\n`;
    expect(await touchstone('replay', 'latest', '--model', 'echo')).toEqual({ code: 2, out: '', err: `The trace has 2 calls of a model. Name one with --span:\n${listed}` });
    const replayed = await touchstone('replay', 'aaaa', '--span', 'BB', '--model', 'echo');
    expect(replayed).toMatchObject({ code: 0, out: expect.stringMatching(/recorded · .*\n {2}There\.\n1 · echo .*\n.*Where is it\?/s) as string });
    expect((await touchstone('trace', TRACE, '--span', 'bb')).out).not.toContain('1,100');
    expect(await touchstone('trace', TRACE, '--span', 'cc')).toMatchObject({ code: 2, err: expect.stringContaining('has no span cc') as string });
  });

  it('takes values that the call does not tell', async () => {
    const asked = ['replay', TRACE, '--span', SECOND, '--prompt', 'triage.prompt.yml'];
    expect(await touchstone(...asked, '--var', 'plan=Team')).toMatchObject({ code: 2, err: expect.stringMatching(/^Triage needs ticket, .*: --var ticket=TEXT\n$/) as string });
    expect((await touchstone(...asked, '--var', 'plan=Team', '--var', 'ticket=1 + 1 = 3')).out).toContain('Team plan: 1 + 1 = 3');
    expect(await touchstone(...asked, '--var', 'plan')).toMatchObject({ code: 2 });
    expect(await touchstone('replay', TRACE, '--span', SECOND, '--var', 'plan=Team')).toMatchObject({ code: 2, err: expect.stringContaining('name it with --prompt') as string });
  });
});
