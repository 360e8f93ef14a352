import { relative, resolve } from 'node:path';
import { TouchstoneError } from '../../core/errors.ts';
import type { FileReader } from '../../core/files.ts';
import type { ProjectConfig } from '../../core/config/model.ts';
import { readPromptFile } from '../../core/prompt/formats.ts';
import { promptsCalled, promptsLabelled, type NamedPrompt } from '../../core/prompt/said-name.ts';
import { nearestOf } from '../../core/text/nearest.ts';
import { findPromptFiles } from '../../node/files/index.ts';
import type { SideSpec } from '../../protocol/compare.ts';

/** A side as it was written, with its prompt or run found. */
export type Side = RunOfSide | PromptOfSide;

export interface RunOfSide {
  readonly kind: 'run';
  /** An id, the beginning of one, or `latest`. */
  readonly id: string;
  readonly model: string | null;
}

export interface PromptOfSide {
  readonly kind: 'prompt';
  /** Absolute. */
  readonly path: string;
  readonly promptId: string;
  /** `v7`, `production`, `3f9a1c2e`, `git:REV`; `null`: the working copy. */
  readonly version: string | null;
  readonly model: string | null;
}

export interface SideFolders {
  /** Of the workspace. */
  readonly root: string;
  /** Where relative files are looked up. */
  readonly from: string;
  readonly files: FileReader;
  readonly config: ProjectConfig;
}

/** Endings that may be left out. */
const ENDINGS = ['', '.prompt.yml', '.prompt.yaml'] as const;

/**
 * Reads `FILE`, `PROMPT@REF`, `run:ID`, each with an optional `+MODEL`. What is written may hold `@` and `+` itself: the longest beginning
 * that names a file, else a prompt, is the prompt. After a `git:` revision the last `+` begins the model.
 * @throws TouchstoneError 'usage' | 'not-found' that says what was meant perhaps
 */
export async function readSide(spec: SideSpec, folders: SideFolders): Promise<Side> {
  if (spec.startsWith('run:')) {
    const [id, model] = splitAt(spec.slice('run:'.length), '+');
    if (id === '') throw new TouchstoneError('usage', `${spec} names no run: write run:ID, or run:latest.`);
    return { kind: 'run', id, model: modelOf(model, spec) };
  }
  const parts = beginnings(spec);
  let unknownLabel: TouchstoneError | undefined;
  for (const { name, rest } of parts) {
    const found = await promptOfFile(name, spec, folders);
    // A label that is not in the file may be a shorter one with a version behind it.
    if (found instanceof TouchstoneError) unknownLabel = found;
    else if (found !== null) return { kind: 'prompt', ...found, ...restOf(rest, spec) };
  }
  if (unknownLabel !== undefined) throw unknownLabel;
  const prompts = await allPrompts(folders);
  for (const { name, rest } of parts) {
    const found = promptByName(name, spec, prompts);
    if (found !== null) return { kind: 'prompt', path: found.path, promptId: found.id, ...restOf(rest, spec) };
  }
  const shortest = parts.at(-1)?.name ?? spec;
  const nearest = nearestOf(shortest, [...prompts.map(({ id }) => id), ...prompts.map(({ path }) => relative(folders.from, path))]);
  throw new TouchstoneError('not-found', `There is no prompt ${shortest}. ${nearest === null ? 'A side is a prompt file, PROMPT@VERSION or run:ID, each with an optional +MODEL.' : `Did you mean ${nearest}?`}`);
}

/** What a spec may begin with, longest first, and what then follows. */
function beginnings(spec: string): { readonly name: string; readonly rest: string }[] {
  const cuts = [...spec.matchAll(/[@+]/g)].map(({ index }) => index).filter((at) => at > 0);
  return [spec.length, ...cuts.reverse()].map((at) => ({ name: spec.slice(0, at), rest: spec.slice(at) }));
}

function restOf(rest: string, spec: string): { readonly version: string | null; readonly model: string | null } {
  if (!rest.startsWith('@')) return { version: null, model: modelOf(rest === '' ? null : rest.slice(1), spec) };
  const text = rest.slice(1);
  const [version, model] = splitAt(text, '+', text.startsWith('git:'));
  if (version === '' || version === 'git:') throw new TouchstoneError('usage', `${spec} names no version behind the @: write @v7, @production, @3f9a1c2e or @git:REV.`);
  return { version, model: modelOf(model, spec) };
}

function splitAt(text: string, mark: string, last = false): [string, string | null] {
  const at = last ? text.lastIndexOf(mark) : text.indexOf(mark);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

function modelOf(text: string | null, spec: string): string | null {
  if (text === '') throw new TouchstoneError('usage', `${spec} names no model behind the +.`);
  return text;
}

/** A prompt of a file, its ending may be left out; `file#label` is one of a config's. `null`: there is no such file; an error: it has no such label. */
async function promptOfFile(name: string, spec: string, folders: SideFolders): Promise<Pick<PromptOfSide, 'path' | 'promptId'> | TouchstoneError | null> {
  for (const ending of ENDINGS) {
    const path = resolve(folders.from, `${name}${ending}`);
    if (await folders.files.isFile(path)) return onlyPrompt(path, null, spec, folders);
  }
  const hash = name.lastIndexOf('#');
  if (hash <= 0) return null;
  const path = resolve(folders.from, name.slice(0, hash));
  return (await folders.files.isFile(path)) ? onlyPrompt(path, name.slice(hash + 1), spec, folders) : null;
}

async function onlyPrompt(path: string, label: string | null, spec: string, { files, root, config }: SideFolders): Promise<Pick<PromptOfSide, 'path' | 'promptId'> | TouchstoneError> {
  const file = await readPromptFile(path, { files, root, datasets: config.datasets });
  const problem = file.diagnostics.find(({ severity }) => severity === 'error');
  if (file.prompts.length === 0 && problem !== undefined) {
    const { line, character } = problem.range.start;
    throw new TouchstoneError('invalid-prompt', problem.message, { place: { file: problem.file ?? path, line: line + 1, column: character + 1 } });
  }
  const prompts = label === null ? file.prompts : promptsLabelled(label, file.prompts);
  const [only, ...others] = prompts;
  if (only !== undefined && others.length === 0) return { path, promptId: only.id };
  const labels = file.prompts.map(({ id }) => id.slice(id.indexOf('#') + 1));
  if (only === undefined) return new TouchstoneError('not-found', `${spec}: there is no prompt ${label ?? ''} in this file. ${labels.length === 0 ? 'It holds none.' : `It holds ${labels.join(', ')}.`}`);
  throw new TouchstoneError('usage', `${spec} holds ${prompts.length} prompts. Say which one: ${labels.map((one) => `FILE#${one}`).join(', ')}.`);
}

interface KnownPrompt extends NamedPrompt {
  readonly path: string;
}

async function allPrompts({ root, files, config }: SideFolders): Promise<KnownPrompt[]> {
  const prompts: KnownPrompt[] = [];
  for (const path of await findPromptFiles(root)) {
    const file = await readPromptFile(path, { files, root, datasets: config.datasets });
    prompts.push(...file.prompts.map(({ id, name, label }) => ({ id, name, path, ...(label === undefined ? {} : { label }) })));
  }
  return prompts;
}

/** @throws TouchstoneError 'usage' when several are meant */
function promptByName(name: string, spec: string, prompts: readonly KnownPrompt[]): KnownPrompt | null {
  const found = promptsCalled(name, prompts);
  if (found.length > 1) throw new TouchstoneError('usage', `${spec}: several prompts are called ${name}: ${found.map(({ id }) => id).join(', ')}. Write the whole id.`);
  return found[0] ?? null;
}
