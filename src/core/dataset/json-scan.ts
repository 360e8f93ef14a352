const QUOTE = 34;
const BACKSLASH = 92;
const OPEN = new Set([123, 91]);
const CLOSE = new Set([125, 93]);

/**
 * Where the value of a top-level key stands in the text of a JSON object: `[start, end)` in UTF-16 units, `null` when the
 * key is not there. The text must be valid JSON and the key free of escapes. A single pass without building anything:
 * it runs for every line of a dataset.
 */
export function topLevelValue(text: string, key: string): [number, number] | null {
  const wanted = `"${key}"`;
  if (!text.includes(wanted)) return null;
  let depth = 0;
  let found: [number, number] | null = null;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) {
      const end = endOfString(text, at);
      if (depth === 1 && end - at === wanted.length && text.startsWith(wanted, at)) {
        const colon = skipSpaces(text, end);
        // JSON.parse takes the last of equal keys.
        if (text.charCodeAt(colon) === 58) found = valueAt(text, skipSpaces(text, colon + 1));
      }
      at = end - 1;
    } else if (OPEN.has(unit)) depth++;
    else if (CLOSE.has(unit)) depth--;
  }
  return found;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at + 1;
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text[at] ?? '')) at++;
  return at;
}

function valueAt(text: string, start: number): [number, number] {
  let depth = 0;
  let at = start;
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(text, at) - 1;
    else if (OPEN.has(unit)) depth++;
    else if (CLOSE.has(unit) && depth-- === 0) break;
    else if (unit === 44 && depth === 0) break;
  }
  let end = at;
  while (/\s/.test(text[end - 1] ?? '')) end--;
  return [start, end];
}
