import { TouchstoneError } from '../../errors.ts';
import type { FileReader } from '../../files.ts';
import type { Findings } from '../../text/findings.ts';
import { isGlob, joinPath, relativePath } from '../../text/path.ts';
import type { SourceRange } from '../../text/position.ts';
import { outside, resolveInside } from '../reading.ts';

const FILE_SCHEME = /^file:\/\//;

export function isFileReference(value: unknown): value is string {
  return typeof value === 'string' && FILE_SCHEME.test(value);
}

/** Finds and reads what a config refers to, and remembers it: a change of one of these files makes the config stale. */
export class Loader {
  readonly files: FileReader;
  /** Folder of the config: every `file://` starts here, also in files that the config includes. */
  readonly baseDir: string;
  readonly root: string;
  readonly findings: Findings;
  readonly #dependencies = new Set<string>();

  constructor(files: FileReader, place: { baseDir: string; root: string }, findings: Findings) {
    this.files = files;
    this.baseDir = place.baseDir;
    this.root = place.root;
    this.findings = findings;
  }

  get dependencies(): string[] {
    return [...this.#dependencies].sort();
  }

  /** Files that the config depends on although they are read elsewhere: the scripts of its checks. */
  note(files: readonly string[]): void {
    for (const file of files) this.#dependencies.add(file);
  }

  /**
   * Absolute paths of a reference: one file, the matches of a pattern, or the files of a folder, sorted. What is not there
   * is a finding at `range`, among the findings of the file that refers to it.
   */
  async find(written: string, range: SourceRange, findings: Findings = this.findings): Promise<string[]> {
    const path = resolveInside(written.replace(FILE_SCHEME, ''), this.baseDir, this.root);
    if (path === null) {
      const { code, message } = outside(written, range);
      findings.error(code, message, range);
      return [];
    }
    const found = await this.#matches(path);
    if (found.length === 0) findings.error('file-missing', isGlob(path) ? `no file matches ${written}` : `there is no file ${written}`, range);
    for (const file of found) this.#dependencies.add(file);
    return found;
  }

  async #matches(path: string): Promise<string[]> {
    if (await this.files.isFile(path)) return [path];
    if (isGlob(path)) return this.files.glob(relativePath(this.root, path), this.root);
    return this.files.glob('*', joinPath(path, '.'));
  }

  /** `null`: it cannot be read, and a finding says so. */
  async text(file: string, range: SourceRange, findings: Findings = this.findings): Promise<string | null> {
    try {
      return await this.files.readText(file);
    } catch (error) {
      if (!(error instanceof TouchstoneError)) throw error;
      findings.error('file-unreadable', `${relativePath(this.root, file)}: ${error.message}`, range);
      return null;
    }
  }
}
