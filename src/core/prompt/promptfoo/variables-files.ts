import { isObject, type JsonObject } from '../../json.ts';
import { endingOf, isGlob } from '../../text/path.ts';
import type { Findings } from '../../text/findings.ts';
import type { SourceRange } from '../../text/position.ts';
import { YamlSource } from '../../text/yaml.ts';
import { isFileReference, type Loader } from './loader.ts';

const IMAGES: Readonly<Record<string, string>> = { png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp', svg: 'image/svg+xml', bmp: 'image/bmp' };
const PROGRAMS: ReadonlySet<string> = new Set(['js', 'cjs', 'mjs', 'ts', 'py']);

export function hasFileVars(vars: JsonObject): boolean {
  return Object.values(vars).some((value) => isFileReference(value) || (Array.isArray(value) && value.some(isFileReference)));
}

/** Where a reference stands, and the findings of the file that it stands in. */
export interface ReferencePlace {
  readonly range: SourceRange;
  readonly findings: Findings;
}

/** Replaces `file://` values by what the files hold; a pattern becomes a list with one text per file. */
export async function loadFileVars(vars: JsonObject, place: (name: string) => ReferencePlace, loader: Loader): Promise<JsonObject> {
  if (!hasFileVars(vars)) return vars;
  const loaded: [string, unknown][] = [];
  for (const [name, value] of Object.entries(vars)) loaded.push([name, await loadValue(value, () => place(name), loader)]);
  return Object.fromEntries(loaded);
}

async function loadValue(value: unknown, place: () => ReferencePlace, loader: Loader): Promise<unknown> {
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) {
      const one = await loadValue(item, place, loader);
      if (Array.isArray(one) && isFileReference(item)) items.push(...(one as unknown[]));
      else items.push(one);
    }
    return items;
  }
  if (!isFileReference(value)) return value;
  const at = place();
  const texts: (string | null)[] = [];
  for (const file of await loader.find(value, at.range, at.findings)) texts.push(await loadText(file, at, loader));
  return isGlob(value) ? texts : (texts[0] ?? '');
}

async function loadText(file: string, { range, findings }: ReferencePlace, loader: Loader): Promise<string | null> {
  const ending = endingOf(file);
  const image = IMAGES[ending];
  if (image) return `data:${image};base64,${toBase64(await loader.files.readBytes(file))}`;
  if (PROGRAMS.has(ending)) {
    findings.error('var-program', `${file.slice(loader.baseDir.length + 1)}: values that a program makes are not supported`, range);
    return null;
  }
  if (ending === 'pdf') {
    findings.error('var-pdf', 'PDF files are not read: extract their text into a file', range);
    return null;
  }
  const text = await loader.text(file, range, findings);
  if (text === null) return null;
  if (ending !== 'yaml' && ending !== 'yml') return text.trim();
  const yaml = new YamlSource(text);
  loader.findings.addAll(yaml.errors.map((error) => ({ ...error, file })));
  return yaml.errors.length > 0 ? null : JSON.stringify(yaml.value(yaml.root));
}

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

/** `vars: file://vars.yaml`, or a list of such files: their mappings one over the other. */
export async function loadVarsFiles(references: readonly string[], { range, findings }: ReferencePlace, loader: Loader): Promise<JsonObject> {
  const merged: JsonObject[] = [];
  for (const reference of references) {
    for (const file of await loader.find(reference, range, findings)) {
      const text = await loader.text(file, range, findings);
      if (text === null) continue;
      const yaml = new YamlSource(text);
      loader.findings.addAll(yaml.errors.map((error) => ({ ...error, file })));
      const value = yaml.errors.length > 0 ? {} : yaml.value(yaml.root);
      if (isObject(value)) merged.push(value);
      else loader.findings.addAll([{ severity: 'error', code: 'test-vars', message: 'a file of variables is a mapping', range: yaml.range(yaml.root), file }]);
    }
  }
  return Object.assign(Object.create(null) as JsonObject, ...merged) as JsonObject;
}
