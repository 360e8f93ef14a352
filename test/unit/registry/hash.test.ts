import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Document, isCollection, isScalar, visit } from 'yaml';
import type { Case } from '../../../src/core/dataset/model.ts';
import { modelRequest } from '../../../src/core/eval/request.ts';
import { canonicalJson } from '../../../src/core/json.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { contentHash, promptHash, versionContent } from '../../../src/core/prompt/canonical.ts';
import { readPromptFile } from '../../../src/core/prompt/formats.ts';
import type { PromptDocument } from '../../../src/core/prompt/model.ts';
import { renderPrompt } from '../../../src/core/prompt/render.ts';
import type { VersionContent } from '../../../src/core/registry/model.ts';
import { memoryFiles } from '../prompt/memory-files.ts';

async function read(path: string, text: string, others: Readonly<Record<string, string>> = {}): Promise<PromptDocument> {
  const { prompts: [prompt], diagnostics } = await readPromptFile(path, { files: memoryFiles({ ...others, [path]: text }), root: '/w' });
  if (prompt === undefined) throw new Error(`${JSON.stringify(diagnostics)}\n${text}`);
  return prompt;
}
const readGithub = (text: string): Promise<PromptDocument> => read('/w/a.prompt.yml', text);
const readPromptfoo = (text: string, others: Readonly<Record<string, string>> = {}): Promise<PromptDocument> => read('/w/promptfooconfig.yaml', text, others);

/** Texts that YAML has to quote, fold or escape, and placeholders. */
const words = fc.constantFrom('a', 'Label', 'the ticket', '{{x}}', '{{ y }}', ': ', '- ', '#', "'", '"', '\\', '\n', '\n\n', '  ', 'é', '😀', '{', '%', '@', '!', 'yes', 'null', '1.0', '\t', '~');
const text = fc.array(words, { minLength: 1, maxLength: 8 }).map((parts) => parts.join('')).filter((one) => one.trim() !== '');
const name = fc.constantFrom('lookup', 'search', 'file_x');
const schema = fc.record({ type: fc.constantFrom('object', 'string'), description: text, properties: fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'c'), fc.record({ type: fc.constantFrom('string', 'number') }), { maxKeys: 3 }) }, { requiredKeys: ['type'] });
const tool = fc.record({ name, description: text, parameters: schema, strict: fc.boolean() }, { requiredKeys: ['name'] });
const prompt = fc.record({
  model: fc.constantFrom('echo', 'openai/gpt-5-mini', 'local:labels'),
  messages: fc.array(fc.record({ role: fc.constantFrom('system', 'user', 'assistant'), content: text }), { minLength: 1, maxLength: 3 }),
  modelParameters: fc.record({ temperature: fc.constantFrom(0, 0.5, 1e-7), topP: fc.constantFrom(0.1, 1), maxTokens: fc.constantFrom(1, 64), stop: fc.array(text, { minLength: 1, maxLength: 2 }), seed: fc.constantFrom(1, 2), logit_bias: fc.dictionary(fc.constantFrom('1', '2'), fc.integer({ min: -3, max: 3 }), { maxKeys: 2 }) }, { requiredKeys: [] }),
  tools: fc.array(tool, { maxLength: 2 }),
  toolChoice: fc.constantFrom('auto', 'none', null),
  jsonSchema: fc.option(fc.record({ name, schema, strict: fc.boolean() }, { requiredKeys: ['name', 'schema'] }), { nil: undefined }),
}, { requiredKeys: ['model', 'messages'] });
type Prompt = typeof prompt extends fc.Arbitrary<infer T> ? T : never;

/** How a prompt is spelt: nothing of it changes what is asked. */
const spelling = fc.record({ seed: fc.integer(), json: fc.boolean(), crlf: fc.boolean(), snake: fc.boolean(), nested: fc.boolean(), roles: fc.boolean(), indent: fc.constantFrom(0, 2), extras: fc.boolean() });
type Spelling = typeof spelling extends fc.Arbitrary<infer T> ? T : never;

function chooser(seed: number): <T>(items: readonly T[]) => T {
  let state = seed | 0;
  return (items) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return items[(state >>> 1) % items.length]!;
  };
}

function shuffled(value: unknown, choose: ReturnType<typeof chooser>): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, choose));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, shuffled(item, choose)] as const);
  return Object.fromEntries(entries.map((entry) => [choose([0, 1, 2, 3, 4]), entry] as const).sort(([a], [b]) => a - b).map(([, entry]) => entry));
}

/** The same prompt in other letters: order of keys, YAML or JSON, kinds of quotes and blocks, comments, line ends, names of parameters. */
function write(value: Prompt, how: Spelling): string {
  const choose = chooser(how.seed);
  const { modelParameters = {}, tools = [], jsonSchema, messages, ...rest } = value;
  const { maxTokens, topP, stop, ...parameters } = modelParameters;
  const spelt: JsonObject = {
    ...rest,
    messages: messages.map(({ role, content }) => ({ role: how.roles ? role.toUpperCase() : role, content })),
    modelParameters: {
      ...parameters,
      ...(maxTokens === undefined ? {} : { [how.snake ? 'max_tokens' : 'maxTokens']: maxTokens }),
      ...(topP === undefined ? {} : { [how.snake ? 'top_p' : 'topP']: topP }),
      ...(stop === undefined ? {} : { stop: how.snake && stop.length === 1 ? stop[0] : stop }),
    },
    tools: tools.map((one) => (how.nested ? { type: 'function', function: one } : one)),
    ...(jsonSchema === undefined ? {} : { jsonSchema: JSON.stringify(shuffled(jsonSchema, choose), null, how.indent), ...(how.nested ? { responseFormat: 'json_schema' } : {}) }),
    // What a prompt is called and how it is judged is no part of it.
    ...(how.extras ? { name: 'Other', description: 'D', testData: [{ x: 1 }], metadata: { id: 'i', owner: 'o' }, assert: [{ type: 'equals', value: 'x' }], threshold: 0.5 } : {}),
  };
  const ordered = shuffled(spelt, choose);
  const written = how.json ? JSON.stringify(ordered, null, how.indent) : styledYaml(ordered, choose);
  return how.crlf ? written.replaceAll('\n', '\r\n') : written;
}

function styledYaml(value: unknown, choose: ReturnType<typeof chooser>): string {
  const document = new Document(value);
  visit(document, (key, node) => {
    if (isScalar(node) && typeof node.value === 'string' && key !== 'key') node.type = choose(['PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'] as const);
    if (isCollection(node) && choose([true, false, false])) node.flow = true;
    if (isScalar(node) && key !== 'key' && choose([true, false, false, false])) node.comment = ' a comment';
  });
  document.commentBefore = choose([' first', '']);
  return document.toString({ lineWidth: choose([0, 40, 80]) });
}

/** What is sent for a few cases, to each model. */
function requests(document: PromptDocument): string {
  const cases: Case['vars'][] = [{}, { x: 'one', y: 2 }, { x: { deep: [1] }, y: 'line\n', z: null }];
  return canonicalJson(cases.map((vars) => {
    const item: Case = { id: 'c', vars, tags: [], assertions: [], metadata: {}, options: {}, place: { file: '/w/d', range: document.ranges.name } };
    const { case: _case, ...request } = modelRequest(document, renderPrompt(document, item), item, 0);
    return { ...request, models: document.models.map(({ id, config }) => ({ id, config })) };
  }));
}

describe('the hash of a version', () => {
  it('does not depend on how the prompt is spelt', async () => {
    await fc.assert(fc.asyncProperty(prompt, spelling, spelling, async (value, one, other) => {
      const [a, b] = [await readGithub(write(value, one)), await readGithub(write(value, other))];
      expect(requests(b)).toBe(requests(a));
      expect(promptHash(b)).toBe(promptHash(a));
    }), { numRuns: 400 });
  });

  it('is another one whenever a request is', async () => {
    await fc.assert(fc.asyncProperty(prompt, prompt, fc.array(fc.constantFrom<keyof Prompt>('model', 'messages', 'modelParameters', 'tools', 'toolChoice', 'jsonSchema'), { maxLength: 2 }), spelling, async (value, other, parts, how) => {
      // Some parts of another prompt in the place of this one's: most pairs differ in one field.
      const mutated = { ...value, ...Object.fromEntries(parts.map((part) => [part, other[part]])) };
      const [a, b] = [await readGithub(write(value, how)), await readGithub(write(mutated, how))];
      if (requests(a) !== requests(b)) expect(promptHash(a)).not.toBe(promptHash(b));
      else expect(promptHash(a)).toBe(promptHash(b));
    }), { numRuns: 400 });
  });

  it('is that of its content, also after the content was kept as JSON', async () => {
    await fc.assert(fc.asyncProperty(prompt, spelling, async (value, how) => {
      const document = await readGithub(write(value, how));
      const kept = JSON.parse(JSON.stringify(versionContent(document), null, 2)) as VersionContent;
      expect(contentHash(kept)).toBe(promptHash(document));
    }), { numRuns: 200 });
  });

  const base: Prompt = { model: 'echo', messages: [{ role: 'system', content: 'a' }, { role: 'user', content: 'b' }], modelParameters: { temperature: 0, stop: ['x'], logit_bias: { 1: 1 } }, tools: [{ name: 'lookup', description: 'd', parameters: { type: 'object', properties: { a: { type: 'string' } } }, strict: true }], toolChoice: 'auto', jsonSchema: { name: 'lookup', schema: { type: 'object' }, strict: true } };
  it.each<[string, (value: Prompt) => unknown]>([
    ['model', (value) => ({ ...value, model: 'local:labels' })],
    ['order of messages', (value) => ({ ...value, messages: [...value.messages].reverse() })],
    ['role', (value) => ({ ...value, messages: [{ role: 'assistant', content: 'a' }, value.messages[1]] })],
    ['text of a message', (value) => ({ ...value, messages: [{ role: 'system', content: 'a ' }, value.messages[1]] })],
    ['a carriage return that a text spells out', (value) => ({ ...value, messages: [{ role: 'system', content: 'a\r' }, value.messages[1]] })],
    ['parameter', (value) => ({ ...value, modelParameters: { ...value.modelParameters, temperature: 0.1 } })],
    ['parameter that is there', (value) => ({ ...value, modelParameters: { ...value.modelParameters, seed: 0 } })],
    ['stop text', (value) => ({ ...value, modelParameters: { ...value.modelParameters, stop: ['x', 'y'] } })],
    ['parameter that only the endpoint knows', (value) => ({ ...value, modelParameters: { ...value.modelParameters, logit_bias: { 1: 2 } } })],
    ['name of a tool', (value) => ({ ...value, tools: [{ ...value.tools?.[0], name: 'other' }] })],
    ['description of a tool', (value) => ({ ...value, tools: [{ ...value.tools?.[0], description: 'e' }] })],
    ['schema of a tool', (value) => ({ ...value, tools: [{ ...value.tools?.[0], parameters: { type: 'object', properties: { a: { type: 'number' } } } }] })],
    ['strictness of a tool', (value) => ({ ...value, tools: [{ ...value.tools?.[0], strict: false }] })],
    ['choice of a tool', (value) => ({ ...value, toolChoice: 'required' })],
    ['output schema', (value) => ({ ...value, jsonSchema: { ...value.jsonSchema, schema: { type: 'array' } } })],
    ['name of the output schema', (value) => ({ ...value, jsonSchema: { ...value.jsonSchema, name: 'n' } })],
    ['strictness of the output schema', (value) => ({ ...value, jsonSchema: { ...value.jsonSchema, strict: false } })],
    ['kind of the output', (value) => ({ ...value, responseFormat: 'json_object', jsonSchema: undefined })],
  ])('depends on the %s', async (_what, change) => {
    const asText = (value: unknown): string => {
      const { jsonSchema, ...rest } = value as Prompt;
      return JSON.stringify({ ...rest, ...(jsonSchema === undefined ? {} : { jsonSchema: JSON.stringify(jsonSchema) }) });
    };
    const [a, b] = [await readGithub(asText(base)), await readGithub(asText(change(base)))];
    expect(requests(a)).not.toBe(requests(b));
    expect(promptHash(a)).not.toBe(promptHash(b));
  });
});

describe('the hash of a promptfoo prompt', () => {
  const config = (prompts: unknown, more: JsonObject = {}): string => JSON.stringify({ prompts, providers: ['echo'], tests: [{ vars: { x: 1 } }], ...more });
  const chat = [{ role: 'system', content: 'a {{x}}' }, { role: 'user', content: 'b' }];

  it('does not depend on the file that holds the text, on its line ends, or on the layout of JSON', async () => {
    const inline = promptHash(await readPromptfoo(config(['one\ntwo {{x}}'])));
    expect(promptHash(await readPromptfoo(config(['file://p.txt']), { '/w/p.txt': 'one\ntwo {{x}}' }))).toBe(inline);
    expect(promptHash(await readPromptfoo(config(['file://p.txt']), { '/w/p.txt': 'one\r\ntwo {{x}}\r\n' }))).toBe(inline);
    expect(promptHash(await readPromptfoo(config([{ raw: 'one\ntwo {{x}}', label: 'l' }]), {}))).toBe(inline);
    const [wide, narrow] = [await readPromptfoo(config([JSON.stringify(chat)])), await readPromptfoo(config(['file://p.json']), { '/w/p.json': JSON.stringify(chat, null, 4).replaceAll('\n', '\r\n') })];
    expect(requests(narrow)).toBe(requests(wide));
    expect(promptHash(narrow)).toBe(promptHash(wide));
  });

  it('does not depend on the line ends of a program', async () => {
    const hash = async (program: string): Promise<string> => promptHash(await readPromptfoo(config(['file://p.js']), { '/w/p.js': program }));
    expect(await hash('module.exports =\r\n() => 1')).toBe(await hash('module.exports =\n() => 1'));
    expect(await hash('module.exports =\n() => 2')).not.toBe(await hash('module.exports =\n() => 1'));
  });

  it.each<[string, string, Readonly<Record<string, string>>?]>([
    ['the text of an included file', config(['file://p.txt']), { '/w/p.txt': 'one {{x}}!' }],
    ['the order of keys in a chat, which is sent as text', config([JSON.stringify([{ content: 'one {{x}}', role: 'user' }])])],
    ['the environment of the config', config(['one {{x}}'], { env: { A: '1' } })],
    ['the settings of a prompt', config([{ raw: 'one {{x}}', config: { temperature: 1 } }])],
    ['the settings of a provider', config(['one {{x}}'], { providers: [{ id: 'echo', config: { delay: 1 } }] })],
  ])('depends on %s', async (_what, changed, files) => {
    expect(promptHash(await readPromptfoo(changed, files))).not.toBe(promptHash(await readPromptfoo(config(['one {{x}}']))));
  });

  it('is that of the same prompt in the other format where both send the same for every case, and only there', async () => {
    await fc.assert(fc.asyncProperty(text, async (content) => {
      const github = await readGithub(JSON.stringify({ model: 'echo', messages: [{ role: 'user', content }] }));
      let promptfoo: PromptDocument;
      try {
        promptfoo = await readPromptfoo(config([{ raw: content }]));
      } catch {
        return; // no template of nunjucks
      }
      if (promptfoo.template === undefined) return;
      const same = requests(github) === requests(promptfoo);
      if (!same) expect(promptHash(promptfoo)).not.toBe(promptHash(github));
      // Without anything that could be filled in, the two ask for the same.
      if (!/\{[{%#]/.test(content) && same) expect(promptHash(promptfoo)).toBe(promptHash(github));
    }), { numRuns: 300 });
  });
});
