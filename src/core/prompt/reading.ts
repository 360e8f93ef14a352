import type { FileReader } from '../files.ts';
import type { Diagnostic } from '../text/diagnostic.ts';
import type { LineMap, SourceRange } from '../text/position.ts';
import { fileNameOf, folderOf, isInside, joinPath, relativePath } from '../text/path.ts';

export interface PromptReadOptions {
  readonly files: FileReader;
  /** The workspace folder, absolute: ids are relative to it and nothing outside of it is read. */
  readonly root: string;
  /** The working copy; absent: the file is read. */
  readonly text?: string;
  /** `datasets:` of touchstone.yml: prompt id or glob over ids → files. */
  readonly datasets?: Readonly<Record<string, readonly string[]>>;
  /** Only what makes a version: no datasets and no checks, so that no other file is read for them. */
  readonly contentOnly?: boolean;
}

/** `prompts/support/triage.prompt.yml` below the root → `prompts/support/triage`. */
export function promptIdOf(path: string, root: string): string {
  return relativePath(root, path).replace(/(?:\.prompt)?\.(?:ya?ml|json|js|cjs|mjs|ts|py)$/i, '') || fileNameOf(path);
}

/** A path that a prompt file names. `null`: it leaves the workspace folder, and is not read. */
export function resolveInside(written: string, baseDir: string, root: string): string | null {
  const path = joinPath(baseDir, written);
  return isInside(path, root) || isInside(path, baseDir) ? path : null;
}

export function outside(written: string, range: SourceRange): Diagnostic {
  return { severity: 'error', code: 'outside-workspace', message: `${written} lies outside of the workspace folder and is not read`, range };
}

/** Where relative paths start, and the folder that reading may not leave. A file outside of the workspace has its own folder as root. */
export function rootFor(path: string, root: string): { baseDir: string; root: string } {
  const baseDir = folderOf(path);
  return { baseDir, root: isInside(path, root) ? root : baseDir };
}

export function firstLine(lines: LineMap, text: string): SourceRange {
  const end = text.search(/\r?\n/);
  return lines.range(0, end < 0 ? text.length : end);
}
