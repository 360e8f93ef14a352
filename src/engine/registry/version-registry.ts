import { TouchstoneError } from '../../core/errors.ts';
import type { RunVersion } from '../../core/eval/model.ts';
import type { FileReader } from '../../core/files.ts';
import { hashText } from '../../core/hash.ts';
import { contentHash, versionContent } from '../../core/prompt/canonical.ts';
import type { PromptDocument } from '../../core/prompt/model.ts';
import { inPlaceOf, verifyContents } from '../../core/registry/contents.ts';
import { PromptHistory, type KnownVersion } from '../../core/registry/history.ts';
import { parseVersionRef, requireEnvironmentName, shortHash } from '../../core/registry/names.ts';
import type { PointerEvent, Version } from '../../core/registry/model.ts';
import { withId, type MoveEvent, type TagEvent } from '../../core/registry/records.ts';
import { relativePath } from '../../core/text/path.ts';
import { authorName } from '../../node/registry/author.ts';
import { RegistryFolder, type Registry } from '../../node/registry/folder.ts';
import { GitReader } from '../../node/registry/git.ts';
import type { PromptPlace } from '../../protocol/registry.ts';
import type { Workspace } from '../workspace.ts';
import { GitVersions, type GitVersion } from './git-versions.ts';
import { identify, type OpenPrompt } from './identity.ts';

export interface RegistryEvents {
  /** Something was recorded. */
  changed(): void;
  log(level: 'info' | 'warn', message: string): void;
}

/** A version, and where it was found. */
export interface FoundVersion {
  readonly version: Version;
  /** `null`: nobody saved it. */
  readonly saved: KnownVersion | null;
  readonly git: GitVersion | null;
  /** The environment that led to it. */
  readonly environment: string | null;
}

export interface Moved {
  readonly event: PointerEvent;
  /** As it is since. */
  readonly prompt: OpenPrompt;
}

/** Versions and environments of one workspace folder. */
export class VersionRegistry {
  readonly #workspace: Workspace;
  readonly #folder: RegistryFolder;
  readonly #git: GitVersions;
  readonly #events: RegistryEvents;
  readonly #now: () => number;
  readonly #author: (signal: AbortSignal) => Promise<string>;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(workspace: Workspace, events: RegistryEvents, world: { readonly now?: () => number; readonly author?: (signal: AbortSignal) => Promise<string> } = {}) {
    this.#workspace = workspace;
    this.#events = events;
    this.#now = world.now ?? Date.now;
    this.#folder = new RegistryFolder(workspace.folder, this.#now);
    this.#author = world.author ?? ((signal) => authorName(workspace.folder, signal));
    this.#git = new GitVersions(workspace.folder);
  }

  read(): Promise<Registry> {
    return this.#folder.read();
  }

  /** @throws TouchstoneError when the file is no prompt, or holds several and none is named */
  async open(place: PromptPlace, signal: AbortSignal): Promise<OpenPrompt> {
    const files = this.#workspace.files(place.overlays);
    const { prompts } = await this.#folder.read();
    const identity = await identify(place.path, place.prompt, { root: this.#workspace.folder, files, prompts, earlierNames: (path) => this.#earlierNames(path, signal) });
    return { ...identity, path: place.path, files, config: await this.#workspace.config(files), known: identity.history ?? emptyHistory(identity.promptId) };
  }

  /** Versions in the Git history of a prompt's file that nobody saved, newest first. Nothing where there is no Git, or no trust. */
  async ofGit(prompt: OpenPrompt, signal: AbortSignal): Promise<readonly GitVersion[]> {
    const git = await this.#repository(signal);
    return git === null ? [] : (await this.#git.of(prompt, git)).filter(({ version }) => prompt.known.version(version.hash) === null);
  }

  /**
   * What a reference means.
   * @throws TouchstoneError 'not-found' | 'ambiguous' | 'damaged' | 'usage' | 'untrusted-workspace'
   */
  async find(prompt: OpenPrompt, ref: string, signal: AbortSignal): Promise<FoundVersion> {
    const parsed = parseVersionRef(ref);
    if (parsed.kind === 'working') return { version: this.#working(prompt), saved: null, git: null, environment: null };
    if (parsed.kind === 'git') {
      this.#workspace.requireTrust();
      const git = await this.#repository(signal);
      if (git === null) throw new TouchstoneError('not-found', `${ref}: this folder is in no Git repository, or there is no Git.`);
      const found = await this.#git.at(prompt, parsed.revision, git);
      return { version: found.version, saved: prompt.known.version(found.version.hash), git: found, environment: null };
    }
    if (parsed.kind === 'environment' && !prompt.config.environments.includes(parsed.environment) && !prompt.known.environments.includes(parsed.environment)) {
      throw new TouchstoneError('not-found', `There is no environment ${parsed.environment}. There are ${prompt.config.environments.join(', ')}; "environments:" in touchstone.yml names others.`);
    }
    try {
      const saved = prompt.known.resolve(parsed);
      return { version: saved, saved, git: null, environment: parsed.kind === 'environment' ? parsed.environment : null };
    } catch (error) {
      // A hash may be of a version that only Git has.
      const digits = parsed.kind === 'environment' ? null : parsed.hash;
      if (!(error instanceof TouchstoneError) || error.code !== 'not-found' || digits === null) throw error;
      const matches = (await this.ofGit(prompt, signal)).filter(({ version }) => version.hash.startsWith(digits));
      const [only, ...others] = matches;
      if (only === undefined || others.length > 0) throw error;
      return { version: only.version, saved: null, git: only, environment: null };
    }
  }

  /** The prompt as a version has it, in the place of the working copy; and how the run calls it. */
  async inPlaceOf(working: PromptDocument, ref: string, overlays: PromptPlace['overlays'], signal: AbortSignal): Promise<{ readonly prompt: PromptDocument; readonly version: RunVersion | null }> {
    if (parseVersionRef(ref).kind === 'working') return { prompt: working, version: null };
    const open = await this.open({ path: working.path, prompt: working.id, ...(overlays === undefined ? {} : { overlays }) }, signal);
    const { version, saved, environment } = await this.find(open, ref, signal);
    const verified = await verifyContents(version, this.#workspace.folder);
    if ('problem' in verified) throw new TouchstoneError('damaged', `${saved?.label ?? shortHash(version.hash)} of ${open.promptId} is not used: ${verified.problem}.`);
    await requireProgram(verified.document, saved?.label ?? shortHash(version.hash), open.files);
    return { prompt: inPlaceOf(working, verified.document), version: { hash: version.hash, number: saved?.number ?? null, label: saved?.label ?? shortHash(version.hash), environment } };
  }

  /** @throws TouchstoneError 'usage' | 'invalid-prompt' | 'store' | 'untrusted-workspace' */
  async save(place: PromptPlace, about: { readonly message: string; readonly tags: readonly string[]; readonly useCase: string | null }, signal: AbortSignal): Promise<{ readonly version: KnownVersion; readonly created: boolean }> {
    return this.#write(place, signal, async (prompt, author, time) => {
      const { known, contents, promptId } = prompt;
      if (contents === null) throw prompt.problem ?? new TouchstoneError('not-found', 'There is no such prompt.', { place: { file: place.path } });
      this.#refuseSecrets(prompt);
      const content = versionContent(contents.document);
      const hash = contentHash(content);
      const before = known.version(hash);
      if (before !== null) {
        const tags = about.tags.filter((tag) => !before.tags.includes(tag));
        const useCase = about.useCase === before.useCase ? null : about.useCase;
        if (tags.length > 0 || useCase !== null) await this.#folder.add('tag', withId<TagEvent>({ promptId, version: hash, tags, useCase, author, time }));
      } else {
        await this.#folder.add('version', {
          promptId, hash, number: known.nextNumber, message: about.message, author, time, parent: known.newest?.hash ?? null,
          tags: [...new Set(about.tags)], useCase: about.useCase, content, files: contents.files,
        });
      }
      return { hash, created: before === null };
    }, ({ known }, { hash, created }) => ({ version: known.version(hash) ?? missing(hash), created }));
  }

  /** Points an environment to a version. Where it points there already, nothing is recorded. */
  promote(place: PromptPlace, ref: string, environment: string, note: string, signal: AbortSignal): Promise<Moved> {
    requireEnvironmentName(environment);
    return this.#move(place, note, signal, async (prompt) => {
      if (!prompt.config.environments.includes(environment)) throw new TouchstoneError('usage', `There is no environment ${environment}. There are ${prompt.config.environments.join(', ')}; "environments:" in touchstone.yml names others.`);
      const { saved, version } = await this.find(prompt, ref, signal);
      if (saved === null) throw new TouchstoneError('usage', `${ref} of ${prompt.promptId} is no saved version (${shortHash(version.hash)}): save it first, then promote it.`);
      return { action: 'promote', version: saved.hash, environment };
    });
  }

  /** Back to where the pointer stood before; twice, further back. @throws TouchstoneError 'usage' where there is nothing before */
  rollback(place: PromptPlace, environment: string, note: string, signal: AbortSignal): Promise<Moved> {
    requireEnvironmentName(environment);
    return this.#move(place, note, signal, async ({ known, promptId }) => {
      const state = known.environment(environment);
      if (state.diverged || state.damaged) known.resolve({ kind: 'environment', environment });
      if (state.rollbackTo === null) throw new TouchstoneError('usage', state.version === null ? `${environment} of ${promptId} points to no version yet.` : `${environment} of ${promptId} points to ${known.labelOf(state.version)}, and there is no version before it to go back to.`);
      if (known.version(state.rollbackTo) === null) throw new TouchstoneError('damaged', `${environment} of ${promptId} would go back to ${shortHash(state.rollbackTo)}, which the registry does not have.`);
      return { action: 'rollback', version: state.rollbackTo, environment };
    });
  }

  /** Takes a movement back. @throws TouchstoneError 'usage' when it is not the last one, or was a decision between branches */
  undo(place: PromptPlace, event: string, signal: AbortSignal): Promise<Moved> {
    return this.#move(place, '', signal, async ({ known, promptId }) => {
      const undone = known.pointers.find(({ id }) => id === event);
      if (undone === undefined) throw new TouchstoneError('not-found', `${promptId} has no movement ${event}.`);
      const state = known.environment(undone.environment);
      if (state.last?.id !== event) throw new TouchstoneError('usage', `${undone.environment} of ${promptId} was moved again since: only its last movement can be taken back.`);
      if (state.undoTo === undefined) throw new TouchstoneError('usage', `${undone.environment} of ${promptId} was decided between branches by this movement: promote the version that is meant.`);
      return { action: 'undo', version: state.undoTo, environment: undone.environment };
    });
  }

  #move(place: PromptPlace, note: string, signal: AbortSignal, decide: (prompt: OpenPrompt) => Promise<Pick<PointerEvent, 'action' | 'version' | 'environment'>>): Promise<Moved> {
    return this.#write(place, signal, async (prompt, author, time) => {
      const { environment, action, version } = await decide(prompt);
      const state = prompt.known.environment(environment);
      if (action === 'promote' && state.version === version && state.last !== null && state.tips.length === 1) return state.last;
      const event = withId<PointerEvent>({ promptId: prompt.promptId, environment, action, version, after: state.tips.map((tip) => tip.event), author, time, note });
      await this.#folder.add('pointer', event);
      return event;
    }, (prompt, event) => ({ event, prompt }));
  }

  /** One writer of this process after the other, each on what the one before has recorded. */
  async #write<T, R>(place: PromptPlace, signal: AbortSignal, record: (prompt: OpenPrompt, author: string, time: string) => Promise<T>, answer: (prompt: OpenPrompt, recorded: T) => R): Promise<R> {
    this.#workspace.requireTrust();
    const before = this.#writing;
    const work = (async (): Promise<R> => {
      await before.catch(() => undefined);
      const author = await this.#author(signal);
      const prompt = await this.open(place, signal);
      const recorded = await record(prompt, author, prompt.known.timeAfter(this.#now()));
      await this.#recordName(prompt, author);
      this.#events.changed();
      return answer(await this.open(place, signal), recorded);
    })();
    this.#writing = work;
    return work;
  }

  /** With what is recorded of a prompt goes the name by which it is found. */
  async #recordName({ promptId, name, movedFrom, history }: OpenPrompt, author: string): Promise<void> {
    const from = movedFrom ?? (history === null && promptId !== name ? promptId : null);
    if (from === null) return;
    const known = (await this.#folder.read()).prompts.find((one) => one.promptId === promptId);
    await this.#folder.add('move', withId<MoveEvent>({ promptId, from, to: name, author, time: (known ?? emptyHistory(promptId)).timeAfter(this.#now()) }));
  }

  #working({ contents, problem, known, path, promptId }: OpenPrompt): Version {
    if (contents === null) throw problem ?? new TouchstoneError('not-found', 'There is no such prompt.', { place: { file: path } });
    const content = versionContent(contents.document);
    return { promptId, hash: contentHash(content), number: 0, message: '', author: '', time: new Date(this.#now()).toISOString(), parent: known.newest?.hash ?? null, tags: [], useCase: null, content, files: contents.files };
  }

  /** The registry is committed: a key in a prompt's file would be there for good. */
  #refuseSecrets({ contents }: OpenPrompt): void {
    for (const { path, text } of contents?.files ?? []) {
      if (this.#workspace.redactor.redactValues(text) !== text) throw new TouchstoneError('usage', 'This file holds a secret: versions are committed, so keep it out of the file.', { place: { file: `${this.#workspace.folder}/${path}` } });
    }
    const named = Object.entries(contents?.document.env ?? {}).find(([key, value]) => /(?:api_?key|token|secret|password)$/i.test(key) && value !== '' && !value.includes('{{'));
    if (named !== undefined) throw new TouchstoneError('usage', `${named[0]} stands in this file as text: versions are committed, so keep keys out of files.`, { place: { file: contents?.document.path ?? '' } });
  }

  async #repository(signal: AbortSignal): Promise<GitReader | null> {
    if (!this.#workspace.settings.trusted) return null;
    return GitReader.at(this.#workspace.folder, signal, (message) => this.#events.log('info', message));
  }

  async #earlierNames(path: string, signal: AbortSignal): Promise<string[]> {
    const { folder } = this.#workspace;
    const git = await this.#repository(signal);
    if (git === null) return [];
    const names = await git.earlierNames(git.inCheckout(relativePath(folder, path)));
    return names.map((name) => `${folder}/${relativePath(git.folder, name)}`);
  }
}

/** The record is written, and read back with all others: that it is not there would be a defect of ours. */
function missing(hash: string): never {
  throw new TouchstoneError('store', `The version ${shortHash(hash)} was written, and cannot be read back: run touchstone versions to see what is wrong.`);
}

function emptyHistory(promptId: string): PromptHistory {
  return new PromptHistory({ promptId, versions: [], pointers: [], moves: [], tags: [], damagedPointers: {}, damagedNumber: 0, problems: [] });
}

/** A version of a prompt that is a program can be asked only while that program is here as it was. */
async function requireProgram({ source }: PromptDocument, label: string, files: FileReader): Promise<void> {
  if (source?.textHash === undefined) return;
  const text = await files.readText(source.file).catch(() => null);
  if (text === null || hashText(text.replace(/\r\n?/g, '\n')) !== source.textHash) {
    throw new TouchstoneError('usage', `${label} is a program that has changed since: check that revision out to run it.`, { place: { file: source.file } });
  }
}
