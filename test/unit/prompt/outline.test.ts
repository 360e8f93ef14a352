import { describe, expect, it } from 'vitest';
import type { Case } from '../../../src/core/dataset/model.ts';
import { formatOf, outlinePromptFile, readPromptFile } from '../../../src/core/prompt/formats.ts';
import { checkVariables } from '../../../src/core/prompt/variables.ts';
import { memoryFiles } from './memory-files.ts';
import { covered } from './places.ts';

const GITHUB = 'name: T\nmodel: a/b\nmessages:\n  - role: system\n    content: Be brief.\n  - role: user\n    content: "{{q}}"\ntestData:\n  - { q: one, expected: 1 }\n  - { q: one, expected: 1 }\n  - { q: two }\ngolden: [t.jsonl, { id: mine, q: x }]\n';
const PROMPTFOO = 'prompts:\n  - "A {{q}}"\n  - file://b.txt\nproviders: [echo, { id: exec:x }]\ndefaultTest: { vars: { d: 1 } }\ntests:\n  - vars: { q: [a, b] }\n  - vars: { q: c }\n';

async function idsRead(path: string, text: string, others: Readonly<Record<string, string>>): Promise<string[]> {
  const { prompts } = await readPromptFile(path, { files: memoryFiles({ ...others, [path]: text }), root: '/w' });
  return prompts[0]?.dataset.inline.map(({ id }) => id) ?? [];
}

describe('outlinePromptFile', () => {
  it('shows where the parts of a GitHub Models file are, with the ids of the real reading', async () => {
    const { prompts: [outline], diagnostics, format } = outlinePromptFile('/w/a.prompt.yml', GITHUB);
    expect([format, diagnostics]).toEqual(['github-models', []]);
    expect(outline).toMatchObject({ name: 'T', models: ['a/b'], golden: { paths: ['t.jsonl'] }, variables: [{ name: 'q' }] });
    expect(outline && [outline.ranges.name, outline.ranges.model, outline.ranges.messages].map((range) => range && covered(GITHUB, range))).toEqual(['name', 'model', 'messages']);
    expect(outline?.messages.map(({ role, text, contentRange }) => [role, text, covered(GITHUB, contentRange)])).toEqual([['system', 'Be brief.', 'Be brief.'], ['user', '{{q}}', '{{q}}']]);
    expect(outline?.cases.map(({ range }) => range.start.line + 1)).toEqual([9, 10, 11, 12]);
    expect(outline?.cases.map(({ id }) => id)).toEqual(await idsRead('/w/a.prompt.yml', GITHUB, { '/w/t.jsonl': '' }));
    expect(outline?.cases[1]?.id).toBe(`${outline?.cases[0]?.id}-2`);
    expect(outline?.cases[3]?.id).toBe('mine');
  });

  it('shows the prompts of a promptfoo config, with the ids of the real reading', async () => {
    const { prompts, format } = outlinePromptFile('/w/promptfooconfig.yaml', PROMPTFOO);
    expect(format).toBe('promptfoo');
    expect(prompts.map(({ name, ranges, models }) => [name, covered(PROMPTFOO, ranges.name), models])).toEqual([['1', '"A {{q}}"', ['echo', 'exec:x']], ['b.txt', 'file://b.txt', ['echo', 'exec:x']]]);
    expect(prompts[0]?.cases.map(({ id }) => id)).toEqual(await idsRead('/w/promptfooconfig.yaml', PROMPTFOO, { '/w/b.txt': 'B' }));
    expect(prompts[0]?.cases.map(({ range }) => range.start.line + 1)).toEqual([7, 7, 8]);
  });

  it('still shows what it can while a text is being written', () => {
    const { prompts, diagnostics } = outlinePromptFile('/w/a.prompt.yml', 'model: a/b\nmessages:\n  - role: user\n    content: hi\n  - role: robot\n');
    expect(diagnostics.map(({ code }) => code)).toContain('message-role');
    expect(prompts[0]?.messages).toHaveLength(1);
  });
});

describe('formatOf', () => {
  it.each([
    ['/w/a.prompt.yml', undefined, 'github-models'], ['/w/a.prompt.yaml', '', 'github-models'], ['/w/promptfooconfig.yaml', undefined, 'promptfoo'], ['/w/promptfooconfig.dev.yml', undefined, 'promptfoo'],
    ['/w/eval.yaml', PROMPTFOO, 'promptfoo'], ['/w/other.yml', GITHUB, 'github-models'], ['/w/other.yml', 'a: 1', undefined], ['/w/other.yml', undefined, undefined], ['/w/a.txt', GITHUB, undefined],
    ['/w/chat.yaml', '- role: user\n  content: "prompts: tests:"\n', undefined],
  ])('%s', (path, text, expected) => {
    expect(formatOf(path, text)?.id).toBe(expected);
  });

  it('refuses what is no prompt file, with the place', async () => {
    await expect(readPromptFile('/w/x.yml', { files: memoryFiles({ '/w/x.yml': 'a: 1' }), root: '/w' })).rejects.toMatchObject({ code: 'invalid-prompt', place: { file: '/w/x.yml', line: 1 } });
    await expect(readPromptFile('/w/none.prompt.yml', { files: memoryFiles({}), root: '/w' })).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('checkVariables', () => {
  it('underlines variables that no case has', async () => {
    const text = 'model: a/b\nmessages: [{ role: user, content: "{{known}} {{o.k}} {{unknown}} {{expected}} {{unknown}}" }]\ntestData: [{ known: 1, o: { k: 1 }, expected: e }]\n';
    const { prompts: [prompt] } = await readPromptFile('/w/a.prompt.yml', { files: memoryFiles({ '/w/a.prompt.yml': text }), root: '/w' });
    if (!prompt) throw new Error('not read');
    const found = checkVariables(prompt, prompt.dataset.inline);
    expect(found.map(({ code, message, range }) => [code, message, covered(text, range)])).toEqual([
      ['unknown-variable', 'no case has the variable "unknown"', '{{unknown}}'], ['unknown-variable', 'no case has the variable "unknown"', '{{unknown}}'],
    ]);
    expect(found[0]?.range).not.toEqual(found[1]?.range);
    expect(checkVariables(prompt, [])).toEqual([]);
    const computed: Case = { ...prompt.dataset.inline[0], options: { transformVars: 'vars' } } as Case;
    expect(checkVariables(prompt, [computed])).toEqual([]);
  });
});
