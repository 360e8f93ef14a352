/** Paths inside core: absolute, with forward slashes; a drive letter (`C:/…`) counts as a root. */

export function isAbsolutePath(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path);
}

/** Forward slashes, no `.`, `..`, doubled or trailing slashes. `..` at the root stays at the root. */
function normalizePath(path: string): string {
  const forward = path.replaceAll('\\', '/');
  const root = /^(?:[A-Za-z]:)?\//.exec(forward)?.[0] ?? '';
  const parts: string[] = [];
  for (const part of forward.slice(root.length).split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (root === '') parts.push('..');
  }
  return root + parts.join('/') || '.';
}

export function joinPath(base: string, path: string): string {
  return normalizePath(isAbsolutePath(path) ? path : `${base}/${path}`);
}

export function folderOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at < 0 ? '.' : at === 0 ? '/' : path.slice(0, at);
}

export function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The ending after the last dot, lower-case, without the dot; empty when there is none. */
export function endingOf(path: string): string {
  const name = fileNameOf(path);
  const at = name.lastIndexOf('.');
  return at <= 0 ? '' : name.slice(at + 1).toLowerCase();
}

/** Whether `path` is `folder` or lies below it. Both absolute and normalised. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** `path` as seen from `folder`; the path itself when it lies elsewhere. */
export function relativePath(folder: string, path: string): string {
  if (path === folder) return '.';
  return isInside(path, folder) ? path.slice(folder.endsWith('/') ? folder.length : folder.length + 1) : path;
}

export function isGlob(path: string): boolean {
  return /[*?{}[\]]|[!+@]\(/.test(path);
}
