import picomatch from 'picomatch';
import { TouchstoneError } from '../../../src/core/errors.ts';
import type { FileReader } from '../../../src/core/files.ts';

/** Files by absolute path. Chunks are cut to `chunk` units, so that pieces end inside words and line ends. */
export function memoryFiles(texts: Readonly<Record<string, string>>, chunk = 7): FileReader {
  const read = (path: string): string => {
    const text = Object.hasOwn(texts, path) ? texts[path] : undefined;
    if (text === undefined) throw new TouchstoneError('not-found', 'There is no such file.', { place: { file: path } });
    return text;
  };
  return {
    readText: async (path) => read(path),
    async *readChunks(path) {
      const text = read(path);
      for (let at = 0; at < text.length; at += chunk) yield text.slice(at, at + chunk);
    },
    readBytes: async (path) => new TextEncoder().encode(read(path)),
    isFile: async (path) => Object.hasOwn(texts, path),
    async glob(pattern, base) {
      const matches = picomatch(pattern);
      return Object.keys(texts).filter((path) => path.startsWith(`${base}/`) && matches(path.slice(base.length + 1))).sort();
    },
  };
}
