/**
 * Stand-ins for inserted values. While a template is rendered every value is a mark, so that the text can be taken apart
 * (JSON, YAML, a list of messages) without looking at values: none of them can open a role, close a quote or add a line.
 * Afterwards the marks are replaced by the values, and their places are known.
 *
 * A mark is a private-use character, a number that is drawn once per process, an index, and a second private-use
 * character. Nobody who writes a value can know the number.
 */
const SECRET = Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => String(part).padStart(10, '0')).join('');
const OPEN = '\ue0a1';
const CLOSE = '\ue0a2';
const MARK = new RegExp(`${OPEN}${SECRET}-(\\d+)${CLOSE}`, 'g');

export interface Resolved {
  readonly text: string;
  /** `[start, end)` of the values in `text`, in UTF-16 units. */
  readonly inserted: readonly (readonly [number, number])[];
}

export class Marks {
  readonly #values: string[] = [];
  readonly #plain = new Set<number>();

  /** `plain`: numbers and booleans, which may stand in JSON without quotes. */
  mark(text: string, plain: boolean): string {
    const index = this.#values.push(text) - 1;
    if (plain) this.#plain.add(index);
    return `${OPEN}${SECRET}-${index}${CLOSE}`;
  }

  /** Replaces the marks of numbers and booleans only. */
  resolvePlain(text: string): string {
    return text.replace(MARK, (mark, index: string) => (this.#plain.has(Number(index)) ? (this.#values[Number(index)] ?? '') : mark));
  }

  /** A value may hold marks itself, where a template captured a part of its own output. */
  resolve(text: string): Resolved {
    const inserted: (readonly [number, number])[] = [];
    let resolved = '';
    let end = 0;
    for (const match of text.matchAll(MARK)) {
      resolved += text.slice(end, match.index);
      const start = resolved.length;
      resolved += this.resolve(this.#values[Number(match[1])] ?? '').text;
      if (resolved.length > start) inserted.push([start, resolved.length]);
      end = match.index + match[0].length;
    }
    return { text: resolved + text.slice(end), inserted };
  }
}
