import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CaseProposal, Replay } from '../../src/protocol/spans.ts';
import { touchstoneIn, type CommandResult } from '../fixtures/command-line.ts';
import { recordedCallLine } from '../fixtures/traces/recorded-calls.ts';

const PROMPT = 'name: Triage\nmodel: echo\nmessages:\n  - { role: system, content: "Route the ticket to billing, technical or other." }\n  - { role: user, content: "Ticket: {{ticket}}" }\n';
const GOLDEN = '{"id":"card","ticket":"My card was declined.","expected":"billing"}\n';

let folder = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-cli-calls-'));
  writeFileSync(join(folder, 'triage.prompt.yml'), `${PROMPT}golden: triage.golden.jsonl\n`);
  writeFileSync(join(folder, 'triage.golden.jsonl'), GOLDEN);
  const call = (id: string, ticket: string): string => recordedCallLine({ id: id.repeat(16), answer: 'other', messages: [{ role: 'system', content: 'Route the ticket to billing, technical or other.' }, { role: 'user', content: `Ticket: ${ticket}` }] });
  writeFileSync(join(folder, 'calls.jsonl'), `${call('a', 'Charged twice, write to ana@example.org.')}\n${call('b', 'my card was  declined.')}\n`);
  expect(await touchstone('import', 'calls.jsonl')).toMatchObject({ code: 0 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const touchstone = (...args: string[]): Promise<CommandResult> => touchstoneIn(folder, args);

const golden = (): string => readFileSync(join(folder, 'triage.golden.jsonl'), 'utf8');

describe('touchstone golden', () => {
  it('shows a case first, then appends it as one line, masked; the same question is left out', async () => {
    const shown = await touchstone('golden', 'aaaaaaaa', '--expected', 'billing', '--dry-run', '--json');
    // A person said what is expected.
    expect(shown).toMatchObject({ code: 0, err: '1 case would be appended; nothing was written.\n' });
    expect(shown.out).not.toContain('ana@example.org');
    const { cases: [proposal] } = JSON.parse(shown.out) as { cases: CaseProposal[] };
    expect(proposal).toMatchObject({ case: { vars: { ticket: 'Charged twice, write to [email 1].' }, expected: 'billing' }, origin: { variables: [{ value: 'Charged twice, write to [email 1].' }] } });
    expect(golden()).toBe(GOLDEN);

    const written = await touchstone('golden', 'aaaaaaaa', '--expected', 'billing');
    expect(written).toMatchObject({ code: 0, out: expect.stringMatching(/^\+ triage\.golden\.jsonl .*masked: \[email 1\] in ticket \([^)]+\)[^\n]*; names and postal addresses are not found/s) as string });
    expect(golden().startsWith(GOLDEN)).toBe(true);
    expect(golden().trimEnd().split('\n')).toHaveLength(2);
    expect(JSON.parse(golden().trimEnd().split('\n')[1] ?? '')).toMatchObject({ ticket: 'Charged twice, write to [email 1].', expected: 'billing', metadata: { trace: 'a'.repeat(32) } });

    const repeated = await touchstone('golden', 'bbbbbbbb');
    expect(repeated).toMatchObject({ code: 0, out: expect.stringContaining('asks the same as card (triage.golden.jsonl:1), and is left out') as string });
    expect(golden().trimEnd().split('\n')).toHaveLength(2);
  });

  it('says what is missing with the exit code 2, and writes nothing', async () => {
    expect(await touchstone('golden')).toMatchObject({ code: 2, err: expect.stringContaining('Name a trace') as string });
    expect(await touchstone('golden', 'cccccccc')).toMatchObject({ code: 2 });
    writeFileSync(join(folder, 'triage.prompt.yml'), PROMPT);
    rmSync(join(folder, 'triage.golden.jsonl'));
    expect(await touchstone('golden', 'aaaaaaaa')).toMatchObject({ code: 2, err: expect.stringContaining('Name a dataset') as string });
    expect(existsSync(join(folder, 'triage.golden.jsonl'))).toBe(false);
    // A dry run shows the case, and ends as the real one would.
    expect(await touchstone('golden', 'aaaaaaaa', '--dry-run')).toMatchObject({ code: 2, out: expect.stringMatching(/^\? no dataset /) as string, err: expect.stringContaining('Name a dataset') as string });
  });

  it('asks for the variables of a prompt that is not in the call, and takes none of them for another', async () => {
    writeFileSync(join(folder, 'reply.prompt.yml'), 'name: Reply\nmodel: echo\nmessages:\n  - { role: user, content: "Answer {{customer}}, who writes: {{letter}}" }\ngolden: reply.golden.jsonl\n');
    writeFileSync(join(folder, 'reply.golden.jsonl'), '');
    const asked = ['golden', 'aaaaaaaa', '--prompt', 'reply.prompt.yml'];
    const written = (): string => readFileSync(join(folder, 'reply.golden.jsonl'), 'utf8');
    expect(await touchstone(...asked)).toEqual({ code: 2, out: '', err: `Span ${'a'.repeat(16)} does not tell customer, letter. Give them: --var customer=TEXT --var letter=TEXT\n` });
    expect(await touchstone(...asked, '--var', 'customer=Ana', '--dry-run')).toMatchObject({ code: 2, out: expect.stringContaining('The prompt was not recognised in the call. Fill in letter: the call does not tell.') as string });
    expect(written()).toBe('');
    expect(await touchstone(...asked, '--var', 'customer=Ana', '--var', 'letter=Where is it?')).toMatchObject({ code: 0 });
    expect(JSON.parse(written())).toMatchObject({ customer: 'Ana', letter: 'Where is it?', expected: 'other' });
    // One variable is what the call asked, which is said.
    writeFileSync(join(folder, 'sum-up.prompt.yml'), 'name: Sum up\nmodel: echo\nmessages:\n  - { role: user, content: "Sum up: {{text}}" }\ngolden: reply.golden.jsonl\n');
    expect(await touchstone('golden', 'bbbbbbbb', '--prompt', 'sum-up.prompt.yml')).toMatchObject({ code: 0, out: expect.stringContaining('text is its last question') as string });
    expect(JSON.parse(written().trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ text: 'Ticket: my card was  declined.' });
    expect(await touchstone('golden', '--query', '', '--var', 'a=b')).toMatchObject({ code: 2, err: expect.stringContaining('name its trace') as string });
  });
});

describe('touchstone replay', () => {
  it('shows what is answered now beside what was recorded, with the prompt that rendered the call', async () => {
    const replayed = await touchstone('replay', 'aaaaaaaa', '--prompt', '@working', '--json');
    expect(replayed).toMatchObject({ code: 0 });
    const { recorded, outputs, model } = JSON.parse(replayed.out) as Replay;
    expect([recorded.output, model]).toEqual(['other', 'echo']);
    expect(outputs[0]?.output).toContain('Charged twice');
    expect((await touchstone('replay', 'aaaaaaaa', '--model', 'echo')).out).toMatch(/^recorded · gpt-5-mini.*\n {2}other\n1 · echo.* · trace [0-9a-f]{8}\n/);
  });

  it('says what stands in its way with the exit code 2', async () => {
    expect(await touchstone('replay', 'aaaaaaaa', '--prompt', 'triage.prompt.yml@')).toMatchObject({ code: 2, err: expect.stringContaining('names no version') as string });
    expect(await touchstone('replay', 'aaaaaaaa')).toMatchObject({ code: 2, err: expect.stringContaining('OPENAI_API_KEY') as string });
    writeFileSync(join(folder, 'elsewhere.jsonl'), `${recordedCallLine({ id: 'e'.repeat(16), model: 'in-house', answer: 'x', messages: [{ role: 'user', content: 'y' }] }).replace('"openai"', '"house"')}\n`);
    expect(await touchstone('import', 'elsewhere.jsonl')).toMatchObject({ code: 0 });
    expect(await touchstone('replay', 'eeeeeeee')).toMatchObject({ code: 2, err: expect.stringContaining('--model PROVIDER/NAME') as string });
  });
});

describe('the prompts of old calls', () => {
  it('are not found out where there are thousands of newer traces, which is said', async () => {
    const database = new Sqlite(join(folder, '.touchstone/touchstone.db'));
    const columns = (database.pragma('table_info(trace)') as { name: string }[]).map(({ name }) => name).filter((name) => !['n', 'id', 'start_ns', 'llm_calls'].includes(name)).join(', ');
    const newer = database.prepare(`INSERT INTO trace (id, start_ns, llm_calls, ${columns}) SELECT randomblob(16), start_ns + 1000000000 + ?, 0, ${columns} FROM trace ORDER BY n LIMIT 1`);
    // The newer of the two recorded ones is the last that is looked at.
    database.transaction(() => { for (let at = 0; at < 4999; at++) newer.run(at); })();
    database.close();
    const { code, out, err } = await touchstone('traces', 'prompt:*triage', '--json');
    expect([code, err]).toEqual([0, expect.stringContaining('the newest 5,000 traces. Older ones (1) are found by prompt: only if they name theirs.') as string]);
    expect((JSON.parse(out) as { traces: unknown[] }).traces).toHaveLength(1);
  });
});

describe('the recorded calls of the sample workspace', () => {
  it('are found by their prompt by a command that is the first to ask', async () => {
    cpSync(join(import.meta.dirname, '../../examples'), folder, { recursive: true, filter: (path) => !path.includes('touchstone.db') });
    expect(await touchstone('import', 'traces/triage.jsonl', 'traces/support-agent.jsonl')).toMatchObject({ code: 0 });
    const stopped = await touchstoneIn(folder, ['traces', 'prompt:*triage'], {}, (listener) => {
      const timer = setInterval(listener, 1);
      return () => clearInterval(timer);
    });
    expect(stopped).toMatchObject({ code: 130, out: '' });
    const found = await touchstone('traces', 'prompt:prompts/support/triage', '--json');
    // Where it takes longer than a moment it says how far it is, and nothing else.
    expect(found).toMatchObject({ code: 0, err: expect.stringMatching(/^(\s*Finding the prompts of calls: \d+ of \d+ traces\s*)*$/) as string });
    expect(JSON.parse(found.out)).toMatchObject({ traces: [{ name: 'invoke_agent triage' }, { name: 'invoke_agent triage' }] });
  });

  it('are sampled by their prompt, too', async () => {
    cpSync(join(import.meta.dirname, '../../examples'), folder, { recursive: true, filter: (path) => !path.includes('touchstone.db') });
    expect(await touchstone('import', 'traces/triage.jsonl', 'traces/support-agent.jsonl')).toMatchObject({ code: 0 });
    const { code, out, err } = await touchstone('golden', '--query', 'prompt:prompts/support/triage', '--dry-run', '--json');
    expect([code, err]).toEqual([0, expect.stringContaining('2 of 2 calls') as string]);
    expect(err.split('\n').slice(-3)).toEqual(['2 cases expect what was answered then, and nobody has checked that: read them before you commit them.', '2 cases would be appended; nothing was written.', '']);
    expect((JSON.parse(out) as { cases: CaseProposal[] }).cases.map(({ origin }) => origin?.promptId)).toEqual(['prompts/support/triage', 'prompts/support/triage']);
  });

  it('lead to its prompt, a golden case and another answer', async () => {
    cpSync(join(import.meta.dirname, '../../examples'), folder, { recursive: true, filter: (path) => !path.includes('touchstone.db') });
    const { code, out } = await touchstone('import', 'traces/triage.jsonl');
    expect([code, out]).toEqual([0, expect.stringContaining(' 2      6 ') as string]);
    const recorded = readFileSync(join(folder, 'traces/triage.jsonl'), 'utf8').trimEnd().split('\n').at(-1) ?? '';
    const trace = /"traceId":"([0-9a-f]{32})"/.exec(recorded)?.[1] ?? '';
    const proposed = await touchstone('golden', trace, '--expected', 'technical', '--dry-run', '--json');
    expect(JSON.parse(proposed.out)).toMatchObject({ cases: [{
      case: { vars: { plan: 'Pro', subject: 'Calendar does not sync any more' }, expected: 'technical' }, missing: [], duplicateOf: null,
      origin: { promptId: 'prompts/support/triage', exact: true, versions: [{ label: expect.stringMatching(/^v2/) as string, environments: expect.arrayContaining(['production']) as string[] }] },
      dataset: { file: join(folder, 'prompts/support/triage.golden.jsonl') },
    }] });
    expect((await touchstone('replay', trace, '--prompt', '@working')).out).toMatch(/^recorded · local:labels · .*\n {2}account\n1 · local:labels · .*\n {2}account\n/);
  });
});
