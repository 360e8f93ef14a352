import type { Node } from 'jsonc-parser';
import { findNodeAtLocation, parseTree, printParseErrorCode, type ParseError } from 'jsonc-parser';
import * as v from 'valibot';
import { hashJson } from '../hash.ts';
import { DEEPEST, isDeeperThan, isObject } from '../json.ts';
import { LineMap } from '../text/position.ts';
import { eventId, environmentProblem, EVENT_ID, PROMPT_FILE, versionFileName, type RecordKind } from './names.ts';
import type { PointerEvent, Version } from './model.ts';

/**
 * The files of the registry: one for each version, and for each movement of a pointer, each move of a prompt and each tag that was added
 * later. None is ever changed, and each is named by a digest of what it says, so that two branches never write one file differently.
 * docs/runtime.md describes them for other programs.
 */
const SCHEMA = 1;

/** A prompt file got another name. */
export interface MoveEvent {
  readonly id: string;
  readonly promptId: string;
  /** Ids by which the prompt was and is found. */
  readonly from: string;
  readonly to: string;
  readonly author: string;
  readonly time: string;
}

/** What was said of a version after it was saved. */
export interface TagEvent {
  readonly id: string;
  readonly promptId: string;
  readonly version: string;
  readonly tags: readonly string[];
  readonly useCase: string | null;
  readonly author: string;
  readonly time: string;
}

export interface RecordTypes {
  readonly version: Version;
  readonly pointer: PointerEvent;
  readonly move: MoveEvent;
  readonly tag: TagEvent;
}

export type Recorded<K extends RecordKind | 'prompt'> = { readonly record: K extends RecordKind ? RecordTypes[K] : { readonly promptId: string } } | { readonly problem: string; readonly line: number | null };

const MOST_TEXT = 4096;
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(MOST_TEXT));
const note = v.pipe(v.string(), v.maxLength(MOST_TEXT));
const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'Expected 64 hex digits'));
const time = v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'Expected a time as 2026-11-22T05:43:00.123Z'), v.check((text) => !Number.isNaN(Date.parse(text)), 'Expected a time that exists'));
const id = v.pipe(v.string(), v.regex(EVENT_ID, 'Expected an id of an event'));
const path = v.pipe(name, v.check(isSafePath, 'Expected a path below the workspace folder, with "/"'));
const environment = v.pipe(v.string(), v.check((text) => environmentProblem(text) === null, 'Expected the name of an environment'));
const author = name;
const promptId = name;
const head = <K extends string>(kind: K): { readonly kind: v.LiteralSchema<K, undefined>; readonly schema: v.LiteralSchema<typeof SCHEMA, undefined> } => ({ kind: v.literal(kind), schema: v.literal(SCHEMA) });

const SCHEMAS = {
  prompt: v.strictObject({ ...head('prompt'), promptId }),
  version: v.strictObject({
    ...head('version'),
    promptId,
    hash,
    number: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    message: note,
    author,
    time,
    parent: v.nullable(hash),
    tags: v.array(name),
    useCase: v.nullable(name),
    content: v.custom<Version['content']>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'Expected an object'),
    // Lines, so that a reviewer sees the text of a prompt, not one long string.
    files: v.pipe(v.array(v.strictObject({ path, lines: v.array(v.string()) })), v.minLength(1), v.maxLength(1000)),
  }),
  pointer: v.strictObject({ ...head('pointer'), id, promptId, environment, action: v.picklist(['promote', 'rollback', 'undo', 'clear']), version: v.nullable(hash), after: v.array(id), author, time, note }),
  move: v.strictObject({ ...head('move'), id, promptId, from: name, to: name, author, time }),
  tag: v.strictObject({ ...head('tag'), id, promptId, version: hash, tags: v.array(name), useCase: v.nullable(name), author, time }),
};

/** A file's text and its name within the folder of its kind. The same record always gives the same two. */
export function encodeRecord<K extends RecordKind>(kind: K, record: RecordTypes[K]): { readonly name: string; readonly text: string } {
  if (kind === 'version') {
    const version = record as Version;
    const { content, files, ...rest } = version;
    return { name: versionName(version), text: fileText(kind, { ...rest, content, files: files.map(({ path, text }) => ({ path, lines: text.split('\n') })) }) };
  }
  return { name: `${(record as PointerEvent).id}.json`, text: fileText(kind, record) };
}

/** The file that says whose folder it is. */
export function encodePrompt(promptId: string): string {
  return fileText('prompt', { promptId });
}

/** An event with the id that follows from what it says. */
export function withId<E extends PointerEvent | MoveEvent | TagEvent>(event: Omit<E, 'id'>): E {
  return { id: eventId(event.time, hashJson(event)), ...event } as E;
}

function versionName({ content: _content, ...rest }: Version): string {
  return versionFileName(rest.hash, hashJson(rest));
}

function fileText(kind: RecordKind | 'prompt', fields: object): string {
  return `${JSON.stringify({ kind, schema: SCHEMA, ...fields }, null, 2)}\n`;
}

/**
 * Reads a file of the registry. What does not hold together, whoever changed it, is a problem with its line and is not used: markers of a
 * merge, JSON that is none or names a key twice, fields that do not belong, and a name that is not that of the content. Whether a
 * version's content has its hash, and its files say the same, is asked apart (verifyContent).
 * @param fileName without its folders
 */
export function decodeRecord<K extends RecordKind | 'prompt'>(kind: K, fileName: string, text: string): Recorded<K> {
  const failed = (problem: string, line: number | null = null): Recorded<K> => ({ problem, line });
  const marker = /^(?:<{7}|={7}|>{7}|\|{7})(?: |$)/m.exec(text);
  if (marker !== null) return failed('this file has the markers of a merge conflict: take one side as it was, the files of the registry are never edited', lineAt(text, marker.index));
  const parsed = parse(text);
  if ('problem' in parsed) return parsed;
  const { value, tree } = parsed;
  // The library takes inherited names, such as `constructor`, for known ones.
  const foreign = isObject(value) ? Object.keys(value).find((key) => !Object.hasOwn(SCHEMAS[kind].entries, key)) : undefined;
  if (foreign !== undefined && !isNewer(value)) return failed(`the key ${JSON.stringify(foreign)} does not belong here`, lineOfKey(text, tree, [foreign]));
  const result = v.safeParse(SCHEMAS[kind], value, { abortEarly: true });
  if (!result.success) return failed(explain(result.issues[0], value), lineOfKey(text, tree, (result.issues[0].path ?? []).map(({ key }) => key as string | number)));
  const record = recordOf(result.output);
  if (expectedName(record) !== fileName) return failed('this file was changed after it was written: its name is the digest of another content', 1);
  if ('id' in record && `${record.id}.json` !== fileName) return failed('this file has the id of another event', lineOfKey(text, tree, ['id']));
  return { record } as Recorded<K>;
}

type Written = v.InferOutput<(typeof SCHEMAS)[RecordKind | 'prompt']>;

/** As it is used: without what only files have. */
function recordOf({ kind: _kind, schema: _schema, ...fields }: Written): RecordTypes[RecordKind] | { readonly promptId: string } {
  return 'files' in fields ? { ...fields, files: fields.files.map(({ path, lines }) => ({ path, text: lines.join('\n') })) } : fields;
}

function expectedName(record: RecordTypes[RecordKind] | { readonly promptId: string }): string {
  if ('files' in record) return versionName(record);
  return 'id' in record ? `${idOf(record)}.json` : PROMPT_FILE;
}

function idOf({ id: _id, ...event }: PointerEvent | MoveEvent | TagEvent): string {
  return eventId(event.time, hashJson(event));
}

function parse(text: string): { readonly value: unknown; readonly tree: Node } | { readonly problem: string; readonly line: number } {
  const tooDeep = { problem: `this is nested deeper than ${DEEPEST} levels`, line: 1 };
  try {
    const errors: ParseError[] = [];
    const tree = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
    const [error] = errors;
    if (error !== undefined || tree === undefined) return { problem: `this is not JSON${error === undefined ? '' : `: ${printParseErrorCode(error.error).replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()}`}`, line: lineAt(text, error?.offset ?? 0) };
    const twice = repeatedKey(tree);
    if (twice !== null) return { problem: `the key ${JSON.stringify(twice.value)} stands here twice: programs would take different ones`, line: lineAt(text, twice.offset) };
    const value = JSON.parse(text) as unknown;
    return isDeeperThan(value, DEEPEST) ? tooDeep : { value, tree };
  } catch (error) {
    // Parsers that call themselves for each level.
    if (error instanceof RangeError) return tooDeep;
    if (error instanceof SyntaxError) return { problem: `this is not JSON: ${error.message}`, line: 1 };
    throw error;
  }
}

/** JSON.parse takes the last of them, other readers the first. */
function repeatedKey(tree: Node): Node | null {
  const open: Node[] = [tree];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.type === 'object') {
      const seen = new Set<unknown>();
      for (const property of node.children ?? []) {
        const key = property.children?.[0];
        if (key === undefined) continue;
        if (seen.has(key.value)) return key;
        seen.add(key.value);
      }
    }
    for (const child of node.children ?? []) open.push(child);
  }
  return null;
}

function explain(issue: v.BaseIssue<unknown>, value: unknown): string {
  if (isNewer(value)) return 'a newer Touchstone wrote this file: update the extension or the command';
  const at = v.getDotPath(issue);
  return `${at === null ? 'this' : `"${at}"`} is not as Touchstone writes it: ${issue.message}`;
}

function isNewer(value: unknown): boolean {
  return isObject(value) && typeof value['schema'] === 'number' && value['schema'] > SCHEMA;
}

/** One-based; of the nearest part that there is. */
function lineOfKey(text: string, tree: Node, path: readonly (string | number)[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const node = findNodeAtLocation(tree, path.slice(0, depth));
    if (node !== undefined) return lineAt(text, node.offset);
  }
  return 1;
}

function lineAt(text: string, offset: number): number {
  return new LineMap(text).positionAt(offset).line + 1;
}

/** Relative, below the folder where it starts, and the same on every system. Such a path is only looked up, never written. */
function isSafePath(text: string): boolean {
  return !/[\\\0]|^[A-Za-z]:/.test(text) && text.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** The line of `"hash"`, where a content that is another one is reported. */
export function hashLine(text: string): number | null {
  const at = /^ {2}"hash":/m.exec(text)?.index;
  return at === undefined ? null : lineAt(text, at);
}
