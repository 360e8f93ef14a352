import { describe, expect, it } from 'vitest';
import { findLinks } from '../../../src/extension/features/links/find-links.ts';

const ID = '4f1d0c2ab8e94d6fa7c3518e02b96d11';

describe('links to traces in a line of a terminal', () => {
  it.each([
    [`see https://langfuse.example.com/project/p1/traces/${ID}, please.`, [`https://langfuse.example.com/project/p1/traces/${ID}`]],
    [`(http://127.0.0.1:16686/trace/${ID})`, [`http://127.0.0.1:16686/trace/${ID}`]],
    [`level=error trace_id=${ID} msg="it broke"`, [ID]],
    [`{"traceId": "${ID}", "n": 1}`, [ID]],
    [`Trace ID: ${ID}`, [ID]],
    [`trace_id   =   '${ID}'`, [ID]],
    [`traceparent: 00-${ID}-9c1a4f7be20d3385-01`, [`00-${ID}-9c1a4f7be20d3385-01`]],
    [`vscode://touchstone.touchstone/trace/${ID}?source=production`, [`vscode://touchstone.touchstone/trace/${ID}?source=production`]],
    [`http://a.example/trace/${ID} and http://b.example/trace/${ID}`, [`http://a.example/trace/${ID}`, `http://b.example/trace/${ID}`]],
  ])('%s', (line, texts) => {
    const found = findLinks(line);
    expect(found.map(({ text }) => text)).toEqual(texts);
    for (const { startIndex, length, text } of found) expect(line.slice(startIndex, startIndex + length)).toBe(text);
  });

  it.each([
    [`${ID}  package.json`, 'a digest alone is no trace'],
    ['https://example.com/docs/readme', 'a page of something else'],
    [`trace_id=${ID}ff`, 'longer than an id'],
    ['', 'an empty line'],
  ])('leaves %s alone: %s', (line) => {
    expect(findLinks(line)).toEqual([]);
  });

  it('does not look through lines that nobody reads', () => {
    expect(findLinks(`${'x '.repeat(5000)}trace_id=${ID}`)).toEqual([]);
  });
});
