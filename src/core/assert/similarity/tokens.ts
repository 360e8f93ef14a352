/** White-space tokens, lower-cased. */
export function words(text: string): string[] {
  const trimmed = text.trim().toLowerCase();
  return trimmed === '' ? [] : trimmed.split(/\s+/u);
}

/** White-space tokens, lower-cased, without the punctuation around them. */
export function bareWords(text: string): string[] {
  return words(text).map((word) => word.replace(/^\p{P}+|\p{P}+$/gu, '')).filter((word) => word !== '');
}

/**
 * Tokens of the Penn Treebank, lower-cased: punctuation and clitics ("n't", "'ll") stand alone. The rules are those of the
 * script by Robert MacIntyre (1995) that the treebank and NLTK's TreebankWordTokenizer use.
 */
export function treebankTokens(text: string): string[] {
  let line = ` ${text.toLowerCase()} `;
  const rules: readonly (readonly [RegExp, string])[] = [
    [/^\s*"/gu, ' `` '],
    [/([ ([{<])"/gu, '$1 `` '],
    [/\.\.\./gu, ' ... '],
    [/[;@#$%&?!]/gu, ' $& '],
    [/([:,])(?=[^\d]|$)/gu, ' $1 '],
    [/([^.\s])\.(["'\])}>]*)\s*$/gu, '$1 . $2 '],
    [/[\][(){}<>]/gu, ' $& '],
    [/--/gu, ' -- '],
    [/"/gu, " '' "],
    [/([^'])' /gu, "$1 ' "],
    [/'(s|m|d|ll|re|ve) /gu, " '$1 "],
    [/n't /gu, " n't "],
    [/ (can)(not) /gu, ' $1 $2 '],
    [/ (gim|lem)(me) /gu, ' $1 $2 '],
    [/ (gon|wan)(na) /gu, ' $1 $2 '],
    [/ (got)(ta) /gu, ' $1 $2 '],
  ];
  for (const [pattern, replacement] of rules) line = line.replace(pattern, replacement);
  return line.split(/\s+/u).filter((token) => token !== '');
}

/** How often each run of `n` tokens occurs. */
export function ngramCounts(tokens: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= tokens.length; i++) {
    const gram = tokens.slice(i, i + n).join('\u0000');
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

/** Occurrences in both, each counted at most as often as in the other. */
export function overlap(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let shared = 0;
  for (const [gram, count] of a) shared += Math.min(count, b.get(gram) ?? 0);
  return shared;
}

/** Number of `n`-grams in a text of `length` tokens. */
export function ngramTotal(length: number, n: number): number {
  return Math.max(0, length - n + 1);
}
