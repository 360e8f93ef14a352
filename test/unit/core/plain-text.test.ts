import { describe, expect, it } from 'vitest';
import { plainText } from '../../../src/core/text/plain-text.ts';

/** By which VS Code finds the links of a message (`linkedText.ts`). */
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/gi;

describe('text of strangers in messages', () => {
  it.each([
    '[Fix it](command:workbench.action.terminal.sendSequence?%7B%22text%22%3A%22id%5Cn%22%7D)',
    '“[a](https://evil.example "b")” is neither a link nor an id.',
    '[[a]](command:x)[b](file:///etc/passwd)',
    'x[a] (b)[c](command:x)](command:y)',
  ])('makes no link: %s', (text) => {
    expect(text).toMatch(LINK);
    expect(plainText(text)).not.toMatch(LINK);
  });

  it('leaves everything else alone', () => {
    for (const text of ['a [b] (c)', 'list[0](1', '**bold** `code` https://example.com/a?b=[c]']) expect(plainText(text).replaceAll('] (', '](')).toBe(text.replaceAll('] (', ']('));
  });
});
