import { describe, expect, it } from 'vitest';
import { indexedPrompt } from '../../../src/core/match/indexed-prompt.ts';
import { PromptIndex } from '../../../src/core/match/prompt-index.ts';
import { readPromptFile } from '../../../src/core/prompt/formats.ts';
import type { PromptDocument } from '../../../src/core/prompt/model.ts';
import { renderPrompt } from '../../../src/core/prompt/render.ts';
import { promptOfCall } from '../../../src/core/replay/prompt-of-call.ts';
import type { Message, Part } from '../../../src/core/trace/model.ts';
import type { FileReader } from '../../../src/core/files.ts';

type Call = Parameters<typeof promptOfCall>[0];

const text = (role: string, ...texts: string[]): Message => ({ role, parts: texts.map((part): Part => ({ type: 'text', text: part })) });
const call = (input: readonly Message[], more: Partial<Call> = {}): Call => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), input, inputForm: 'messages', tools: null, parameters: null, model: 'gpt-5-mini-2026', modelRequested: 'gpt-5-mini', ...more });

/** The file as Touchstone reads it. */
async function read(source: string): Promise<PromptDocument> {
  const { prompts, diagnostics } = await readPromptFile('/w/new.prompt.yml', { files: { glob: () => Promise.resolve([]) } as unknown as FileReader, root: '/w', text: source, datasets: {} });
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const [prompt] = prompts;
  if (!prompt) throw new Error('a prompt is in the file');
  return prompt;
}

describe('a prompt from a recorded call', () => {
  it.each([
    ['plain', 'You sort tickets.', 'Where is my parcel?'],
    ['YAML and several lines', '# not a comment\n- key: "value"\n\ttab\n\n', ': {a: 1}\r\n&anchor *alias !tag %x @y `z` | >'],
    ['other alphabets', 'Ordnen Sie Zu: größer ≥ 3 \u2028 🎉', 'null'],
    ['braces', 'Answer {{name}} and {{ name }}, {{literal1}} and {% if x %}{{{a.b}}}', '{{literal2}}{{name}} {{ not a name! }} {{'],
  ])('asks with the same texts: %s', async (_, system, user) => {
    const made = promptOfCall(call([text('system', system), text('user', user), text('assistant', 'Soon.'), text('user', 'When?')]), 'Replies: new');
    const prompt = await read(made?.text ?? '');
    expect(prompt).toMatchObject({ name: 'Replies: new', models: [{ id: 'gpt-5-mini' }], metadata: { from: `span ${'b'.repeat(16)} of trace ${'a'.repeat(32)}` } });
    const [item] = prompt.dataset.inline;
    const rendered = renderPrompt(prompt, item ?? { vars: {}, expected: undefined });
    expect(rendered.messages).toEqual([{ role: 'system', content: system }, { role: 'user', content: user }, { role: 'assistant', content: 'Soon.' }, { role: 'user', content: 'When?' }]);
    expect(rendered.unknown).toEqual([]);
    // Whatever variables somebody's cases have, the texts stay these.
    expect(renderPrompt(prompt, { vars: { name: 'X', 'a.b': 'X', ...item?.vars }, expected: undefined }).messages).toEqual(rendered.messages);
  });

  const lookup = (id: string): Message[] => [{ role: 'assistant', parts: [{ type: 'text', text: 'One moment.' }, { type: 'tool_call', id, name: 'lookup', arguments: { id } }] }, { role: 'tool', parts: [{ type: 'tool_result', id, name: 'lookup', result: 'late' }] }];

  it('has parameters and tools, and what was said without the calls of tools', async () => {
    const parameters = { type: 'object', properties: { id: { type: 'string' } } };
    const made = promptOfCall(call(
      [text('developer', 'Help.'), text('user', 'Order 7?'), ...lookup('7')],
      { tools: [{ name: 'lookup', description: 'Finds orders', parameters }], parameters: { temperature: 0.2, max_tokens: 64, seed: 1.5, stop: 'END' } },
    ), 'Orders');
    const prompt = await read(made?.text ?? '');
    expect(prompt.messages.map(({ role, content }) => [role, content])).toEqual([['system', 'Help.'], ['user', 'Order 7?']]);
    expect(prompt.parameters).toEqual({ temperature: 0.2, maxTokens: 64, stop: ['END'] });
    expect(prompt.tools).toEqual([{ name: 'lookup', description: 'Finds orders', parameters }]);
    expect(made?.notes).toEqual([expect.stringContaining('(2 of 4 messages)')]);
  });

  it('asks the question that was asked last, says in the file what is left out, and is found in the call', async () => {
    const messages = [text('system', 'Help the customers of a shop for bicycles.'), text('user', 'Where is order 7?'), ...lookup('7'), text('assistant', 'It is late.'), text('user', 'And order 8?'), ...lookup('8')];
    const made = promptOfCall(call(messages, { parameters: { top_k: 3 } }), 'Orders');
    const prompt = await read(made?.text ?? '');
    expect(prompt.messages.map(({ role, content }) => [role, content])).toEqual([['system', 'Help the customers of a shop for bicycles.'], ['user', 'Where is order 7?'], ['assistant', 'It is late.'], ['user', 'And order 8?']]);
    expect(made?.text.split('\n').slice(0, 3)).toEqual(['# The call also set top_k: left out.', '# Calls of tools and their results (4 of 8 messages) are left out: a prompt file has no place for them.', 'name: Orders']);
    const index = new PromptIndex();
    index.add('new', indexedPrompt(prompt)!);
    const call8 = messages.map(({ role, parts }) => ({ role, text: parts.map((part) => (part.type === 'text' ? part.text : '')).join('') }));
    expect(index.match(call8)).toMatchObject({ certain: true, matches: [{ keys: ['new'], exact: true }] });
  });

  it('holds no personal data and no secrets', () => {
    const made = promptOfCall(call([text('system', 'Write to ana@example.org.'), text('user', 'I am ana@example.org, not bo@example.org.')]), 'Mail');
    expect(made?.text).not.toMatch(/ana@|bo@/);
    expect(made?.text).toContain('I am [email 1], not [email 2].');
    expect(made?.masked.map(({ placeholder }) => placeholder)).toEqual(['[email 1]', '[email 1]', '[email 2]']);
  });

  it('names no model where the call says a blank one', async () => {
    expect((await read(promptOfCall(call([text('user', 'Hi')], { modelRequested: ' \n' }), 'Blank')?.text ?? '')).models).toEqual([]);
  });

  it('is not made of a call without messages', () => {
    expect(promptOfCall(call([]), 'Nothing')).toBeNull();
    expect(promptOfCall({ ...call([]), input: null, inputForm: 'none' } as unknown as Call, 'Nothing')).toBeNull();
  });
});
