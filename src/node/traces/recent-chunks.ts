/** A chunk that was used lately. */
export interface KnownChunk {
  readonly n: number;
  /** The trace that it was last used in: most uses follow each other. */
  usedIn: number;
  /** Whether it has a row of its own in the search index: until another trace uses it, it is found with the span that brought it. */
  isFoundAlone: boolean;
}

/** A power of two. */
const SLOTS = 131_072;
const WORDS = 4;

/**
 * The chunks that were used last, by their hash: what falls into the place of another one takes it, or the one beside it. (A `Map`
 * grows and is copied and collected as it grows: that took twice as long.)
 */
export class RecentChunks {
  /** Of its whole length from the beginning: an array with large gaps is a dictionary to V8. */
  readonly #chunks = new Array<KnownChunk | undefined>(SLOTS).fill(undefined);
  readonly #words = new Int32Array(SLOTS * WORDS);

  /** @param key `hashOfChunk` */
  get(key: string): KnownChunk | undefined {
    const slot = wordOf(key, 0) & (SLOTS - 1);
    return this.#at(slot, key) ?? this.#at(slot ^ 1, key);
  }

  set(key: string, chunk: KnownChunk): void {
    const slot = wordOf(key, 0) & (SLOTS - 1);
    const before = this.#chunks[slot];
    if (before !== undefined) {
      this.#chunks[slot ^ 1] = before;
      this.#words.copyWithin((slot ^ 1) * WORDS, slot * WORDS, (slot + 1) * WORDS);
    }
    this.#chunks[slot] = chunk;
    for (let word = 0; word < WORDS; word++) this.#words[slot * WORDS + word] = wordOf(key, word);
  }

  clear(): void {
    this.#chunks.fill(undefined);
  }

  #at(slot: number, key: string): KnownChunk | undefined {
    const chunk = this.#chunks[slot];
    if (chunk === undefined) return undefined;
    for (let word = 0; word < WORDS; word++) if (this.#words[slot * WORDS + word] !== wordOf(key, word)) return undefined;
    return chunk;
  }
}

/** Four of the key's bytes. */
function wordOf(key: string, word: number): number {
  const at = word * 4;
  return (key.charCodeAt(at) << 24) | (key.charCodeAt(at + 1) << 16) | (key.charCodeAt(at + 2) << 8) | key.charCodeAt(at + 3);
}
