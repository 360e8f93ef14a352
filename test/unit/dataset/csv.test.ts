import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { CsvScanner } from '../../../src/core/dataset/csv-scan.ts';
import { assertionFromText } from '../../../src/core/dataset/assertion-text.ts';
import { collectDataset, datasetOfFile } from '../../../src/core/dataset/read.ts';
import type { Case } from '../../../src/core/dataset/model.ts';
import { memoryFiles } from '../prompt/memory-files.ts';
import { covered } from '../prompt/places.ts';

const FILE = '/w/d.csv';

function collect(text: string, chunk?: number): Promise<Case[]> {
  return collectDataset(datasetOfFile(FILE), { files: memoryFiles({ [FILE]: text }, chunk), root: '/w' });
}

function scan(text: string, chunk: number): { cells: string[]; ranges: string[] }[] {
  const scanner = new CsvScanner();
  const records = [];
  for (let at = 0; at < text.length; at += chunk) records.push(...scanner.push(text.slice(at, at + chunk)));
  records.push(...scanner.end());
  return records.map(({ cells }) => ({ cells: cells.map((cell) => cell.text), ranges: cells.map((cell) => covered(text, cell.range)) }));
}

const TEXTS = [
  'a,b\n1,2\n', 'a,b\r\n1,2', 'a\n\n\nb\n', '"a ""quoted"" b",c\n"x\ny","p,q"\n', ',\n,,\n', '"",""\n', 'ä,🙂\n" spaced ", plain \n', 'x', '', '\n', 'a,"b\r\nc",d\r\n', '"a"\n"b"', 'a"b,c\n', '1,2\n"3', '"",\n',
];

describe('CsvScanner', () => {
  it.each(TEXTS.filter((text) => text !== '1,2\n"3'))('gives the cells of csv-parse for %j, in any pieces', (text) => {
    const expected = parse(text, { relax_column_count: true, skip_empty_lines: true, relax_quotes: true });
    for (const chunk of [1, 2, 3, 100]) expect(scan(text, chunk).map(({ cells }) => cells)).toEqual(expected);
  });

  it('agrees with csv-parse on random tables', () => {
    let state = 7;
    const next = (below: number): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % below;
    const pieces = ['a', '"', ',', '\n', '\r\n', ' ', 'ß', '𝄞', ''];
    for (let round = 0; round < 200; round++) {
      const table = Array.from({ length: 1 + next(4) }, () => Array.from({ length: 1 + next(4) }, () => Array.from({ length: next(5) }, () => pieces[next(pieces.length)]).join('')));
      const text = table.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join(next(2) === 0 ? '\n' : '\r\n');
      expect(scan(text, 1 + next(6)).map(({ cells }) => cells)).toEqual(table);
      expect(parse(text, { relax_column_count: true, skip_empty_lines: true })).toEqual(table);
    }
  });

  it('knows where every cell stands, quotes included', () => {
    const text = 'a,"b ""x"""\r\n"two\nlines",\n';
    for (const chunk of [1, 4, 100]) expect(scan(text, chunk).map(({ ranges }) => ranges)).toEqual([['a', '"b ""x"""'], ['"two\nlines"', '']]);
  });
});

describe('csv datasets', () => {
  it('reads a case’s own columns, promptfoo’s, and variables', async () => {
    const text = 'id,question,expected,tags,description,__metadata:team,__metadata:list[],__threshold,__metric,__expected,__expected2,__config:__expected2:threshold,__prefix,__suffix,__providerOutput\nc1,"q, 1",gold,"a, b",D,core,"x,y\\,z",0.5,m,contains:g,similar:gold,0.9,P,S,canned\n,q2,,,,,,,,,,,,,\n';
    const cases = await collect(text);
    expect(cases[0]).toMatchObject({
      id: 'c1', vars: { question: 'q, 1' }, expected: 'gold', tags: ['a', 'b'], description: 'D', metadata: { team: 'core', list: ['x', 'y,z'] }, threshold: 0.5,
      assertions: [{ type: 'contains', value: 'g', metric: 'm' }, { type: 'similar', value: 'gold', threshold: 0.9, metric: 'm' }], options: { prefix: 'P', suffix: 'S' }, recordedOutput: 'canned',
    });
    expect(cases[1]).toMatchObject({ vars: { question: 'q2' }, tags: [], assertions: [], metadata: {} });
    expect(cases[1]).not.toHaveProperty('expected');
    expect(cases[1]?.id).toMatch(/^[0-9a-f]{12}$/);
    expect(cases.map(({ place }) => place.expectedRange && covered(text, place.expectedRange))).toEqual(['gold', undefined]);
  });

  it.each([
    ['a,b\n1,2,3\n', 2, 1, 'this record has 3 cells, the header has 2'],
    ['a,b\n1,2\n1\n', 3, 1, 'this record has 1 cells, the header has 2'],
    ['a,a\n1,2\n', 1, 3, 'the column "a" is there twice'],
    ['a,b\n1,"2\n', 2, 3, 'this quote is never closed'],
    ['a,b\n1,"2"x\n', 2, 6, 'text after a closing quote: a quote inside quotes is written twice'],
    ['a,__threshold\n1,high\n', 2, 3, '"high" is not a number'],
    ['id,a\nx,1\n"y\nz",2\nx,3\n', 5, 1, 'the id "x" on line 5 is already taken by line 2'],
  ])('refuses %j with line and column', async (text, line, column, message) => {
    for (const chunk of [1, 1000]) await expect(collect(text, chunk)).rejects.toMatchObject({ code: 'invalid-dataset', message, place: { file: FILE, line, column } });
  });
});

describe('assertionFromText', () => {
  it.each([
    ['plain text', { type: 'equals', value: 'plain text' }],
    ['contains:a: b', { type: 'contains', value: 'a: b' }],
    ['not-icontains: x ', { type: 'not-icontains', value: 'x' }],
    ['contains-any: a, "b, c" ,d', { type: 'contains-any', value: ['a', 'b, c', 'd'] }],
    ['not-contains-all:"say ""hi""",b', { type: 'not-contains-all', value: ['say "hi"', 'b'] }],
    ['levenshtein(2):lev', { type: 'levenshtein', value: 'lev', threshold: 2 }],
    ['similar:x', { type: 'similar', value: 'x', threshold: 0.75 }],
    ['similar:cosine(0.9):x', { type: 'similar:cosine', value: 'x', threshold: 0.9 }],
    ['is-json', { type: 'is-json' }],
    ['regex:^s.m$', { type: 'regex', value: '^s.m$' }],
    ['javascript: output.length > 3', { type: 'javascript', value: 'output.length > 3' }],
    ["fn:output==='sim'", { type: 'javascript', value: "output==='sim'" }],
    ['eval:true', { type: 'javascript', value: 'true' }],
    ['python: len(output) > 3', { type: 'python', value: 'len(output) > 3' }],
    ['file://check.js:fn', { type: 'javascript', value: 'file://check.js:fn' }],
    ['file://check.py', { type: 'python', value: 'file://check.py' }],
    ['grade: is polite', { type: 'llm-rubric', value: 'is polite' }],
    ['https://example.org', { type: 'equals', value: 'https://example.org' }],
    ['unknown:thing', { type: 'equals', value: 'unknown:thing' }],
    ['', { type: 'equals', value: '' }],
  ])('%j', (text, expected) => {
    expect(assertionFromText(text)).toEqual(expected);
  });
});
