import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { errorMessage, TouchstoneError } from '../../core/errors.ts';
import { MOST_RECORD_BYTES, verifyContents } from '../../core/registry/contents.ts';
import { isAhead, PromptHistory, type PromptRecords } from '../../core/registry/history.ts';
import { environmentProblem, EVENT_ID, PROMPT_FILE, RECORD_FOLDERS, REGISTRY_FOLDER, slugOf, VERSION_FILE, type RecordKind } from '../../core/registry/names.ts';
import type { PointerEvent, RegistryProblem, Version } from '../../core/registry/model.ts';
import { decodeRecord, encodePrompt, encodeRecord, hashLine, type MoveEvent, type RecordTypes, type TagEvent } from '../../core/registry/records.ts';

/** More are no registry that people made. */
const MOST_PROMPTS = 10_000;
const MOST_FILES = 20_000;
/** Files that are read at once. */
const AT_ONCE = 32;

type Decoded = { readonly record: RecordTypes[RecordKind] | { readonly promptId: string } } | { readonly problem: string; readonly line: number | null; readonly text?: string };

interface Entry {
  readonly kind: RecordKind | 'prompt';
  /** Absolute. */
  readonly path: string;
  readonly name: string;
  /** Of a pointer: the folder that it lies in. */
  readonly environment?: string;
}

export interface Registry {
  readonly prompts: readonly PromptHistory[];
  /** Everything that is wrong, those of its prompts among it. */
  readonly problems: readonly RegistryProblem[];
}

/**
 * The files of a workspace's registry. Nothing in them is believed before it was looked at: what does not hold together is a problem
 * with its place. What was looked at once is not looked at again before the file changes.
 */
export class RegistryFolder {
  readonly #root: string;
  readonly #folder: string;
  readonly #now: () => number;
  readonly #decoded = new Map<string, { readonly stamp: string; readonly decoded: Decoded }>();

  /**
   * @param root the workspace folder, absolute, with forward slashes
   * @param now milliseconds since 1970: what is dated later than it may be is told
   */
  constructor(root: string, now: () => number = Date.now) {
    this.#root = root;
    this.#now = now;
    this.#folder = `${root}/${REGISTRY_FOLDER}`;
  }

  async read(): Promise<Registry> {
    const problems: RegistryProblem[] = [];
    const prompts: PromptHistory[] = [];
    const seen = new Set<string>();
    for (const parent of [`${this.#root}/.touchstone`, this.#folder]) {
      if ((await kindOf(parent)) === 'link') return { prompts, problems: [problem(parent, 'this is a link: a registry is a folder of the workspace, and what is elsewhere is not read')] };
    }
    const folders = (await list(this.#folder)).filter((entry) => !entry.name.startsWith('.'));
    for (const [index, { name, kind }] of folders.entries()) {
      const path = `${this.#folder}/${name}`;
      if (kind !== 'folder') problems.push(problem(path, kind === 'link' ? 'this is a link, and is not read' : 'this file does not belong here'));
      else if (index >= MOST_PROMPTS) problems.push(problem(path, `a registry has at most ${MOST_PROMPTS} prompts: this one is not read`));
      else {
        const history = await this.#readPrompt(path, name, seen);
        if ('problems' in history) problems.push(...history.problems);
        if (history instanceof PromptHistory) prompts.push(history);
      }
    }
    for (const path of this.#decoded.keys()) if (!seen.has(path)) this.#decoded.delete(path);
    return { prompts, problems };
  }

  /**
   * Adds a record. One that is there already stays as it is: equal names say equal things.
   * @throws TouchstoneError 'usage' (too large, or not as a record is) | 'store' (it cannot be written)
   */
  async add<K extends RecordKind>(kind: K, record: RecordTypes[K]): Promise<string> {
    const { name, text } = encodeRecord(kind, record);
    if (Buffer.byteLength(text) > MOST_RECORD_BYTES) throw new TouchstoneError('usage', `This version would take more than ${MOST_RECORD_BYTES / 1024 / 1024} MB: the registry holds prompts, not what they are about. Take large texts out of the prompt, into variables.`);
    // What could not be read again is not written: it would be there for good, and damaged.
    const checked = decodeRecord(kind, name, text);
    if ('problem' in checked) throw new TouchstoneError('usage', `This cannot be recorded: ${checked.problem}.`);
    const folder = `${this.#folder}/${slugOf(record.promptId)}`;
    const kindFolder = `${folder}/${RECORD_FOLDERS[kind]}`;
    const last = 'environment' in record ? `${kindFolder}/${record.environment}` : kindFolder;
    const path = `${last}/${name}`;
    for (const parent of new Set([`${this.#root}/.touchstone`, this.#folder, folder, kindFolder, last])) {
      if ((await kindOf(parent)) === 'link') throw new TouchstoneError('store', `${parent} is a link: the registry is written only where it is.`);
    }
    await place(`${folder}/${PROMPT_FILE}`, encodePrompt(record.promptId));
    await place(path, text);
    return path;
  }

  async #readPrompt(folder: string, slug: string, seen: Set<string>): Promise<PromptHistory | { readonly problems: readonly RegistryProblem[] }> {
    const problems: RegistryProblem[] = [];
    const entries = await this.#entries(folder, problems);
    const decoded: (readonly [Entry, Decoded])[] = [];
    for (let from = 0; from < entries.length; from += AT_ONCE) {
      decoded.push(...(await Promise.all(entries.slice(from, from + AT_ONCE).map(async (entry) => {
        seen.add(entry.path);
        return [entry, await this.#decode(entry)] as const;
      }))));
    }
    const id = decoded.flatMap(([, one]) => ('record' in one && slugOf(one.record.promptId) === slug ? [one.record.promptId] : [])).at(0);
    if (id === undefined) {
      problems.push(...decoded.flatMap(([entry, one]) => ('problem' in one ? [problem(entry.path, one.problem, one.line)] : [])));
      if (problems.length === 0 && entries.length > 0) problems.push(problem(folder, 'this folder has the name of another prompt than its files say'));
      return { problems };
    }
    const collected = collect(id, decoded, problems);
    const unusable = unusableVersions(entries, problems);
    const told = problems.map((one) => withConsequences(one, unusable, collected));
    told.push(...danglingPointers(collected, decoded, unusable), ...datedAhead(decoded, this.#now()));
    return new PromptHistory({ ...collected, problems: told.map((one) => ({ ...one, promptId: id })) });
  }

  /** The files of a prompt's folder by their kind; whatever else lies there is a problem. */
  async #entries(folder: string, problems: RegistryProblem[]): Promise<Entry[]> {
    const entries: Entry[] = [];
    const foreign = (path: string, kind: string): void => void problems.push(problem(path, kind === 'link' ? 'this is a link, and is not read' : `this ${kind} does not belong here`));
    const addFiles = async (below: string, kind: RecordKind, pattern: RegExp, environment?: string): Promise<void> => {
      for (const entry of await list(below)) {
        const path = `${below}/${entry.name}`;
        if (entry.name.startsWith('.')) continue;
        if (entry.kind !== 'file' || !pattern.test(entry.name)) foreign(path, entry.kind);
        else if (entries.length >= MOST_FILES) problems.push(problem(path, `a prompt has at most ${MOST_FILES} files in the registry: this one is not read`));
        else entries.push({ kind, path, name: entry.name, ...(environment === undefined ? {} : { environment }) });
      }
    };
    for (const entry of await list(folder)) {
      const path = `${folder}/${entry.name}`;
      if (entry.name.startsWith('.')) continue;
      if (entry.name === PROMPT_FILE && entry.kind === 'file') entries.push({ kind: 'prompt', path, name: entry.name });
      else if (entry.kind !== 'folder') foreign(path, entry.kind);
      else if (entry.name === RECORD_FOLDERS.version) await addFiles(path, 'version', VERSION_FILE);
      else if (entry.name === RECORD_FOLDERS.move) await addFiles(path, 'move', EVENT_FILE);
      else if (entry.name === RECORD_FOLDERS.tag) await addFiles(path, 'tag', EVENT_FILE);
      else if (entry.name === RECORD_FOLDERS.pointer) {
        for (const environment of await list(path)) {
          if (environment.name.startsWith('.')) continue;
          if (environment.kind === 'folder' && environmentProblem(environment.name) === null) await addFiles(`${path}/${environment.name}`, 'pointer', EVENT_FILE, environment.name);
          else foreign(`${path}/${environment.name}`, environment.kind);
        }
      } else foreign(path, entry.kind);
    }
    return entries;
  }

  async #decode(entry: Entry): Promise<Decoded> {
    let stamp: string;
    let text: string;
    try {
      const stats = await lstat(entry.path);
      stamp = `${stats.size}-${stats.mtimeMs}-${stats.ino}`;
      const known = this.#decoded.get(entry.path);
      if (known?.stamp === stamp) return known.decoded;
      if (stats.size > MOST_RECORD_BYTES) return { problem: `this file is larger than ${MOST_RECORD_BYTES / 1024 / 1024} MB, and is not read`, line: null };
      text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(entry.path));
    } catch (error) {
      return { problem: `this file cannot be read: ${errorMessage(error)}`, line: null };
    }
    const decoded = await this.#verify(entry, text);
    this.#decoded.set(entry.path, { stamp, decoded });
    return decoded;
  }

  async #verify({ kind, name }: Entry, text: string): Promise<Decoded> {
    const decoded: Decoded = decodeRecord(kind, name, text);
    if ('problem' in decoded) return kind === 'version' ? { ...decoded, text: text.slice(0, NUMBER_WITHIN) } : decoded;
    if (kind !== 'version') return decoded;
    const verified = await verifyContents(decoded.record as Version, this.#root);
    return 'problem' in verified ? { problem: `this version is not used: ${verified.problem}`, line: hashLine(text), text: text.slice(0, NUMBER_WITHIN) } : decoded;
  }
}

const EVENT_FILE = new RegExp(`${EVENT_ID.source.slice(0, -1)}\\.json$`);
/** `"number":` stands at the beginning of a version's file. */
const NUMBER_WITHIN = 16 * 1024;

/** Sorts what was read by its kind; what belongs to another prompt or environment is a problem. */
function collect(promptId: string, decoded: readonly (readonly [Entry, Decoded])[], problems: RegistryProblem[]): Omit<PromptRecords, 'problems'> {
  const versions: Version[] = [];
  const pointers: PointerEvent[] = [];
  const moves: MoveEvent[] = [];
  const tags: TagEvent[] = [];
  const damagedPointers: Record<string, string[]> = {};
  let damagedNumber = 0;
  const damaged = ({ kind, environment, name }: Entry, text: string | undefined): void => {
    if (kind === 'pointer' && environment !== undefined) (damagedPointers[environment] ??= []).push(name.replace(/\.json$/, ''));
    if (kind === 'version') damagedNumber = Math.max(damagedNumber, Number(/^ {2}"number": (\d{1,9}),?\r?$/m.exec(text ?? '')?.[1] ?? 0));
  };
  for (const [entry, one] of decoded) {
    if ('problem' in one) {
      problems.push(problem(entry.path, one.problem, one.line));
      damaged(entry, one.text);
      continue;
    }
    const { record } = one;
    if (record.promptId !== promptId || ('environment' in record && record.environment !== entry.environment)) {
      problems.push(problem(entry.path, record.promptId === promptId ? `this event is of another environment than its folder` : `this file is of another prompt, ${record.promptId}`));
      damaged(entry, undefined);
    } else if (entry.kind === 'version') versions.push(record as Version);
    else if (entry.kind === 'pointer') pointers.push(record as PointerEvent);
    else if (entry.kind === 'move') moves.push(record as MoveEvent);
    else if (entry.kind === 'tag') tags.push(record as TagEvent);
  }
  return { promptId, versions, pointers, moves, tags, damagedPointers, damagedNumber };
}

/** Beginnings of the hashes of versions whose files are there and are not used, by their paths: a version's file is named by them. */
function unusableVersions(entries: readonly Entry[], problems: readonly RegistryProblem[]): ReadonlyMap<string, string> {
  const files = new Set(problems.map(({ file }) => file));
  return new Map(entries.flatMap(({ kind, path, name }) => (kind === 'version' && files.has(path) ? [[path, name.slice(0, name.indexOf('-'))]] : [])));
}

/** A version that is not used leaves its environments without one: that is no other problem, and goes with it. */
function withConsequences(one: RegistryProblem, unusable: ReadonlyMap<string, string>, { versions, pointers }: Omit<PromptRecords, 'problems'>): RegistryProblem {
  const hash = unusable.get(one.file);
  if (hash === undefined || versions.some((version) => version.hash.startsWith(hash))) return one;
  const environments = [...new Set(pointers.flatMap(({ version, environment }) => (version?.startsWith(hash) === true ? [environment] : [])))].sort();
  return environments.length === 0 ? one : { ...one, message: `${one.message}; ${environments.join(', ')} ${environments.length === 1 ? 'was' : 'were'} pointed to this version` };
}

/** Movements to a version, or after a movement, that is not there: a file was lost. */
function danglingPointers({ versions, pointers, damagedPointers }: Omit<PromptRecords, 'problems'>, decoded: readonly (readonly [Entry, Decoded])[], unusable: ReadonlyMap<string, string>): RegistryProblem[] {
  const told = [...unusable.values()];
  const hashes = new Set(versions.map(({ hash }) => hash));
  const ids = new Set([...pointers.map(({ id }) => id), ...Object.values(damagedPointers).flat()]);
  const places = new Map(decoded.map(([entry]) => [entry.name, entry.path]));
  return pointers.flatMap(({ id, version, after }) => {
    const path = places.get(`${id}.json`) ?? '';
    const lost = after.filter((other) => !ids.has(other));
    return [
      ...(version === null || hashes.has(version) || told.some((hash) => version.startsWith(hash)) ? [] : [problem(path, `this points to the version ${version.slice(0, 8)}, which the registry does not have`)]),
      ...lost.map((other) => problem(path, `this follows the movement ${other}, which the registry does not have`)),
    ];
  });
}

/** Used as they are, since clocks are wrong at times; what follows them is not dated after them. */
function datedAhead(decoded: readonly (readonly [Entry, Decoded])[], now: number): RegistryProblem[] {
  return decoded.flatMap(([{ path }, one]) =>
    'record' in one && 'time' in one.record && isAhead(one.record.time, now) ? [problem(path, `this is dated ${one.record.time.slice(0, 10)}, which is still to come: a clock was wrong, or the date was written by hand`)] : []);
}

function problem(file: string, message: string, line: number | null = null): RegistryProblem {
  return { file, line, promptId: null, message };
}

type EntryKind = 'file' | 'folder' | 'link' | 'thing';

/** Sorted by name, so that what is found does not depend on the disk. */
async function list(folder: string): Promise<{ readonly name: string; readonly kind: EntryKind }[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .map((entry) => ({ name: entry.name, kind: entry.isSymbolicLink() ? ('link' as const) : entry.isDirectory() ? ('folder' as const) : entry.isFile() ? ('file' as const) : ('thing' as const) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (isMissing(error)) return [];
    throw new TouchstoneError('store', `The registry cannot be read: ${errorMessage(error)}`, { cause: error, place: { file: folder } });
  }
}

async function kindOf(path: string): Promise<EntryKind | null> {
  const stats = await lstat(path).catch(() => null);
  return stats === null ? null : stats.isSymbolicLink() ? 'link' : stats.isDirectory() ? 'folder' : 'file';
}

/** Whole or not at all: a reader, or Git, never sees half a file. */
async function place(path: string, text: string): Promise<void> {
  if ((await kindOf(path)) !== null) return;
  const folder = path.slice(0, path.lastIndexOf('/'));
  const written = `${folder}/.${randomUUID()}.tmp`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(written, text, { flag: 'wx' });
    await rename(written, path);
  } catch (error) {
    await rm(written, { force: true }).catch(() => undefined);
    throw new TouchstoneError('store', `The registry cannot be written: ${errorMessage(error)}`, { cause: error, place: { file: path } });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
