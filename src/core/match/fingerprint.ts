/**
 * Fingerprints of text by winnowing (Schleimer, Wilkerson and Aiken 2003): of every window of `WINDOW` hashes of `GRAM` characters in a row
 * the smallest is kept. Two texts that share `GRAM + WINDOW - 1` characters share a fingerprint, so that whatever stands literally in a
 * text is found by the few fingerprints that were kept of it.
 */
const GRAM = 8;
const WINDOW = 6;
/** A text shorter than this has no fingerprint of its own that any text around it is sure to have too. */
export const SHORTEST = GRAM + WINDOW - 1;

const BASE = 0x01000193;
/** BASE to the power of GRAM - 1, modulo 2³²: what the character that leaves the window counts. */
const LEAVING = (() => {
  let power = 1;
  for (let i = 1; i < GRAM; i++) power = Math.imul(power, BASE);
  return power;
})();

/** Mixes a rolling hash, whose low bits are poor (the finaliser of MurmurHash3). */
function mix(hash: number): number {
  let mixed = hash;
  mixed ^= mixed >>> 16;
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** The hash of every `GRAM` characters in a row, in their order; none of a shorter text. */
export function gramHashes(text: string): Uint32Array {
  const count = Math.max(0, text.length - GRAM + 1);
  const hashes = new Uint32Array(count);
  let rolling = 0;
  for (let i = 0; i < text.length; i++) {
    if (i >= GRAM) rolling = (rolling - Math.imul(text.charCodeAt(i - GRAM), LEAVING)) | 0;
    rolling = (Math.imul(rolling, BASE) + text.charCodeAt(i)) | 0;
    if (i >= GRAM - 1) hashes[i - GRAM + 1] = mix(rolling);
  }
  return hashes;
}

/** The smallest hash of every window. Every window of a part of a text is a window of the text: what is kept of the part is kept of the whole. */
export function winnow(hashes: Uint32Array): Set<number> {
  const kept = new Set<number>();
  // Positions in the window whose hashes ascend: the first is the smallest.
  const queue = new Int32Array(hashes.length);
  let head = 0;
  let tail = 0;
  for (let i = 0; i < hashes.length; i++) {
    const hash = hashes[i] ?? 0;
    while (tail > head && (hashes[queue[tail - 1] ?? 0] ?? 0) >= hash) tail--;
    queue[tail++] = i;
    if ((queue[head] ?? 0) <= i - WINDOW) head++;
    if (i >= WINDOW - 1) kept.add(hashes[queue[head] ?? 0] ?? 0);
  }
  return kept;
}

/** How much of a text, 0..1, stands in runs of `GRAM` characters that another text (by its hashes) has too. */
export function coverage(text: string, other: ReadonlySet<number>): number {
  if (text.length === 0) return 0;
  const hashes = gramHashes(text);
  let covered = 0;
  let end = 0;
  for (const [start, hash] of hashes.entries()) {
    if (!other.has(hash)) continue;
    covered += start + GRAM - Math.max(start, end);
    end = start + GRAM;
  }
  return covered / text.length;
}
