import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import type { SpanRef } from '../../src/protocol/spans.ts';
import { testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';
import { recordedCallLine, type RecordedCallOptions } from '../fixtures/traces/recorded-calls.ts';

const SYSTEM = 'You route the support tickets of a workspace for teams to exactly one queue: billing, technical, account or other.';
const prompt = (system: string, model = 'openai/gpt-5-mini'): string => `name: Support triage
model: ${model}
messages:
  - role: system
    content: |
      ${system}
  - role: user
    content: "Subject: {{subject}}\\n\\n{{body}}"
golden: triage.golden.jsonl
`;
const FILES = {
  'prompts/triage.prompt.yml': prompt(SYSTEM),
  'prompts/triage.golden.jsonl': '{"id":"card","subject":"Card declined","body":"My card was declined.","expected":"billing"}\n',
  'prompts/other.prompt.yml': 'name: Other\nmodel: openai/gpt-5-mini\nmessages:\n  - role: user\n    content: "Write a release note about {{change}} for the customers of a workspace for teams."\n',
};

let test: TestEngine | undefined;
afterEach(async () => {
  await test?.close();
  test = undefined;
});

const path = (name = 'triage'): string => join(test?.folder ?? '', `prompts/${name}.prompt.yml`);
const triage = (id: string, subject: string, body: string, more: Partial<RecordedCallOptions> = {}, system = SYSTEM): RecordedCallOptions => ({
  id: id.repeat(16).slice(0, 16), answer: 'billing', messages: [{ role: 'system', content: `${system}\n` }, { role: 'user', content: `Subject: ${subject}\n\n${body}` }], ...more,
});
const refOf = (id: string): SpanRef => ({ traceId: id.repeat(32).slice(0, 32), spanId: id.repeat(16).slice(0, 16) });

async function receive(...calls: RecordedCallOptions[]): Promise<void> {
  const file = join(test?.folder ?? '', `calls-${calls[0]?.id}.jsonl`);
  writeFileSync(file, `${calls.map(recordedCallLine).join('\n')}\n`);
  const { files } = (await test?.engine.request('traces/import', { files: [file] })) ?? { files: [] };
  expect(files[0]).toMatchObject({ spans: calls.length, rejected: [] });
}

describe('a new prompt from a recorded call', () => {
  it('is found as the prompt of that call once it is saved, and holds nothing that is masked', async () => {
    test = await testEngine(FILES);
    const { engine } = test;
    await receive({ id: 'e'.repeat(16), answer: 'Soon.', messages: [{ role: 'system', content: 'Reply to customers of a shop for bicycles in one sentence, and never promise a day.' }, { role: 'user', content: 'Where is my {{order}}?' }] });
    await receive({ id: 'f'.repeat(16), answer: 'x', messages: [] });
    expect((await engine.request('spans/prompt', refOf('e'))).origins).toEqual([]);
    const { text, masked, notes } = await engine.request('calls/new-prompt', { ...refOf('e'), name: 'Short replies' });
    expect([masked, notes]).toEqual([[], []]);
    writeFileSync(path('short'), text);
    expect(await engine.request('spans/prompt', refOf('e'))).toMatchObject({ certain: true, origins: [{ name: 'Short replies', exact: true, variables: [{ name: 'literal1', value: '{{order}}' }] }] });
    await expect(engine.request('calls/new-prompt', { ...refOf('f'), name: 'Nothing' })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('the prompt of a recorded call', () => {
  it('is the file with its values; once versions are saved, the version', async () => {
    test = await testEngine(FILES);
    const { engine } = test;
    await receive(triage('a', 'Charged twice', 'I was charged twice.'));
    expect(await engine.request('spans/prompt', refOf('a'))).toEqual({
      how: 'matched',
      certain: true,
      note: null,
      origins: [{
        promptId: 'prompts/triage', name: 'Support triage', path: path(), exact: true, score: 1, unknown: [], end: 2,
        versions: [{ ref: 'working', label: 'working copy', environments: [] }],
        variables: [{ name: 'subject', value: 'Charged twice', doubtful: false }, { name: 'body', value: 'I was charged twice.', doubtful: false }],
      }],
    });

    const { version } = await engine.request('versions/save', { path: path(), message: 'first' });
    await engine.request('environments/promote', { path: path(), ref: 'v1', environment: 'production' });
    writeFileSync(path(), prompt(`${SYSTEM} When in doubt, say other.`));
    const saved = await engine.request('versions/save', { path: path(), message: 'second' });
    await receive(triage('b', 'Hello', 'A question.', {}, `${SYSTEM} When in doubt, say other.`));
    const versionsOf = async (id: string): Promise<unknown> => {
      const { certain, origins } = await engine.request('spans/prompt', refOf(id));
      return [certain, origins[0]?.versions];
    };
    expect(await versionsOf('a')).toEqual([true, [{ ref: version.hash, label: version.label, environments: ['production'] }]]);
    expect(await versionsOf('b')).toEqual([true, [{ ref: saved.version.hash, label: saved.version.label, environments: [] }]]);
  });

  it('in versions with the same text is told by the model, else nobody knows which', async () => {
    test = await testEngine(FILES);
    const { engine } = test;
    await engine.request('versions/save', { path: path(), message: 'mini' });
    writeFileSync(path(), prompt(SYSTEM, 'openai/gpt-5'));
    await engine.request('versions/save', { path: path(), message: 'large' });
    await receive(triage('a', 'x', 'y', { model: 'gpt-5-mini-2025-08-07' }), triage('b', 'x', 'y', { model: 'somebody-elses' }));
    expect(await engine.request('spans/prompt', refOf('a'))).toMatchObject({ certain: true, origins: [{ versions: [{ label: expect.stringMatching(/^v1/) as string }] }] });
    const unknown = await engine.request('spans/prompt', refOf('b'));
    expect(unknown).toMatchObject({ certain: false, note: expect.stringContaining('have the same text') as string });
    expect(unknown.origins[0]?.versions.map(({ label }) => label.slice(0, 2))).toEqual(['v2', 'v1']);
  });

  it('is what the app says, and a contradiction is told', async () => {
    test = await testEngine(FILES);
    const { engine } = test;
    const { version } = await engine.request('versions/save', { path: path(), message: 'first' });
    const said = (name: string, number: string): Partial<RecordedCallOptions> => ({ attributes: { 'gen_ai.prompt.name': name, 'gen_ai.prompt.version': number } });
    await receive(triage('a', 'x', 'y', said('prompts/triage', '1')), triage('b', 'x', 'y', said('prompts/other', version.hash.slice(0, 8))), triage('c', 'x', 'y', said('not/here', 'v3')));
    expect(await engine.request('spans/prompt', refOf('a'))).toMatchObject({ how: 'said', certain: true, origins: [{ promptId: 'prompts/triage', versions: [{ ref: version.hash }] }], note: null });
    expect(await engine.request('spans/prompt', refOf('b'))).toMatchObject({ how: 'said', note: 'The app says Other; the text is that of Support triage.' });
    expect(await engine.request('spans/prompt', refOf('c'))).toMatchObject({ how: 'matched', certain: true, origins: [{ promptId: 'prompts/triage' }] });
  });

  it('is a guess where the text was edited since, and none where it is another program’s', async () => {
    test = await testEngine(FILES);
    const { engine } = test;
    await receive(triage('a', 'x', 'y', {}, SYSTEM.replace('exactly one', 'just one')), { id: 'b'.repeat(16), answer: '', messages: [{ role: 'user', content: 'Tell me a story about the sea.' }] });
    expect(await engine.request('spans/prompt', refOf('a'))).toMatchObject({ how: 'matched', certain: false, origins: [{ promptId: 'prompts/triage', exact: false }], note: expect.stringMatching(/^\d\d % of the prompt's text/) as string });
    expect(await engine.request('spans/prompt', refOf('b'))).toEqual({ how: 'none', certain: false, origins: [], note: 'No prompt of this workspace has a text like this.' });
  });

  it('is that of an editor with unsaved changes too', async () => {
    test = await testEngine(FILES);
    await receive(triage('a', 'x', 'y', {}, 'Sort mail into one of these boxes: red, green, blue. Say only the box.'));
    const overlays = [{ path: path(), text: prompt('Sort mail into one of these boxes: red, green, blue. Say only the box.') }];
    expect(await test.engine.request('spans/prompt', { ...refOf('a'), overlays })).toMatchObject({ certain: true, origins: [{ promptId: 'prompts/triage' }] });
    expect(await test.engine.request('spans/prompt', refOf('a'))).toMatchObject({ how: 'none' });
  });
});

describe('what production says of a prompt', () => {
  it('counts its calls, by version, and finds them', async () => {
    test = await testEngine(FILES);
    const { engine } = test;
    const { version } = await engine.request('versions/save', { path: path(), message: 'first' });
    const calls = Array.from('abcdef', (id, i) => triage(id, `Subject ${i}`, 'Text', { durationMs: 100 * (i + 1), failed: i === 5, at: i * 1000, ...(i === 0 ? { attributes: { 'langfuse.observation.x': 'y' } } : {}) }));
    await receive(...calls, { id: '7'.repeat(16), answer: 'x', messages: [{ role: 'user', content: 'Something else that no prompt of this workspace says.' }] });
    const use = async (): Promise<unknown> => {
      for (;;) {
        const { uses } = await engine.request('prompts/production', { path: path() });
        if (uses[0]?.pending === 0) return uses;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    expect(await use()).toEqual([{
      promptId: 'prompts/triage', calls: 6, errors: 1, p50Ms: 350, p95Ms: expect.closeTo(575, 0) as number, costPerCall: expect.any(Number) as number, feedback: [],
      versions: [{ ref: version.hash, label: version.label, calls: 6, errors: 1 }], since: expect.any(String) as string, query: 'prompt:prompts/triage', pending: 0,
    }]);
    const list = async (query: string): Promise<number> => (await engine.request('traces/list', { query, sort: 'time', descending: true, limit: 50 })).traces.length;
    expect([await list('prompt:prompts/triage'), await list('prompt:prompts/triage@v1'), await list('prompt:prompts/other')]).toEqual([6, 6, 0]);

    // The prompt was edited: what was sent is still the version's, and no longer that of anything else.
    writeFileSync(path(), prompt('Another text altogether, which nobody has sent yet, as far as anybody knows.'));
    expect(await use()).toMatchObject([{ calls: 6 }]);
    await engine.request('traces/delete', { query: 'prompt:prompts/triage' });
    expect(await use()).toMatchObject([{ calls: 0, since: null, p95Ms: null }]);
  });
});

describe('what is kept of calls', () => {
  const uses = async (name: string): Promise<{ calls: number }> => {
    for (;;) {
      const { uses: [use] } = await test!.engine.request('prompts/production', { path: path(name) });
      if (use?.pending === 0) return use;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it('is not what a prompt without a text of its own could have rendered', async () => {
    test = await testEngine({ 'prompts/any.prompt.yml': 'name: Any\nmodel: openai/gpt-5-mini\nmessages:\n  - { role: user, content: "{{question}}" }\n' });
    await receive({ id: 'a'.repeat(16), answer: 'x', messages: [{ role: 'user', content: 'Tell me a story about the sea.' }] });
    expect(await test.engine.request('spans/prompt', refOf('a'))).toMatchObject({ certain: false, origins: [{ exact: false, score: 0, variables: [{ name: 'question', value: 'Tell me a story about the sea.' }] }], note: expect.stringContaining('fits nearly every call') as string });
    expect(await uses('any')).toMatchObject({ calls: 0 });
  });

  it('waits for others that write, and holds nobody up', async () => {
    test = await testEngine(FILES);
    await receive(triage('a', 'Hello', 'World'));
    const other = new Sqlite(join(test.folder, '.touchstone/touchstone.db'));
    other.exec('BEGIN IMMEDIATE');
    try {
      const { uses: [use] } = await test.engine.request('prompts/production', { path: path() });
      expect(use).toMatchObject({ calls: 0, pending: 1 });
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await test.engine.request('spans/prompt', refOf('a'))).toMatchObject({ certain: true });
    } finally {
      other.exec('COMMIT');
      other.close();
    }
    expect(await uses('triage')).toMatchObject({ calls: 1 });
    expect(test.logs.filter((line) => line.includes('could not be found'))).toEqual([]);
  });

  it('is told of to whoever knows that it is still looked for, even where there is nothing', async () => {
    test = await testEngine(FILES);
    const { engine } = test;
    await receive({ id: 'a'.repeat(16), answer: 'x', messages: [{ role: 'user', content: 'Something else that no prompt of this workspace says.' }] });
    let told = 0;
    let ofOthers = false;
    // The store itself tells of all some seconds after it was written, of runs first and at once of traces.
    engine.on('runs/changed', () => void (ofOthers = true));
    engine.on('traces/changed', ({ all }) => {
      if (all && !ofOthers) told++;
      ofOthers = false;
    });
    expect(await engine.request('calls/match', { forMs: 0 })).toMatchObject({ pending: 1 });
    while ((await engine.request('calls/match', { forMs: 20 })).pending > 0);
    await expect.poll(() => told).toBe(1);
  });

  it('leaves what the app says of its calls alone, and goes with the prompt that was guessed', async () => {
    test = await testEngine(FILES);
    const { engine } = test;
    await receive(triage('a', 'Hello', 'World', { attributes: { 'gen_ai.prompt.name': 'prompts/triage' } }), triage('b', 'Hello', 'World', { attributes: { 'gen_ai.prompt.name': 'Support triage' } }));
    const found = async (query: string): Promise<number> => (await engine.request('traces/list', { query, sort: 'time', descending: true, limit: 50 })).traces.length;
    expect(await uses('triage')).toMatchObject({ calls: 2 });
    expect(await found('prompt:prompts/triage')).toBe(2);
    writeFileSync(path('third'), 'name: Third\nmodel: openai/gpt-5-mini\nmessages:\n  - { role: user, content: "Something else that nobody sent: {{x}}" }\n');
    rmSync(path());
    expect(await uses('third')).toMatchObject({ calls: 0 });
    expect([await found('prompt:prompts/triage'), await found('prompt:"Support triage"')]).toEqual([1, 1]);
  });
});

describe('golden cases of recorded calls', () => {
  it('are proposed for the prompt’s dataset, masked, with their duplicates', async () => {
    test = await testEngine(FILES);
    const { engine } = test;
    await receive(triage('a', 'Charged twice', 'Write to ana@example.org'), triage('b', 'card  declined', 'My card was declined.'), triage('c', 'Charged twice', 'Write to ana@example.org', { at: 5 }));
    const { proposals } = await engine.request('golden/propose', { spans: [refOf('a'), refOf('b'), refOf('c')], corrections: { [refOf('b').spanId]: 'technical' } });
    expect(proposals[0]).toMatchObject({
      dataset: { file: join(test.folder, 'prompts/triage.golden.jsonl'), key: null },
      case: { id: expect.stringMatching(/^case-[0-9a-f]{8}$/) as string, vars: { subject: 'Charged twice', body: 'Write to [email 1]' }, expected: 'billing', metadata: { trace: refOf('a').traceId, span: refOf('a').spanId, model: 'gpt-5-mini', prompt: 'prompts/triage@working' } },
      expectedFrom: 'output', masked: [{ kind: 'email', pointer: '/vars/body' }], duplicateOf: null, notes: [],
    });
    expect(proposals[1]).toMatchObject({ case: { id: 'card-declined', expected: 'technical' }, expectedFrom: 'correction', duplicateOf: { caseId: 'card', line: 1 } });
    expect(proposals[2]).toMatchObject({ duplicateOf: { caseId: proposals[0]?.case.id, line: 0 } });
  });

  it('say which members of a variable a call does not tell, and take them by the names that the template has for them', async () => {
    const template = 'Answer {{ user.name }}, whose seat is {{ user.team }}{{ user.seat }} of the workspace for teams, as one of us would: {{ question }}';
    test = await testEngine({ 'seats/promptfooconfig.yaml': JSON.stringify({ prompts: [{ raw: template, label: 'seat' }], providers: ['openai:gpt-5-mini'], tests: [{ vars: { user: { name: 'Bo', team: 'core', seat: '1' }, question: 'Where?' } }] }) });
    const { engine } = test;
    await receive({ id: 'd'.repeat(16), answer: 'Yes.', messages: [{ role: 'user', content: 'Answer Ana, whose seat is core7 of the workspace for teams, as one of us would: May I move?' }] });
    const ask = async (vars?: Record<string, string>) => (await engine.request('golden/propose', { spans: [refOf('d')], ...(vars === undefined ? {} : { vars: { [refOf('d').spanId]: vars } }) })).proposals[0];
    expect(await ask()).toMatchObject({ missing: ['user.team', 'user.seat'], case: { vars: { user: { name: 'Ana', team: '', seat: '' }, question: 'May I move?' } }, notes: [expect.stringContaining('Fill in user.team, user.seat')] });
    const given = { 'user.team': 'core', 'user.seat': '7' };
    const told = { user: { name: 'Ana', team: 'core', seat: '7' }, question: 'May I move?' };
    const filled = await ask(given);
    expect([filled?.missing, filled?.case.vars]).toEqual([[], told]);
    const replay = { kind: 'prompt', path: filled?.origin?.path ?? '', prompt: filled?.origin?.promptId ?? '', ref: 'working' } as const;
    expect(await engine.request('replay/variables', { span: refOf('d'), with: { ...replay, vars: given } })).toMatchObject({ vars: told, missing: [] });
  });

  it('are a choice of calls that differ', async () => {
    test = await testEngine(FILES);
    const { engine } = test;
    const refunds = Array.from({ length: 6 }, (_, i) => triage(`a${i}`, 'Refund', `Please refund invoice number ${1000 + i}.`, { at: i }));
    await receive(...refunds, triage('b0', 'Outage', 'The app shows a blank page after login.'), triage('c0', 'Hiring', 'Do you have open positions for designers?'));
    const { spans, of } = await engine.request('golden/sample', { query: '', count: 3, prompt: { path: path() } });
    expect(of).toBe(8);
    expect(spans.map(({ spanId }) => spanId[0]).sort((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual(['a', 'b', 'c']);
    expect((await engine.request('golden/sample', { query: '', count: 3, prompt: { path: path('other') } })).of).toBe(0);
    // What a case of the dataset asks already is not chosen once more, while there is something else.
    const { proposals: [hiring] } = await engine.request('golden/propose', { spans: spans.filter(({ spanId }) => spanId.startsWith('c')) });
    appendFileSync(hiring!.dataset!.file, `${JSON.stringify({ ...hiring!.case.vars, expected: 'other' })}\n`);
    const again = await engine.request('golden/sample', { query: '', count: 3, prompt: { path: path() } });
    expect(again.of).toBe(8);
    expect(again.spans).toHaveLength(3);
    expect(again.spans.map(({ spanId }) => spanId[0])).not.toContain('c');
  });
});
