import { errorMessage, TouchstoneError } from '../errors.ts';
import { isAbsolutePath, joinPath } from '../text/path.ts';
import { parseCodeFile } from './code.ts';
import type { AssertionSpec } from './model.ts';
import { CheckError } from './outcome.ts';
import type { ScorePorts } from './ports.ts';

/** Files that this run's checks name, read once. */
const loaded = new WeakMap<ScorePorts, Map<string, Promise<unknown>>>();

/**
 * The spec with the content of its `file://` value: JSON and YAML as data, anything else as text without the line break
 * at its end. Code files stay: the worker computes their value. The path is the one written in the file; it is never
 * taken from data.
 */
export async function loadFileValue(spec: AssertionSpec, ports: ScorePorts): Promise<AssertionSpec> {
  const { value } = spec;
  if (typeof value !== 'string' || !value.startsWith('file://') || parseCodeFile(value) !== null) return spec;
  const path = filePath(value, spec);
  let files = loaded.get(ports);
  if (files === undefined) loaded.set(ports, (files = new Map<string, Promise<unknown>>()));
  let content = files.get(path);
  if (content === undefined) files.set(path, (content = read(path, ports)));
  return { ...spec, value: await content };
}

function filePath(value: string, { baseDir, type }: AssertionSpec): string {
  const path = value.slice('file://'.length).trim();
  if (baseDir === undefined && !isAbsolutePath(path)) throw new CheckError(`${type} names the file ${path}, and its folder is not known.`);
  return joinPath(baseDir ?? '', path);
}

async function read(path: string, { files }: ScorePorts): Promise<unknown> {
  if (files === undefined) throw new CheckError(`${path} cannot be read here.`);
  let text: string;
  try {
    text = await files.readText(path);
  } catch (error) {
    if (error instanceof TouchstoneError && error.code === 'not-found') throw new CheckError(`There is no file ${path}.`);
    throw error;
  }
  try {
    if (/\.json$/iu.test(path)) return JSON.parse(text);
    if (/\.ya?ml$/iu.test(path)) return (await import('../text/parse-yaml.ts')).parseYaml(text);
  } catch (error) {
    throw new CheckError(`${path} cannot be read: ${errorMessage(error)}`);
  }
  return text.replace(/\r?\n$/u, '');
}
