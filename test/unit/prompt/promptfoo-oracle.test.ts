import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AssertionSpec } from '../../../src/core/assert/model.ts';
import type { Case } from '../../../src/core/dataset/model.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { readPromptFile } from '../../../src/core/prompt/formats.ts';
import type { PromptDocument } from '../../../src/core/prompt/model.ts';
import { renderPrompt } from '../../../src/core/prompt/render.ts';
import { createFileReader } from '../../../src/node/files/index.ts';

const shared = process.env['TOUCHSTONE_SHARED'] ?? path.resolve(import.meta.dirname, '../../../../shared');
const folder = path.join(shared, 'corpus/promptfoo-oracle/configs');
const present = existsSync(folder);

/** One result of promptfoo 0.123.1 with the `echo` provider. */
interface Measured {
  readonly ti: number;
  readonly pi: number;
  readonly label?: string;
  readonly raw: string;
  readonly vars: JsonObject;
  readonly desc?: string | null;
  readonly meta: JsonObject;
  readonly thr: number | null;
  readonly asserts: readonly JsonObject[];
}

/**
 * Where Touchstone differs on purpose (docs/promptfoo-differences.md, "Reading configs"): templates inside values are
 * text. File → test index → what is sent instead.
 */
const INERT: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  'b_scenarios.yaml': { 1: 'fr|hello {{exp}}|dflt', 3: 'es|hello {{exp}}|dflt' },
};

function asWritten({ type, value, threshold, weight, metric, assert }: AssertionSpec): unknown {
  return { type, value, threshold, weight, metric: metric ?? '', assert: assert?.map(asWritten) };
}

function asMeasured(measured: JsonObject): unknown {
  const { type, value, threshold, weight, metric, assert } = measured;
  return { type, value, threshold, weight, metric: metric ?? '', assert: Array.isArray(assert) ? assert.map(asMeasured) : undefined };
}

function observed(prompt: PromptDocument | undefined, item: Case | undefined): unknown {
  if (!prompt || !item) return null;
  const assertions = item.options.disableDefaultAssertions === true ? item.assertions : [...prompt.assertions, ...item.assertions];
  return {
    label: prompt.filterNames?.[0], raw: renderPrompt(prompt, item).promptText, vars: item.vars, desc: item.description ?? null,
    meta: item.metadata, thr: item.threshold ?? prompt.threshold ?? null, asserts: assertions.map(asWritten),
  };
}

describe.skipIf(!present)(present ? 'promptfoo’s own expansion of configs' : 'promptfoo’s own expansion of configs (skipped: the shared corpus is not here)', () => {
  const configs = present ? readdirSync(folder).filter((name) => name.endsWith('.yaml')) : [];

  it('covers every config of the oracle', () => {
    expect(configs).toHaveLength(6);
  });

  it.each(configs)('%s gives the same prompts, variables, order, defaults and assertions', async (name) => {
    const { results } = JSON.parse(readFileSync(path.join(folder, name.replace('.yaml', '.expected.json')), 'utf8')) as { results: Measured[] };
    const { prompts, diagnostics } = await readPromptFile(path.join(folder, name), { files: createFileReader(), root: folder });
    expect(diagnostics.filter(({ severity }) => severity !== 'information')).toEqual([]);
    expect((prompts[0]?.dataset.inline.length ?? 0) * prompts.length).toBe(results.length);
    for (const result of results) {
      const prompt = prompts[result.pi];
      const actual = observed(prompt, prompt?.dataset.inline[result.ti]);
      const { label, vars, desc, meta, thr, asserts } = result;
      const raw = INERT[name]?.[result.ti] ?? result.raw;
      expect(actual).toMatchObject({ raw, vars, meta, thr, asserts: asserts.map(asMeasured), ...(label === undefined ? {} : { label }), ...(desc === undefined ? {} : { desc }) });
    }
  });

  it('gives promptfoo’s text where a config asks for expansion by name', async () => {
    const name = 'b_scenarios.yaml';
    const file = path.join(folder, name);
    const text = readFileSync(file, 'utf8').replace('defaultTest:\n', 'defaultTest:\n  options: {expandVars: [input]}\n');
    const { results } = JSON.parse(readFileSync(path.join(folder, 'b_scenarios.expected.json'), 'utf8')) as { results: Measured[] };
    const { prompts } = await readPromptFile(file, { files: createFileReader(), root: folder, text });
    const [prompt] = prompts;
    const sent = results.map(({ ti }) => prompt && renderPrompt(prompt, prompt.dataset.inline[ti] ?? { vars: {} }).promptText);
    expect(sent).toEqual(results.map(({ raw }) => raw));
  });
});
