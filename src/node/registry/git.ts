import { devNull } from 'node:os';
import { TouchstoneError } from '../../core/errors.ts';
import type { FileReader } from '../../core/files.ts';
import picomatch from 'picomatch';
import { isInside, joinPath, relativePath } from '../../core/text/path.ts';
import { commandEnvironment } from '../process/environment.ts';
import { runCommand, type CommandResult } from '../process/run-command.ts';

/** One commit that changed a file, and the name that the file had in it. */
export interface Revision {
  readonly commit: string;
  readonly author: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly subject: string;
  /** Below the repository's root. */
  readonly path: string;
}

/** A history that is longer is read from its newest end. */
const MOST_REVISIONS = 300;
const TIME_LIMIT_MS = 20_000;
const OUTPUT_LIMIT = 64 * 1024 * 1024;

/**
 * Settings of a repository can name programs, and attributes can: nothing of that is started, nothing is fetched, nothing is written, and
 * a path is a path, never a pattern.
 */
const SAFE = ['--no-pager', '--no-optional-locks', '--literal-pathspecs', '-c', 'core.fsmonitor=', '-c', `core.hooksPath=${devNull}`, '-c', 'core.quotePath=false', '-c', 'log.showSignature=false', '-c', 'diff.external=', '-c', 'protocol.allow=never', '-c', 'core.sshCommand=false'];
const ENVIRONMENT = { GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1', LC_ALL: 'C' };

/** Reads a Git repository, and changes nothing. Where there is no Git, or no repository, there is nothing to read. */
export class GitReader {
  /** Folder of the checkout, absolute, with forward slashes. */
  readonly root: string;
  /** The folder that was asked for, as a folder of the checkout. */
  readonly folder: string;
  readonly #signal: AbortSignal;

  private constructor(root: string, folder: string, signal: AbortSignal) {
    this.root = root;
    this.folder = folder;
    this.#signal = signal;
  }

  /** The repository that a folder belongs to. `null`: there is none, or no Git program, and `why` was told. */
  static async at(folder: string, signal: AbortSignal, why: (message: string) => void = () => undefined): Promise<GitReader | null> {
    const found = await git(folder, ['rev-parse', '--show-toplevel', '--show-prefix'], signal);
    if (found.ended === 'not-started') why('Git is not installed: the history of the prompt file is not known.');
    else if (found.exitCode !== 0) why(/dubious ownership/.test(found.errors) ? 'Git does not trust this repository, which belongs to somebody else.' : 'This folder is in no Git repository.');
    // A line each; the second is empty at the root.
    const [root = '', prefix = ''] = found.output.replaceAll('\\', '/').split(/\r?\n/);
    return found.exitCode === 0 && root !== '' ? new GitReader(root, joinPath(root, prefix), signal) : null;
  }

  /** Commits that changed a file, newest first, followed over its renames. @param path in the checkout */
  async revisions(path: string): Promise<Revision[]> {
    const below = relativePath(this.root, path);
    // Behind each NUL comes a path, which begins with a line end, or the next commit.
    const { output, exitCode } = await this.#run(['log', '--follow', '-z', '--no-ext-diff', '--no-textconv', '--no-color', `--max-count=${MOST_REVISIONS}`, '--format=%x1e%H%x1f%aI%x1f%an%x1f%s%x1f', '--name-only', '--', below]);
    if (exitCode !== 0) return [];
    const revisions: Revision[] = [];
    let commit: Omit<Revision, 'path'> | null = null;
    for (const part of output.split('\0')) {
      if (part.startsWith('\n')) {
        if (commit !== null) revisions.push({ ...commit, path: part.slice(1) });
        commit = null;
        continue;
      }
      const [hash, time, author, subject] = part.slice(1).split('\x1f');
      commit = hash !== undefined && /^[0-9a-f]{40,64}$/.test(hash) && time !== undefined ? { commit: hash, time: new Date(time).toISOString(), author: author ?? '', subject: subject ?? '' } : null;
    }
    return revisions;
  }

  /** Earlier names of a file, in commits and in what is not committed, in the checkout. */
  async earlierNames(path: string): Promise<string[]> {
    const names = new Set((await this.revisions(path)).map((revision) => `${this.root}/${revision.path}`));
    const below = relativePath(this.root, path);
    const { output, exitCode } = await this.#run(['diff', '--name-status', '-z', '--find-renames', '--diff-filter=R', '--no-ext-diff', '--no-textconv', '--no-color', 'HEAD']);
    const parts = exitCode === 0 ? output.split('\0') : [];
    for (let at = 0; at + 2 < parts.length; at += 3) if (parts[at + 2] === below) names.add(`${this.root}/${parts[at + 1]}`);
    names.delete(path);
    return [...names];
  }

  /** The commit that a revision means. @throws TouchstoneError 'not-found' */
  async commit(revision: string): Promise<string> {
    const { output, exitCode } = await this.#run(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]);
    const commit = output.trim();
    if (exitCode !== 0 || !/^[0-9a-f]{40,64}$/.test(commit)) throw new TouchstoneError('not-found', `Git knows no revision ${revision}.`);
    return commit;
  }

  /** Who wrote a commit, and when. */
  async about(commit: string): Promise<Omit<Revision, 'path'>> {
    const { output } = await this.#run(['log', '-1', '--no-color', '--format=%aI%x1f%an%x1f%s', commit, '--']);
    const [time, author, subject] = output.trimEnd().split('\x1f');
    return { commit, time: new Date(time ?? 0).toISOString(), author: author ?? '', subject: subject ?? '' };
  }

  /** Texts of files in commits, in the order asked for; `null`: there is none, it is no text, or too much. One process for all. */
  async texts(places: readonly { readonly commit: string; readonly path: string }[]): Promise<(string | null)[]> {
    const asked = places.map(({ commit, path }) => (path.includes('\n') ? null : `${commit}:${path}`));
    const { bytes, ended } = await this.#run(['cat-file', '--batch'], asked.flatMap((one) => one ?? []).map((one) => `${one}\n`).join(''));
    const answers = blobs(ended === 'exit' ? bytes : new Uint8Array(0));
    return asked.map((one) => (one === null ? null : (answers.next().value ?? null)));
  }

  /** The files of a commit, as if it were checked out. */
  filesAt(commit: string): FileReader {
    const texts = new Map<string, Promise<string | null>>();
    const known = (path: string): Promise<string | null> => {
      let text = texts.get(path);
      if (text === undefined) {
        text = isInside(path, this.root) ? this.texts([{ commit, path: relativePath(this.root, path) }]).then(([found]) => found ?? null) : Promise.resolve(null);
        texts.set(path, text);
      }
      return text;
    };
    const read = async (path: string): Promise<string> => {
      const text = await known(path);
      if (text === null) throw new TouchstoneError('not-found', `The revision ${commit.slice(0, 8)} has no such file.`, { place: { file: path } });
      return text;
    };
    return {
      readText: read,
      async *readChunks(path) {
        yield await read(path);
      },
      readBytes: async (path) => new TextEncoder().encode(await read(path)),
      isFile: async (path) => (await known(path)) !== null,
      glob: async (pattern, base) => {
        const matches = picomatch(pattern);
        const { output, exitCode } = await this.#run(['ls-tree', '-r', '-z', '--name-only', '--full-tree', commit]);
        const paths = exitCode === 0 ? output.split('\0').filter((path) => path !== '').map((path) => `${this.root}/${path}`) : [];
        return paths.filter((path) => isInside(path, base) && matches(relativePath(base, path))).sort();
      },
    };
  }

  /** A file of the folder as a file of the checkout, which the folder's own name may reach over a link. @param path below the folder */
  inCheckout(path: string): string {
    return joinPath(this.folder, path);
  }

  #run(args: readonly string[], input = ''): Promise<CommandResult> {
    return git(this.root, args, this.#signal, input);
  }
}

/** What Git would write as the author of a commit here; `null`: it has not been told. */
export async function gitAuthor(folder: string, signal: AbortSignal): Promise<string | null> {
  const [name, email] = await Promise.all(['user.name', 'user.email'].map(async (key) => (await git(folder, ['config', '--get', key], signal)).output.trim()));
  if (name === undefined || name === '') return email === undefined || email === '' ? null : email;
  return email === undefined || email === '' ? name : `${name} <${email}>`;
}

function git(folder: string, args: readonly string[], signal: AbortSignal, input = ''): Promise<CommandResult> {
  return runCommand({ command: 'git', args: [...SAFE, ...args], input, cwd: folder, environment: commandEnvironment(ENVIRONMENT), signal, timeoutMs: TIME_LIMIT_MS, outputLimit: OUTPUT_LIMIT });
}

/** Takes apart what `cat-file --batch` writes: a line with the size, as many bytes, a line end. */
function* blobs(bytes: Uint8Array): Generator<string | null, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    if (end < 0) return undefined;
    const line = new TextDecoder().decode(bytes.subarray(at, end));
    const size = /^[0-9a-f]+ (\w+) (\d+)$/.exec(line);
    at = end + 1;
    if (size === null) {
      yield null; // missing
      continue;
    }
    const body = bytes.subarray(at, at + Number(size[2]));
    at += Number(size[2]) + 1;
    let text: string | null = null;
    try {
      if (size[1] === 'blob') text = decoder.decode(body);
    } catch {
      text = null; // no UTF-8
    }
    yield text;
  }
  return undefined;
}
