import { isObject, type JsonObject } from '../../json.ts';
import { hashText } from '../../hash.ts';
import { csvRecords } from '../../dataset/csv-scan.ts';
import { describe } from '../../text/describe.ts';
import { locateIn, type Locate } from '../../text/locate.ts';
import { endingOf, relativePath } from '../../text/path.ts';
import type { SourceRange } from '../../text/position.ts';
import type { Findings } from '../../text/findings.ts';
import { isMap, isScalar, isSeq, entryOf } from '../../text/yaml.ts';
import type { PromptFunction } from '../model.ts';
import type { PromptfooText } from './config.ts';
import { isFileReference, type Loader } from './loader.ts';

/** One entry of `prompts:` as written. */
export interface PromptEntry {
  /** The text, or the reference to it. */
  readonly raw: string;
  readonly id?: string;
  readonly label?: string;
  readonly config?: JsonObject;
  readonly range: SourceRange;
  readonly locate: Locate;
  /** The scalar that holds `raw`, for exact places of variables; absent for references. */
  readonly node?: unknown;
}

/** A prompt with its text or its program. */
export interface LoadedPrompt extends PromptEntry {
  readonly text: string | null;
  readonly source?: PromptFunction;
  /** As promptfoo labels it: the label, else the text, else `file: text`. */
  readonly fullLabel: string;
  /** File that holds it, and its number where there are several in it; absent for a text in the config. */
  readonly file?: { readonly path: string; readonly number?: number };
}

const TEXT_ENDINGS = ['txt', 'md', 'j2', 'json', 'jsonl', 'yaml', 'yml', 'csv'];
const PROGRAMS: Readonly<Record<string, PromptFunction['language']>> = { js: 'javascript', cjs: 'javascript', mjs: 'javascript', ts: 'javascript', cts: 'javascript', mts: 'javascript', py: 'python' };
const ENDINGS = [...TEXT_ENDINGS, ...Object.keys(PROGRAMS)];
const PLAIN_PATH = new RegExp(`^[^\\s{}]+\\.(?:${ENDINGS.join('|')})(?::\\w+)?$`, 'i');
const REMOTE = /^(langfuse|portkey|helicone|package):/;

/** Whether a text names a file although it has no `file://` (`prompts: prompt.txt`, `prompts/*`). */
export function looksLikePath(text: string): boolean {
  return PLAIN_PATH.test(text) || (/^[^\s{}]+$/.test(text) && text.includes('/') && text.includes('*'));
}

/** The entries of `prompts:`, without reading files. */
export function readPromptEntries(text: PromptfooText): PromptEntry[] {
  const { values, nodes, locate, findings, keyRange, yaml } = text;
  const value = values['prompts'];
  if (value === undefined || value === null) {
    findings.error('prompts', 'a config needs prompts', keyRange('prompts'));
    return [];
  }
  const place = locateIn(locate, 'prompts');
  const node = nodes.get('prompts');
  if (isObject(value)) return Object.entries(value).map(([raw, label]) => ({ raw, ...(typeof label === 'string' ? { label } : {}), range: place(raw), locate: locateIn(place, raw) }));
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) findings.error('prompts', 'there is no prompt', keyRange('prompts'));
  return list.flatMap((item, index) => {
    const own = Array.isArray(value) ? locateIn(place, index) : place;
    const itemNode = isSeq(node) ? yaml.resolve(node.items[index]) : node;
    const rawNode = isMap(itemNode) ? entryOf(yaml, itemNode, 'raw')?.value : itemNode;
    return readEntry(item, own, findings, isScalar(rawNode) ? rawNode : undefined) ?? [];
  });
}

function readEntry(item: unknown, locate: Locate, findings: Findings, node: unknown): PromptEntry | null {
  const range = locate();
  if (typeof item === 'string' && item.trim() !== '') return { raw: item, range, locate, node };
  if (!isObject(item)) {
    findings.error('prompts', `a prompt is a text, a file, or a mapping with raw, not ${describe(item)}`, range);
    return null;
  }
  for (const key of Object.keys(item)) {
    if (['id', 'label', 'raw', 'config'].includes(key)) continue;
    if (key === 'prompt') findings.error('prompt-key', 'promptfoo does not read "prompt": the text of a prompt is "raw"', locate(key));
    else findings.warning('unknown-key', `unknown key "${key}" of a prompt is ignored`, locate(key));
  }
  const { id, label, raw, config } = item;
  const written = typeof raw === 'string' ? raw : raw === undefined && typeof id === 'string' && (isFileReference(id) || looksLikePath(id)) ? id : raw !== null && typeof raw === 'object' ? JSON.stringify(raw) : undefined;
  if (written === undefined || written.trim() === '') {
    if (item['prompt'] === undefined) findings.error('prompts', 'a prompt in this form needs "raw", its text or file', range);
    return null;
  }
  if (config !== undefined && config !== null && !isObject(config)) findings.error('prompts', `"config" is a mapping, not ${describe(config)}`, locate('config'));
  return {
    raw: written, range, locate, node,
    ...(typeof id === 'string' ? { id } : {}),
    ...(typeof label === 'string' && label !== '' ? { label } : {}),
    ...(isObject(config) ? { config } : {}),
  };
}

/** Reads what the entries refer to: every text is one prompt, a file can hold several. */
export async function loadPrompts(entries: readonly PromptEntry[], loader: Loader): Promise<LoadedPrompt[]> {
  const loaded: LoadedPrompt[] = [];
  for (const entry of entries) loaded.push(...(await loadEntry(entry, loader)));
  return loaded;
}

async function loadEntry(entry: PromptEntry, loader: Loader): Promise<LoadedPrompt[]> {
  const raw = entry.raw.trim();
  const remote = REMOTE.exec(raw)?.[1];
  if (remote !== undefined) {
    loader.findings.error('prompt-remote', `prompts from ${remote} are not fetched: write the text into a file`, entry.range);
    return [];
  }
  if (raw.startsWith('exec:')) {
    return [{ ...entry, text: null, source: { file: raw.slice('exec:'.length).trim(), language: 'command', baseDir: loader.baseDir, ...(entry.config ? { config: entry.config } : {}) }, fullLabel: entry.label ?? raw }];
  }
  if (!isFileReference(raw) && !looksLikePath(raw)) return [{ ...entry, text: entry.raw, fullLabel: entry.label ?? entry.raw }];
  const [, path = raw, exported] = /^(.*\.(?:js|cjs|mjs|ts|cts|mts|py)):(\w+)$/.exec(raw) ?? [];
  const prompts: LoadedPrompt[] = [];
  for (const file of await loader.find(path, entry.range)) prompts.push(...(await loadFile(file, exported, entry, loader)));
  return prompts;
}

async function loadFile(path: string, exported: string | undefined, entry: PromptEntry, loader: Loader): Promise<LoadedPrompt[]> {
  const ending = endingOf(path);
  const language = PROGRAMS[ending];
  const shown = relativePath(loader.baseDir, path);
  if (!language && !TEXT_ENDINGS.includes(ending)) {
    loader.findings.error('prompt-file', `${shown}: prompts are read from files that end in ${ENDINGS.map((one) => `.${one}`).join(', ')}`, entry.range);
    return [];
  }
  const written = await loader.text(path, entry.range);
  if (written === null) return [];
  // A checkout on Windows must not be another prompt.
  const text = written.replace(/\r\n?/g, '\n');
  const { node: _node, ...place } = entry;
  if (language) {
    const source: PromptFunction = { file: path, language, baseDir: loader.baseDir, textHash: hashText(text), ...(exported === undefined ? {} : { export: exported }), ...(entry.config ? { config: entry.config } : {}) };
    return [{ ...place, text: null, source, file: { path }, fullLabel: entry.label ?? (exported === undefined ? shown : `${shown}:${exported}`) }];
  }
  const texts = await splitFile(ending, text, entry.range, shown, loader.findings);
  if (texts.length === 0) loader.findings.error('prompt-file', `${shown} holds no prompt`, entry.range);
  return texts.map(({ text: one, label }, index) => ({
    ...place,
    text: one,
    file: { path, ...(texts.length > 1 ? { number: index + 1 } : {}) },
    fullLabel: label ?? entry.label ?? `${shown}: ${one}`,
  }));
}

async function splitFile(ending: string, text: string, range: SourceRange, shown: string, findings: Findings): Promise<{ text: string; label?: string }[]> {
  switch (ending) {
    case 'txt':
      return text.split(/^---[ \t]*\r?$/m).map((one) => ({ text: one.trim() })).filter((one) => one.text !== '');
    case 'jsonl': {
      const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
      return lines.flatMap((line, index) => {
        try {
          return [{ text: JSON.stringify(JSON.parse(line)) }];
        } catch {
          findings.error('prompt-file', `${shown}: line ${index + 1} is not JSON`, range);
          return [];
        }
      });
    }
    case 'csv':
      return csvPrompts(text);
    default:
      return text.trim() === '' ? [] : [{ text }];
  }
}

/** A column `prompt`, and `label` where there is one; a file with one column and no such header is a prompt per line. */
async function csvPrompts(text: string): Promise<{ text: string; label?: string }[]> {
  const rows: string[][] = [];
  for await (const record of csvRecords(once(text))) rows.push(record.cells.map((cell) => cell.text));
  const header = rows[0] ?? [];
  const column = header.findIndex((name) => name.trim().toLowerCase() === 'prompt');
  const label = header.findIndex((name) => name.trim().toLowerCase() === 'label');
  const body = column < 0 ? rows : rows.slice(1);
  return body.map((row) => ({ text: row[Math.max(column, 0)] ?? '', ...(column >= 0 && label >= 0 && row[label] ? { label: row[label] } : {}) })).filter((one) => one.text.trim() !== '');
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}
