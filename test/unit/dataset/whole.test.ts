import { describe, expect, it } from 'vitest';
import { collectDataset, datasetOfFile } from '../../../src/core/dataset/read.ts';
import { slicesOf } from '../../../src/core/dataset/slices.ts';
import type { Case } from '../../../src/core/dataset/model.ts';
import { memoryFiles } from '../prompt/memory-files.ts';
import { covered } from '../prompt/places.ts';

function collect(file: string, text: string): Promise<Case[]> {
  return collectDataset(datasetOfFile(file), { files: memoryFiles({ [file]: text }), root: '/w' });
}

describe('yaml and json datasets', () => {
  it('reads a list of cases with their places', async () => {
    const text = '# cases\n- &first\n  id: a\n  input: |\n    two\n    lines\n  expected:\n    k: [1]\n- <<: *first\n  id: b\n- input: "{{not expanded}}"\n';
    const cases = await collect('/w/d.yaml', text);
    expect(cases).toMatchObject([{ id: 'a', vars: { input: 'two\nlines\n' }, expected: { k: [1] } }, { id: 'b', vars: { input: 'two\nlines\n' }, expected: { k: [1] } }, { vars: { input: '{{not expanded}}' } }]);
    expect(cases.map(({ place }) => place.range.start.line + 1)).toEqual([3, 9, 11]);
    expect(covered(text, cases[0]?.place.expectedRange ?? { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } })).toBe('k: [1]');
  });

  it('reads json, and a list under cases:', async () => {
    expect(await collect('/w/d.json', '[{"x":1,"expected":"e"},\n {"x":2}]')).toMatchObject([{ vars: { x: 1 }, expected: 'e' }, { vars: { x: 2 } }]);
    expect(await collect('/w/d.yml', 'cases:\n  - x: 1\n')).toMatchObject([{ vars: { x: 1 } }]);
    expect(await collect('/w/empty.yaml', '')).toEqual([]);
  });

  it.each([
    ['/w/d.yaml', 'x: 1\n', 1], ['/w/d.yaml', '- x: 1\n- 5\n', 2], ['/w/d.yaml', '- x: 1\n- y: [\n', 3], ['/w/d.json', '[{"x":1},\n{"x":}]', 2], ['/w/d.yaml', '- id: a\n- id: a\n', 2],
    ['/w/d.yaml', '- x: &a [*a]\n  y: *none\n', 1],
    ['/w/d.yaml', `- x: 1\n- x: ${'['.repeat(600)}${']'.repeat(600)}\n`, 2], ['/w/d.json', `[{"x":1},\n{"x":${'['.repeat(600)}${']'.repeat(600)}}]`, 2],
    ['/w/d.yaml', `- x: ${'['.repeat(20_000)}`, 1], ['/w/d.json', `[{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`, 1],
  ])('refuses %s %j with the line', async (file, text, line) => {
    await expect(collect(file, text)).rejects.toMatchObject({ code: 'invalid-dataset', place: { file, line } });
  });

  it('knows the places in json', async () => {
    const text = '{"cases": [\n  {"x": 1, "expected": [1]},\n  {"x": 2, "tags": 5}\n]}';
    await expect(collect('/w/d.json', text)).rejects.toMatchObject({ message: expect.stringContaining('tags') as string, place: { line: 3, column: 20 } });
    const [item] = await collect('/w/d.json', text.replace('"tags": 5', '"tags": "t"'));
    expect(item && [covered(text, item.place.range), item.place.expectedRange && covered(text, item.place.expectedRange)]).toEqual(['{"x": 1, "expected": [1]}', '[1]']);
  });

  it('does not let aliases grow without end', async () => {
    const bomb = `${Array.from({ length: 12 }, (_, level) => `  x${level}: &x${level} [${Array.from({ length: 9 }, () => (level === 0 ? '1' : `*x${level - 1}`)).join(',')}]`).join('\n')}\n`;
    await expect(collect('/w/d.yaml', `-\n${bomb}`)).rejects.toMatchObject({ code: 'invalid-dataset' });
  });
});

describe('slicesOf', () => {
  it('gives tags, then the fields asked for', async () => {
    const [item] = await collect('/w/d.yaml', '- { lang: de, n: 3, tags: [a, b], metadata: { team: [x, y], lang: over } }\n');
    if (!item) throw new Error('not read');
    expect(slicesOf(item)).toEqual(['a', 'b']);
    expect(slicesOf(item, ['lang', 'n', 'team', 'none', 'constructor'])).toEqual(['a', 'b', 'lang=over', 'n=3', 'team=x', 'team=y']);
  });
});
