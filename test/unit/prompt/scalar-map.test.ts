import { isScalar, parseDocument } from 'yaml';
import { describe, expect, it } from 'vitest';
import { mapScalar } from '../../../src/core/text/scalar-map.ts';
import { parseGithubModels } from '../../../src/core/prompt/github-models.ts';
import { covered } from './places.ts';

const SCALARS: Readonly<Record<string, string>> = {
  plain: 'k: before {{one}} and {{two}}',
  'plain over lines': 'k: before {{one}}\n  and\n\n  {{two}} end',
  'single quotes': "k: 'it''s {{one}}, ''{{two}}'''",
  'double quotes': 'k: "say \\"{{one}}\\" \\t\\u00e9 {{two}}\\n"',
  'double quotes over lines': 'k: "first {{one}}\n\n  second \\\n  third {{two}}"',
  'escaped names': 'k: "\\x7b{one}} \\u007b\\u007btwo}}"',
  literal: 'k: |\n  first {{one}}\n    indented\n\n  last {{two}}\n',
  'literal at the end of the file': 'k: |\n  first {{one}}\n  last {{two}}',
  'literal with an indicator': 'k: |2-\n    two more {{one}}\n  last {{two}}\n\n',
  'literal kept': 'k: |+ # comment {{zero}}\n  first {{one}}\n  {{two}}\n\n\n',
  folded: 'k: >\n  first {{one}}\n  second\n\n    more indented\n  {{two}}\n',
  'folded and stripped': 'k: >-\n\n  first {{one}}\n  second {{two}}\n',
  'windows line ends': 'k: |\r\n  first {{one}}\r\n  last {{two}}\r\n',
  'outside of the basic plane': 'k: "🙂 {{one}} 𝄞 {{two}}"',
};

describe('mapScalar', () => {
  it.each(Object.entries(SCALARS))('finds what a %s scalar holds in the source', (name, text) => {
    const document = parseDocument(text);
    const node = document.get('k', true);
    if (!isScalar(node) || typeof node.value !== 'string') throw new Error('not a text');
    const map = mapScalar(text, node);
    const found = [...node.value.matchAll(/\{\{\w+\}\}/g)].map((match) => text.slice(map?.sourceOffset(match.index), map?.sourceEnd(match.index + match[0].length)));
    expect(found).toEqual(name === 'escaped names' ? ['\\x7b{one}}', '\\u007b\\u007btwo}}'] : ['{{one}}', '{{two}}']);
  });

  it('says that it cannot place a value that is not in the source', () => {
    const node = parseDocument('k: text').get('k', true);
    if (!isScalar(node)) throw new Error('not a scalar');
    node.value = 'other';
    expect(mapScalar('k: text', node)).toBeNull();
  });

  it.each(Object.keys(SCALARS).filter((name) => name !== 'escaped names'))('gives the variables of a message in a %s scalar their ranges', (name) => {
    const body = (SCALARS[name] ?? '').replace(/^k:/, 'content:').replaceAll('\n', '\n    ');
    const text = `model: a/b\nmessages:\n  - role: user\n    ${body}\n`;
    const { document } = parseGithubModels('/w/a.prompt.yml', text, '/w');
    const ranges = document?.variables.map(({ name: variable, ranges: all }) => [variable, all.map((range) => covered(text, range))]);
    expect(ranges).toEqual([['one', ['{{one}}']], ['two', ['{{two}}']]]);
  });
});
