/** A list of 32-bit integers that grows, without an object per entry. */
export class IntList {
  #items: Int32Array<ArrayBuffer>;
  #length = 0;

  constructor(capacity = 64) {
    this.#items = new Int32Array(Math.max(1, capacity));
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#items.length) {
      const larger = new Int32Array(this.#items.length * 2);
      larger.set(this.#items);
      this.#items = larger;
    }
    this.#items[this.#length++] = value;
  }

  at(index: number): number {
    return this.#items[index]!;
  }

  /** The items, in an array of their own length. */
  toArray(): Int32Array<ArrayBuffer> {
    return this.#items.slice(0, this.#length);
  }
}

/**
 * Numbers pairs of integers in the order of their first sight: a hash table with linear probing, because a `Map` of a million
 * composed keys costs more than everything else that is done with a large trace.
 */
export class PairNumbers {
  #mask: number;
  #slots: Int32Array<ArrayBuffer>;
  #first: Int32Array = new Int32Array(0);
  #second: Int32Array = new Int32Array(0);
  #size = 0;

  constructor(expected = 64) {
    let capacity = 128;
    while (capacity < expected * 2) capacity *= 2;
    this.#mask = capacity - 1;
    this.#slots = new Int32Array(capacity).fill(-1);
    this.#reserve(capacity / 2);
  }

  get size(): number {
    return this.#size;
  }

  /** The pair's number; a pair that was not seen before gets the next one, which is `size` before the call. */
  number(first: number, second: number): number {
    let slot = hashPair(first, second) & this.#mask;
    for (;;) {
      const found = this.#slots[slot]!;
      if (found < 0) break;
      if (this.#first[found] === first && this.#second[found] === second) return found;
      slot = (slot + 1) & this.#mask;
    }
    const next = this.#size++;
    this.#slots[slot] = next;
    this.#first[next] = first;
    this.#second[next] = second;
    if (this.#size * 2 > this.#mask) this.#grow();
    return next;
  }

  #grow(): void {
    const capacity = (this.#mask + 1) * 2;
    this.#mask = capacity - 1;
    this.#slots = new Int32Array(capacity).fill(-1);
    this.#reserve(capacity / 2 + 1);
    for (let at = 0; at < this.#size; at++) {
      let slot = hashPair(this.#first[at]!, this.#second[at]!) & this.#mask;
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = at;
    }
  }

  #reserve(capacity: number): void {
    const first = new Int32Array(capacity + 1);
    const second = new Int32Array(capacity + 1);
    first.set(this.#first);
    second.set(this.#second);
    this.#first = first;
    this.#second = second;
  }
}

/** Multiplicative mixing (Knuth's golden ratio and MurmurHash3's finaliser constants). */
function hashPair(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second + 0x7f4a7c15, 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 13)) >>> 0;
}
