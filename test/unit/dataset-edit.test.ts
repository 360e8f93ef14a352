import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { appendCaseEdit, appendCasesEdit, expectationEdit, type TextEdit } from '../../src/core/dataset/edit.ts';
import { TouchstoneError } from '../../src/core/errors.ts';
import { LineMap, type Position } from '../../src/core/text/position.ts';

function apply(text: string, edit: TextEdit): string {
  const offset = (position: Position): number => {
    const lines = new LineMap(text);
    for (let at = 0; at <= text.length; at++) {
      const here = lines.positionAt(at);
      if (here.line === position.line && here.character === position.character) return at;
    }
    return text.length;
  };
  return text.slice(0, offset(edit.range.start)) + edit.newText + text.slice(offset(edit.range.end));
}

const at = (line: number, character = 0): Position => ({ line, character });

describe('an expectation written into a dataset', () => {
  it('changes one value of one line of jsonl, and nothing else', () => {
    const text = '{"id":"a", "expected": "billing" , "body":"x"}\r\n{"id":"b","expected":"other","body":"y"}\r\n';
    const edit = expectationEdit('/d/x.golden.jsonl', text, at(1), 'line one\n"two"');
    expect(apply(text, edit)).toBe('{"id":"a", "expected": "billing" , "body":"x"}\r\n{"id":"b","expected":"line one\\n\\"two\\"","body":"y"}\r\n');
  });

  it('adds the key where jsonl has none, and writes data as data', () => {
    const text = '{"body":"x"}';
    expect(JSON.parse(apply(text, expectationEdit('/d/x.jsonl', text, at(0), { queue: 'billing' })))).toEqual({ body: 'x', expected: { queue: 'billing' } });
  });

  it('finds the object in a JSON list', () => {
    const text = '[\n  {"body": "x", "expected": "a"},\n  {"body": {"deep": 1}, "expected": "b"}\n]\n';
    expect(apply(text, expectationEdit('/d/x.json', text, at(2, 2), 'c'))).toBe(text.replace('"b"', '"c"'));
  });

  it.each([
    ['plain', '- body: x\n  expected: a # kept\n- body: y\n  expected: b\n', 0, '- body: x\n  expected: billing # kept\n- body: y\n  expected: b\n'],
    ['a block', '- expected: |-\n    one\n    two\n  body: x\n- body: y\n', 0, '- expected: billing\n  body: x\n- body: y\n'],
    ['none yet', '- body: x\n- body: y\n', 1, '- body: x\n- body: y\n  expected: billing\n'],
    ['flow', '- { body: x, expected: a }\n- { body: y }\n', 1, '- { body: x, expected: a }\n- { body: y, expected: billing }\n'],
    ['empty', '- expected:\n  body: y\n', 0, '- expected: billing\n  body: y\n'],
  ])('keeps the rest of a YAML case as it stands: %s', (_, text, line, result) => {
    expect(apply(text, expectationEdit('/d/x.golden.yaml', text, at(line, 2), 'billing'))).toBe(result);
  });

  it('writes every text so that YAML reads it back as that text', () => {
    for (const value of ['no', '12', 'a: b', '# x', '{{env.HOME}}', 'a\nb', '', '"', "it's", ' lead', '- x', '\u0007']) {
      const text = 'testData:\n  - { input: x, expected: a }\n  - input: y\n    expected: b\n';
      for (const line of [1, 2]) {
        const rows = (parse(apply(text, expectationEdit('/p/x.prompt.yml', text, at(line, 4), value))) as { testData: { expected: string }[] }).testData;
        expect(rows[line - 1]?.expected).toBe(value);
      }
    }
  });

  it('quotes what CSV needs quoted, over fields with line breaks', () => {
    const text = 'body,expected\n"two\nlines",billing\nx,other\n';
    expect(apply(text, expectationEdit('/d/x.csv', text, at(3), 'a, "b"'))).toBe('body,expected\n"two\nlines",billing\nx,"a, ""b"""\n');
  });

  it('marks a text that promptfoo would read as an assertion', () => {
    const text = 'body,__expected\nx,other\n';
    expect(apply(text, expectationEdit('/d/x.csv', text, at(1), 'contains: all'))).toBe('body,__expected\nx,equals:contains: all\n');
  });

  it('refuses a CSV file without a column for it', () => {
    const text = 'body\nx\n';
    expect(() => expectationEdit('/d/x.csv', text, at(1), 'a')).toThrow(TouchstoneError);
  });
});

describe('a case added to a dataset', () => {
  const added = { vars: { subject: 'Refund "now"', body: 'Zeile 1\nZeile 2' }, expected: 'billing', tags: ['mixed'] };

  it.each(['{"a":1}\n', '{"a":1}', '{"a":1}\r\n', ''])('is one line of jsonl of its own: %j', (text) => {
    const result = apply(text, appendCaseEdit('/d/x.jsonl', text, added));
    const lines = result.trimEnd().split(/\r?\n/);
    expect(lines).toHaveLength(text === '' ? 1 : 2);
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ ...added.vars, expected: 'billing', tags: ['mixed'] });
    expect(result.endsWith(text.includes('\r\n') ? '\r\n' : '\n')).toBe(true);
  });

  it.each([
    ['{"a": 1, "b": {"c": [1, 2]}}', '{"id": "x", "subject": "s: \\"a\\",b", "expected": {"queue": "a", "of": [1, 2]}}'],
    ['{"a":1,"b":2}', '{"id":"x","subject":"s: \\"a\\",b","expected":{"queue":"a","of":[1,2]}}'],
    ['{ "a": 1, "b": 2 }', '{ "id": "x", "subject": "s: \\"a\\",b", "expected": { "queue": "a", "of": [1, 2] } }'],
    ['{"a, b: c": "{ x: 1, y }", "d":1}', '{"id": "x", "subject": "s: \\"a\\",b", "expected": {"queue": "a", "of": [1, 2]}}'],
    ['{"a": 1}', '{"id": "x", "subject": "s: \\"a\\",b", "expected": {"queue": "a", "of": [1, 2]}}'],
    ['{}', '{"id":"x","subject":"s: \\"a\\",b","expected":{"queue":"a","of":[1,2]}}'],
    ['not JSON', '{"id":"x","subject":"s: \\"a\\",b","expected":{"queue":"a","of":[1,2]}}'],
  ])('is spaced as the row above it, and leaves that as it is: %s', (row, expected) => {
    const spaced = { id: 'x', vars: { subject: 's: "a",b' }, expected: { queue: 'a', of: [1, 2] } };
    const first = '{"first":0}\n';
    expect(apply(`${first}${row}\n\n`, appendCasesEdit('/d/x.jsonl', `${first}${row}\n\n`, [spaced, spaced]))).toBe(`${first}${row}\n\n${expected}\n${expected}\n`);
    expect(apply(`${first}${row}`, appendCaseEdit('/d/x.jsonl', `${first}${row}`, spaced))).toBe(`${first}${row}\n${expected}\n`);
  });

  it('is spaced as the case before it in a JSON list, too', () => {
    expect(apply('[\n  {"a": 1}\n]\n', appendCaseEdit('/d/x.json', '[\n  {"a": 1}\n]\n', { vars: { a: 2, b: 3 } }))).toBe('[\n  {"a": 1},\n  {"a": 2, "b": 3}\n]\n');
    // Rows of several lines show no space behind a comma.
    const pretty = '[\n  {\n    "a": 1,\n    "b": 2\n  }\n]\n';
    expect(apply(pretty, appendCaseEdit('/d/x.json', pretty, { vars: { a: 2, b: 3 } }))).toBe(pretty.replace('  }\n]', '  },\n  {"a": 2, "b": 3}\n]'));
    expect(apply('[{"a":1}]', appendCaseEdit('/d/x.json', '[{"a":1}]', { vars: { a: 2, b: 3 } }))).toBe('[{"a":1}, {"a":2,"b":3}]');
  });

  it('puts variables under "vars" when one has the name of a key', () => {
    expect(JSON.parse(apply('', appendCaseEdit('/d/x.jsonl', '', { vars: { id: '7' }, expected: 'x' })))).toEqual({ vars: { id: '7' }, expected: 'x' });
  });

  it.each([
    ['/d/x.json', '[\n  {"a": 1}\n]\n', undefined],
    ['/d/x.json', '[]', undefined],
    ['/d/x.yaml', '- a: 1\n', undefined],
    ['/d/x.yaml', '- a: 1', undefined],
    ['/d/x.yaml', '', undefined],
    ['/d/x.yaml', '[{ a: 1 }]\n', undefined],
    ['/p/x.prompt.yml', 'name: x\ntestData:\n  - a: 1\nmodel: m\n', 'testData'],
    ['/p/x.prompt.yml', 'name: x\ntestData:\n- a: 1\nmodel: m\n', 'testData'],
    ['/p/x.prompt.yml', 'name: x\n', 'testData'],
  ] as const)('stands at the end of the list in %s %j', (path, text, key) => {
    const value: unknown = parse(apply(text, appendCaseEdit(path, text, added, key)));
    const rows = (key === undefined ? value : (value as Record<string, unknown>)[key]) as unknown[];
    expect(rows.at(-1)).toEqual({ ...added.vars, expected: 'billing', tags: ['mixed'] });
    expect(rows).toHaveLength(text.includes('a') && text.includes('1') ? 2 : 1);
  });

  it.each([
    ['/d/x.jsonl', '{"a":1}\r\n', undefined],
    ['/d/x.jsonl', '', undefined],
    ['/d/x.json', '[\r\n  {"a": 1}\r\n]\r\n', undefined],
    ['/d/x.json', '[]', undefined],
    ['/d/x.csv', 'expected,body,subject,tags\r\nx,😀,z,\r\n', undefined],
    ['/p/x.prompt.yml', 'name: x\ntestData:\n  - a: 1\nmodel: m\n', 'testData'],
  ] as const)('is one change together with others, as one after the other in %s %j', (path, text, key) => {
    const cases = [added, { vars: { subject: '😀', body: 'b' }, expected: 'other' }, { vars: { subject: '😁', body: 'c' }, expected: 'other' }];
    const one = cases.reduce<string>((whole, next) => apply(whole, appendCaseEdit(path, whole, next, key)), text);
    const edit = appendCasesEdit(path, text, cases, key);
    expect(apply(text, edit)).toBe(one);
    expect(edit.newText.length).toBe(one.length - text.length);
  });

  it('is a test with an assertion in a promptfoo config', () => {
    const text = 'prompts: [p]\ntests:\n  - vars: { a: 1 }\n';
    expect((parse(apply(text, appendCaseEdit('/p/promptfooconfig.yaml', text, added, 'tests'))) as { tests: unknown[] }).tests[1]).toEqual({ vars: added.vars, assert: [{ type: 'equals', value: 'billing' }] });
  });

  it('fills the columns of a CSV in their order, and refuses a variable without one', () => {
    const text = 'expected,body,subject,tags\nx,y,z,\n';
    expect(apply(text, appendCaseEdit('/d/x.csv', text, added))).toBe(`${text}billing,"Zeile 1\nZeile 2","Refund ""now""",mixed\n`);
    expect(() => appendCaseEdit('/d/x.csv', 'body\nx\n', added)).toThrow(/no column for "subject", "expected"/);
  });
});
