import { describe, expect, it } from 'vitest';
import { readLabelPrompt } from '../../../src/core/model/label-prompt.ts';
import { chooseLabel, labelScore, labelTexts } from '../../../src/core/model/label-score.ts';
import type { ChatMessage, ResponseFormat } from '../../../src/core/model/model.ts';

const read = (system: string, user: string, format?: ResponseFormat): ReturnType<typeof readLabelPrompt> => {
  const messages: ChatMessage[] = [...(system === '' ? [] : [{ role: 'system' as const, content: system }]), { role: 'user', content: user }];
  return readLabelPrompt(messages, format);
};
const names = (system: string, user = 'Ticket: hello there', format?: ResponseFormat): string[] | null => read(system, user, format)?.labels.map(({ name }) => name) ?? null;

describe('the labels of a prompt', () => {
  it.each<[string, string]>([
    ['a described list', 'Pick a label:\n- billing: charges\n- technical: errors\n- account: sign-in'],
    ['a list with dashes', 'Categories\n* billing — charges\n* technical - errors\n* account – sign-in'],
    ['a numbered, bold list', 'The classes are:\n1. **billing**: charges\n2. **technical**: errors\n3. **account**: sign-in'],
    ['quoted and coded names', 'Allowed answers:\n- `billing`\n- "technical"\n- account'],
    ['one line', 'Classify the ticket. Labels: billing, technical, account'],
    ['one line with or', 'Answer with exactly one of billing, technical, or account.'],
    ['bars', 'Return one of billing|technical|account'],
    ['brackets', 'Reply with exactly one of: [billing / technical / account]'],
    ['a verb', 'Classify the text as billing, technical or account.'],
  ])('in %s', (_, system) => {
    expect(names(system)).toEqual(['billing', 'technical', 'account']);
  });

  it('are not the instructions that stand in a list', () => {
    expect(names('Rules:\n- Answer with one word.\n- Do not explain.\n\nLabels:\n- billing: charges\n- technical: errors')).toEqual(['billing', 'technical']);
    expect(names('You are helpful.\n- Be kind\n- Be brief')).toBeNull();
  });

  it('come from the schema, with what the prompt says of them', () => {
    const format: ResponseFormat = { type: 'json_schema', name: 'x', schema: { type: 'object', properties: { ok: { type: 'boolean' }, label: { enum: ['Billing', 'Other'] } } } };
    expect(read('- billing: charges and refunds\n- other: everything else', 'hi', format)!.labels).toEqual([
      { name: 'Billing', description: 'charges and refunds', examples: [] },
      { name: 'Other', description: 'everything else', examples: [] },
    ]);
    expect(names('Answer in JSON.', 'hi', format)).toEqual(['Billing', 'Other']);
  });

  it('have descriptions over several lines, and examples', () => {
    const found = read('Labels:\n- billing: charges and refunds.\n  Also prices.\n  For example: "My card was charged twice", "Where is my invoice?"\n- technical: errors', 'x')!.labels;
    expect(found[0]).toEqual({ name: 'billing', description: 'charges and refunds. Also prices.', examples: ['My card was charged twice', 'Where is my invoice?'] });
  });

  it('are missing from other prompts', () => {
    for (const text of ['Write a poem about the sea.', 'Translate to French: good morning', 'What is 2 + 2?', '']) expect(names('', text)).toBeNull();
  });
});

describe('the text to judge', () => {
  const system = 'Labels: billing, technical';
  it.each<[string, string, string]>([
    ['a plain message', 'my card was declined', 'my card was declined'],
    ['a named text', 'Ticket: my card was declined', 'my card was declined'],
    ['a named text after instructions', 'Classify this.\n\nTicket:\nmy card was declined\nsince Monday', 'my card was declined\nsince Monday'],
    ['a tag', 'Read this.\n<ticket>\nmy card was declined\n</ticket>\nAnswer with a label.', 'my card was declined'],
    ['quotes', 'Classify:\n"""\nmy card was declined\n"""', 'my card was declined'],
    ['a gap to fill', 'Ticket: my card was declined\nLabel:', 'my card was declined'],
    ['instructions around it', 'Classify the following ticket.\n\nmy card was declined\n\nAnswer with one word.', 'my card was declined'],
  ])('in %s', (_, user, expected) => {
    expect(read(system, user)!.input).toBe(expected);
  });

  it('leaves out a list of labels in the same message', () => {
    expect(read('', 'Labels: billing, technical\n\nTicket: my card was declined')!.input).toBe('my card was declined');
  });

  it('is found in hostile text too', () => {
    const hostile = `${'<a>'.repeat(20_000)}${'- x'.repeat(20_000)}${'one of '.repeat(10_000)}`;
    expect(read(system, hostile)!.input.length).toBeLessThanOrEqual(20_000);
  });
});

describe('scores', () => {
  it('use each part of a description, but not what the label is not', () => {
    expect(labelTexts({ name: 'order_status', description: 'where a parcel is; delivery dates, not refunds', examples: ['Where is it?'] })).toEqual({
      name: 'order_status',
      whole: 'order status: where a parcel is, delivery dates',
      parts: ['where a parcel is', 'delivery dates', 'Where is it?'],
    });
  });

  it('choose the first of equals, and say how sure they are', () => {
    expect(labelScore({ whole: 0.4, parts: [0.2, 0.6] })).toBe(0.5);
    expect(chooseLabel([0.3, 0.3, 0.1])).toEqual({ index: 0, confidence: 0.5 });
    expect(chooseLabel([0.1, 0.9])).toEqual({ index: 1, confidence: 1 });
  });
});
