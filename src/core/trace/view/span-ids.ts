import type { TraceSkeleton } from '../skeleton.ts';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Ids of spans by position and back, without a text per span: a hash table over the bytes, made when it is first asked. */
export class SpanPositions {
  readonly #ids: Uint8Array;
  readonly #count: number;
  #slots: Int32Array | null = null;

  constructor({ spanIds, count }: Pick<TraceSkeleton, 'spanIds' | 'count'>) {
    this.#ids = spanIds;
    this.#count = count;
  }

  /** 16 hex digits. */
  id(position: number): string {
    let text = '';
    for (let at = position * 8; at < position * 8 + 8; at++) text += HEX[this.#ids[at]!]!;
    return text;
  }

  /** -1: no span has this id. */
  position(id: string): number {
    if (!/^[0-9a-f]{16}$/.test(id)) return -1;
    const slots = (this.#slots ??= this.#table());
    const bytes = Uint8Array.from({ length: 8 }, (_, at) => Number.parseInt(id.slice(at * 2, at * 2 + 2), 16));
    for (let slot = hashBytes(bytes, 0) & (slots.length - 1); slots[slot]! >= 0; slot = (slot + 1) & (slots.length - 1)) {
      const position = slots[slot]!;
      if (this.#equal(position * 8, bytes)) return position;
    }
    return -1;
  }

  #equal(offset: number, bytes: Uint8Array): boolean {
    for (let at = 0; at < 8; at++) if (this.#ids[offset + at] !== bytes[at]) return false;
    return true;
  }

  #table(): Int32Array {
    let capacity = 16;
    while (capacity < this.#count * 2) capacity *= 2;
    const slots = new Int32Array(capacity).fill(-1);
    for (let position = 0; position < this.#count; position++) {
      let slot = hashBytes(this.#ids, position * 8) & (capacity - 1);
      while (slots[slot]! >= 0) slot = (slot + 1) & (capacity - 1);
      slots[slot] = position;
    }
    return slots;
  }
}

/** FNV-1a, 32 bits. */
function hashBytes(bytes: Uint8Array, offset: number): number {
  let hash = 0x811c9dc5;
  for (let at = offset; at < offset + 8; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return (hash ^ (hash >>> 16)) >>> 0;
}
