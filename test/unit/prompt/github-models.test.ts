import { describe, expect, it } from 'vitest';
import { readPromptFile } from '../../../src/core/prompt/formats.ts';
import type { PromptFile } from '../../../src/core/prompt/model.ts';
import { memoryFiles } from './memory-files.ts';
import { covered } from './places.ts';

const PATH = '/w/prompts/triage.prompt.yml';

const COMPLETE = `name: Ticket triage
description: one label per ticket
model: openai/gpt-4o-mini
modelParameters: { temperature: 0.2, maxTokens: 64, maxCompletionTokens: 32, topP: 0.9, logit_bias: { "50256": -100 } }
responseFormat: json_schema
jsonSchema: |-
  {"name":"triage","strict":true,"schema":{"type":"object","properties":{"label":{"type":"string"}}}}
messages:
  - { role: System, content: You label tickets. }
  - { role: user, content: "Ticket: {{input}}" }
testData:
  - { input: "card declined twice", expected: billing }
  - { input: "app crashes", expected: technical, id: 7 }
evaluators:
  - { name: has label, string: { contains: "{{expected}}" } }
  - name: judge
    llm:
      modelId: openai/gpt-4o
      prompt: "Is '{{completion}}' right?"
      choices: [ { choice: "yes", score: 1 }, { choice: "no", score: 0 } ]
  - { name: similar, uses: github/similarity }
assert:
  - { type: latency, threshold: 5000 }
golden: triage.golden.jsonl
metadata: { id: triage, owner: support, tags: [billing] }
threshold: 0.8
tools:
  - { type: function, function: { name: lookup, description: finds, parameters: { type: object } } }
`;

async function read(text: string, others: Readonly<Record<string, string>> = {}): Promise<PromptFile> {
  return readPromptFile(PATH, { files: memoryFiles({ ...others, [PATH]: text }), root: '/w' });
}

/** `severity code: the text underlined` for every finding. */
async function findings(text: string): Promise<string[]> {
  const { diagnostics } = await read(text);
  return diagnostics.map(({ severity, code, range }) => `${severity} ${code}: ${covered(text, range)}`);
}

describe('reading a GitHub Models prompt file', () => {
  it('depends on the files of its checks, and misses those that are not there', async () => {
    const text = 'model: echo\nmessages: [{ role: user, content: "{{x}}" }]\nassert:\n  - { type: javascript, value: file://check.js }\n  - { type: contains, value: file://gone.txt }\n';
    const { prompts, diagnostics, dependencies } = await read(text, { '/w/prompts/check.js': 'true' });
    expect([prompts.length, dependencies]).toEqual([1, ['/w/prompts/check.js']]);
    expect(diagnostics.map(({ severity, message, range }) => [severity, message, range.start.line + 1])).toEqual([['error', 'there is no file file://gone.txt', 5]]);
  });

  it('reads everything the format has', async () => {
    const { prompts, diagnostics, dependencies } = await read(COMPLETE, { '/w/prompts/triage.golden.jsonl': '' });
    const prompt = prompts[0];
    expect(diagnostics.map(({ severity, code, message }) => [severity, code, message])).toEqual([['warning', 'parameters', '"maxTokens" is ignored: the same parameter is given twice']]);
    expect(prompt).toMatchObject({
      id: 'prompts/triage', name: 'Ticket triage', description: 'one label per ticket', syntax: 'placeholders', threshold: 0.8,
      models: [{ id: 'openai/gpt-4o-mini' }],
      parameters: { temperature: 0.2, maxTokens: 32, topP: 0.9, extra: { logit_bias: { '50256': -100 } } },
      responseFormat: { type: 'json_schema', name: 'triage', strict: true, schema: { type: 'object' } },
      messages: [{ role: 'system', content: 'You label tickets.' }, { role: 'user', content: 'Ticket: {{input}}' }],
      tools: [{ name: 'lookup', description: 'finds', parameters: { type: 'object' } }],
      metadata: { id: 'triage', owner: 'support', tags: ['billing'] },
      dataset: { name: 'inline + triage.golden.jsonl', files: ['/w/prompts/triage.golden.jsonl'] },
    });
    expect(dependencies).toEqual(['/w/prompts/triage.golden.jsonl']);
    expect(prompt?.assertions.map(({ type, name, value }) => [type, name, value])).toEqual([
      ['github:string', 'has label', { contains: '{{expected}}' }],
      ['github:llm', 'judge', expect.objectContaining({ modelId: 'openai/gpt-4o' })],
      ['github:uses', 'similar', 'github/similarity'],
      ['latency', undefined, undefined],
    ]);
    expect(prompt?.dataset.inline.map(({ vars, expected }) => [vars, expected])).toEqual([[{ input: 'card declined twice' }, 'billing'], [{ input: 'app crashes', id: 7 }, 'technical']]);
    expect(prompt?.dataset.inline.map(({ place }) => [covered(COMPLETE, place.range), place.expectedRange && covered(COMPLETE, place.expectedRange)])[0]).toEqual(['{ input: "card declined twice", expected: billing }', 'billing']);
    expect(covered(COMPLETE, prompt?.ranges.messages ?? { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } })).toBe('messages');
  });

  it('finds the golden dataset beside the file, and none when there are two', async () => {
    const text = 'model: a/b\nmessages: [{ role: user, content: hi }]\n';
    expect((await read(text, { '/w/prompts/triage.golden.csv': 'a\n1' })).prompts[0]?.dataset.files).toEqual(['/w/prompts/triage.golden.csv']);
    expect((await read(text, { '/w/prompts/other.golden.csv': 'a\n1' })).prompts[0]?.dataset.files).toEqual([]);
    const two = await read(text, { '/w/prompts/triage.golden.csv': 'a', '/w/prompts/triage.golden.jsonl': '' });
    expect(two.diagnostics.map(({ severity, code }) => [severity, code])).toEqual([['error', 'golden-missing']]);
  });

  it('takes the dataset of touchstone.yml before the one beside the file, and `golden:` before both', async () => {
    const text = 'model: a/b\nmessages: [{ role: user, content: hi }]\n';
    const files = memoryFiles({ [PATH]: text, '/w/prompts/triage.golden.csv': 'a\n1', '/w/own.jsonl': '' });
    const options = { files, root: '/w', datasets: { 'prompts/*': ['/w/data.jsonl'] } };
    expect((await readPromptFile(PATH, options)).prompts[0]?.dataset.files).toEqual(['/w/data.jsonl']);
    expect((await readPromptFile(PATH, { ...options, text: `${text}golden: ../own.jsonl\n` })).prompts[0]?.dataset.files).toEqual(['/w/own.jsonl']);
  });

  it('reads patterns and inline cases under golden, and refuses files outside of the workspace', async () => {
    const text = 'model: a/b\nmessages: [{ role: user, content: "{{q}}" }]\ngolden:\n  - "*.golden.jsonl"\n  - { id: one, q: first, expected: 1, tags: [easy] }\n  - ../../etc/passwd\n';
    const { prompts, diagnostics } = await read(text, { '/w/prompts/a.golden.jsonl': '', '/w/prompts/b.golden.jsonl': '', '/etc/passwd': 'root' });
    expect(prompts[0]?.dataset.files).toEqual(['/w/prompts/a.golden.jsonl', '/w/prompts/b.golden.jsonl']);
    expect(prompts[0]?.dataset.inline).toMatchObject([{ id: 'one', vars: { q: 'first' }, expected: 1, tags: ['easy'] }]);
    expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([['outside-workspace', '../../etc/passwd lies outside of the workspace folder and is not read']]);
  });

  it.each([
    ['model: a/b\n', ['error messages: model: a/b']],
    ['model: a/b\nmessages: {}\n', ['error messages: {}']],
    ['model: a/b\nmessages: []\n', ['error messages: []']],
    ['model: ""\nmessages: [{ role: user, content: hi }]\n', ['warning model-missing: ""']],
    ['model: [a]\nmessages: [{ role: user, content: hi }]\n', ['error model: [a]']],
    ['messages: [{ role: user, content: hi }]\n', ['warning model-missing: messages: [{ role: user, content: hi }]']],
    ['model: a/b\nmessages: [{ role: robot, content: hi }]\n', ['error message-role: robot']],
    ['model: a/b\nmessages: [{ content: hi }]\n', ['error message-role: { content: hi }']],
    ['model: a/b\nmessages: [{ role: user, content: "" }]\n', ['warning empty-content: ""']],
    ['model: a/b\nmessages: [{ role: user }]\n', ['error message-content: { role: user }']],
    ['model: a/b\nmessages:\n  - role: user\n    content: {{input}}\n', ['error message-content: {{input}}']],
    ['model: a/b\nresponseFormat: xml\nmessages: [{ role: user, content: hi }]\n', ['error response-format: xml']],
    ['model: a/b\nresponseFormat: json_schema\nmessages: [{ role: user, content: hi }]\n', ['error json-schema: json_schema']],
    ['model: a/b\njsonSchema: { name: x }\nmessages: [{ role: user, content: hi }]\n', ['error json-schema: { name: x }']],
    ["model: a/b\njsonSchema: '{'\nmessages: [{ role: user, content: hi }]\n", ["error json-schema: '{'"]],
    ["model: a/b\njsonSchema: '{\"name\":\"x\"}'\nmessages: [{ role: user, content: hi }]\n", ["error json-schema: '{\"name\":\"x\"}'"]],
    ['model: a/b\nmodelParameters: { temperature: hot }\nmessages: [{ role: user, content: hi }]\n', ['error parameters: hot']],
    ['model: a/b\nevaluators: [{ name: none }]\nmessages: [{ role: user, content: hi }]\n', ['error evaluator: { name: none }']],
    ['model: a/b\nevaluators: [{ name: s, string: { equals: "" } }]\nmessages: [{ role: user, content: hi }]\n', ['error evaluator: { equals: "" }']],
    ['model: a/b\nassert: [{ type: nonsense }]\nmessages: [{ role: user, content: hi }]\n', ['error assertion: { type: nonsense }']],
    ['model: a/b\nthreshold: 3\nmessages: [{ role: user, content: hi }]\n', ['error threshold: 3']],
    ['model: a/b\ngolden: absent.jsonl\nmessages: [{ role: user, content: hi }]\n', ['error golden-missing: absent.jsonl']],
    ['model: a/b\nmesages: 1\nmessages: [{ role: user, content: hi }]\n', ['warning unknown-key: mesages']],
    ['model: a/b\nmessages: [{ role: user, content: "{{expected}}" }]\ntestData: [{ expected: x }]\n', ['warning expected-in-prompt: {{expected}}']],
  ])('underlines what is wrong in %j', async (text, expected) => {
    expect(await findings(text)).toEqual(expected);
  });

  it.each(['model: a/b\nmessages:\n  - role: user\n   content: x\n', 'a: [1, 2\nb: 3\n', 'a: 1\na: 2\n', '{{', 'a: *nobody\n', '--- 1\n--- 2\n', `${'['.repeat(20_000)}`, 'a: &a [*a]\nmessages: *a\n', ''])('refuses broken YAML with a line: %.40j', async (text) => {
    const { prompts, diagnostics } = await read(text);
    expect(prompts).toEqual([]);
    expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
  });
});
