/** Bits of the filter for each hash: with four of them set, one hash in some four hundred that it does not hold looks as if it did. */
const BITS_OF_HASH = 16;
const SET_BITS = 4;
const HALF = 2 ** 24;

/** A Bloom filter over hashes of 48 bits: what it says it does not hold, it does not hold. */
export class KeyFilter {
  readonly #bits: Uint32Array;
  readonly #mask: number;
  readonly #capacity: number;
  #count = 0;

  /** @param expected hashes; with more of them it only becomes less useful */
  constructor(expected: number) {
    const bits = 2 ** Math.min(27, Math.max(20, Math.ceil(Math.log2(expected * BITS_OF_HASH))));
    this.#bits = new Uint32Array(bits / 32);
    this.#mask = bits - 1;
    this.#capacity = bits / BITS_OF_HASH;
  }

  get isFull(): boolean {
    return this.#count > this.#capacity && this.#mask < 2 ** 27 - 1;
  }

  add(hash: number): void {
    const low = hash % HALF;
    const high = Math.floor(hash / HALF);
    for (let bit = 0; bit < SET_BITS; bit++) {
      const at = (low + bit * high) & this.#mask;
      this.#bits[at >>> 5]! |= 1 << (at & 31);
    }
    this.#count++;
  }

  mayHold(hash: number): boolean {
    const low = hash % HALF;
    const high = Math.floor(hash / HALF);
    for (let bit = 0; bit < SET_BITS; bit++) {
      const at = (low + bit * high) & this.#mask;
      if ((this.#bits[at >>> 5]! & (1 << (at & 31))) === 0) return false;
    }
    return true;
  }
}
