import type { JsonObject } from '../json.ts';

/** Words of an id: enough to recognise the case in a list, and of fewer than two nobody does. */
const MOST_WORDS = 4;
const LEAST_WORDS = 2;
const MOST_CHARACTERS = 40;
/** Characters of a text that are looked at. */
const LOOKED_AT = 400;

/** Behind these words stands who is writing, in lower case too where all is typed so. */
const INTRODUCTION = /(?<!\p{L})(?:my name is|my name['’]s|i am|i['’]?m|this is|me llamo|mi nombre es|soy|me chamo|meu nome é|eu sou|je m['’]appelle|je suis|mi chiamo|sono|ich bin|ich heiße|mein name ist|hier ist|ik ben|mijn naam is)(?!\p{L})/iu;

/**
 * An id that says what the case is about: the first words of its shortest text that has some, `calendar-does-not-sync`. Not one of `taken`.
 *
 * An id is copied to wherever results go, and no masker finds names of people. So it has only words that are written in lower case, there or
 * elsewhere in the case (the first word of a sentence), of letters alone, and none behind an introduction ("my name is"): where that
 * leaves too few, the id is `case-` and digits of the hash.
 */
export function caseId(vars: JsonObject, hash: string, taken: ReadonlySet<string>): string {
  const texts = Object.values(vars).filter((value) => typeof value === 'string').sort((a, b) => a.length - b.length);
  const written = texts.map(wordsOf);
  const lower = new Set(written.flat().filter((word) => LOWER.test(word)));
  const words = written.map((some) => harmless(some, lower)).find((found) => found.length >= LEAST_WORDS) ?? [];
  const slug = words.join('-').slice(0, MOST_CHARACTERS).replace(/-$/, '');
  const base = slug === '' ? `case-${hash.slice(0, 8)}` : slug;
  if (!taken.has(base)) return base;
  const withHash = `${base}-${hash.slice(0, 6)}`;
  for (let number = 2, id = withHash; ; id = `${withHash}-${number++}`) if (!taken.has(id)) return id;
}

/** What stands where something was masked. */
const PLACEHOLDER = /\[[a-z-]+ \d+\]/g;

const LOWER = /^\p{Ll}+(?:['’-]\p{Ll}+)*$/u;

/** Before whoever writes introduces themselves. */
function wordsOf(text: string): string[] {
  const [before = ''] = text.slice(0, LOOKED_AT).normalize('NFC').replace(PLACEHOLDER, ' ').split(INTRODUCTION, 1);
  // Handles, addresses and paths have other characters between their letters.
  return before.split(/\s+/).map((word) => word.replace(/^[([{"'“‘«¿¡*-]+|[)\]}"'”’»,.;:!?…*-]+$/gu, ''));
}

function harmless(words: readonly string[], lower: ReadonlySet<string>): string[] {
  return words.map((word) => (LOWER.test(word) ? word : word.toLowerCase())).filter((word) => lower.has(word)).map((word) => word.replace(/['’]/g, '')).slice(0, MOST_WORDS);
}
