import { TouchstoneError } from '../errors.ts';
import { hashText } from '../hash.ts';

/** Below the workspace folder; committed, and merged by Git. */
export const REGISTRY_FOLDER = '.touchstone/registry';
export const PROMPT_FILE = 'prompt.json';
/** Folders of one prompt, and what a file in them is. */
export const RECORD_FOLDERS = { version: 'versions', pointer: 'environments', move: 'moves', tag: 'tags' } as const;
export type RecordKind = keyof typeof RECORD_FOLDERS;

/** `touchstone.yml` without `environments:`. */
export const DEFAULT_ENVIRONMENTS: readonly string[] = ['development', 'staging', 'production'];

const SLUG_CHARACTERS = 48;
/** Digits of a hash that people see. */
const SHORT_HASH = 8;
/** Digits of a version's hash in its file's name, and of the digest of a record. */
const FILE_HASH = 16;
const DIGEST = 8;

/**
 * Name of a prompt's folder: readable, and another one for every id on disks that tell no case apart and on those that reserve names
 * (`con`), because of the digits of the id's SHA-256 behind it.
 */
export function slugOf(promptId: string): string {
  const readable = promptId.toLowerCase().replace(/[^a-z0-9]+/g, '-').slice(0, SLUG_CHARACTERS).replace(/^-+|-+$/g, '');
  return `${readable === '' ? 'prompt' : readable}-${hashText(promptId).slice(0, DIGEST)}`;
}

/** `<hash>-<digest>.json`: two branches that save one content with other words give two files, and the same words one. */
export function versionFileName(hash: string, digest: string): string {
  return `${hash.slice(0, FILE_HASH)}-${digest.slice(0, DIGEST)}.json`;
}

/** Id of a record that happened at a time; sorted by name they are in the order of time. `20261122T054300123Z-1f2e3d4c` */
export function eventId(time: string, digest: string): string {
  return `${time.replace(/[-:.]/g, '')}-${digest.slice(0, DIGEST)}`;
}

export const EVENT_ID = /^\d{8}T\d{9}Z-[0-9a-f]{8}$/;
export const VERSION_FILE = /^[0-9a-f]{16}-[0-9a-f]{8}\.json$/;
const ENVIRONMENT = /^[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?$/;
/** Names that Windows keeps for devices, and words that mean something else behind an `@`. */
const RESERVED = /^(?:(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?|v?\d+|working|git|latest)$/;

/** What a name of an environment may be: it is a folder's name on every disk, and no version's. `null`: it is fine. */
export function environmentProblem(name: string): string | null {
  if (!ENVIRONMENT.test(name)) return `an environment's name has up to 40 lower-case letters, digits, "-", "_" and ".", not ${JSON.stringify(name)}`;
  if (RESERVED.test(name) || isHashPrefix(name)) return `"${name}" cannot be the name of an environment: it would be taken for something else`;
  return null;
}

/** @throws TouchstoneError 'usage' */
export function requireEnvironmentName(name: string): void {
  const problem = environmentProblem(name);
  if (problem !== null) throw new TouchstoneError('usage', `${problem.charAt(0).toUpperCase()}${problem.slice(1)}.`);
}

function isHashPrefix(text: string): boolean {
  return /^[0-9a-f]{4,64}$/.test(text);
}

export function shortHash(hash: string): string {
  return hash.slice(0, SHORT_HASH);
}

/** `v7 · 3f9a1c2e`; of a version that nobody saved `3f9a1c2e`. */
export function versionLabel(hash: string, number: number | null): string {
  return number === null ? shortHash(hash) : `v${number} · ${shortHash(hash)}`;
}

/** A version as it is named: saved in the registry, or found in the Git history of the file, where it has no number. */
interface NamedVersion {
  readonly source: 'registry' | 'git';
  readonly number: number | null;
  readonly hash: string;
}

/** `v9`; with its hash where two branches both made a v9; of one that nobody saved its hash. `all`: among which it has to be told. */
export function shortLabel(version: NamedVersion & { readonly label: string }, all: readonly NamedVersion[] = []): string {
  if (version.source === 'git') return version.label;
  const twins = all.some((other) => other.source === 'registry' && other.number === version.number && other.hash !== version.hash);
  return twins ? version.label : `v${version.number}`;
}

/** What a person writes for a version. */
export type VersionRef =
  | { readonly kind: 'number'; readonly number: number; /** What four digits and more may also begin. */ readonly hash: string | null }
  /** The beginning of a hash. */
  | { readonly kind: 'hash'; readonly hash: string }
  | { readonly kind: 'environment'; readonly environment: string }
  | { readonly kind: 'working' }
  | { readonly kind: 'git'; readonly revision: string };

/**
 * `v7`, `7`, a hash or its first 4 digits or more, the label as it is shown, an environment, `working`, `git:REV`.
 * @throws TouchstoneError 'usage'
 */
export function parseVersionRef(text: string): VersionRef {
  const ref = text.trim().replace(/^@/, '');
  if (ref === 'working') return { kind: 'working' };
  if (ref.startsWith('git:')) {
    const revision = ref.slice('git:'.length);
    // Git would take it for an option, a range, or a path.
    if (revision === '' || revision.startsWith('-') || /[\s\0:]|\.\./.test(revision)) throw new TouchstoneError('usage', `${JSON.stringify(text)} names no revision: write git:HEAD~1, git:main or git: and a commit.`);
    return { kind: 'git', revision };
  }
  const number = /^v?(\d{1,9})$/.exec(ref)?.[1];
  if (number !== undefined) return { kind: 'number', number: Number(number), hash: isHashPrefix(ref) ? ref : null };
  const hash = /^v\d+ · ([0-9a-f]{8})$/.exec(ref)?.[1] ?? ref.toLowerCase();
  if (isHashPrefix(hash)) return { kind: 'hash', hash };
  if (environmentProblem(ref) !== null) throw new TouchstoneError('usage', `${JSON.stringify(text)} is no version: write v7, the first digits of its hash, an environment, working, or git:REV.`);
  return { kind: 'environment', environment: ref };
}
