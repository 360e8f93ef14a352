import { readFile, realpath, stat } from 'node:fs/promises';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { glob } from 'tinyglobby';
import { bestMatches, fileNameIn } from '../../core/code/match-path.ts';
import { mapPath, type PathRule } from '../../core/code/path-rules.ts';
import { definitionLines } from '../../core/code/definitions.ts';
import { CODE_FILES } from '../../core/code/endings.ts';
import { folderOf, isInside, joinPath } from '../../core/text/path.ts';

const LEFT_OUT = ['**/node_modules/**', '**/.git/**', '**/.venv/**', '**/venv/**', '**/__pycache__/**', '**/.touchstone/**'];
const BUILT = ['**/dist/**', '**/out/**', '**/build/**'];
/** Files that are looked through for a declaration. */
const MOST_FILES = 5000;
const LARGEST_SOURCE = 2 * 1024 * 1024;
const LARGEST_MAP = 64 * 1024 * 1024;
/** How long the names of all files are kept, in milliseconds: the spans of a trace name many files, and each look walks through the workspace. */
const LISTED_MS = 2000;
/** Source maps that are kept: the lines of a trace come from few files. */
const MOST_MAPS = 8;

interface ReadMap {
  readonly map: SourceMap;
  readonly folder: string;
}

export interface CodePosition {
  /** Absolute. */
  readonly file: string;
  /** One-based. */
  readonly line: number;
  readonly column: number | null;
}

/** Finds code in one workspace folder. Nothing outside of it is ever read: a trace may name any file. */
export class WorkspaceCode {
  readonly #root: string;
  /** By the built file as it is now, the last used ones. */
  readonly #maps = new Map<string, Promise<ReadMap | null>>();
  /** Paths of all files by their names, as they were a moment ago. */
  #listed: Promise<Map<string, string[]>> | null = null;

  /** @param root absolute, with forward slashes */
  constructor(root: string) {
    this.#root = root;
  }

  /** Files of the workspace that a program's file may be, the most likely ones first: several where nothing tells them apart. */
  async files(file: string, rules: readonly PathRule[]): Promise<string[]> {
    const mapped = mapPath(file, rules);
    const here = joinPath(this.#root, mapped);
    if (await this.#isFile(here)) return [here];
    const name = fileNameIn(mapped);
    if (name === null) return [];
    const found = await this.#named(name);
    const best: string[] = [];
    for (const path of bestMatches(mapped, found)) if (await this.#isFile(path)) best.push(path);
    return best.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  }

  /** Places that declare one of the names; a guess. */
  async definitions(names: readonly string[], limit: number, signal: AbortSignal): Promise<CodePosition[]> {
    const places: CodePosition[] = [];
    if (names.length === 0) return places;
    const files = (await this.#glob(CODE_FILES, BUILT)).slice(0, MOST_FILES);
    for (const file of files) {
      signal.throwIfAborted();
      const text = await this.#read(file, LARGEST_SOURCE);
      if (text === null) continue;
      for (const name of names) for (const line of definitionLines(text, name)) places.push({ file, line, column: null });
      if (places.length >= limit) break;
    }
    return [...new Map(places.map((place) => [`${place.file}:${place.line}`, place])).values()].slice(0, limit);
  }

  /** Where a place of a built file comes from, by its source map; `null`: it has none, or the source is not here. */
  async original({ file, line, column }: CodePosition): Promise<CodePosition | null> {
    if (!/\.[cm]?js$/.test(file)) return null;
    const map = await this.#keptMap(file);
    if (map === null) return null;
    const found = entryOf(map.map, line - 1, Math.max(0, (column ?? 1) - 1));
    if (found === null) return null;
    const source = found.source.replace(/^file:\/\//, '');
    const path = joinPath(map.folder, source.replace(/^webpack:\/\/[^/]*\//, ''));
    const position = { line: found.line + 1, column: found.column + 1 };
    if (await this.#isFile(path)) return { file: path, ...position };
    // Bundlers write paths against folders of their own.
    const [match, ...others] = await this.files(source, []);
    return match === undefined || others.length > 0 ? null : { file: match, ...position };
  }

  async text(file: string): Promise<string | null> {
    return this.#read(file, LARGEST_SOURCE);
  }

  /** Where a path of the workspace really lies, if that is in the workspace too: links lead out of it. */
  async #inside(path: string): Promise<string | null> {
    if (!isInside(path, this.#root)) return null;
    try {
      const [real, root] = await Promise.all([realpath(path), realpath(this.#root)]);
      return isInside(real.replaceAll('\\', '/'), root.replaceAll('\\', '/')) ? real : null;
    } catch {
      return null;
    }
  }

  async #isFile(path: string): Promise<boolean> {
    const real = await this.#inside(path);
    return real !== null && (await stat(real).then((stats) => stats.isFile(), () => false));
  }

  /** `null`: outside of the workspace, larger, or no file. */
  async #read(path: string, largest: number): Promise<string | null> {
    const real = await this.#inside(path);
    if (real === null) return null;
    try {
      const stats = await stat(real);
      return !stats.isFile() || stats.size > largest ? null : await readFile(real, 'utf8');
    } catch {
      return null;
    }
  }

  async #keptMap(file: string): Promise<ReadMap | null> {
    const stats = await stat(file).catch(() => null);
    if (stats === null) return null;
    const key = `${file} ${stats.size} ${stats.mtimeMs}`;
    const map = this.#maps.get(key) ?? this.#sourceMap(file);
    this.#maps.delete(key);
    this.#maps.set(key, map);
    const [oldest] = this.#maps.keys();
    if (this.#maps.size > MOST_MAPS && oldest !== undefined) this.#maps.delete(oldest);
    return map;
  }

  async #sourceMap(file: string): Promise<ReadMap | null> {
    const text = await this.#read(file, LARGEST_MAP);
    const named = text === null ? undefined : [...text.slice(-LARGEST_SOURCE).matchAll(/^\/\/[#@][ \t]*sourceMappingURL=(\S+)[ \t]*$/gm)].at(-1)?.[1];
    if (named === undefined) return null;
    const inline = /^data:application\/json[^,]{0,100};base64,(.*)$/s.exec(named);
    const path = joinPath(folderOf(file), inline === null ? decoded(named) : '');
    const json = inline === null ? await this.#read(path, LARGEST_MAP) : Buffer.from(inline[1] ?? '', 'base64').toString('utf8');
    if (json === null) return null;
    try {
      const payload = JSON.parse(json) as SourceMapPayload;
      return { map: new SourceMap(payload), folder: joinPath(folderOf(inline === null ? path : file), typeof payload.sourceRoot === 'string' ? payload.sourceRoot : '') };
    } catch {
      // A map that cannot be read leads nowhere; the built file is shown.
      return null;
    }
  }

  async #named(name: string): Promise<readonly string[]> {
    if (this.#listed === null) {
      const listed = this.#glob('**/*', []).then((paths) => Map.groupBy(paths, (path) => path.slice(path.lastIndexOf('/') + 1)));
      this.#listed = listed;
      setTimeout(() => (this.#listed = null), LISTED_MS).unref();
    }
    return (await this.#listed).get(name) ?? [];
  }

  async #glob(pattern: string, ignore: readonly string[]): Promise<string[]> {
    const found = await glob(pattern, { cwd: this.#root, ignore: [...LEFT_OUT, ...ignore], onlyFiles: true, followSymbolicLinks: false, absolute: true, dot: false });
    return found.map((path) => path.replaceAll('\\', '/')).sort();
  }
}

/** What is no address is a path. */
function decoded(address: string): string {
  try {
    return decodeURI(address);
  } catch {
    return address;
  }
}

/** A place of a map, zero-based. Whoever wrote the map may have written anything: what is no place of a file is none. */
function entryOf(map: SourceMap, line: number, column: number): { readonly source: string; readonly line: number; readonly column: number } | null {
  try {
    const entry = map.findEntry(line, column);
    if (!('originalSource' in entry) || typeof entry.originalSource !== 'string') return null;
    const { originalSource: source, originalLine, originalColumn } = entry;
    return isPlace(originalLine) && isPlace(originalColumn) ? { source, line: originalLine, column: originalColumn } : null;
  } catch {
    return null;
  }
}

function isPlace(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
