import { fileURLToPath } from 'node:url';

/**
 * The program of a worker or child process. In a checkout it is the TypeScript file `source` beside the asking module; in a
 * bundle it lies beside the bundle under its own name, as `<name>.mjs`.
 * @param from `import.meta.url` of the asking module
 * @param source relative to it, such as `./embedder-worker.ts`
 */
export function entryPath(from: string, source: string): string {
  if (from.endsWith('.ts')) return fileURLToPath(new URL(source, from));
  const name = /([^/]+)\.ts$/.exec(source)?.[1] ?? source;
  return fileURLToPath(new URL(`./${name}.mjs`, from));
}
