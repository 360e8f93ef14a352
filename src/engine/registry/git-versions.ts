import { TouchstoneError } from '../../core/errors.ts';
import type { FileReader } from '../../core/files.ts';
import { contentHash, versionContent } from '../../core/prompt/canonical.ts';
import { promptIdOf } from '../../core/prompt/reading.ts';
import { readContents, type PromptContents } from '../../core/registry/contents.ts';
import type { Version } from '../../core/registry/model.ts';
import { relativePath } from '../../core/text/path.ts';
import type { GitReader, Revision } from '../../node/registry/git.ts';
import { overlayFiles } from '../../node/files/index.ts';
import type { OpenPrompt } from './identity.ts';

/** A version that a commit brought. */
export interface GitVersion {
  readonly version: Version;
  readonly commit: string;
}

type Read = { readonly contents: PromptContents } | null;

/** Versions in the Git history of prompt files. A commit never changes: what it holds is read once. */
export class GitVersions {
  readonly #root: string;
  /** By commit and file; `null`: there is no prompt in it. */
  readonly #read = new Map<string, Read>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Contents of the file that no commit before had, newest first. */
  async of(prompt: OpenPrompt, git: GitReader): Promise<GitVersion[]> {
    const revisions = await git.revisions(git.inCheckout(relativePath(this.#root, prompt.path)));
    const texts = await git.texts(revisions);
    const found: GitVersion[] = [];
    const seen = new Set<string>();
    // From the oldest on: the commit that brought a content is the one that counts.
    for (let at = revisions.length - 1; at >= 0; at--) {
      const revision = revisions[at] as Revision;
      const contents = await this.#contents(prompt, revision, git, texts[at] ?? null);
      if (contents === null) continue;
      const version = this.#versionOf(prompt, contents, revision, found[0]?.version.hash ?? null);
      if (seen.has(version.hash)) continue;
      seen.add(version.hash);
      found.unshift({ version, commit: revision.commit });
    }
    return found;
  }

  /** @throws TouchstoneError 'not-found' (no such revision; the file is not in it) | 'invalid-prompt' */
  async at(prompt: OpenPrompt, revision: string, git: GitReader): Promise<GitVersion> {
    const commit = await git.commit(revision);
    const about = await git.about(commit);
    const now = git.inCheckout(relativePath(this.#root, prompt.path));
    const names = [now, ...(await git.earlierNames(now))];
    for (const path of names) {
      const files = git.filesAt(commit);
      if (!(await files.isFile(path))) continue;
      const contents = await readPrompt(prompt, path, git, files);
      return { version: this.#versionOf(prompt, contents, about, null), commit };
    }
    throw new TouchstoneError('not-found', `${relativePath(this.#root, prompt.path)} is not in the revision ${revision}.`);
  }

  async #contents(prompt: OpenPrompt, revision: Revision, git: GitReader, text: string | null): Promise<PromptContents | null> {
    if (text === null) return null;
    const key = JSON.stringify([revision.commit, revision.path, withinOf(prompt)]);
    let read = this.#read.get(key);
    if (read === undefined) {
      const path = `${git.root}/${revision.path}`;
      try {
        read = { contents: await readPrompt(prompt, path, git, overlayFiles(git.filesAt(revision.commit), [{ path, text }])) };
      } catch (error) {
        // A commit may hold what is no prompt: there is no version in it.
        if (!(error instanceof TouchstoneError)) throw error;
        read = null;
      }
      this.#read.set(key, read);
    }
    return read?.contents ?? null;
  }

  #versionOf({ promptId }: OpenPrompt, { document, files }: PromptContents, { author, time, subject }: Omit<Revision, 'path'>, parent: string | null): Version {
    const content = versionContent(document);
    return { promptId, hash: contentHash(content), number: 0, message: subject, author, time, parent, tags: [], useCase: null, content, files };
  }
}

/** The same prompt of the file, by its name within it; the only one where it had none then. */
async function readPrompt(prompt: OpenPrompt, path: string, git: GitReader, files: FileReader): Promise<PromptContents> {
  const within = withinOf(prompt);
  const options = { files, root: git.folder };
  if (within === '') return readContents(path, undefined, options);
  const only = await readContents(path, undefined, options).catch(() => null);
  return only ?? readContents(path, `${promptIdOf(path, git.folder)}#${within}`, options);
}

function withinOf({ contents }: OpenPrompt): string {
  return contents?.document.id.split('#').slice(1).join('#') ?? '';
}
