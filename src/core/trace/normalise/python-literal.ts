import { MAX_DEPTH } from '../any-value.ts';

const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([['None', null], ['True', true], ['False', false], ['nan', null]]);
const ESCAPES: ReadonlyMap<string, string> = new Map([['n', '\n'], ['t', '\t'], ['r', '\r'], ['b', '\b'], ['f', '\f'], ['v', '\v'], ['a', '\x07'], ['0', '\0']]);

class NoLiteral extends Error {}

/**
 * The value of a dict, list or tuple as Python's `str()` writes it: some instrumentations put metadata into attributes that way.
 * `undefined`: the text is none of them, or holds what has no place in JSON (objects, bytes, sets). Linear in the text.
 */
export function pythonLiteral(text: string): unknown {
  if (!/^\s*[{[(]/.test(text)) return undefined;
  try {
    const reader = new Reader(text);
    const value = reader.value(0);
    return reader.atEnd() ? value : undefined;
  } catch (error) {
    if (error instanceof NoLiteral) return undefined;
    throw error;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    this.#space();
    return this.#at === this.#text.length;
  }

  value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new NoLiteral();
    this.#space();
    const first = this.#text[this.#at];
    switch (first) {
      case '{': return this.#dict(depth);
      case '[': return this.#items(']', depth);
      case '(': return this.#items(')', depth);
      case '"':
      case "'": return this.#string(first);
      default: return this.#word();
    }
  }

  #dict(depth: number): unknown {
    const entries: [string, unknown][] = [];
    this.#at++;
    while (!this.#takes('}')) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string' && typeof key !== 'number') throw new NoLiteral();
      if (!this.#takes(':')) throw new NoLiteral();
      entries.push([String(key), this.value(depth + 1)]);
      this.#separator('}');
    }
    // Defines members: `__proto__` is a key like any other
    return Object.fromEntries(entries);
  }

  #items(end: string, depth: number): unknown[] {
    const items: unknown[] = [];
    this.#at++;
    while (!this.#takes(end)) {
      items.push(this.value(depth + 1));
      this.#separator(end);
    }
    return items;
  }

  #separator(end: string): void {
    if (this.#takes(',')) return;
    this.#space();
    if (this.#text[this.#at] !== end) throw new NoLiteral();
  }

  #string(quote: string): string {
    let value = '';
    let from = ++this.#at;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) throw new NoLiteral();
      if (char !== '\\' && char !== quote) {
        this.#at++;
        continue;
      }
      value += this.#text.slice(from, this.#at++);
      if (char === quote) return value;
      value += this.#escape();
      from = this.#at;
    }
  }

  #escape(): string {
    const code = /[xuU]/.test(this.#text[this.#at] ?? '') ? /x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}/y : null;
    if (code) {
      code.lastIndex = this.#at;
      const [digits] = code.exec(this.#text) ?? [];
      const point = digits === undefined ? NaN : Number.parseInt(digits.slice(1), 16);
      if (!(point <= 0x10ffff)) throw new NoLiteral();
      this.#at += digits!.length;
      return String.fromCodePoint(point);
    }
    const char = this.#text[this.#at++];
    if (char === undefined) throw new NoLiteral();
    return ESCAPES.get(char) ?? char;
  }

  #word(): unknown {
    const word = /[\w.+-]{1,40}/y;
    word.lastIndex = this.#at;
    const [text] = word.exec(this.#text) ?? [];
    if (text === undefined) throw new NoLiteral();
    this.#at += text.length;
    if (WORDS.has(text)) return WORDS.get(text);
    const number = Number(text);
    if (!Number.isFinite(number)) throw new NoLiteral();
    return number;
  }

  #takes(char: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    while (this.#at < this.#text.length && /\s/.test(this.#text[this.#at]!)) this.#at++;
  }
}
