import type { SourceRange } from '../text/position.ts';

/** Where the lenses of one prompt stand: at its name (or the first line), and at its messages. */
export interface LensPlaces {
  readonly name: SourceRange;
  readonly messages: SourceRange;
}

const TOP_KEY = /^(name|messages)[ \t]*:(?:[ \t]|$)/gm;

/**
 * The places in a GitHub Models prompt file, found by its lines: a line of a block mapping that begins at column 0 is a key of the
 * top level. Parsing a long text takes many times as long, and editors ask with every key stroke. Also finds them in a text that
 * does not parse at the moment. `null`: not written this way (keys in quotes, a flow mapping), or no messages.
 */
export function scanLensPlaces(text: string): LensPlaces | null {
  let name: SourceRange | undefined;
  let messages: SourceRange | undefined;
  let line = 0;
  let counted = 0;
  for (const match of text.matchAll(TOP_KEY)) {
    for (let at = text.indexOf('\n', counted); at >= 0 && at < match.index; at = text.indexOf('\n', at + 1)) {
      line++;
      counted = at + 1;
    }
    const key = match[1] ?? '';
    const range: SourceRange = { start: { line, character: 0 }, end: { line, character: key.length } };
    if (key === 'name') name ??= range;
    else messages ??= range;
  }
  if (messages === undefined) return null;
  return { name: name ?? { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, messages };
}
