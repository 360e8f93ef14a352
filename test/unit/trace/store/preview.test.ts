import { describe, expect, it } from 'vitest';
import type { Message } from '../../../../src/core/trace/model.ts';
import { previewOfSpan } from '../../../../src/core/trace/store/preview.ts';
import type { SpanOpening } from '../../../../src/core/trace/normalise/normalise-span.ts';

const call = (...input: Message[]): SpanOpening => ({ kind: 'llm', input, inputForm: 'messages', toolArguments: null });
const says = (role: string, ...texts: string[]): Message => ({ role, parts: texts.map((text) => ({ type: 'text', text })) });
const given = (over: Partial<SpanOpening>): SpanOpening => ({ kind: 'chain', input: null, inputForm: null, toolArguments: null, ...over });

describe('the preview of a span', () => {
  it('is what the user said last, in one line', () => {
    expect(previewOfSpan(call(says('system', 'Be brief.'), says('user', 'One'), says('assistant', 'Yes?'), says('user', ' ', '  My refund\n\n is\tlate ')))).toBe('My refund is late');
  });

  it('passes over results of tools, which some senders let the user say', () => {
    const result: Message = { role: 'user', parts: [{ type: 'tool_result', id: null, name: null, result: 'sunny' }] };
    expect(previewOfSpan(call(says('user', 'How is the weather?'), says('assistant', ''), result))).toBe('How is the weather?');
    expect(previewOfSpan(call(says('system', 'Be brief.')))).toBeNull();
  });

  it('is cut between characters', () => {
    const cut = previewOfSpan(call(says('user', `${'a'.repeat(78)}😀 and so on`)));
    expect(cut).toBe(`${'a'.repeat(78)}…`);
    expect(previewOfSpan(call(says('user', 'b'.repeat(80))))).toBe('b'.repeat(80));
    expect(previewOfSpan(call(says('user', 'word '.repeat(1_000_000))))!.length).toBeLessThanOrEqual(80);
  });

  it('of what is no conversation names the first short members', () => {
    expect(previewOfSpan(given({ input: 'A question', inputForm: 'text' }))).toBe('A question');
    expect(previewOfSpan(given({ kind: 'tool', toolArguments: { city: 'Rome', at: { lat: 1 }, days: 3, metric: true, more: 1 } }))).toBe('city: Rome, days: 3, metric: true');
    expect(previewOfSpan(given({ input: [1, 2], inputForm: 'json' }))).toBeNull();
    expect(previewOfSpan(given({}))).toBeNull();
  });
});
