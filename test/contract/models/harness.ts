import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelCatalog, ModelRequest } from '../../../src/core/model/model.ts';
import { createModelCatalog, type ModelCatalogOptions } from '../../../src/node/models/catalog.ts';

export const KEY = 'sk-contract-0123456789abcdefghij';

export function catalogOf(options: Partial<ModelCatalogOptions> = {}): ModelCatalog {
  return createModelCatalog({
    config: { path: '/nowhere/touchstone.yml', models: {}, prices: {} },
    secrets: (name) => Promise.resolve(name === 'OPENAI_API_KEY' ? KEY : null),
    baseDir: tmpdir(),
    trusted: true,
    proxy: { url: null, strictSsl: true, noProxy: [] },
    idleTimeoutMs: 60_000,
    environment: () => undefined,
    ...options,
  });
}

export function requestOf(text: string, extra: Partial<ModelRequest> = {}): ModelRequest {
  return { messages: [{ role: 'user', content: text }], parameters: {}, promptText: text, case: { id: 'case-1', index: 0, vars: { text } }, repeat: 0, ...extra };
}

/** A folder that is gone after the test. */
export function temporaryFolder(files: Readonly<Record<string, string>>): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'touchstone-models-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function never(): AbortSignal {
  return new AbortController().signal;
}

/** The error that a promise ends with; fails when it does not. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new TypeError('Something else than an Error was thrown.', { cause: error });
  }
  throw new Error('It was expected to fail.');
}
