import { secretName } from '../../core/config/backends.ts';
import type { BackendSource, SourceType } from '../../core/config/model.ts';
import type { Credentials } from './client.ts';
import { SourceError } from './errors.ts';

/** The value of a secret by its name, for a request to the given origin; `null`: nobody has set it. */
export type SourceSecrets = (name: string, origin: string) => Promise<string | null>;

interface KeyNeeds {
  /** What the key is called where it is made. */
  readonly key: string;
  readonly user?: string;
  readonly applicationKey?: string;
  /** Without it nothing can be had. */
  readonly isNeeded: boolean | ((source: BackendSource) => boolean);
}

const NEEDS: Readonly<Record<SourceType, KeyNeeds | null>> = {
  langfuse: { user: 'the public key (pk-lf-…)', key: 'the secret key (sk-lf-…)', isNeeded: true },
  langsmith: { key: 'an API key (lsv2_…)', isNeeded: true },
  phoenix: { key: 'an API key', isNeeded: false },
  opik: { key: 'an API key', isNeeded: ({ url }) => new URL(url).hostname.endsWith('comet.com') },
  weave: { key: 'a W&B API key', isNeeded: true },
  jaeger: { key: 'a token or password', isNeeded: false },
  tempo: { key: 'a token or password', isNeeded: ({ datasource }) => datasource !== undefined },
  clickhouse: { key: 'the password', isNeeded: false },
  datadog: { key: 'the API key', applicationKey: 'the application key', isNeeded: true },
  honeycomb: { key: 'an API key', isNeeded: true },
  logfire: { key: 'a read token', isNeeded: true },
  sqlite: null,
};

/** The secrets of a source, in the order in which they are asked for. A user name that stands in touchstone.yml is none. */
export function secretsOf(source: BackendSource): { readonly name: string; readonly what: string }[] {
  const needs = NEEDS[source.type];
  if (needs === null) return [];
  return [
    ...(needs.user !== undefined && typeof source.user !== 'string' ? [{ name: nameOf(source, 'user'), what: needs.user }] : needs.user === undefined && typeof source.user === 'object' ? [{ name: source.user.env, what: 'the user name' }] : []),
    { name: nameOf(source, 'key'), what: needs.key },
    ...(needs.applicationKey === undefined ? [] : [{ name: nameOf(source, 'applicationKey'), what: needs.applicationKey }]),
  ];
}

function nameOf(source: BackendSource, which: 'key' | 'user' | 'applicationKey'): string {
  const given = source[which];
  if (typeof given === 'object') return given.env;
  return secretName(source.name, which === 'key' ? 'KEY' : which === 'user' ? 'USER' : 'APPLICATION_KEY');
}

/** Headers that identify us to a source, of keys that are read when they are needed. */
export function credentialsOf(source: BackendSource, secrets: SourceSecrets): Credentials {
  const needs = NEEDS[source.type];
  const { origin } = new URL(source.url);
  const read = async (which: 'key' | 'user' | 'applicationKey'): Promise<string | null> => {
    const given = source[which];
    if (typeof given === 'string') return given;
    const value = (await secrets(nameOf(source, which), origin))?.trim();
    return value === undefined || value === '' ? null : value;
  };
  return async () => {
    if (needs === null) return {};
    const key = await read('key');
    const user = needs.user !== undefined || source.user !== undefined ? await read('user') : null;
    const isNeeded = typeof needs.isNeeded === 'boolean' ? needs.isNeeded : needs.isNeeded(source);
    const missing = [...(needs.user !== undefined && user === null ? [nameOf(source, 'user')] : []), ...(key === null ? [nameOf(source, 'key')] : [])];
    if (isNeeded && missing.length > 0) throw missingKey(source, missing);
    return checked(source, headersOf(source, user, key, needs.applicationKey === undefined ? null : await read('applicationKey')));
  };
}

/** Headers take visible ASCII only: a pasted key with a line break, a quote or an accent would be refused without a word of why, or end the header. */
function checked(source: BackendSource, headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const wrong = Object.entries(headers).find(([, value]) => !/^[\x20-\x7e]*$/.test(value));
  if (wrong === undefined) return headers;
  const isTenant = wrong[1] === source.tenant;
  throw new SourceError(isTenant ? 'invalid-config' : 'missing-secret', isTenant ? `"tenant" of source "${source.name}" has characters that no header can carry: write it in plain letters in touchstone.yml.` : `A key of source "${source.name}" has characters that no header can carry, such as a line break: set ${secretsOf(source).map(({ name }) => name).join(' and ')} again, with "Touchstone: Set API Key" or in the environment.`);
}

function missingKey(source: BackendSource, names: readonly string[]): SourceError {
  return new SourceError('missing-secret', `Source "${source.name}" needs ${secretsOf(source).map(({ what }) => what).join(' and ')}: set ${names.join(' and ')} with "Touchstone: Set API Key" or in the environment.`);
}

function headersOf(source: BackendSource, user: string | null, key: string | null, applicationKey: string | null): Record<string, string> {
  const { tenant } = source;
  switch (source.type) {
    case 'langfuse': return basic(user ?? '', key ?? '');
    case 'weave': return basic('api', key ?? '');
    case 'langsmith': return { 'x-api-key': key ?? '', ...(tenant === undefined ? {} : { 'x-tenant-id': tenant }) };
    // No "Bearer" here: the key alone.
    case 'opik': return { ...(key === null ? {} : { authorization: key }), ...(tenant === undefined ? {} : { 'comet-workspace': tenant }) };
    case 'clickhouse': return { 'x-clickhouse-user': user ?? 'default', ...(key === null ? {} : { 'x-clickhouse-key': key }) };
    case 'datadog': return { 'dd-api-key': key ?? '', ...(applicationKey === null ? {} : { 'dd-application-key': applicationKey }) };
    case 'honeycomb': return { 'x-honeycomb-team': key ?? '' };
    case 'tempo': return { ...bearerOrBasic(user, key), ...(tenant === undefined ? {} : { 'x-scope-orgid': tenant }) };
    case 'phoenix': case 'jaeger': case 'logfire': return bearerOrBasic(user, key);
    case 'sqlite': return {};
  }
}

function bearerOrBasic(user: string | null, key: string | null): Record<string, string> {
  if (key === null) return {};
  return user === null ? { authorization: `Bearer ${key}` } : basic(user, key);
}

function basic(user: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
