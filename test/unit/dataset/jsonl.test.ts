import { describe, expect, it } from 'vitest';
import { checkDataset, collectDataset, datasetOfFile, readDataset } from '../../../src/core/dataset/read.ts';
import type { Case } from '../../../src/core/dataset/model.ts';
import { memoryFiles } from '../prompt/memory-files.ts';
import { covered } from '../prompt/places.ts';

const FILE = '/w/d.jsonl';

function collect(text: string, chunk?: number): Promise<Case[]> {
  return collectDataset(datasetOfFile(FILE), { files: memoryFiles({ [FILE]: text }, chunk), root: '/w' });
}

describe('jsonl datasets', () => {
  it('reads short and full rows', async () => {
    const cases = await collect(`${[
      '{"id":"a","input":"x","n":1,"expected":{"k":1},"tags":["t1","t2","t1"],"description":"D","metadata":{"m":1},"threshold":0.5,"assert":[{"type":"equals","value":"v"},"contains:w"]}',
      '{"vars":{"id":"variable","expected":"variable"},"id":7,"expected":null,"tags":"a, b,,a","options":{"prefix":"P","expandVars":["id"]},"providerOutput":"canned"}',
      '{"options":["A","B"],"providerOutput":"a variable"}',
    ].join('\n')}\n`);
    expect(cases).toMatchObject([
      { id: 'a', vars: { input: 'x', n: 1 }, expected: { k: 1 }, tags: ['t1', 't2'], description: 'D', metadata: { m: 1 }, threshold: 0.5, assertions: [{ type: 'equals', value: 'v', baseDir: '/w' }, { type: 'contains', value: 'w' }] },
      { id: '7', vars: { id: 'variable', expected: 'variable' }, expected: null, tags: ['a', 'b'], options: { prefix: 'P', expandVars: ['id'] }, recordedOutput: 'canned' },
      { vars: { options: ['A', 'B'], providerOutput: 'a variable' } },
    ]);
    expect(cases[2]).not.toHaveProperty('recordedOutput');
  });

  it.each([600, 100_000])('refuses %i nested lists with the line', async (levels) => {
    const error: unknown = await collect(`{"x":1}\n{"x":${'['.repeat(levels)}${']'.repeat(levels)}}`).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'invalid-dataset', message: 'a case is nested at most 500 levels deep', place: { file: FILE, line: 2 } });
    expect(await checkDataset(datasetOfFile(FILE), { files: memoryFiles({ [FILE]: '{"x":'.repeat(100_000) }), root: '/w' })).toMatchObject([{ message: 'this is nested too deeply', range: { start: { line: 0 } } }]);
  });

  it('keeps the exact place of a case and of its expectation', async () => {
    const text = '{"input":"x"}\n\n  {"a": {"expected": 1}, "expected" : "wanted \\" }" , "b": [1]}\r\n{"expected":{"k":[1,2]}}';
    const cases = await collect(text);
    expect(cases.map(({ place }) => [place.range.start.line + 1, covered(text, place.range), place.expectedRange && covered(text, place.expectedRange)])).toEqual([
      [1, '{"input":"x"}', undefined],
      [3, '{"a": {"expected": 1}, "expected" : "wanted \\" }" , "b": [1]}', '"wanted \\" }"'],
      [4, '{"expected":{"k":[1,2]}}', '{"k":[1,2]}'],
    ]);
  });

  it.each([1, 2, 3, 5, 8, 1000])('reads the same whatever the pieces are (%i units)', async (chunk) => {
    const text = '{"x":"ä🙂"}\r\n\r\n{"x":"b"}\n   \n{"x":"c"}';
    expect((await collect(text, chunk)).map(({ vars, place }) => [vars['x'], place.range])).toEqual((await collect(text, 10_000)).map(({ vars, place }) => [vars['x'], place.range]));
    expect((await collect(text, chunk)).map(({ vars }) => vars['x'])).toEqual(['ä🙂', 'b', 'c']);
  });

  it('gives contents stable ids, independent of the order of keys, and numbers equal contents', async () => {
    const [a, b, c, d, e] = await collect('{"x":1,"y":2}\n{"y":2,"x":1}\n{"x":1,"y":2,"expected":"z"}\n{"x":1,"y":2,"tags":["t"]}\n{"vars":{"y":2,"x":1}}\n');
    expect(a?.id).toMatch(/^[0-9a-f]{12}$/);
    expect([b?.id, d?.id, e?.id]).toEqual([`${a?.id}-2`, `${a?.id}-3`, `${a?.id}-4`]);
    expect(c?.id).not.toBe(a?.id);
    const [alone] = await collect('{"y":2,"x":1}\n');
    expect(alone?.id).toBe(a?.id);
  });

  it.each([
    ['{"x":1}\n{"x":}\n', 2, 6, /not valid JSON: value expected/],
    ['{"x":1}\n\n  {"x" 1}\n', 3, 8, /not valid JSON: colon expected/],
    ['{"x":1\n', 1, 7, /not valid JSON: } expected/],
    ['{"x":1,}\n', 1, 8, /not valid JSON/],
    ['// a comment\n{"x":1}\n', 1, 1, /comments are not allowed in jsonl/],
    ['{"x":1}{"y":2}\n', 1, 8, /not valid JSON/],
    ['{"x":"unfinished\n', 1, 6, /not valid JSON/],
    ['[1]\n', 1, 1, /a case is an object .*, not a list/],
    ['{"vars":5}\n', 1, 9, /"vars" is an object/],
    ['{"vars":{},"other":1}\n', 1, 20, /unknown key "other" beside "vars"/],
    ['{"id":"a"}\n{"id":"b"}\n{"id":"a"}\n', 3, 7, /the id "a" on line 3 is already taken by line 1/],
    ['{"id":{}}\n', 1, 7, /"id" is a text or a number/],
    ['{"tags":5}\n', 1, 9, /"tags" is a list of texts/],
    ['{"threshold":2}\n', 1, 14, /"threshold" is a number from 0 to 1/],
    ['{"metadata":[]}\n', 1, 13, /"metadata" is an object/],
    ['{"assert":[{"type":"equals","weight":"x"}]}\n', 1, 38, /"weight" is a number/],
    ['{"description":5}\n', 1, 16, /"description" is a text/],
  ])('refuses %j with line and column', async (text, line, column, message) => {
    await expect(collect(text)).rejects.toMatchObject({ code: 'invalid-dataset', message: expect.stringMatching(message) as string, place: { file: FILE, line, column } });
  });

  it('tells everything that is wrong when asked', async () => {
    const found = await checkDataset(datasetOfFile(FILE), { files: memoryFiles({ [FILE]: '{"x":}\n{"x":1}\n{"id":"a"}\n{"id":"a"}\n' }), root: '/w' });
    expect(found.map(({ code, range, file }) => [code, range.start.line + 1, file])).toEqual([['json', 1, FILE], ['duplicate-id', 4, FILE]]);
    const missing = await checkDataset(datasetOfFile('/w/none.jsonl'), { files: memoryFiles({}), root: '/w' });
    expect(missing.map(({ code }) => code)).toEqual(['not-found']);
  });

  it('reads no further than it is asked', async () => {
    const files = memoryFiles({});
    let pieces = 0;
    const counting = {
      ...files,
      async *readChunks() {
        for (;;) {
          pieces++;
          yield `{"n":${pieces}}\n`;
        }
      },
    };
    let seen = 0;
    for await (const item of readDataset(datasetOfFile(FILE), { files: counting, root: '/w' })) {
      expect(item.vars['n']).toBe(++seen);
      if (seen === 1000) break;
    }
    expect(pieces).toBeLessThanOrEqual(1001);
  });

  it('is safe with keys of prototypes', async () => {
    const [item] = await collect('{"__proto__":{"polluted":1},"constructor":"c","x":1}\n');
    expect(Object.keys(item?.vars ?? {})).toEqual(['__proto__', 'constructor', 'x']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('datasets of several files', () => {
  it('reads patterns in order and keeps ids unique across files', async () => {
    const files = memoryFiles({ '/w/b.jsonl': '{"x":1}\n', '/w/a.jsonl': '{"x":1}\n{"id":"k"}\n', '/w/c.yaml': '- id: k\n' });
    const ref = { ...datasetOfFile('/w/*.jsonl'), files: ['/w/*.jsonl'] };
    const cases = await collectDataset(ref, { files, root: '/w' });
    expect(cases.map(({ id, place }) => [place.file, id.replace(/^[0-9a-f]{12}/, 'hash')])).toEqual([['/w/a.jsonl', 'hash'], ['/w/a.jsonl', 'k'], ['/w/b.jsonl', 'hash-2']]);
    await expect(collectDataset({ ...ref, files: ['/w/a.jsonl', '/w/c.yaml'] }, { files, root: '/w' })).rejects.toMatchObject({ message: expect.stringContaining('/w/a.jsonl:2') as string, place: { file: '/w/c.yaml', line: 1 } });
  });

  it('says what a dataset can be', async () => {
    const files = memoryFiles({ '/w/a.txt': 'x' });
    await expect(collectDataset(datasetOfFile('/w/a.txt'), { files, root: '/w' })).rejects.toMatchObject({ code: 'invalid-dataset', message: expect.stringContaining('.jsonl') as string });
    await expect(collectDataset(datasetOfFile('/w/*.jsonl'), { files, root: '/w' })).rejects.toMatchObject({ code: 'not-found' });
  });
});
