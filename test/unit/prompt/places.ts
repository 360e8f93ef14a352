import type { SourceRange } from '../../../src/core/text/position.ts';

/** The text that a range covers: what a reader sees underlined. */
export function covered(text: string, range: SourceRange): string {
  const lines = text.split(/(?<=\n)/);
  const offset = ({ line, character }: SourceRange['start']): number => lines.slice(0, line).join('').length + character;
  return text.slice(offset(range.start), offset(range.end));
}
