import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import picomatch from 'picomatch';
import type { TraceSource } from '../../core/config/model.ts';
import { errorMessage } from '../../core/errors.ts';
import { folderOf, fileNameOf, isInside, joinPath, relativePath } from '../../core/text/path.ts';

/** Folders of dependencies and history: a pattern enters them only when it names them. */
const IGNORED_FOLDERS = ['node_modules', '.git', '.touchstone', '.venv'];

export interface FoundFiles {
  /** Absolute, with forward slashes, sorted. */
  readonly files: readonly string[];
  /** Folders that hold them, or could. */
  readonly folders: readonly string[];
  /** Links that the pattern would match and that are not followed. */
  readonly links: readonly string[];
  /** Why there is nothing to be found. */
  readonly problem: string | null;
}

const NOTHING: FoundFiles = { files: [], folders: [], links: [], problem: null };

/** A `path` of touchstone.yml: a file or a glob. */
export class FilePattern {
  readonly source: TraceSource;
  readonly #workspace: string;
  /** The folders that the pattern names literally. */
  readonly #base: string;
  /** What comes after them: a glob, or the name of a file. */
  readonly #rest: string;
  readonly #isGlob: boolean;

  constructor(source: TraceSource, workspace: string, home: string = homedir()) {
    this.source = source;
    this.#workspace = joinPath(workspace, '.');
    const written = source.path.replaceAll('\\', '/');
    const isInHome = written.startsWith('~/');
    // Only what was written can be a pattern: brackets in the names of the folders around it are letters.
    const { isGlob, base, glob: pattern } = picomatch.scan(isInHome ? written.slice(2) : written);
    const literal = isGlob ? base || (written.startsWith('/') ? '/' : '.') : base;
    const path = joinPath(isInHome ? home : workspace, literal);
    this.#isGlob = isGlob;
    this.#base = isGlob ? path : folderOf(path);
    this.#rest = isGlob ? pattern : fileNameOf(path);
  }

  /** Whether a file of this path would be found. */
  matches(path: string): boolean {
    return this.#isGlob ? isInside(path, this.#base) && picomatch.isMatch(relativePath(this.#base, path), this.#rest) : path === joinPath(this.#base, this.#rest);
  }

  async find(): Promise<FoundFiles> {
    try {
      if (!(await stat(this.#base)).isDirectory()) return { ...NOTHING, problem: `${this.#base} is not a folder` };
      const problem = await this.#wayOut(this.#base);
      if (problem !== null) return { ...NOTHING, problem };
      return this.#isGlob ? await this.#findAll() : await this.#findFile();
    } catch (error) {
      // A folder that is made later is met by the next look.
      if (codeOf(error) === 'ENOENT') return { ...NOTHING, problem: `there is no folder ${this.#base} yet` };
      return { ...NOTHING, problem: describeProblem(error) };
    }
  }

  async #findFile(): Promise<FoundFiles> {
    const path = joinPath(this.#base, this.#rest);
    const found = await lstat(path).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    });
    if (found === null) return { ...NOTHING, folders: [this.#base] };
    const problem = found.isSymbolicLink() ? await this.#wayOut(path) : null;
    return problem === null ? { ...NOTHING, files: [path], folders: [this.#base] } : { ...NOTHING, folders: [this.#base], problem };
  }

  async #findAll(): Promise<FoundFiles> {
    const ignore = IGNORED_FOLDERS.filter((name) => !this.source.path.split(/[\\/]/).includes(name)).map((name) => `**/${name}/**`);
    const { glob } = await import('tinyglobby');
    // Links are not followed: they may lead anywhere, or in circles.
    const files = (await glob(this.#rest, { cwd: this.#base, absolute: true, onlyFiles: true, followSymbolicLinks: false, expandDirectories: false, ignore })).map((path) => path.replaceAll('\\', '/')).sort();
    const folders = [...new Set([this.#base, ...files.map(folderOf)])];
    return { files, folders, links: (await Promise.all(folders.map((folder) => this.#linksIn(folder)))).flat().sort(), problem: null };
  }

  /** Links beside the files: a person who wonders why one is not read is told. */
  async #linksIn(folder: string): Promise<string[]> {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isSymbolicLink()).map((entry) => joinPath(folder, entry.name)).filter((path) => this.matches(path));
  }

  /** What lies in the workspace by its path must lie in it in fact; a path that leads elsewhere by its own words is the user's. */
  async #wayOut(path: string): Promise<string | null> {
    if (!isInside(path, this.#workspace)) return null;
    const [real, folder] = await Promise.all([realpath(path), realpath(this.#workspace)]);
    if (isInside(real.replaceAll('\\', '/'), folder.replaceAll('\\', '/'))) return null;
    return `${fileNameOf(path)} is a link that leads out of the workspace folder, and is not followed: name the place itself`;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Why a file or folder cannot be read, in words. */
export function describeProblem(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT': return 'there is no such file';
    case 'EACCES':
    case 'EPERM': return 'it may not be read: permission denied';
    case 'EISDIR': return 'this is a folder, not a file';
    case 'EMFILE':
    case 'ENFILE': return 'too many files are open';
    default: return errorMessage(error);
  }
}
