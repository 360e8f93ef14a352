import { describe, expect, it } from 'vitest';
import { appendCaseEdit } from '../../../src/core/dataset/edit.ts';
import { caseId } from '../../../src/core/golden/case-id.ts';
import { maskedPlace } from '../../../src/core/golden/masked-place.ts';
import { proposeCase, variablesHash, type GoldenSource } from '../../../src/core/golden/propose.ts';

const span: GoldenSource['span'] = {
  traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), startNs: '1763805600123456789', model: 'gpt-5-mini', service: 'support', environment: 'production',
  output: [{ role: 'assistant', parts: [{ type: 'text', text: 'billing' }] }], outputForm: 'messages',
};
const source: GoldenSource = { span, variables: { subject: 'Charged twice', body: 'Write to ana@example.org. Again: ana@example.org' }, prompt: { id: 'support/triage', version: '3f9a1c2e' } };

describe('the place of what was masked', () => {
  it('is said as a person calls it', () => {
    expect(['/vars/ticket', '/vars/a~1b~0/0/name', '/expected', '/metadata/service', '/tags/0', '/vars', ''].map(maskedPlace)).toEqual(['ticket', 'a/b~.0.name', 'expected', 'metadata.service', 'tags.0', 'vars', 'the case']);
  });
});

describe('the golden case of a call', () => {
  it('has its variables, what was answered, and where it comes from, with nobody’s address in it', () => {
    const { case: added, expectedFrom, masked } = proposeCase(source);
    expect(added).toEqual({
      vars: { subject: 'Charged twice', body: 'Write to [email 1]. Again: [email 1]' },
      expected: 'billing',
      metadata: { trace: span.traceId, span: span.spanId, time: '2025-11-22T10:00:00.123Z', model: 'gpt-5-mini', prompt: 'support/triage@3f9a1c2e', service: 'support', environment: 'production' },
    });
    expect(expectedFrom).toBe('output');
    expect(masked.map(({ pointer }) => pointer)).toEqual(['/vars/body', '/vars/body']);
  });

  it('believes a person more than the model, and masks what the person wrote too', () => {
    const { case: added, expectedFrom } = proposeCase({ ...source, correction: 'technical, see ana@example.org' });
    expect([added.expected, expectedFrom]).toEqual(['technical, see [email 1]', 'correction']);
  });

  it('masks numbers and tags, and leaves the ids that lead back', () => {
    const traceId = `a4111111111111111${'b'.repeat(15)}`;
    const { case: added, masked } = proposeCase({ ...source, variables: { card: 4111111111111111, count: 12 }, tags: ['ana@example.org'], span: { ...span, traceId, service: 'support of ana@example.org' } });
    expect(added).toMatchObject({ vars: { card: '[credit-card 1]', count: 12 }, tags: ['[email 1]'], metadata: { trace: traceId, service: 'support of [email 1]' } });
    expect(masked.map(({ pointer }) => pointer)).toEqual(['/vars/card', '/tags/0', '/metadata/service']);
  });

  it('expects JSON as data, prose by its meaning, calls by their tools', () => {
    const of = (output: unknown, outputForm: GoldenSource['span']['outputForm']): unknown => {
      const { case: { expected, assertions } } = proposeCase({ ...source, span: { ...span, output, outputForm } });
      return { expected, assertions };
    };
    expect(of('{"queue": "billing"}', 'text')).toEqual({ expected: { queue: 'billing' }, assertions: undefined });
    expect(of('One.\nTwo.', 'text')).toEqual({ expected: undefined, assertions: [{ type: 'similar', value: 'One.\nTwo.', threshold: 0.8 }] });
    expect(of([{ role: 'assistant', parts: [{ type: 'tool_call', id: null, name: 'lookup', arguments: {} }] }], 'messages')).toEqual({ expected: undefined, assertions: [{ type: 'tool-call-f1', value: ['lookup'] }] });
    expect(of(null, null)).toEqual({ expected: undefined, assertions: undefined });
  });

  it('does not ask for the tools of an answer that was wrong', () => {
    const output = [{ role: 'assistant', parts: [{ type: 'tool_call', id: null, name: 'lookup', arguments: {} }] }];
    expect(proposeCase({ ...source, span: { ...span, output }, correction: 'billing' }).case).toMatchObject({ expected: 'billing' });
    expect(proposeCase({ ...source, span: { ...span, output }, correction: 'billing' }).case.assertions).toBeUndefined();
  });

  it('has an id that tells what it is about, and is nobody else’s', () => {
    const body = 'The page froze, and I pressed it again.';
    expect(caseId({ plan: 'Pro', body, subject: 'Charged twice after the page froze' }, 'a'.repeat(64), new Set())).toBe('twice-after-the-page');
    const taken = new Set(['twice-after-the-page', 'twice-after-the-page-aaaaaa']);
    expect(caseId({ subject: 'Charged twice after the page froze' }, 'a'.repeat(64), taken)).toBe('twice-after-the-page-aaaaaa-2');
    // How a sentence begins is no name where the same word is written in lower case elsewhere.
    expect(caseId({ subject: 'Calendar does not sync any more', body: 'Events in the web calendar are gone.' }, 'a'.repeat(64), new Set())).toBe('calendar-does-not-sync');
    expect(caseId({ subject: 'Jane does not sync any more', body: 'Events in the web calendar are gone. I am jane' }, 'a'.repeat(64), new Set())).toBe('does-not-sync-any');
    expect(caseId({ n: 7, plan: 'Pro' }, 'b'.repeat(64), new Set())).toBe('case-bbbbbbbb');
  });

  it.each([
    ['My name is Jane Doe, and I was charged twice', 'case-cccccccc'],
    ['hi, i’m jane doe and cannot log in', 'case-cccccccc'],
    ['ich heiße jana und komme nicht hinein', 'case-cccccccc'],
    ['Jane Doe', 'case-cccccccc'],
    ['Jane cannot log in any more, says O’Brien', 'cannot-log-in-any'],
    ['we can’t reach @jane_doe or jane.doe at jane/doe', 'we-cant-reach-or'],
    ['The app froze on the 3rd. My name is Jane', 'the-app-froze-on'],
    ['Answer [email 1] please', 'case-cccccccc'],
    ['我叫王小明,无法登录', 'case-cccccccc'],
    ['MY NAME IS JANE DOE', 'case-cccccccc'],
  ])('has no name of a person in its id: %s', (text, id) => {
    expect(caseId({ text }, 'c'.repeat(64), new Set())).toBe(id);
  });

  it('is one line more in the dataset', () => {
    const { case: added } = proposeCase(source);
    const before = '{"id":"a","subject":"x","expected":"y"}\n';
    const { range, newText } = appendCaseEdit('/w/triage.golden.jsonl', before, { ...added, id: 'charged-twice' });
    expect(range.start).toEqual({ line: 1, character: 0 });
    expect(newText.match(/\n/g)).toHaveLength(1);
    expect(JSON.parse(newText)).toEqual({ id: 'charged-twice', ...added.vars, expected: 'billing', metadata: added.metadata });
  });

  it('is the same question whatever its white space', () => {
    expect(variablesHash({ a: 'Charged  twice\n', b: 1 })).toBe(variablesHash({ b: 1, a: 'charged twice' }));
    expect(variablesHash({ a: 'x' })).not.toBe(variablesHash({ a: 'y' }));
  });
});
