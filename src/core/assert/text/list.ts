import type { AssertionSpec } from '../model.ts';
import { CheckError } from '../outcome.ts';

/** A list of texts: a list as it stands, or one text with commas, where double quotes keep a comma and `""` is a quote. */
export function textList({ type, value }: AssertionSpec): string[] {
  if (Array.isArray(value)) return value.map((item) => (typeof item === 'string' ? item : (JSON.stringify(item) ?? '')));
  if (typeof value === 'number') return [String(value)];
  if (typeof value === 'string') return splitList(value);
  throw new CheckError(`${type} needs a list of texts, or one text with commas.`);
}

export function splitList(text: string): string[] {
  const items: string[] = [];
  let item = '';
  let quoted = false;
  let wasQuoted = false;
  const push = (): void => {
    const done = wasQuoted ? item : item.trim();
    if (done !== '') items.push(done);
    item = '';
    wasQuoted = false;
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? '';
    if (quoted) {
      if (char !== '"') item += char;
      else if (text[i + 1] === '"') {
        item += '"';
        i++;
      } else quoted = false;
    } else if (char === ',') push();
    else if (char === '"' && item.trim() === '' && !wasQuoted) {
      quoted = true;
      wasQuoted = true;
      item = '';
    } else if (!wasQuoted || char.trim() !== '') item += char;
  }
  push();
  return items;
}
