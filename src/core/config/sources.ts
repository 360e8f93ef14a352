import { isObject } from '../json.ts';
import { describe } from '../text/describe.ts';
import type { Findings } from '../text/findings.ts';
import { locateIn, type Locate } from '../text/locate.ts';
import { isBackendEntry, readBackend } from './backends.ts';
import type { BackendSource, ReceiverConfig, TraceSource } from './model.ts';
import { readReceiver } from './receiver.ts';

const KEYS = ['sources', 'receiver'];
const SOURCE_KEYS = ['path', 'from'];

/** `traces:` of touchstone.yml. */
export function readTraces(value: unknown, folder: string, locate: Locate, findings: Findings): { sources: TraceSource[]; backends: BackendSource[]; receiver?: ReceiverConfig } {
  if (value === undefined || value === null) return { sources: [], backends: [] };
  if (!isObject(value)) {
    findings.error('traces', `"traces" is a mapping such as { sources: [logs/*.jsonl] }, not ${describe(value)}`, locate());
    return { sources: [], backends: [] };
  }
  for (const key of Object.keys(value)) {
    if (!KEYS.includes(key)) findings.warning('unknown-key', `unknown key "${key}" of traces is ignored: it has ${KEYS.join(', ')}`, locate(key));
  }
  const receiver = readReceiver(value['receiver'], locateIn(locate, 'receiver'), findings);
  return { ...readSources(value['sources'], folder, locateIn(locate, 'sources'), findings), ...(receiver === null ? {} : { receiver }) };
}

function readSources(value: unknown, folder: string, locate: Locate, findings: Findings): { sources: TraceSource[]; backends: BackendSource[] } {
  if (value === undefined || value === null) return { sources: [], backends: [] };
  const items: unknown[] = Array.isArray(value) ? value : [value];
  const sources = new Map<string, TraceSource>();
  const backends = new Map<string, BackendSource>();
  for (const [index, item] of items.entries()) {
    const at = Array.isArray(value) ? locateIn(locate, index) : locate;
    if (isBackendEntry(item)) {
      const backend = readBackend(item, folder, at, findings);
      if (backend === null) continue;
      // The second would be asked with the first one's links, or never.
      if (backends.has(backend.name)) findings.error('traces', `two sources are called "${backend.name}"`, at('name'));
      else backends.set(backend.name, backend);
      continue;
    }
    const source = readSource(item, at, findings);
    if (source === null) continue;
    if (sources.has(source.path)) findings.warning('traces', `"${source.path}" is named twice`, source.range);
    else sources.set(source.path, source);
  }
  return { sources: [...sources.values()], backends: [...backends.values()] };
}

function readSource(item: unknown, locate: Locate, findings: Findings): TraceSource | null {
  const source = typeof item === 'string' ? { path: item } : item;
  if (!isObject(source)) {
    findings.error('traces', `a source is a path, { path, from }, or a backend { name, type, … }, not ${describe(item)}`, locate());
    return null;
  }
  const at = (key: string): ReturnType<Locate> => (typeof item === 'string' ? locate() : locate(key));
  for (const key of Object.keys(source)) {
    if (!SOURCE_KEYS.includes(key)) findings.warning('unknown-key', `unknown key "${key}" of a source is ignored: it has ${SOURCE_KEYS.join(', ')}`, at(key));
  }
  const { path, from = 'start' } = source;
  const problem = problemOf(path);
  if (problem !== null) {
    findings.error('traces', problem, at('path'));
    return null;
  }
  if (from !== 'start' && from !== 'end') {
    findings.error('traces', '"from" is start (what a file already holds is read, too) or end (only what is added to it)', at('from'));
    return null;
  }
  return { path: String(path), from, range: at('path') };
}

function problemOf(path: unknown): string | null {
  if (typeof path !== 'string' || path.trim() === '') return `the path of a source is a text such as logs/*.jsonl, not ${describe(path)}`;
  if (path.startsWith('!')) return 'a source names files that are read; patterns that leave files out are not known here';
  if (/^~[^/\\]/.test(path)) return `"${path}" names another user's home: write the whole path`;
  if (path.includes('\0')) return 'a path holds no NUL';
  // The whole disk or home would be walked through.
  const literal = path.slice(0, path.search(/[*?{[(!+@]|$/)).replaceAll('\\', '/');
  if (/\*\*/.test(path) && /^(?:~|[A-Za-z]:)?\/?$/.test(literal) && literal !== '') return `"${path}" would walk through everything below ${literal}: name the folder that holds the files`;
  return null;
}
