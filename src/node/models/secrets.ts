import type { Redactor } from '../../core/model/redact.ts';

/** The value of a secret by its name; `null` when nobody has set it. */
export type SecretSource = (name: string) => Promise<string | null>;

/** Secrets in memory, each known to the redactor before anybody can use it. Missing ones are asked for again: a person may just have set it. */
export interface Secrets {
  get(name: string): Promise<string | null>;
  /** The first of several names that is set. */
  first(names: readonly string[]): Promise<{ readonly name: string; readonly value: string } | null>;
  /** Asks again next time (the endpoint refused it). */
  forget(name: string): void;
  /** Replaces `{{env.NAME}}`, `${env:NAME}` and `${NAME}`; `missing` names those that are not set. */
  fill(template: string): Promise<{ readonly text: string; readonly missing: readonly string[] }>;
}

const REFERENCE = /\{\{\s*env\.(\w+)\s*\}\}|\$\{(?:env:)?(\w+)\}/g;

export function createSecrets(source: SecretSource, redactor: Redactor): Secrets {
  const known = new Map<string, string>();
  const get = async (name: string): Promise<string | null> => {
    const cached = known.get(name);
    if (cached !== undefined) return cached;
    const value = (await source(name))?.trim();
    if (value === undefined || value === '') return null;
    redactor.add(value);
    known.set(name, value);
    return value;
  };
  return {
    get,
    async first(names) {
      for (const name of names) {
        const value = await get(name);
        if (value !== null) return { name, value };
      }
      return null;
    },
    forget(name) {
      known.delete(name);
    },
    async fill(template) {
      const missing: string[] = [];
      const values = new Map<string, string>();
      for (const match of template.matchAll(REFERENCE)) {
        const name = (match[1] ?? match[2])!;
        const value = await get(name);
        if (value === null) missing.push(name);
        else values.set(name, value);
      }
      return { text: template.replace(REFERENCE, (_, a: string | undefined, b: string | undefined) => values.get((a ?? b)!) ?? ''), missing };
    },
  };
}
