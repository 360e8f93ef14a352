/** Characters that steer a terminal, end a line unseen or turn the reading direction, which no text of a stranger may do. */
const STEERING = /[\p{Cc}\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;

/** A hostile text on one line, with nothing in it that acts: line ends become ⏎, tabs spaces, other control characters their code. */
export function visible(text: string): string {
  return text.replaceAll(/\r\n|\r|\n/g, '⏎').replaceAll('\t', ' ').replaceAll(STEERING, escapeCode);
}

function escapeCode(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
