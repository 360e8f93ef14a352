import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { canonicalJson } from '../core/json.ts';
import { namesAfter, type Move } from '../core/registry/moves.ts';
import { byTime, pointerState } from '../core/registry/pointers.ts';
import type { PointerEvent, VersionContent } from '../core/registry/model.ts';
import { renderMessages } from './render.ts';
import { PromptError, type Prompt, type PromptOptions } from './types.ts';

export * from './types.ts';

interface SavedVersion {
  readonly promptId: string;
  readonly hash: string;
  readonly number: number;
  readonly time: string;
  readonly content: VersionContent;
  readonly files: readonly { readonly path: string; readonly lines: readonly string[] }[];
}

interface Folder {
  readonly path: string;
  readonly promptId: string;
  readonly names: ReadonlySet<string>;
}

const REGISTRY = ['.touchstone', 'registry'] as const;
const SHORT = 8;
const FILE_HASH = 16;

/**
 * A version of a prompt from the registry in `.touchstone/registry`. Its files are read at every call, which takes a few
 * milliseconds: a promotion takes effect without a new start where the files are replaced.
 * @param name the prompt's id (`prompts/support/triage`), or the end of it that is no other's (`support/triage`)
 * @throws PromptError that says what is missing, damaged or not decided; never gives another version in its place
 */
export function getPrompt(name: string, options: PromptOptions = {}): Prompt {
  const registry = registryFolder(options.folder);
  const folder = findFolder(registry, name);
  const environment = options.version === undefined ? (options.environment ?? 'production') : null;
  const version = environment === null ? named(folder, String(options.version)) : pointedTo(folder, environment);
  return promptOf([...folder.names][0] ?? folder.promptId, version, environment);
}

function promptOf(id: string, { hash, number, content }: SavedVersion, environment: string | null): Prompt {
  const version = `v${number} · ${hash.slice(0, SHORT)}`;
  const attributes = { 'gen_ai.prompt.name': id, 'gen_ai.prompt.version': version } as const;
  const models = content.models.map((model) => model.id);
  return {
    id, version, number, hash, environment, models, attributes,
    model: models[0] ?? null,
    parameters: content.parameters,
    tools: content.tools,
    toolChoice: content.toolChoice,
    responseFormat: content.responseFormat ?? null,
    messages: (variables = {}) => renderMessages(`${id} ${version}`, content, variables),
    annotate(span) {
      for (const [key, value] of Object.entries(attributes)) span.setAttribute(key, value);
      return span;
    },
  };
}

function registryFolder(from: string | undefined): string {
  const start = resolve(from ?? process.cwd());
  for (let folder = start; ; folder = dirname(folder)) {
    const found = join(folder, ...REGISTRY);
    if (existsSync(found)) return found;
    if (dirname(folder) === folder) throw new PromptError('not-found', `There is no ${REGISTRY.join('/')} in ${start} or above it. Name the folder that has it: getPrompt(name, { folder }).`);
  }
}

function findFolder(registry: string, name: string): Folder {
  const folders = entries(registry, 'folder').flatMap((entry): Folder[] => {
    const path = join(registry, entry);
    const file = join(path, 'prompt.json');
    if (!existsSync(file)) return [];
    const { promptId } = parse(file) as { readonly promptId?: unknown };
    if (typeof promptId !== 'string') throw damaged(file, 'it names no prompt');
    const moves = entries(join(path, 'moves'), 'file').map((event) => checkedEvent<Move & { readonly promptId: string }>(join(path, 'moves', event), event));
    return [{ path, promptId, names: namesAfter(promptId, moves).now }];
  });
  const exact = folders.filter(({ names }) => names.has(name));
  // A prompt that was moved to a name has it, whatever was made there on another branch.
  const claimed = exact.length > 1 ? exact.filter(({ promptId }) => promptId !== name) : exact;
  const found = claimed.length > 0 ? claimed : folders.filter(({ names }) => [...names].some((one) => one.endsWith(`/${name}`)));
  const known = folders.flatMap(({ names }) => [...names]).sort();
  if (found.length === 0) throw new PromptError('not-found', `The registry ${registry} has no prompt ${name}. It has ${known.slice(0, 10).join(', ') || 'none'}${known.length > 10 ? ', …' : ''}.`);
  if (found.length > 1) throw new PromptError('ambiguous', `${name} is ${found.length} prompts: ${found.flatMap(({ names }) => [...names]).sort().join(', ')}. Name one by its whole id.`);
  return found[0] as Folder;
}

/** Those that are what their names and hashes say; `null` for one that is not, so that nothing else is given in its place. `hash`: only of this one. */
function readVersions({ path, promptId }: Folder, hash = ''): { readonly file: string; readonly version: SavedVersion | null }[] {
  const folder = join(path, 'versions');
  return entries(folder, 'file').filter((name) => name.startsWith(hash.slice(0, FILE_HASH))).map((name) => {
    const file = join(folder, name);
    try {
      const version = parse(file) as SavedVersion & { readonly kind: string; readonly schema: number };
      const { kind, schema, content, files, ...rest } = version;
      const digest = sha256({ ...rest, files: files.map((one) => ({ path: one.path, text: one.lines.join('\n') })) });
      const good = kind === 'version' && schema === 1 && version.promptId === promptId && sha256(content) === version.hash && name === `${version.hash.slice(0, FILE_HASH)}-${digest.slice(0, SHORT)}.json`;
      return { file, version: good ? version : null };
    } catch {
      return { file, version: null };
    }
  });
}

/** By a number of one of its records, or by the beginning of its hash. */
function named(folder: Folder, wanted: string): SavedVersion {
  const versions = readVersions(folder);
  const text = wanted.trim().replace(/^@/, '');
  const number = /^v?(\d{1,9})$/.exec(text)?.[1];
  const usable = versions.flatMap(({ version }) => version ?? []);
  const numbered = number === undefined ? [] : usable.filter((version) => version.number === Number(number));
  const digits = (/^v\d+ · ([0-9a-f]{8})$/.exec(text)?.[1] ?? text).toLowerCase();
  const matches = numbered.length > 0 || !/^[0-9a-f]{4,64}$/.test(digits) ? numbered : usable.filter(({ hash }) => hash.startsWith(digits));
  const hashes = [...new Set(matches.map(({ hash }) => hash))];
  if (hashes.length > 1) throw new PromptError('ambiguous', `${wanted} of ${folder.promptId} is ${hashes.length} versions: ${hashes.map((hash) => hash.slice(0, SHORT)).join(', ')}. Name one by its hash.`);
  if (hashes[0] !== undefined) return first(usable, hashes[0]);
  const broken = versions.find(({ version }) => version === null);
  if (broken !== undefined) throw damaged(broken.file, 'it does not hold what its name and its hash say');
  throw new PromptError('not-found', `${folder.promptId} has no version ${wanted}. It has ${usable.map((version) => `v${version.number}`).sort().join(', ') || 'none'}.`);
}

function pointedTo(folder: Folder, environment: string): SavedVersion {
  const path = join(folder.path, 'environments', environment);
  const events: PointerEvent[] = [];
  const broken: string[] = [];
  for (const name of /^[a-z0-9][a-z0-9._-]*$/.test(environment) ? entries(path, 'file') : []) {
    try {
      const event = checkedEvent<PointerEvent>(join(path, name), name);
      if (event.promptId !== folder.promptId || event.environment !== environment) throw damaged(join(path, name), 'it is of another prompt or environment');
      events.push(event);
    } catch {
      broken.push(name.replace(/\.json$/, ''));
    }
  }
  const state = pointerState(environment, events, broken);
  if (state.damaged) throw damaged(join(path, `${broken.find((id) => state.tips.some(({ event }) => event === id)) ?? ''}.json`), `so nobody can tell where ${environment} of ${folder.promptId} points`);
  if (state.diverged) throw new PromptError('diverged', `${environment} of ${folder.promptId} was moved on two branches, to ${state.tips.map(({ version }) => version?.slice(0, SHORT) ?? 'nothing').join(' and ')}: promote the version that is meant.`);
  if (state.version === null) throw new PromptError('not-found', `${environment} of ${folder.promptId} points to no version. Environments: ${entries(join(folder.path, 'environments'), 'folder').join(', ') || 'none'}.`);
  const versions = readVersions(folder, state.version);
  const usable = versions.flatMap(({ version }) => version ?? []);
  if (usable.some(({ hash }) => hash === state.version)) return first(usable, state.version);
  const file = versions.find(({ version }) => version === null)?.file;
  if (file !== undefined) throw damaged(file, `so ${environment} of ${folder.promptId} has no version`);
  throw new PromptError('damaged', `${environment} of ${folder.promptId} points to ${state.version.slice(0, SHORT)}, which the registry does not have.`);
}

/** Where branches saved one content twice, the first counts. */
function first(versions: readonly SavedVersion[], hash: string): SavedVersion {
  return versions.filter((version) => version.hash === hash).sort((a, b) => byTime({ time: a.time, id: String(a.number) }, { time: b.time, id: String(b.number) }))[0] as SavedVersion;
}

/** An event is named by its time and the digest of what it says. */
function checkedEvent<E extends { readonly id: string; readonly time: string }>(file: string, name: string): E {
  const { kind: _kind, schema: _schema, id, ...event } = parse(file) as E & { readonly kind: string; readonly schema: number };
  if (_schema !== 1 || `${id}.json` !== name || id !== `${String(event.time).replace(/[-:.]/g, '')}-${sha256(event).slice(0, SHORT)}`) throw damaged(file, 'it does not hold what its name says');
  return { id, ...event } as unknown as E;
}

function damaged(file: string, why: string): PromptError {
  return new PromptError('damaged', `${file} is damaged: ${why}. \`touchstone versions\` says what is wrong.`);
}

function parse(file: string): object {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as unknown;
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Told below.
  }
  throw damaged(file, 'it is not JSON');
}

function entries(folder: string, kind: 'file' | 'folder'): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && (kind === 'folder' ? entry.isDirectory() : entry.isFile() && entry.name.endsWith('.json')))
    .map(({ name }) => name)
    .sort();
}

function sha256(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value), 'utf8').digest('hex');
}
