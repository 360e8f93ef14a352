/**
 * Files of a workspace that a span's file may be. A span names the file as it was where it ran: in a container, on another
 * machine, bundled. What such paths share with the workspace is their end.
 *
 * @param file as the span says, any separators, also `file://` and `webpack://` addresses
 * @param candidates paths with forward slashes whose last part is the file's
 * @returns those whose end agrees with the file's in the most parts, at least its name
 */
export function bestMatches(file: string, candidates: readonly string[]): readonly string[] {
  const wanted = partsOf(file);
  let best = 0;
  let matches: string[] = [];
  for (const candidate of candidates) {
    const shared = sharedEnd(wanted, partsOf(candidate));
    if (shared > best) {
      best = shared;
      matches = [candidate];
    } else if (shared > 0 && shared === best) {
      matches.push(candidate);
    }
  }
  return matches;
}

/** The path's last part, for a search; `null` when it names no file. */
export function fileNameIn(file: string): string | null {
  return partsOf(file).at(-1) ?? null;
}

function partsOf(path: string): string[] {
  const bare = path.trim().replace(/^[a-z][\w+.-]*:\/\/[^/]*(?=\/)/i, '').replace(/[?#].*$/, '');
  return bare.split(/[\\/]+/).filter((part) => part !== '' && part !== '.' && part !== '..' && !/^[A-Za-z]:$/.test(part));
}

function sharedEnd(a: readonly string[], b: readonly string[]): number {
  let shared = 0;
  while (shared < a.length && shared < b.length && a[a.length - 1 - shared] === b[b.length - 1 - shared]) shared++;
  return shared;
}
