import type { ProjectConfig } from '../../core/config/model.ts';
import { TouchstoneError } from '../../core/errors.ts';
import type { FileReader } from '../../core/files.ts';
import { promptHash } from '../../core/prompt/canonical.ts';
import { promptIdOf } from '../../core/prompt/reading.ts';
import { readContents, type PromptContents } from '../../core/registry/contents.ts';
import type { KnownVersion, PromptHistory } from '../../core/registry/history.ts';
import { isInside, joinPath, relativePath } from '../../core/text/path.ts';
import { findPromptFiles } from '../../node/files/index.ts';

/** Which prompt of the registry a file is. */
export interface Identity {
  /** Of the registry; of a prompt that it does not know yet the id that it will have. */
  readonly promptId: string;
  /** By which the prompt is found now: `metadata.id`, else the path. */
  readonly name: string;
  /** `null`: nothing is recorded of it. */
  readonly history: PromptHistory | null;
  /** The name under which the registry knows it, where the file has another one by now: to be recorded with whatever is recorded next. */
  readonly movedFrom: string | null;
  /** `null`: the file cannot be read now, `problem` says why. */
  readonly contents: PromptContents | null;
  readonly hash: string | null;
  readonly problem: TouchstoneError | null;
}

/** A prompt with all that the registry knows of it. */
export interface OpenPrompt extends Identity {
  readonly path: string;
  readonly files: FileReader;
  readonly config: ProjectConfig;
  /** Without anything recorded: an empty one. */
  readonly known: PromptHistory;
}

export interface IdentityOptions {
  readonly root: string;
  readonly files: FileReader;
  readonly prompts: readonly PromptHistory[];
  /** Earlier names of a file, absolute: Git knows them. */
  readonly earlierNames: (path: string) => Promise<readonly string[]>;
}

/**
 * Finds a file's prompt in the registry: by its `metadata.id`, else by its path, else as one whose file is gone and which has its content,
 * or whose name Git saw change into this one.
 * @throws TouchstoneError 'usage' (several prompts in the file, none named; a file outside of the workspace)
 */
export async function identify(path: string, prompt: string | undefined, options: IdentityOptions): Promise<Identity> {
  const { root, prompts } = options;
  if (!isInside(path, root)) throw new TouchstoneError('usage', 'This file lies outside of the workspace folder, whose registry can hold no versions of it.', { place: { file: path } });
  let contents: PromptContents | null = null;
  let problem: TouchstoneError | null = null;
  try {
    contents = await readContents(path, prompt, options);
  } catch (error) {
    // A prompt that cannot be read just now has a history all the same.
    if (!(error instanceof TouchstoneError) || error.code === 'usage') throw error;
    problem = error;
  }
  const id = contents?.document.id ?? prompt ?? promptIdOf(path, root);
  const name = nameOf(contents) ?? id;
  const hash = contents === null ? null : promptHash(contents.document);
  const base = { name, contents, hash, problem };
  // A prompt that was just given a `metadata.id` is still found by its path.
  for (const wanted of new Set([name, id])) {
    const history = claims(prompts, wanted);
    if (history !== null) return { ...base, promptId: history.promptId, history, movedFrom: wanted === name ? null : wanted };
  }
  if (contents === null) {
    const history = prompts.find(({ versions }) => versions.some(({ files }) => files[0]?.path === relativePath(root, path))) ?? null;
    if (history !== null) return { ...base, promptId: history.promptId, history, movedFrom: null };
    throw problem ?? new TouchstoneError('not-found', 'There is no such file.', { place: { file: path } });
  }
  const moved = await findMoved(path, contents, hash, options);
  if (moved !== null) return { ...base, promptId: moved.promptId, history: moved, movedFrom: [...moved.names].at(-1) ?? moved.promptId };
  return { ...base, promptId: freeId(name, prompts), history: null, movedFrom: null };
}

/** `metadata.id`; of one prompt of several in a file with its name within it. */
function nameOf(contents: PromptContents | null): string | null {
  const id = contents?.document.metadata['id'];
  if (typeof id !== 'string' || id.trim() === '') return null;
  const within = contents?.document.id.split('#').slice(1).join('#') ?? '';
  return within === '' ? id.trim() : `${id.trim()}#${within}`;
}

/** Where two claim one name (a branch moved a prompt to where another branch made one), the one that was moved there has it. */
function claims(prompts: readonly PromptHistory[], name: string): PromptHistory | null {
  const claiming = prompts.filter(({ names }) => names.has(name));
  return claiming.find(({ promptId }) => promptId !== name) ?? claiming[0] ?? null;
}

/** A name that a moved prompt left behind may be taken by a new one, which is another prompt. */
function freeId(name: string, prompts: readonly PromptHistory[]): string {
  const taken = new Set(prompts.map(({ promptId }) => promptId));
  let id = name;
  for (let count = 2; taken.has(id); count++) id = `${name}~${count}`;
  return id;
}

async function findMoved(path: string, { document, ids }: PromptContents, hash: string | null, { root, files, prompts, earlierNames }: IdentityOptions): Promise<PromptHistory | null> {
  if (prompts.length === 0) return null;
  const present = new Set((await findPromptFiles(root)).map((file) => promptIdOf(file, root)));
  const gone: PromptHistory[] = [];
  for (const history of prompts) {
    const file = history.newest?.files[0]?.path;
    const isThere = file !== undefined && file !== relativePath(root, path) && (await files.isFile(joinPath(root, file)));
    // A prompt of this very file is gone when the file names it no more.
    const named = [...history.names].some((name) => ids.includes(name) || (present.has(baseOf(name)) && baseOf(name) !== baseOf(document.id)));
    if (!isThere && !named) gone.push(history);
  }
  const same = gone.filter(({ versions }) => versions.some((version: KnownVersion) => version.hash === hash));
  if (same.length === 1) return same[0] ?? null;
  if (gone.length === 0) return null;
  const earlier = new Set((await earlierNames(path)).flatMap((file) => (isInside(file, root) ? [promptIdOf(file, root)] : [])));
  const renamed = gone.filter(({ names }) => [...names].some((name) => earlier.has(baseOf(name)) && withinOf(name) === withinOf(document.id)));
  return renamed.length === 1 ? (renamed[0] ?? null) : null;
}

function baseOf(id: string): string {
  return id.split('#')[0] ?? id;
}

function withinOf(id: string): string {
  return id.split('#').slice(1).join('#');
}
