import { hashJson } from '../hash.ts';
import type { Case, CasePlace } from './model.ts';

/** Hash of what makes a case the same example: its variables and its expectation. Independent of key order. 64 hex digits. */
export function contentHash(vars: unknown, expected: unknown): string {
  return hashJson({ vars, expected });
}

/** Gives every case of one dataset an id of its own, across all of its files. */
export class CaseIds {
  readonly #given = new Map<string, CasePlace>();
  readonly #generated = new Map<string, number>();

  /** The first 12 hex digits of the content's hash; the second case with the same content gets `-2`, the third `-3`. */
  generate(vars: unknown, expected: unknown): string {
    const base = contentHash(vars, expected).slice(0, 12);
    let count = this.#generated.get(base) ?? 0;
    let id: string;
    do {
      count++;
      id = count === 1 ? base : `${base}-${count}`;
    } while (this.#given.has(id));
    this.#generated.set(base, count);
    return id;
  }

  /** `null`: the id is free and now taken; otherwise the place that has it already. */
  claim(id: string, place: CasePlace): CasePlace | null {
    const earlier = this.#given.get(id);
    if (earlier) return earlier;
    this.#given.set(id, place);
    return null;
  }
}

/** Gives no ids yet, for a reading at every key stroke: hashing is its dearest part. `idsOf` makes up for it. */
export class LaterIds extends CaseIds {
  override generate(): string {
    return '';
  }
}

/** The ids of cases that were read with LaterIds. */
export function idsOf(cases: readonly Pick<Case, 'id' | 'vars' | 'expected' | 'place'>[]): string[] {
  const ids = new CaseIds();
  for (const { id, place } of cases) if (id !== '') ids.claim(id, place);
  return cases.map(({ id, vars, expected }) => (id === '' ? ids.generate(vars, expected) : id));
}
