import picomatch from 'picomatch';
import type { FileReader } from '../../core/files.ts';

/** Lays unsaved texts over files; a path in `overlays` need not exist below. */
export function overlayFiles(below: FileReader, overlays: readonly { readonly path: string; readonly text: string }[]): FileReader {
  const texts = new Map(overlays.map(({ path, text }) => [path, text.replace(/^\ufeff/, '')]));
  return {
    readText: async (path) => texts.get(path) ?? below.readText(path),
    async *readChunks(path) {
      const text = texts.get(path);
      if (text === undefined) yield* below.readChunks(path);
      else yield text;
    },
    async readBytes(path) {
      const text = texts.get(path);
      return text === undefined ? below.readBytes(path) : new TextEncoder().encode(text);
    },
    isFile: async (path) => texts.has(path) || below.isFile(path),
    async glob(pattern, base) {
      const prefix = base.endsWith('/') ? base : `${base}/`;
      const matches = picomatch(pattern);
      const unsaved = [...texts.keys()].filter((path) => path.startsWith(prefix) && matches(path.slice(prefix.length)));
      return [...new Set([...(await below.glob(pattern, base)), ...unsaved])].sort();
    },
  };
}
