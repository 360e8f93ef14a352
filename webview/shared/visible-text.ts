export { clip } from '../../src/core/text/clip.ts';

/** A piece of text; `name` is set for a character that would not be seen, or that would change how others are seen. */
export interface VisiblePiece {
  readonly text: string;
  readonly name?: string;
}

/**
 * Control characters, bidirectional overrides, zero-width spaces, byte order marks and tag characters: what hides text or turns it
 * around. Joiners (U+200C, U+200D) and variation selectors belong to ordinary writing and emoji and stay; of the supplementary selectors
 * the one that follows an ideograph does, while others can carry a hidden text, a byte each.
 */
const UNSEEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00AD\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]|[\u{E0000}-\u{E007F}]|(?<!\p{Script=Han})[\u{E0100}-\u{E01EF}]|(?<=[\uFE00-\uFE0F])[\uFE00-\uFE0F]/gu;

/** Compiling the other expression takes longer than a panel's first rows, which hold nothing else as a rule. */
const PLAIN = /^[\t\n\r -~]*$/;

const NAMES: Readonly<Record<string, string>> = {
  '\u00AD': 'soft hyphen', '\u200B': 'zero-width space', '\u200E': 'left-to-right mark', '\u200F': 'right-to-left mark', '\u202A': 'left-to-right embedding',
  '\u202B': 'right-to-left embedding', '\u202C': 'end of embedding', '\u202D': 'left-to-right override', '\u202E': 'right-to-left override', '\u2060': 'word joiner',
  '\u2066': 'left-to-right isolate', '\u2067': 'right-to-left isolate', '\u2068': 'isolate', '\u2069': 'end of isolate', '\uFEFF': 'byte order mark', '\u0000': 'null', '\u001B': 'escape',
};

/** Splits a text so that what hides can be shown by its code. */
export function visiblePieces(text: string): readonly VisiblePiece[] {
  if (PLAIN.test(text)) return text === '' ? [] : [{ text }];
  const pieces: VisiblePiece[] = [];
  let at = 0;
  for (const match of text.matchAll(UNSEEN)) {
    if (match.index > at) pieces.push({ text: text.slice(at, match.index) });
    const code = `U+${(match[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
    pieces.push({ text: code, name: NAMES[match[0]] ?? 'invisible character' });
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at) });
  return pieces;
}

/** The same as one text: for what has no room for pieces (tooltips, names for screen readers). */
export function visibleText(text: string): string {
  return visiblePieces(text).map((piece) => piece.text).join('');
}
