import { hash } from 'node:crypto';

/** Shorter first lines are whole: such an output is its preview. */
export const SURELY_WHOLE = 150;

/** Of a number that SQLite and JavaScript hold alike. */
const DIGEST_BYTES = 6;

/**
 * A number by which outputs are told apart without being read, white space around them left out: 48 bits of SHA-256.
 * `null`: the preview, one line and short, tells it.
 */
export function digestOf(text: string, preview: string, isMultiline: boolean): number | null {
  if (!isMultiline && preview.length < SURELY_WHOLE) return null;
  return Number.parseInt(hash('sha256', trimmed(text), 'hex').slice(0, 2 * DIGEST_BYTES), 16);
}

/** Without what stands around JSON and lines: an expression would take its time on long white space within the text. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13;
}
