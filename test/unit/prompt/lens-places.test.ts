import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outlinePromptFile } from '../../../src/core/prompt/formats.ts';
import { scanLensPlaces } from '../../../src/core/prompt/lens-places.ts';

const root = resolve(import.meta.dirname, '../../..');
const corpus = join(process.env['TOUCHSTONE_SHARED'] ?? resolve(root, '../shared'), 'corpus/prompts/prompt-yml');

describe('scanLensPlaces', () => {
  it('finds the lines of name and messages, with either line end, comments before them, and text that looks like keys', () => {
    const text = '# name: no\r\ndescription: |\r\n  messages: not this\r\nname: A\r\nmodel: m\r\nmessages:\r\n  - role: user\r\n    content: |\r\n      name: neither\r\nmessages: later\r\n';
    expect(scanLensPlaces(text)).toEqual({
      name: { start: { line: 3, character: 0 }, end: { line: 3, character: 4 } },
      messages: { start: { line: 5, character: 0 }, end: { line: 5, character: 8 } },
    });
  });

  it('takes the first line where there is no name, also in a text that does not parse', () => {
    expect(scanLensPlaces('model: [\nmessages:\n')).toMatchObject({ name: { start: { line: 0 } }, messages: { start: { line: 1 } } });
    expect(scanLensPlaces('{ "messages": [] }')).toBeNull();
    expect(scanLensPlaces('model: m\n')).toBeNull();
    expect(scanLensPlaces('messagesX: 1\n')).toBeNull();
  });

  const samples = ['examples/prompts/support/triage.prompt.yml', 'examples/prompts/math/gsm8k.prompt.yml'].map((path) => join(root, path));
  const files = existsSync(corpus) ? [...samples, ...readdirSync(corpus).map((name) => join(corpus, name))] : samples;
  it.each(files)('agrees with the reader on %s', (path) => {
    const text = readFileSync(path, 'utf8');
    const [prompt] = outlinePromptFile(path, text).prompts;
    const places = scanLensPlaces(text);
    // Not written that way: the editor then reads the whole text.
    if (prompt === undefined || !/^messages:/m.test(text)) return expect(places).toBeNull();
    expect([places?.name.start.line, places?.messages.start.line]).toEqual([prompt.ranges.name.start.line, prompt.ranges.messages.start.line]);
  });
});
