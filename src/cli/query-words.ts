/** Words of the shell are words of the query; one with spaces was quoted, and means these words together. */
export function queryOf(words: readonly string[]): string {
  if (words.length === 1) return words[0]!;
  return words.map((word) => (/\s/.test(word) && !word.includes('"') ? `"${word}"` : word)).join(' ');
}
