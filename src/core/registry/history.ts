import { TouchstoneError } from '../errors.ts';
import { hashJson } from '../hash.ts';
import { RECORD_FOLDERS, shortHash, versionLabel, type VersionRef } from './names.ts';
import type { PointerEvent, RegistryProblem, Version } from './model.ts';
import { namesAfter } from './moves.ts';
import { byTime, pointerState, type PointerState } from './pointers.ts';
import type { MoveEvent, TagEvent } from './records.ts';

/** Clocks that people work by are not a year ahead of each other; in milliseconds. */
const CLOCKS_APART_MS = 366 * 24 * 60 * 60 * 1000;

/** Whether a record is dated so far in the future that its clock was wrong, or its date was written by hand. */
export function isAhead(time: string, now: number): boolean {
  return Date.parse(time) > now + CLOCKS_APART_MS;
}

/** Everything that the files of one prompt say, in any order. */
export interface PromptRecords {
  readonly promptId: string;
  readonly versions: readonly Version[];
  readonly pointers: readonly PointerEvent[];
  readonly moves: readonly MoveEvent[];
  readonly tags: readonly TagEvent[];
  /** Movements whose files cannot be read, by environment. */
  readonly damagedPointers: Readonly<Record<string, readonly string[]>>;
  /** The highest number that a damaged version's file seems to have: it may be mended. */
  readonly damagedNumber: number;
  readonly problems: readonly RegistryProblem[];
}

/** One content, however often it was saved. */
export interface KnownVersion extends Version {
  /** `v7 · 3f9a1c2e` */
  readonly label: string;
  /** All numbers that it was given, where two branches saved it. */
  readonly numbers: readonly number[];
}

/**
 * The versions and pointers of one prompt. It is made of sets of files: what two branches recorded is what both recorded, in whatever
 * order it is read.
 */
export class PromptHistory {
  readonly promptId: string;
  /** Newest first. */
  readonly versions: readonly KnownVersion[];
  /** Ids under which it is found now; more than one where branches moved it apart. */
  readonly names: ReadonlySet<string>;
  /** Those under which it was ever known. */
  readonly everyName: ReadonlySet<string>;
  readonly problems: readonly RegistryProblem[];
  readonly pointers: readonly PointerEvent[];
  readonly #records: PromptRecords;

  constructor(records: PromptRecords) {
    this.promptId = records.promptId;
    this.problems = records.problems;
    this.#records = records;
    this.versions = joinVersions(records);
    this.pointers = [...new Map(records.pointers.map((event) => [event.id, event])).values()].sort(byTime);
    const { now, ever } = namesAfter(records.promptId, records.moves);
    this.names = now;
    this.everyName = ever;
  }

  get newest(): KnownVersion | null {
    return this.versions[0] ?? null;
  }

  /** Branches that both have it may both give it: then the one after is the next of both. */
  get nextNumber(): number {
    return 1 + Math.max(0, this.#records.damagedNumber, ...this.versions.flatMap(({ numbers }) => numbers));
  }

  version(hash: string | null): KnownVersion | null {
    return this.versions.find((version) => version.hash === hash) ?? null;
  }

  labelOf(hash: string | null): string | null {
    return hash === null ? null : (this.version(hash)?.label ?? shortHash(hash));
  }

  /** Environments that were ever pointed somewhere, sorted. */
  get environments(): readonly string[] {
    return [...new Set([...this.pointers.map(({ environment }) => environment), ...Object.keys(this.#records.damagedPointers)])].sort();
  }

  environment(name: string): PointerState {
    const { damagedPointers } = this.#records;
    return pointerState(name, this.pointers.filter(({ environment }) => environment === name), Object.hasOwn(damagedPointers, name) ? damagedPointers[name] : []);
  }

  /**
   * A time that is later than everything recorded, so that no clock that lags puts what follows before what it follows. What is dated
   * further ahead than clocks are apart does not count: nobody's next record is of that year, too, or of none that can be written.
   */
  timeAfter(now: number): string {
    let last = now;
    for (const { time } of [...this.versions, ...this.pointers, ...this.#records.moves, ...this.#records.tags]) {
      const recorded = Date.parse(time);
      if (recorded >= last && !isAhead(time, now)) last = recorded + 1;
    }
    return new Date(last).toISOString();
  }

  /**
   * The version that a reference means, of those that are saved.
   * @throws TouchstoneError 'not-found' | 'ambiguous' | 'damaged'
   */
  resolve(ref: Exclude<VersionRef, { readonly kind: 'working' | 'git' }>): KnownVersion {
    if (ref.kind === 'environment') return this.#ofEnvironment(ref.environment);
    const numbered = ref.kind === 'number' ? this.versions.filter(({ numbers }) => numbers.includes(ref.number)) : [];
    const hash = ref.hash;
    const matches = numbered.length > 0 || hash === null ? numbered : this.versions.filter((version) => version.hash.startsWith(hash));
    const [only, ...others] = matches;
    const wanted = ref.kind === 'number' ? `v${ref.number}` : ref.hash;
    if (only === undefined) throw this.#notFound(wanted);
    if (others.length > 0) throw new TouchstoneError('ambiguous', `${wanted} of ${this.promptId} is ${matches.length} versions: ${matches.map(describe).join('; ')}. Name one by its hash.`);
    return only;
  }

  #ofEnvironment(name: string): KnownVersion {
    const state = this.environment(name);
    if (state.damaged) throw this.#damaged(`Where ${name} of ${this.promptId} points cannot be told`);
    if (state.diverged) {
      const ways = state.tips.map(({ version }) => (version === null ? 'nothing' : (describeOr(this.version(version)) ?? shortHash(version))));
      throw new TouchstoneError('ambiguous', `${name} of ${this.promptId} was moved on two branches: to ${ways.join(', and to ')}. Promote the one that is meant.`);
    }
    if (state.version === null) {
      const known = this.environments.filter((environment) => this.environment(environment).version !== null);
      throw new TouchstoneError('not-found', `${name} of ${this.promptId} points to no version${known.length === 0 ? '' : ` (${known.join(', ')} ${known.length === 1 ? 'does' : 'do'})`}. Promote one: touchstone promote ${this.promptId} v${this.newest?.number ?? 1} ${name}`);
    }
    const version = this.version(state.version);
    if (version === null) throw this.#damaged(`${name} of ${this.promptId} points to ${shortHash(state.version)}, which the registry does not have`);
    return version;
  }

  #notFound(wanted: string): TouchstoneError {
    const damaged = this.problems.find(({ file }) => file.includes(`/${RECORD_FOLDERS.version}/`));
    if (damaged !== undefined) return this.#damaged(`${this.promptId} has no usable version ${wanted}`);
    if (this.versions.length === 0) return new TouchstoneError('not-found', `${this.promptId} has no versions yet. Save one: touchstone save ${this.promptId} -m MESSAGE`);
    const shown = this.versions.slice(0, 5).map(({ label }) => label).join(', ');
    return new TouchstoneError('not-found', `${this.promptId} has no version ${wanted}. It has ${shown}${this.versions.length > 5 ? ', …' : ''}.`);
  }

  /** Says what is wrong with the files, each with its place. */
  #damaged(what: string): TouchstoneError {
    const others = this.problems.map(problemError);
    const [first] = this.problems;
    return new TouchstoneError('damaged', `${what}: ${first === undefined ? 'its file is missing' : `${this.problems.length === 1 ? 'a file of the registry is' : `${this.problems.length} files of the registry are`} damaged`}.`, { others });
  }
}

export function problemError({ file, line, message }: RegistryProblem): TouchstoneError {
  return new TouchstoneError('damaged', message, { place: { file, ...(line === null ? {} : { line }) } });
}

function describe({ label, author, message }: KnownVersion): string {
  return `${label} by ${author}${message === '' ? '' : ` (${message.split('\n')[0]?.slice(0, 80)})`}`;
}

function describeOr(version: KnownVersion | null): string | null {
  return version === null ? null : describe(version);
}

/** One for each content: the first that was saved counts, tags are those of all. */
function joinVersions({ versions, tags }: PromptRecords): KnownVersion[] {
  const byHash = new Map<string, Version[]>();
  for (const version of versions) byHash.set(version.hash, [...(byHash.get(version.hash) ?? []), version]);
  const later = [...tags].sort(byTime);
  const joined = [...byHash.values()].map((saved): KnownVersion => {
    const ordered = saved.map((version) => ({ ...version, id: hashJson({ ...version, content: null }) })).sort(byTime);
    const { id: _id, ...first } = ordered[0]!;
    const own = later.filter(({ version }) => version === first.hash);
    return {
      ...first,
      tags: [...new Set([...ordered, ...own].flatMap((one) => one.tags))],
      useCase: own.findLast(({ useCase }) => useCase !== null)?.useCase ?? ordered.find(({ useCase }) => useCase !== null)?.useCase ?? null,
      numbers: [...new Set(ordered.map(({ number }) => number))],
      label: versionLabel(first.hash, first.number),
    };
  });
  return joined.sort((a, b) => b.number - a.number || (a.time < b.time ? 1 : a.time > b.time ? -1 : a.hash < b.hash ? 1 : -1));
}
