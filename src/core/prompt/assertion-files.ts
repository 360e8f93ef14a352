import { parseCodeFile } from '../assert/code.ts';
import type { AssertionSpec } from '../assert/model.ts';
import type { Case } from '../dataset/model.ts';
import type { FileReader } from '../files.ts';
import type { Diagnostic } from '../text/diagnostic.ts';
import { EMPTY_RANGE, type SourceRange } from '../text/position.ts';
import { outside, resolveInside } from './reading.ts';

export interface AssertionFiles {
  /** Absolute, sorted. */
  readonly found: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** A `file://` as it is written, with the folder where it starts. */
interface Reference {
  readonly written: string;
  readonly baseDir: string;
  readonly range: SourceRange;
  /** The file that it stands in, where that is not the prompt's own. */
  readonly file?: string;
}

/** The files that a prompt's checks and those of its own cases name: scripts, schemas, rubrics. One that is not there is found before a run. */
export async function findAssertionFiles(
  { path, assertions, cases }: { readonly path: string; readonly assertions: readonly AssertionSpec[]; readonly cases: readonly Case[] },
  { baseDir, root }: { readonly baseDir: string; readonly root: string },
  files: FileReader,
): Promise<AssertionFiles> {
  const references = new Map<string, Reference>();
  const add = (reference: Reference): void => {
    const key = JSON.stringify([reference.written, reference.baseDir]);
    if (!references.has(key)) references.set(key, reference);
  };
  for (const spec of assertions) for (const one of referencesOf(spec, baseDir)) add(one);
  const seen = new Set<readonly AssertionSpec[]>();
  for (const item of cases) {
    const own = item.place.file === path ? {} : { file: item.place.file };
    for (const written of [item.options.transform, item.options.transformVars, item.options.rubricPrompt].filter(isFile)) add({ written, baseDir, range: item.place.range, ...own });
    if (seen.has(item.assertions)) continue;
    seen.add(item.assertions);
    for (const spec of item.assertions) for (const one of referencesOf(spec, baseDir)) add({ ...one, ...own });
  }
  const found: string[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const { written, baseDir: folder, range, file } of references.values()) {
    const target = resolveInside(parseCodeFile(written)?.path ?? written.slice('file://'.length).trim(), folder, root);
    const elsewhere = file === undefined ? {} : { file };
    if (target === null) diagnostics.push({ ...outside(written, range), ...elsewhere });
    else if (await files.isFile(target)) found.push(target);
    else diagnostics.push({ severity: 'error', code: 'file-missing', message: `there is no file ${written}`, range, ...elsewhere });
  }
  return { found: [...new Set(found)].sort(), diagnostics };
}

function* referencesOf(spec: AssertionSpec, folder: string): Generator<Reference> {
  const place = { baseDir: spec.baseDir ?? folder, range: spec.range ?? EMPTY_RANGE };
  for (const written of [spec.value, spec.transform, spec.rubricPrompt].filter(isFile)) yield { written, ...place };
  for (const member of spec.assert ?? []) yield* referencesOf(member, folder);
}

function isFile(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('file://');
}
