import { readFile } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { errorMessage, TouchstoneError } from '../../core/errors.ts';

/** A setting that may stand in a file of its own (`file://tools.json`, YAML too), relative to `folder`. */
export async function readSettingFile(value: unknown, folder: string): Promise<unknown> {
  if (typeof value !== 'string') return value;
  const file = value.startsWith('file://') ? value.slice('file://'.length) : null;
  const path = file === null ? null : isAbsolute(file) ? file : resolve(folder, file);
  const { parseYaml } = await import('../../core/text/parse-yaml.ts');
  try {
    return parseYaml(path === null ? value : await readFile(path, 'utf8'));
  } catch (error) {
    throw new TouchstoneError('invalid-config', path === null ? `A setting of the model cannot be read: ${errorMessage(error)}` : `The setting's file cannot be read: ${errorMessage(error)}`, path === null ? {} : { place: { file: path } });
  }
}
