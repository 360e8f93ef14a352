import { isObject } from '../json.ts';
import { findSensitive, type SensitiveKind } from './detect.ts';

export interface MaskedValue {
  readonly kind: SensitiveKind;
  /** JSON pointer to the text in which it stands. */
  readonly pointer: string;
  /** What stands there now: `[email 1]`. */
  readonly placeholder: string;
  /** As much of it as may be shown: `a…@e…`, `…4242`, of a secret nothing but its length. */
  readonly hint: string;
}

/**
 * Puts placeholders where secrets and personal data stand. One value has one placeholder throughout, so that a text still says who is who;
 * use one masker for everything that belongs together.
 */
export class Masker {
  readonly #placeholders = new Map<string, string>();
  readonly #counts = new Map<SensitiveKind, number>();
  readonly found: MaskedValue[] = [];

  /** The value with every text in it masked; keys of objects too. What was found is added to `found`. */
  mask<T>(value: T, pointer = ''): T {
    return this.#walk(value, pointer) as T;
  }

  #walk(value: unknown, pointer: string): unknown {
    if (typeof value === 'string') return this.#text(value, pointer);
    // A number of a card is one without its quotes too.
    if (typeof value === 'number') {
      const text = String(value);
      const masked = this.#text(text, pointer);
      return masked === text ? value : masked;
    }
    if (Array.isArray(value)) return value.map((item, i) => this.#walk(item, `${pointer}/${i}`));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.#text(key, pointer), this.#walk(item, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)]));
  }

  #text(text: string, pointer: string): string {
    const ranges = findSensitive(text);
    if (ranges.length === 0) return text;
    let masked = '';
    let end = 0;
    for (const range of ranges) {
      const original = text.slice(range.start, range.end);
      const placeholder = this.#placeholder(range.kind, original);
      masked += text.slice(end, range.start) + placeholder;
      end = range.end;
      this.found.push({ kind: range.kind, pointer, placeholder, hint: hintOf(range.kind, original) });
    }
    return masked + text.slice(end);
  }

  #placeholder(kind: SensitiveKind, original: string): string {
    const key = `${kind}:${original.replace(/[ -]/g, '').toLowerCase()}`;
    const known = this.#placeholders.get(key);
    if (known !== undefined) return known;
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    const placeholder = `[${kind} ${number}]`;
    this.#placeholders.set(key, placeholder);
    return placeholder;
  }
}

function hintOf(kind: SensitiveKind, original: string): string {
  if (kind === 'secret') return `${original.length} characters`;
  if (kind === 'email') return original.replace(/^(.)[^@]*@(.).*$/u, '$1…@$2…');
  return `…${original.slice(-2)}`;
}
