import picomatch from 'picomatch';

/** Where GitHub and GitLab look for the file, in this order. */
export const CODEOWNERS_PLACES: readonly string[] = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS', '.gitlab/CODEOWNERS'];

/** Owners of a path below the repository's root: those of the last line that matches. */
export type Owners = (path: string) => readonly string[];

/**
 * Reads a CODEOWNERS file: a pattern as in `.gitignore` and its owners on each line, the last match counts, and one without owners
 * takes them away. Sections of GitLab and its optional owners are read as lines like others.
 */
export function parseCodeowners(text: string): Owners {
  const rules = text.split(/\r?\n/).flatMap((line) => {
    // A space within a name is written `\ `.
    const [pattern, ...owners] = line.replace(/(^|\s)#.*$/, '').trim().split(/(?<!\\)\s+/);
    if (pattern === undefined || pattern === '' || /^\^?\[/.test(pattern)) return [];
    return [{ matches: matcher(pattern.replaceAll('\\ ', ' ')), owners }];
  });
  return (path) => rules.findLast(({ matches }) => matches(path))?.owners ?? [];
}

/** A pattern with a slash in it begins at the root; one that names a folder means all below it. */
function matcher(pattern: string): (path: string) => boolean {
  const rooted = pattern.replace(/\/$/, '').includes('/');
  const base = pattern.replace(/^\//, '');
  const whole = rooted ? base : `**/${base}`;
  const patterns = pattern.endsWith('/') ? [`${whole}**`] : /[*?]$/.test(whole) && !whole.endsWith('**') ? [whole] : [whole, `${whole}/**`];
  return picomatch(patterns, { dot: true, nonegate: true, noextglob: true, nobrace: true });
}
