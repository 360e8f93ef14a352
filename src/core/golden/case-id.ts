import type { JsonObject } from '../json.ts';

/** Words of an id: enough to recognise the case in a list. */
const MOST_WORDS = 4;
const MOST_CHARACTERS = 40;

/** An id that says what the case is about, by the first words of its first text: `charged-twice-after-page`. Not one of `taken`. */
export function caseId(vars: JsonObject, hash: string, taken: ReadonlySet<string>): string {
  const texts = Object.values(vars).filter((value) => typeof value === 'string' && /[\p{L}\p{N}]/u.test(value));
  // One word tells a case from few others: `pro`, `billing`.
  const text = texts.find((value) => /[\p{L}\p{N}]\s+\S/u.test(String(value))) ?? texts[0];
  const words = typeof text === 'string' ? (text.slice(0, 400).toLowerCase().normalize('NFC').match(/[\p{L}\p{N}]+/gu) ?? []) : [];
  const slug = words.slice(0, MOST_WORDS).join('-').slice(0, MOST_CHARACTERS).replace(/-$/, '');
  const base = slug === '' ? `case-${hash.slice(0, 8)}` : slug;
  if (!taken.has(base)) return base;
  const withHash = `${base}-${hash.slice(0, 6)}`;
  for (let number = 2, id = withHash; ; id = `${withHash}-${number++}`) if (!taken.has(id)) return id;
}
