import { errorMessage } from '../errors.ts';

/** Quotes (to skip strings) and whole numbers that a double may not hold. */
const QUOTE_OR_LONG_NUMBER = /"|(?<![\d.+eE-])-?\d{16,}(?![\d.eE])/g;

/**
 * `JSON.parse`, except that whole numbers which a double does not hold become strings: OTLP's rule for 64-bit integers, which not every
 * sender keeps, and nanoseconds written as bare numbers would else be rounded to multiples of 256.
 */
export function parseKeepingLongIntegers(text: string): { value: unknown } | { error: string } {
  try {
    return { value: JSON.parse(/[:[,\s]-?\d{16,}[\s,}\]]/.test(text) ? quoteLongIntegers(text) : text) };
  } catch (error) {
    return { error: errorMessage(error) };
  }
}

function quoteLongIntegers(text: string): string {
  const pieces: string[] = [];
  let copied = 0;
  QUOTE_OR_LONG_NUMBER.lastIndex = 0;
  for (let match = QUOTE_OR_LONG_NUMBER.exec(text); match; match = QUOTE_OR_LONG_NUMBER.exec(text)) {
    if (match[0] === '"') {
      const end = endOfString(text, match.index + 1);
      if (end < 0) break;
      QUOTE_OR_LONG_NUMBER.lastIndex = end;
    } else {
      // microseconds since 1970 have 16 digits, and a double holds them
      if (Number.isSafeInteger(Number(match[0]))) continue;
      pieces.push(text.slice(copied, match.index), '"', match[0], '"');
      copied = match.index + match[0].length;
    }
  }
  pieces.push(text.slice(copied));
  return pieces.join('');
}

/** The position after the closing quote of the string whose content starts at `from`; -1 when it never closes. */
function endOfString(text: string, from: number): number {
  for (let quote = text.indexOf('"', from); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (quote - 1 - backslashes >= from && text.charCodeAt(quote - 1 - backslashes) === 92) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return -1;
}
