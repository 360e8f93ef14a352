import type { TemplateSyntax } from '../prompt/model.ts';
import { coverage, gramHashes, SHORTEST, winnow } from './fingerprint.ts';
import { matchText, type FoundValue, type TextMatch } from './match-text.ts';
import { flatten, type FlatPattern } from './pattern.ts';
import { surroundedValues } from './surrounded-values.ts';
import { patternOf } from './template-pattern.ts';

/** One message as a model got it, or as a template has it. */
export interface MatchMessage {
  readonly role: string;
  readonly text: string;
}

/** What a prompt, in one of its versions, sends before it is filled in. */
export interface IndexedPrompt {
  readonly syntax: TemplateSyntax;
  readonly messages: readonly MatchMessage[];
}

export interface PromptMatch {
  /** Everything that was added with these texts: versions that differ in something else, prompts that are copies. */
  readonly keys: readonly string[];
  /** Every message of the template can have become a message of the call, in their order, and the template has text enough to prove it. */
  readonly exact: boolean;
  /** 0..1: the share of the template's literal text that stands in the call's messages; 1 where it is exact, 0 where it has none. */
  readonly score: number;
  /** Characters of literal text: how much evidence there is. */
  readonly literalLength: number;
  /** By name. Of a match that is not exact only those whose surroundings are there. */
  readonly variables: ReadonlyMap<string, FoundValue>;
  /** Variables whose values the text does not tell. */
  readonly unknown: readonly string[];
  /** Messages of the call up to the last one that the template made: what follows is the conversation since. 0 where the text was edited. */
  readonly end: number;
}

export interface PromptMatches {
  /** Best first. */
  readonly matches: readonly PromptMatch[];
  /** No other template can have rendered this, or it would take a value that spells out the literal text of the first one. */
  readonly certain: boolean;
}

/** Less literal text than this proves nothing: `{{question}}` fits every call. */
export const LEAST_EVIDENCE = 12;
/** So many characters more of literal text are no accident: the template with fewer would need a value that repeats them. */
const TELLING = 16;
/** Edited texts below this share are not shown. */
const LEAST_SCORE = 0.5;
/** Candidates for edited texts that are looked at closely. */
const MOST_CANDIDATES = 12;

/** Of a long text the fingerprints with the smallest hashes stand for all, the same ones in each of its versions: what the index keeps of one text is bounded. */
const MOST_FINGERPRINTS = 1024;

interface CompiledMessage {
  readonly role: string;
  readonly patterns: readonly FlatPattern[];
  /** Of the way with the most literal text. */
  readonly longest: FlatPattern;
}

interface Entry {
  readonly id: number;
  readonly text: string;
  readonly messages: readonly CompiledMessage[];
  readonly fingerprints: readonly number[];
  readonly literalLength: number;
  readonly keys: Set<string>;
}

/**
 * Finds the prompt that rendered a call's messages, without any help of the app that sent them: exactly, by patterns of what its
 * templates can become, else by how much of their literal text is there. Candidates come from fingerprints, so that the time hardly
 * depends on the number of templates.
 */
export class PromptIndex {
  readonly #entries = new Map<string, Entry>();
  readonly #byFingerprint = new Map<number, Entry[]>();
  /** Entries without a fingerprint: too little literal text in a row. */
  readonly #short = new Set<Entry>();
  readonly #byKey = new Map<string, Entry>();
  #nextId = 0;

  get size(): number {
    return this.#byKey.size;
  }

  /** A key that is there already gets the new texts. Templates with the same texts share what is kept of them. */
  add(key: string, prompt: IndexedPrompt): void {
    const text = JSON.stringify([prompt.syntax, prompt.messages.map(({ role, text: content }) => [roleOf(role), content])]);
    if (this.#byKey.get(key)?.text === text) return;
    this.remove(key);
    let entry = this.#entries.get(text);
    if (entry === undefined) {
      entry = compile(this.#nextId++, text, prompt);
      this.#entries.set(text, entry);
      if (entry.fingerprints.length === 0) this.#short.add(entry);
      for (const fingerprint of entry.fingerprints) {
        const list = this.#byFingerprint.get(fingerprint);
        if (list === undefined) this.#byFingerprint.set(fingerprint, [entry]);
        else list.push(entry);
      }
    }
    entry.keys.add(key);
    this.#byKey.set(key, entry);
  }

  remove(key: string): void {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return;
    this.#byKey.delete(key);
    entry.keys.delete(key);
    if (entry.keys.size > 0) return;
    this.#entries.delete(entry.text);
    this.#short.delete(entry);
    for (const fingerprint of entry.fingerprints) {
      const rest = (this.#byFingerprint.get(fingerprint) ?? []).filter((one) => one !== entry);
      if (rest.length === 0) this.#byFingerprint.delete(fingerprint);
      else this.#byFingerprint.set(fingerprint, rest);
    }
  }

  /** `limit`: of the matches that are returned. */
  match(messages: readonly MatchMessage[], limit = 5): PromptMatches {
    const call = messages.map(({ role, text }) => ({ role: roleOf(role), text: text.replace(/\r\n?/g, '\n') }));
    const hashes = call.map(({ text }) => gramHashes(text));
    const shared = this.#shared(hashes);
    const exact = shared.filter(({ entry, count }) => count === entry.fingerprints.length).map(({ entry }) => entry);
    const matches = [...exact, ...this.#short].flatMap((entry) => matchExactly(entry, call) ?? []).sort(byEvidence);
    const [best, second] = matches;
    if (best?.exact === true) {
      const certain = second === undefined || best.literalLength - second.literalLength >= TELLING;
      return { matches: matches.slice(0, limit), certain };
    }
    const grams = new Set<number>();
    for (const list of hashes) for (const hash of list) grams.add(hash);
    const candidates = shared.sort((a, b) => b.count / b.entry.fingerprints.length - a.count / a.entry.fingerprints.length || a.entry.id - b.entry.id).slice(0, MOST_CANDIDATES);
    const edited = candidates.map(({ entry }) => matchEdited(entry, call, grams)).filter(({ score }) => score >= LEAST_SCORE);
    edited.sort((a, b) => b.score - a.score || b.literalLength - a.literalLength);
    return { matches: [...edited, ...matches].slice(0, limit), certain: false };
  }

  /** How many of an entry's fingerprints the call has. Counted by number, as thousands of versions may share each of thousands of fingerprints. */
  #shared(hashes: readonly Uint32Array[]): { readonly entry: Entry; readonly count: number }[] {
    const found = new Set<number>();
    for (const list of hashes) for (const fingerprint of winnow(list)) found.add(fingerprint);
    const counts = new Uint32Array(this.#nextId);
    const entries: Entry[] = [];
    for (const fingerprint of found) {
      for (const entry of this.#byFingerprint.get(fingerprint) ?? []) {
        const count = (counts[entry.id] ?? 0) + 1;
        counts[entry.id] = count;
        if (count === 1) entries.push(entry);
      }
    }
    return entries.map((entry) => ({ entry, count: counts[entry.id] ?? 0 }));
  }
}

function byEvidence(a: PromptMatch, b: PromptMatch): number {
  return b.literalLength - a.literalLength;
}

/** Instructions come under two names. */
function roleOf(role: string): string {
  const lower = role.toLowerCase();
  return lower === 'developer' ? 'system' : lower;
}

function compile(id: number, text: string, prompt: IndexedPrompt): Entry {
  const messages = prompt.messages.map(({ role, text: content }): CompiledMessage => {
    const patterns = flatten(patternOf(content, prompt.syntax)).sort((a, b) => b.literalLength - a.literalLength);
    return { role: roleOf(role), patterns, longest: patterns[0] ?? { literals: [''], groups: [], literalLength: 0 } };
  });
  return {
    id,
    text,
    messages,
    // Only what every way through the conditions has: else an exact match could lack some.
    fingerprints: smallest(new Set(messages.flatMap(({ patterns }) => [...commonFingerprints(patterns)]))),
    literalLength: messages.reduce((sum, { longest }) => sum + longest.literalLength, 0),
    keys: new Set(),
  };
}

function smallest(fingerprints: ReadonlySet<number>): number[] {
  return fingerprints.size <= MOST_FINGERPRINTS ? [...fingerprints] : [...Uint32Array.from(fingerprints).sort().subarray(0, MOST_FINGERPRINTS)];
}

function commonFingerprints(patterns: readonly FlatPattern[]): Set<number> {
  const [first, ...others] = patterns.map(({ literals }) => new Set(literals.flatMap((literal) => (literal.trim().length >= SHORTEST ? [...winnow(gramHashes(literal.trim()))] : []))));
  const common = new Set(first);
  for (const other of others) for (const fingerprint of common) if (!other.has(fingerprint)) common.delete(fingerprint);
  return common;
}

/** Each message of the template against the next one of the call with its role; the call may have more, as an agent's history has. */
function matchExactly(entry: Entry, call: readonly MatchMessage[]): PromptMatch | null {
  const variables = new Map<string, FoundValue>();
  const unknown = new Set<string>();
  let literalLength = 0;
  let next = 0;
  for (const message of entry.messages) {
    const found = matchMessage(message, call, next);
    if (found === null) return null;
    next = found.index + 1;
    literalLength += found.pattern.literalLength;
    for (const [name, value] of found.values) {
      const before = variables.get(name);
      if (before === undefined || (!before.unique && value.unique)) variables.set(name, value);
      else if (before.unique && value.unique && before.value !== value.value) return null;
    }
    for (const name of found.unknown) unknown.add(name);
  }
  for (const name of variables.keys()) unknown.delete(name);
  return { keys: [...entry.keys], exact: literalLength >= LEAST_EVIDENCE, score: literalLength === 0 ? 0 : 1, literalLength, variables, unknown: [...unknown], end: next };
}

interface MessageMatch extends TextMatch {
  readonly index: number;
  readonly pattern: FlatPattern;
}

function matchMessage(message: CompiledMessage, call: readonly MatchMessage[], from: number): MessageMatch | null {
  for (let index = from; index < call.length; index++) {
    const { role, text } = call[index] ?? { role: '', text: '' };
    if (role !== message.role) continue;
    for (const [at, pattern] of message.patterns.entries()) {
      const match = matchTrimmed(pattern, text);
      if (match === null) continue;
      const others = message.patterns.slice(at + 1).filter(({ literalLength }) => pattern.literalLength - literalLength < TELLING);
      return { index, pattern, values: agreed(match.values, others, text), unknown: match.unknown };
    }
  }
  return null;
}

function matchTrimmed(pattern: FlatPattern, text: string): TextMatch | null {
  return matchText(pattern, text) ?? matchText(trimmed(pattern), text.trim());
}

/** Another way through the conditions may give the same text with other values: then nobody knows. */
function agreed(values: ReadonlyMap<string, FoundValue>, others: readonly FlatPattern[], text: string): ReadonlyMap<string, FoundValue> {
  const sure = new Map(values);
  for (const other of others) {
    const match = matchTrimmed(other, text);
    if (match === null) continue;
    for (const [name, found] of sure) if (match.values.get(name)?.value !== found.value) sure.set(name, { ...found, unique: false });
  }
  return sure;
}

/** Apps trim what they send, and a block of YAML ends with a line end. */
function trimmed(pattern: FlatPattern): FlatPattern {
  const literals = [...pattern.literals];
  literals[0] = (literals[0] ?? '').trimStart();
  literals[literals.length - 1] = (literals.at(-1) ?? '').trimEnd();
  return { ...pattern, literals };
}

function matchEdited(entry: Entry, call: readonly MatchMessage[], grams: ReadonlySet<number>): PromptMatch {
  let covered = 0;
  let length = 0;
  const variables = new Map<string, FoundValue>();
  const names = new Set<string>();
  for (const { role, longest, patterns } of entry.messages) {
    for (const literal of longest.literals) {
      length += literal.length;
      covered += literal.length < SHORTEST ? (call.some(({ text }) => text.includes(literal)) ? literal.length : 0) : literal.length * coverage(literal, grams);
    }
    for (const group of longest.groups) for (const name of group) if (name !== null) names.add(name);
    for (const { text } of call.filter((other) => other.role === role)) {
      for (const [name, value] of likelyValues(patterns, text)) if (!variables.has(name)) variables.set(name, { value, unique: false });
    }
  }
  return { keys: [...entry.keys], exact: false, score: length === 0 ? 0 : covered / length, literalLength: entry.literalLength, variables, unknown: [...names].filter((name) => !variables.has(name)), end: 0 };
}

/** Of a message that nobody edited all values, else those that still stand between the same words. */
function likelyValues(patterns: readonly FlatPattern[], text: string): Map<string, string> {
  for (const pattern of patterns) {
    const match = pattern.literalLength === 0 ? null : matchText(trimmed(pattern), text.trim());
    if (match !== null) return new Map([...match.values].map(([name, { value }]) => [name, value]));
  }
  const [longest] = patterns;
  return longest === undefined ? new Map<string, string>() : surroundedValues(longest, text);
}
