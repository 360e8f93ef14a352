import { createHash } from 'node:crypto';
import { parse, type DefaultTreeAdapterMap } from 'parse5';
import { describe, expect, it } from 'vitest';
import { htmlReport } from '../../../src/core/report/html.ts';
import { reportFormatOf } from '../../../src/core/report/formats.ts';
import { sampleRun, sampleSource, textOf, type SamplePart } from './sample-run.ts';

type Node = DefaultTreeAdapterMap['node'];
type Element = DefaultTreeAdapterMap['element'];

function elements(node: Node): Element[] {
  const own = 'tagName' in node ? [node] : [];
  return 'childNodes' in node ? [...own, ...node.childNodes.flatMap(elements)] : own;
}
function text(node: Node): string {
  if ('value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(text).join('') : '';
}
const attribute = (element: Element, name: string): string | undefined => element.attrs.find((attr) => attr.name === name)?.value;

const hostile = '</pre></script><script>alert(1)</script><img src=x onerror=alert(2)> "\'&amp; \u0000 <!--';

async function page(...parts: SamplePart[]): Promise<{ html: string; all: Element[] }> {
  const html = await textOf(htmlReport(sampleSource(...parts)));
  return { html, all: elements(parse(html)) };
}

describe('the HTML report', () => {
  it('shows hostile text as text', async () => {
    const { all } = await page(
      sampleRun([{ case: hostile, output: hostile, expected: hostile, pass: false, tags: [hostile], vars: { [hostile]: hostile }, assertions: [{ type: 'equals', value: hostile, pass: false, score: 0, reason: hostile, weight: 1, metric: null }] }], {
        name: hostile, models: [hostile],
      }),
    );
    expect(all.filter((element) => element.tagName === 'script')).toHaveLength(1);
    expect(all.filter((element) => element.tagName === 'img')).toHaveLength(0);
    expect(all.flatMap((element) => element.attrs).filter((attr) => attr.name.startsWith('on') || attr.name === 'style')).toEqual([]);
    const shown = hostile.replaceAll('\0', '\uFFFD');
    const output = all.find((element) => element.tagName === 'pre');
    expect(output === undefined ? '' : text(output)).toBe(shown);
    const title = all.find((element) => element.tagName === 'h1');
    expect(title === undefined ? '' : text(title)).toBe(shown);
  });

  it('loads nothing and allows only its own style and script', async () => {
    const { all } = await page(sampleRun([{ case: 'a' }]));
    const loading = all.filter((element) => ['link', 'iframe', 'object', 'embed', 'base', 'form', 'a'].includes(element.tagName) || element.attrs.some((attr) => ['src', 'href', 'srcset', 'action'].includes(attr.name)));
    expect(loading).toEqual([]);
    const meta = all.find((element) => attribute(element, 'http-equiv') === 'Content-Security-Policy');
    const policy = meta === undefined ? '' : (attribute(meta, 'content') ?? '');
    expect(policy).toContain("default-src 'none'");
    for (const [tag, directive] of [['script', 'script-src'], ['style', 'style-src']] as const) {
      const inline = all.find((element) => element.tagName === tag);
      const hash = createHash('sha256').update(inline === undefined ? '' : text(inline)).digest('base64');
      expect(policy).toContain(`${directive} 'sha256-${hash}'`);
    }
    expect(policy).not.toContain('unsafe');
  });

  it('has a row for every cell, in order, with its state, and the slices above', async () => {
    const { all } = await page(
      sampleRun([{ case: 'a', tags: ['clear'] }, { case: 'b', pass: false, tags: ['terse'] }, { case: 'c', error: { code: 'timeout', message: 'slow' }, tags: ['terse'] }]),
    );
    const rows = all.filter((element) => element.tagName === 'details');
    expect(rows.map((row) => attribute(row, 'class'))).toEqual(['cell pass', 'cell fail', 'cell error']);
    expect(rows.map((row) => text(row)).map((row) => /[abc](?=local)/.exec(row)?.[0])).toEqual(['a', 'b', 'c']);
    const tables = all.filter((element) => element.tagName === 'table').map(text);
    expect(tables[0]).toContain('1 of 2');
    expect(tables[1]).toMatch(/clear1.*100%.*terse2.*0%/s);
  });
});

describe('formats by ending', () => {
  it.each([['a.json', 'json'], ['a/b.XML', 'xml'], ['x.htm', 'html'], ['x.html', 'html'], ['x.csv', 'csv'], ['x.yaml', null], ['json', null], ['.', null], ['x.', null]])('%s → %s', (file, format) => {
    expect(reportFormatOf(file)).toBe(format);
  });
});
