/**
 * The port through which core reads the user's files. Paths are absolute, with forward slashes.
 * The adapter for disk is `node/files`; an editor lays its unsaved texts over it.
 */
export interface FileReader {
  /** Throws TouchstoneError 'not-found' (with the place) when there is no such file. UTF-8; a byte order mark is removed. */
  readText(path: string): Promise<string>;
  /** The same text in pieces of bounded size, for files that must not be held whole. */
  readChunks(path: string): AsyncIterable<string>;
  /** Paths below `base` that match a glob pattern, sorted. Folders of dependencies and builds are not searched. */
  glob(pattern: string, base: string): Promise<string[]>;
  /** Whether there is a file (not a folder) at this path. */
  isFile(path: string): Promise<boolean>;
  readBytes(path: string): Promise<Uint8Array>;
}

/** Names of folders that hold other people's files, builds or history: nothing is searched in them. */
export const IGNORED_FOLDERS: readonly string[] = ['node_modules', '.git', 'dist', '.touchstone', '.venv'];
