import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { TouchstoneError } from '../../../src/core/errors.ts';
import { outlinePromptFile, readPromptFile } from '../../../src/core/prompt/formats.ts';
import { createFileReader } from '../../../src/node/files/index.ts';

const shared = process.env['TOUCHSTONE_SHARED'] ?? path.resolve(import.meta.dirname, '../../../../shared');
const folder = path.join(shared, 'corpus/prompts');
const present = existsSync(folder);
const files = createFileReader();

/** What becomes of every real file: the number of prompts and cases, or the line and code of every error. The end of the name identifies it. */
const OUTCOMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'prompt-yml': {
    'Klimatbyran__garbo__test.prompt.yml': '1 prompt, 1 case',
    '_zone__ollama-multirun__do_a_code_review_of_this_file_____bin_bash___oll_20250614-142959__do_a_code_review_of_this_file_____bin_bash___oll.prompt.yaml': '1 prompt, 0 cases',
    'actions__ai-inference____fixtures____prompts__json-schema.prompt.yml': '1 prompt, 0 cases',
    'actions__ai-inference____fixtures____prompts__missing-messages.prompt.yml': 'refused: 1 messages',
    'e__ollama-multirun__swdub3jligfsbcbwcmv2aw91cybpbnn0cnvjdglvbnmucklnbm_20250703-153147__swdub3jligfsbcbwcmv2aw91cybpbnn0cnvjdglvbnmucklnbm.prompt.yaml': '1 prompt, 0 cases',
    'github__ai-assessment-comment-labeler__prompt_examples__bug-review.prompt.yml': '1 prompt, 0 cases',
    'github__ai-assessment-comment-labeler__prompt_examples__spam-detection.prompt.yml': '1 prompt, 8 cases',
    'github__gh-models__s.prompt.yml': '1 prompt, 0 cases',
    'langwatch__langwatch__sdks__python__examples__prompt_cli__prompts__agent__performance.prompt.yaml': '1 prompt, 0 cases',
    'langwatch__langwatch__sdks__typescript__examples__prompt-cli__prompts__test2209.prompt.yaml': '1 prompt, 0 cases',
    'ogram__ai_test_zone__ollama-multirun____socrates_is_a_human___all_humans_are_mo_20250713-131116____socrates_is_a_human___all_humans_are_mo.prompt.yaml': '1 prompt, 0 cases',
    'tafreeman__prompts__testing__archive__2025-12-04__single-prompt-eval.prompt.yml': '1 prompt, 1 case',
    'tafreeman__prompts__testing__evals__developers-eval-3.prompt.yml': '1 prompt, 4 cases',
    'tafreeman__prompts__testing__evals__system__system-eval-3.prompt.yml': '1 prompt, 3 cases',
  },
  promptfoo: {
    'Autonoma-Tools__llm-unit-testing__promptfooconfig.yaml': 'refused: 18 file-missing',
    'Autonoma-Tools__llm-unit-testing__prompts__summarize_ticket__promptfoo_prompt.yaml': 'not a prompt file: 1 invalid-prompt',
    'Azure__AKS-Skills__evals__promptfoo-baseline.yaml': 'refused: 22 file-missing, 23 file-missing, 24 file-missing, 25 file-missing, 26 file-missing, 27 file-missing, 28 file-missing',
    'Azure__AKS-Skills__evals__promptfoo-routing.yaml': 'refused: 16 file-missing',
    'Dostoevskey__python-requests-playwright-mcp-promptfoo__promptfoo__suites__articles__promptfooconfig.yaml': 'refused: 5 prompt-key',
    'Dostoevskey__python-requests-playwright-mcp-promptfoo__promptfoo__suites__nlq_to_sql__promptfooconfig.yaml': 'refused: 2 file-missing',
    'Dostoevskey__python-requests-playwright-mcp-promptfoo__tests__llm__suites__articles__promptfooconfig.yaml': '1 prompt, 3 cases',
    'FullFact__health-misinfo-shared__dev__prompt_evaluation__promptfooconfig.yaml': 'refused: 5 file-missing, 13 file-missing',
    'Gsync__jobsync__evals__job-match__promptfooconfig.yaml': 'refused: 27 file-missing, 32 file-missing, 33 file-missing, 35 file-missing, 37 file-missing, 39 file-missing, 41 file-missing, 43 file-missing, 45 file-missing, 47 file-missing, 52 file-missing, 53 file-missing, 67 file-missing',
    'HartBrook__lookagain__evals__promptfooconfig.yaml': 'refused: 4 file-missing',
    'MobileReality__mdma__evals__promptfooconfig.conversation.yaml': 'refused: 15 file-missing, 20 file-missing',
    'MobileReality__mdma__evals__promptfooconfig.fixer-flow.yaml': 'refused: 12 file-missing, 19 file-missing, 21 file-missing, 26 file-missing',
    'tbuckley__promptfoo__.github__assets__promptfooconfig.yaml': '4 prompts, 1 case',
    'tbuckley__promptfoo__examples__azure-openai-assistant__promptfooconfig.yaml': '1 prompt, 1 case',
    'tbuckley__promptfoo__examples__gpt-4o-temperature-comparison__promptfooconfig.yaml': '1 prompt, 11 cases',
    'tbuckley__promptfoo__examples__nunjucks-custom-filters__promptfooconfig.yaml': 'refused: 3 file-missing, 6 unsupported-key',
    'tbuckley__promptfoo__examples__openai-vision__promptfooconfig.yaml': 'refused: 3 file-missing',
    'tbuckley__promptfoo__examples__rag-eval__promptfooconfig.yaml': 'refused: 12 file-missing, 29 file-missing',
    'tbuckley__promptfoo__examples__separate-test-configs__promptfooconfig.yaml': 'refused: 3 file-missing, 10 file-missing, 15 file-missing, 18 file-missing, 27 file-missing, 28 file-missing, 35 file-missing',
    'tbuckley__promptfoo__examples__test-markdown__promptfooconfig.yaml': '1 prompt, 3 cases',
  },
};

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}

async function outcome(file: string, text?: string): Promise<string> {
  try {
    const { prompts, diagnostics } = await readPromptFile(file, { files, root: path.dirname(file), ...(text === undefined ? {} : { text }) });
    const errors = diagnostics.filter(({ severity }) => severity === 'error').sort((a, b) => a.range.start.line - b.range.start.line);
    if (prompts.length === 0) return `refused: ${errors.map(({ range, code }) => `${range.start.line + 1} ${code}`).join(', ')}`;
    return `${count(prompts.length, 'prompt')}, ${count(prompts[0]?.dataset.inline.length ?? 0, 'case')}`;
  } catch (error) {
    if (error instanceof TouchstoneError && error.place?.line !== undefined) return `not a prompt file: ${error.place.line} ${error.code}`;
    throw error;
  }
}

/** A small generator with a seed: a failure can be repeated. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

const SCRAPS = ['{{', '}}', '{%', '%}', ': ', '- ', '\n', '  ', '\t', '"', "'", '|', '>', '&a ', '*a', '!!js ', '[', ']', '{', '}', '#', '\u0000', '\ufeff', '---\n', '<<: *a\n', '__proto__: ', 'null', '1e999', '\u2028', '\ud800'];

function mutate(text: string, next: (below: number) => number): string {
  let mutated = text;
  for (let changes = 1 + next(4); changes > 0; changes--) {
    const at = next(mutated.length + 1);
    const width = next(40);
    const kind = next(4);
    if (kind === 0) mutated = mutated.slice(0, at) + mutated.slice(at + width);
    else if (kind === 1) mutated = mutated.slice(0, at) + (SCRAPS[next(SCRAPS.length)] ?? '') + mutated.slice(at);
    else if (kind === 2) mutated = mutated.slice(0, at) + mutated.slice(next(mutated.length + 1)).slice(0, width) + mutated.slice(at);
    else mutated = mutated.slice(0, at);
  }
  return mutated;
}

describe.skipIf(!present)(present ? 'real prompt files' : 'real prompt files (skipped: the shared corpus is not here)', () => {
  for (const [format, outcomes] of Object.entries(OUTCOMES)) {
    const names = present ? readdirSync(path.join(folder, format)) : [];

    it(`${format}: the table names every file`, () => {
      expect(names.sort()).toEqual(Object.keys(outcomes).sort());
    });

    it.each(names)('%s is read, or refused with line and reason', async (name) => {
      expect(await outcome(path.join(folder, format, name))).toBe(outcomes[name]);
    });

    it.each(names)('%s: the outline agrees', (name) => {
      const text = readFileSync(path.join(folder, format, name), 'utf8');
      const outline = outlinePromptFile(path.join(folder, format, name), text);
      const expected = /^(\d+) prompt/.exec(outcomes[name] ?? '')?.[1];
      if (expected !== undefined) expect(outline.prompts).toHaveLength(Number(expected));
    });
  }

  it('damaged files are read or refused with a line, whatever the damage', async () => {
    const next = random(20_261_121);
    const sources = Object.keys(OUTCOMES).flatMap((format) => readdirSync(path.join(folder, format)).map((name) => path.join(folder, format, name)));
    for (let round = 0; round < 300; round++) {
      const file = sources[next(sources.length)] ?? '';
      const text = mutate(readFileSync(file, 'utf8').slice(0, 6000), next);
      expect(await outcome(file, text), `round ${round}: ${path.basename(file)}`).toMatch(/^(?:\d+ prompts?, \d+ cases?|refused: \d+ [\w-]+|not a prompt file: \d+ )/);
      outlinePromptFile(file, text);
    }
  });
});
