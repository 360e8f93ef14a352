import { describe, expect, it } from 'vitest';
import type { Case } from '../../../src/core/dataset/model.ts';
import { assertionsHash, caseHash, datasetHash, promptHash } from '../../../src/core/prompt/canonical.ts';
import { readPromptFile } from '../../../src/core/prompt/formats.ts';
import type { PromptDocument } from '../../../src/core/prompt/model.ts';
import { memoryFiles } from './memory-files.ts';

const hashOf = (cases: readonly Case[]): string => datasetHash(cases.map(caseHash));

async function promptOf(text: string, path = '/w/a.prompt.yml', others: Readonly<Record<string, string>> = {}): Promise<PromptDocument> {
  const { prompts: [prompt], diagnostics } = await readPromptFile(path, { files: memoryFiles({ ...others, [path]: text }), root: '/w' });
  if (!prompt) throw new Error(JSON.stringify(diagnostics));
  return prompt;
}

const BASE = 'name: A\nmodel: a/b\nmodelParameters: { temperature: 0.5, seed: 1 }\nmessages:\n  - role: user\n    content: |\n      one\n      two {{x}}\nassert: [{ type: equals, value: x }]\n';

describe('promptHash', () => {
  it.each([
    ['the name', BASE.replace('name: A', 'name: B\ndescription: other')],
    ['comments and the order of keys', `# comment\n${BASE.replace('model: a/b\nmodelParameters: { temperature: 0.5, seed: 1 }', 'modelParameters: { seed: 1, temperature: 0.5 } # c\nmodel: "a/b"')}`],
    ['line ends', BASE.replaceAll('\n', '\r\n')],
    ['quotes', BASE.replace('|\n      one\n      two {{x}}', '"one\\ntwo {{x}}\\n"')],
    ['spellings of a parameter and of a role', BASE.replace('role: user', 'role: User')],
    ['assertions and data', `${BASE.replace('value: x', 'value: y')}testData: [{ x: 1 }]\nmetadata: { owner: o }\n`],
  ])('does not depend on %s', async (_what, text) => {
    expect(promptHash(await promptOf(text))).toBe(promptHash(await promptOf(BASE)));
  });

  it('does not depend on where the file is', async () => {
    expect(promptHash(await promptOf(BASE, '/w/sub/b.prompt.yaml'))).toBe(promptHash(await promptOf(BASE)));
  });

  it.each([
    ['a message', BASE.replace('two', 'three')],
    ['a role', BASE.replace('role: user', 'role: system')],
    ['the model', BASE.replace('a/b', 'a/c')],
    ['a parameter', BASE.replace('0.5', '0.6')],
    ['an unknown parameter', BASE.replace('seed: 1', 'seed: 1, logit_bias: { a: 1 }')],
    ['a tool', `${BASE}tools: [{ name: t }]\n`],
    ['the output schema', `${BASE}responseFormat: json_object\n`],
    ['the order of messages', BASE.replace('messages:\n', 'messages:\n  - { role: user, content: zero }\n')],
  ])('depends on %s', async (_what, text) => {
    expect(promptHash(await promptOf(text))).not.toBe(promptHash(await promptOf(BASE)));
  });

  it('depends on the program of a prompt that is a function', async () => {
    const config = 'prompts: [file://p.js]\nproviders: [echo]\n';
    const hash = async (program: string): Promise<string> => promptHash(await promptOf(config, '/w/promptfooconfig.yaml', { '/w/p.js': program }));
    expect(await hash('a')).toBe(await hash('a'));
    expect(await hash('a')).not.toBe(await hash('b'));
  });
});

describe('assertionsHash', () => {
  it('depends on the assertions, not on their places', async () => {
    const moved = await promptOf(`\n\n${BASE}`);
    expect(assertionsHash(moved)).toBe(assertionsHash(await promptOf(BASE)));
    expect(assertionsHash(await promptOf(BASE.replace('value: x', 'value: y')))).not.toBe(assertionsHash(moved));
    expect(assertionsHash(await promptOf(`${BASE}threshold: 0.5\n`))).not.toBe(assertionsHash(moved));
  });
});

describe('datasetHash', () => {
  const place = { file: '/w/d', range: { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } } };
  const item = (vars: Case['vars'], more: Partial<Case> = {}): Case => ({ id: 'x', vars, tags: [], assertions: [], metadata: {}, options: {}, place, ...more });

  it('is that of the contents in their order', () => {
    const cases = [item({ a: 1, b: 2 }), item({ a: 2 }, { expected: 'y' })];
    expect(hashOf([item({ b: 2, a: 1 }, { id: 'other' }), item({ a: 2 }, { expected: 'y', metadata: { note: 1 } })])).toBe(hashOf(cases));
    expect(hashOf([...cases].reverse())).not.toBe(hashOf(cases));
    expect(hashOf([item({ a: 1, b: 2 }), item({ a: 2 })])).not.toBe(hashOf(cases));
    expect(hashOf([])).not.toBe(hashOf([item({})]));
  });
});
