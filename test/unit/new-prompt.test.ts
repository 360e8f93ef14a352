import { describe, expect, it } from 'vitest';
import { datasetOfFile, collectDataset } from '../../src/core/dataset/read.ts';
import { TouchstoneError } from '../../src/core/errors.ts';
import type { FileReader } from '../../src/core/files.ts';
import { readLabelPrompt } from '../../src/core/model/label-prompt.ts';
import { readPromptFile } from '../../src/core/prompt/formats.ts';
import { promptText, startCases } from '../../src/extension/features/create/prompt-template.ts';

const DATASET = '/w/prompts/new.golden.jsonl';

function files(texts: Readonly<Record<string, string>>): FileReader {
  const text = (path: string): string => {
    const found = texts[path];
    if (found === undefined) throw new TouchstoneError('not-found', `There is no ${path}.`);
    return found;
  };
  return {
    readText: async (path) => text(path),
    readChunks: async function* (path) {
      yield text(path);
    },
    glob: async () => [],
    isFile: async (path) => Object.hasOwn(texts, path),
    readBytes: async (path) => new TextEncoder().encode(text(path)),
  };
}

describe('the files that New Prompt writes', () => {
  const names = ['Feedback sorting', 'a: b', '"quoted"', '- dash', '# hash', '{{x}}', 'ünï 👍', "it's", 'yes', '12'];

  it.each(names)('are read without a finding, whatever the name: %s', async (name) => {
    const text = promptText({ name, model: 'exec:python "my agent.py" # x', golden: 'new.golden.jsonl' });
    const read = await readPromptFile('/w/prompts/new.prompt.yml', { text, root: '/w', files: files({ [DATASET]: startCases() }) });
    expect(read.diagnostics).toEqual([]);
    expect(read.prompts).toHaveLength(1);
    expect(read.prompts[0]).toMatchObject({ name, models: [{ id: 'exec:python "my agent.py" # x' }], dataset: { files: [DATASET] } });
    expect(read.prompts[0]?.variables.map((variable) => variable.name)).toEqual(['message']);
  });

  it('give the embedded model labels that the cases expect', async () => {
    const cases = await collectDataset(datasetOfFile(DATASET), { files: files({ [DATASET]: startCases() }), root: '/w' });
    const text = promptText({ name: 'n', model: 'local:labels', golden: null });
    const { prompts } = await readPromptFile('/w/prompts/new.prompt.yml', { text, root: '/w', files: files({}) });
    const labels = readLabelPrompt((prompts[0]?.messages ?? []).map(({ role, content }) => ({ role, content })), undefined)?.labels.map((label) => label.name);
    expect(labels).toEqual(['praise', 'problem', 'question']);
    expect(cases.map((found) => found.expected).every((expected) => labels?.includes(String(expected)))).toBe(true);
  });
});
