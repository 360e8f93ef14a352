import { isObject } from '../../core/json.ts';
import type { EncodedBatch } from '../../core/trace/sink.ts';
import type { ReadBatch } from './decode-batch.ts';

/**
 * Takes known secrets out of what is about to be stored. Nearly no batch holds one, so the bytes are searched first: only where a
 * secret is found is every text looked at.
 */
export class BatchRedactor {
  #forms: readonly Buffer[] = [];
  #redact: (text: string) => string = (text) => text;

  /** `redact`: takes the values out of a text, in every form in which they may stand there. */
  set(values: readonly string[], redact: (text: string) => string): void {
    this.#forms = [...new Set(values.flatMap((value) => [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)]))].map((form) => Buffer.from(form));
    this.#redact = redact;
  }

  get isIdle(): boolean {
    return this.#forms.length === 0;
  }

  /** Whether the bytes hold a secret. JSON may spell any character as `\\u…`: such bodies are looked at in any case. */
  mayHold(batch: Pick<EncodedBatch, 'body'>): boolean {
    if (this.isIdle) return false;
    const body = Buffer.from(batch.body.buffer, batch.body.byteOffset, batch.body.byteLength);
    return this.#forms.some((form) => body.includes(form)) || body.includes('\\u00') || body.includes('\\/');
  }

  text(text: string): string {
    return this.#redact(text);
  }

  batch(batch: ReadBatch): ReadBatch {
    if (this.isIdle) return batch;
    const known = new Map<object, unknown>();
    return {
      ...batch,
      spans: batch.spans.map((span) => this.#value(span, known)),
      logs: batch.logs.map((log) => this.#value(log, known)),
      rejected: batch.rejected.map(({ where, reason, value, ...rest }) => ({ ...rest, where, reason: this.#redact(reason), value: value instanceof Uint8Array ? this.bytes(value) : this.#value(value, known) })),
    };
  }

  bytes(bytes: Uint8Array): Uint8Array {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    // Each byte as a character: a secret's bytes are found as such whatever lies around them.
    let redacted = text;
    for (const form of this.#forms) redacted = redacted.replaceAll(form.toString('latin1'), '[secret]');
    return redacted === text ? bytes : Buffer.from(redacted, 'latin1');
  }

  /** The same value when nothing was taken out; resources and scopes stay shared. */
  #value<T>(value: T, known: Map<object, unknown>): T {
    if (typeof value === 'string') return this.#redact(value) as T;
    if (typeof value !== 'object' || value === null) return value;
    const seen = known.get(value);
    if (seen !== undefined) return seen as T;
    let result: unknown = value;
    if (Array.isArray(value)) {
      const items = (value as unknown[]).map((item) => this.#value(item, known));
      if (items.some((item, index) => item !== value[index])) result = items;
    } else if (isObject(value)) {
      let changed: Record<string, unknown> | null = null;
      for (const [name, member] of Object.entries(value)) {
        const redacted = this.#value(member, known);
        if (redacted === member) continue;
        changed ??= { ...value };
        changed[name] = redacted;
      }
      result = changed ?? value;
    }
    known.set(value, result);
    return result as T;
  }
}
