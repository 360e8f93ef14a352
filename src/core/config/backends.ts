import { isObject, type JsonObject } from '../json.ts';
import { describe } from '../text/describe.ts';
import type { Findings } from '../text/findings.ts';
import { locateIn, type Locate } from '../text/locate.ts';
import { joinPath } from '../text/path.ts';
import type { BackendSource, SecretReference, SourceType } from './model.ts';
import { SOURCE_TYPES } from './model.ts';
import { readSecret } from './models.ts';

const TEXTS = ['project', 'tenant', 'datasource', 'database', 'table', 'logsTable'] as const;
const KEYS: readonly string[] = ['name', 'type', 'url', 'app', 'path', 'key', 'user', 'applicationKey', 'annotate', 'timeoutMs', ...TEXTS];

/** Where a backend is asked when nobody says otherwise: the vendor's own cloud, or the port at which it listens on this machine. */
export const URLS: Readonly<Record<Exclude<SourceType, 'sqlite'>, string>> = {
  langfuse: 'https://cloud.langfuse.com',
  langsmith: 'https://api.smith.langchain.com',
  phoenix: 'http://localhost:6006',
  opik: 'https://www.comet.com/opik/api',
  weave: 'https://trace.wandb.ai',
  jaeger: 'http://localhost:16686',
  tempo: 'http://localhost:3200',
  clickhouse: 'http://localhost:8123',
  datadog: 'https://api.datadoghq.com',
  honeycomb: 'https://api.honeycomb.io',
  logfire: 'https://logfire-us.pydantic.dev',
};

/** Databases and tables are written into queries: names only. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** Whether an entry of `traces.sources` means a backend, not a file that is followed. */
export function isBackendEntry(value: unknown): value is JsonObject {
  return isObject(value) && 'type' in value;
}

/** One backend; `null` when it cannot be used, which is said. A key never stands in the file, and no message repeats one. */
export function readBackend(value: JsonObject, folder: string, locate: Locate, findings: Findings): BackendSource | null {
  const fail = (message: string, key: string): null => {
    findings.error('traces', message, locate(key));
    return null;
  };
  for (const key of Object.keys(value)) if (!KEYS.includes(key)) findings.warning('unknown-key', `unknown key "${key}" of a source is ignored: it has ${KEYS.join(', ')}`, locate(key));
  const { name, type } = value;
  if (!isType(type)) return fail(`the type of a source is one of ${SOURCE_TYPES.join(', ')}; a file that is followed has none`, 'type');
  if (typeof name !== 'string' || !/^[A-Za-z0-9][\w.-]{0,63}$/.test(name)) return fail(`a source has a name of letters, digits, ".", "_" and "-", such as { name: production, type: ${type} }`, 'name');
  const texts: Partial<Record<(typeof TEXTS)[number], string>> = {};
  for (const key of TEXTS) {
    const text = value[key];
    if (text === undefined || text === null) continue;
    if (typeof text !== 'string' || text === '' || hasControls(text)) return fail(`"${key}" is a text, not ${describe(text)}`, key);
    if ((key === 'database' || key === 'table' || key === 'logsTable') && !IDENTIFIER.test(text)) return fail(`"${key}" is a name of letters, digits and "_"`, key);
    texts[key] = text;
  }
  const { annotate = false, timeoutMs } = value;
  if (typeof annotate !== 'boolean') return fail(`"annotate" is true or false: whether scores may be sent to the source`, 'annotate');
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs > 0 && Number.isFinite(timeoutMs))) return fail('"timeoutMs" is a number of milliseconds above 0', 'timeoutMs');
  const key = readSecret(value['key'], locateIn(locate, 'key'), findings);
  const applicationKey = readSecret(value['applicationKey'], locateIn(locate, 'applicationKey'), findings);
  const user = readUser(value['user'], locateIn(locate, 'user'), findings);
  const shared = { name, type, ...texts, annotate, ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(key ? { key } : {}), ...(applicationKey ? { applicationKey } : {}), ...(user === null ? {} : { user }), range: locate() };
  if (type === 'sqlite') {
    const { path } = value;
    if (typeof path !== 'string' || path === '' || path.includes('\0')) return fail('a source of type sqlite needs "path": a touchstone.db that others write', 'path');
    return { ...shared, url: '', app: '', path: joinPath(folder, path) };
  }
  const url = readAddress(value['url'] ?? URLS[type], 'url', locate, findings);
  const app = value['app'] === undefined ? (url === null ? null : appOf(type, url)) : readAddress(value['app'], 'app', locate, findings);
  if (url === null || app === null) return null;
  if (type === 'weave' && texts.project !== undefined && !/^[^/]+\/[^/]+$/.test(texts.project)) return fail('the project of a weave source is entity/project', 'project');
  return { ...shared, url, app };
}

/** The address of its pages from that of its interface, by the vendors' own habits. */
export function appOf(type: SourceType, url: string): string {
  const { protocol, host } = new URL(url);
  switch (type) {
    case 'langsmith': return host.endsWith('.smith.langchain.com') || host === 'api.smith.langchain.com' ? `${protocol}//${host.replace(/(^|\.)api\./, '$1')}` : url.replace(/\/api(\/v\d+)?$/, '');
    case 'weave': return host === 'trace.wandb.ai' ? 'https://wandb.ai' : url;
    case 'opik': return url.replace(/\/api$/, '');
    case 'datadog': return host.startsWith('api.datadoghq.') ? `${protocol}//app.${host.slice(4)}` : `${protocol}//${host.replace(/^api\./, '')}`;
    case 'honeycomb': return `${protocol}//${host.replace(/^api\./, 'ui.')}`;
    default: return url;
  }
}

/** The name under which a source's key is kept when its entry names none. */
export function secretName(source: string, what: 'KEY' | 'USER' | 'APPLICATION_KEY'): string {
  return `TOUCHSTONE_${source.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_${what}`;
}

function isType(value: unknown): value is SourceType {
  return SOURCE_TYPES.some((type) => type === value);
}

function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

function readUser(value: unknown, locate: Locate, findings: Findings): string | SecretReference | null {
  if (typeof value === 'string' && value !== '' && !value.startsWith('${') && !value.includes(':') && !hasControls(value)) return value;
  return readSecret(value, locate, findings);
}

/** An address without what could carry a key or hide where it leads. */
function readAddress(value: unknown, key: 'url' | 'app', locate: Locate, findings: Findings): string | null {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    findings.error('traces', `"${key}" is an address such as https://langfuse.example.com`, locate(key));
    return null;
  }
  if (url.username !== '' || url.password !== '') {
    findings.error('secret', `a key does not belong into a file: "${key}" has a user name or password in it; write "user" and "key" with references such as \${env:NAME}`, locate(key));
    return null;
  }
  if (url.search !== '' || url.hash !== '') {
    findings.error('traces', `"${key}" is an address without ? and #`, locate(key));
    return null;
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
