import type { IncomingHttpHeaders } from 'node:http';

/**
 * The headers of an answer as Node has parsed them, readable through the web's interface. Building a real Headers checks every
 * value again, which for a short exchange is a tenth of its cost.
 */
export class LeanHeaders implements Headers {
  readonly #values: Map<string, string>;
  readonly #cookies: readonly string[];

  constructor(headers: IncomingHttpHeaders) {
    this.#values = new Map();
    for (const name in headers) {
      const value = headers[name];
      if (value !== undefined) this.#values.set(name, typeof value === 'string' ? value : value.join(', '));
    }
    this.#cookies = headers['set-cookie'] ?? [];
  }

  get(name: string): string | null {
    // Who asks mostly knows how the names are kept.
    return this.#values.get(name) ?? this.#values.get(name.toLowerCase()) ?? null;
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  set(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), value);
  }

  append(name: string, value: string): void {
    const before = this.get(name);
    this.set(name, before === null ? value : `${before}, ${value}`);
  }

  delete(name: string): void {
    this.#values.delete(name.toLowerCase());
  }

  getSetCookie(): string[] {
    return [...this.#cookies];
  }

  forEach(call: (value: string, name: string, headers: Headers) => void, thisArg?: unknown): void {
    for (const [name, value] of this.#values) call.call(thisArg, value, name, this);
  }

  entries(): ReturnType<Headers['entries']> {
    return this.#values.entries();
  }

  keys(): ReturnType<Headers['keys']> {
    return this.#values.keys();
  }

  values(): ReturnType<Headers['values']> {
    return this.#values.values();
  }

  [Symbol.iterator](): ReturnType<Headers['entries']> {
    return this.#values.entries();
  }
}
