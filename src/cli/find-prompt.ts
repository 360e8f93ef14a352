import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { TouchstoneError } from '../core/errors.ts';
import { promptsCalled, promptsLabelled } from '../core/prompt/said-name.ts';
import { nearestOf } from '../core/text/nearest.ts';
import type { EngineClient } from '../protocol/engine.ts';
import type { PromptPlace } from '../protocol/registry.ts';

/** Endings that may be left out. */
const ENDINGS = ['', '.prompt.yml', '.prompt.yaml'];

/**
 * The prompt that a person means: a file (its ending may be left out), `FILE#NAME` for one of several in a file, else a prompt's id or
 * name, the end of its id, or its label within a config.
 * @throws TouchstoneError 'not-found' | 'ambiguous'
 */
export async function findPrompt(engine: EngineClient, wanted: string, cwd: string): Promise<PromptPlace> {
  const hash = wanted.lastIndexOf('#');
  for (const [name, within] of [[wanted, null], ...(hash > 0 ? [[wanted.slice(0, hash), wanted.slice(hash + 1)] as const] : [])] as const) {
    const path = ENDINGS.map((ending) => resolve(cwd, `${name}${ending}`)).find(isFile)?.replaceAll('\\', '/');
    if (path !== undefined) return within === null ? { path } : { path, prompt: await idWithin(engine, path, within) };
  }
  const { prompts } = await engine.request('prompts/list', {});
  const matches = promptsCalled(wanted, prompts);
  const [only, ...others] = matches;
  if (only !== undefined && others.length === 0) return { path: only.path, prompt: only.id };
  if (only !== undefined) throw new TouchstoneError('ambiguous', `${wanted} is ${matches.length} prompts: ${matches.map(({ id }) => id).join(', ')}. Name one of them.`);
  // Also by the last part of an id, as people say it.
  const said = new Map(prompts.flatMap(({ id, name, label = id }) => [[label, id], [id, id], [name, id], [id.slice(id.lastIndexOf('/') + 1), id]]));
  const nearest = said.get(nearestOf(wanted, [...said.keys()]) ?? '') ?? null;
  throw new TouchstoneError('not-found', `There is no prompt ${wanted}. ${nearest === null ? 'A prompt is named by its file or its id.' : `Did you mean ${nearest}?`}`);
}

async function idWithin(engine: EngineClient, path: string, within: string): Promise<string> {
  const { prompts } = await engine.request('prompts/state', { path });
  const [only, ...others] = promptsLabelled(within, prompts);
  if (only !== undefined && others.length === 0) return only.id;
  const names = prompts.map(({ id }) => id.slice(id.indexOf('#') + 1));
  throw new TouchstoneError('not-found', `There is no prompt ${within} in this file. It has ${names.join(', ')}.`, { place: { file: path } });
}

function isFile(path: string): boolean {
  return existsSync(path) && (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
}
