import { userInfo } from 'node:os';
import { gitAuthor } from './git.ts';

/** Who records something: as Git would name them, else the user of this machine. */
export async function authorName(folder: string, signal: AbortSignal): Promise<string> {
  const author = await gitAuthor(folder, signal).catch(() => null);
  if (author !== null) return author;
  try {
    return userInfo().username;
  } catch {
    // A process of a user without an entry, as in some containers.
    return 'unknown';
  }
}
