import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { FolderEngine } from '../../../src/extension/engine/folder-engine.ts';
import type { Services } from '../../../src/extension/services.ts';
import type { NewSource, RemoteSource, SourceTest } from '../../../src/protocol/remote.ts';

/** What the person answers, in order; `undefined`: Escape. */
let answers: (string | undefined)[] = [];
const told: string[] = [];
const next = (): Promise<string | undefined> => Promise.resolve(answers.shift());
vi.mock('vscode', () => ({
  TabInputWebview: class {},
  l10n: { t: (text: string, ...values: unknown[]) => text.replaceAll(/\{(\d)\}/g, (_, at: string) => String(values[Number(at)])) },
  ProgressLocation: { Notification: 15 },
  window: {
    showInputBox: next,
    tabGroups: { activeTabGroup: {} },
    showWarningMessage: next,
    showInformationMessage: (text: string) => Promise.resolve(void told.push(text)),
    withProgress: (_: unknown, work: (progress: unknown, token: unknown) => unknown) => work({ report: () => undefined }, { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => undefined }) }),
  },
}));
const { addSource } = await import('../../../src/extension/traces/add-source.ts');
const { Hosts } = await import('../../../src/extension/traces/hosts.ts');
const { Secrets } = await import('../../../src/extension/secrets.ts');

const KEY = 'LANGFUSE_SECRET_KEY';
const HERE = 'https://new.example.com';
const SUGGESTION: NewSource = { name: 'new', type: 'langfuse', url: HERE };
/** Accepts the address and the name that are proposed. */
const ACCEPTED = [HERE, 'new'];

describe('adding a source', () => {
  const memory = new Map<string, unknown>();
  const stored = new Map<string, string>();
  let test: () => Promise<SourceTest>;
  let add: () => Promise<unknown>;
  let services: Services;
  let engine: FolderEngine;

  beforeEach(async () => {
    memory.clear();
    stored.clear();
    told.length = 0;
    answers = [];
    test = () => Promise.resolve({ ok: true, message: 'It answers.' });
    add = () => Promise.resolve({ file: 'touchstone.yml' });
    const state = { get: (name: string, otherwise: unknown) => memory.get(name) ?? otherwise, update: (name: string, value: unknown) => Promise.resolve(void memory.set(name, value)) };
    const kept = { get: (name: string) => Promise.resolve(stored.get(name)), store: (name: string, value: string) => Promise.resolve(void stored.set(name, value)), delete: (name: string) => Promise.resolve(void stored.delete(name)) };
    const log = { hide: () => undefined, redact: (text: string) => text };
    const secrets = new Secrets({ globalState: state, secrets: kept } as unknown as ConstructorParameters<typeof Secrets>[0], log as unknown as ConstructorParameters<typeof Secrets>[1]);
    services = { secrets, log, hosts: new Hosts(state as unknown as ConstructorParameters<typeof Hosts>[0]), remotes: { listed: () => Promise.resolve([]), refresh: () => undefined } } as unknown as Services;
    const source = { name: 'new', type: 'langfuse', url: HERE, secrets: [{ name: KEY, what: 'Secret key', isSet: true }] } as unknown as RemoteSource;
    const answer: Readonly<Record<string, () => Promise<unknown>>> = { 'remote/describe': () => Promise.resolve(source), 'remote/test': () => test(), 'remote/add': () => add() };
    engine = { request: (method: string) => answer[method]?.() } as unknown as FolderEngine;
    // Another source has a key of the same name.
    await secrets.set(KEY, 'of the other');
    await services.hosts.allow('https://other.example.com', [KEY]);
  });

  const hosts = (): unknown => memory.get('sources.hosts');
  const before = { 'https://other.example.com': [KEY] };

  it('keeps the key that was typed, for its host', async () => {
    answers = [...ACCEPTED, 'typed'];
    expect(await addSource(services, engine, SUGGESTION)).toBe('new');
    expect(await services.secrets.get(KEY)).toBe('typed');
    expect(hosts()).toEqual({ ...before, [HERE]: [KEY] });
    expect(told).toEqual(['Source "new" is added to touchstone.yml. It answers.']);
  });

  it('leaves keys and hosts as they were when it is given up', async () => {
    test = () => Promise.resolve({ ok: false, message: 'It does not accept the key (401).' });
    answers = [...ACCEPTED, 'typed', undefined];
    expect(await addSource(services, engine, SUGGESTION)).toBeUndefined();
    expect(await services.secrets.get(KEY)).toBe('of the other');
    expect(hosts()).toEqual(before);
  });

  it('leaves them when the test of the connection is cancelled', async () => {
    test = () => Promise.reject(new Error('cancelled'));
    answers = [...ACCEPTED, 'typed'];
    await expect(addSource(services, engine, SUGGESTION)).rejects.toThrow('cancelled');
    expect(await services.secrets.get(KEY)).toBe('of the other');
    expect(hosts()).toEqual(before);
  });

  it('does not say that it is added where touchstone.yml cannot be written', async () => {
    add = () => Promise.reject(new Error('touchstone.yml cannot be read'));
    answers = [...ACCEPTED, 'typed'];
    await expect(addSource(services, engine, SUGGESTION)).rejects.toThrow('touchstone.yml cannot be read');
    expect(told).toEqual([]);
    expect(await services.secrets.get(KEY)).toBe('of the other');
    expect(hosts()).toEqual(before);
  });

  it('removes a key that was not there before', async () => {
    await services.secrets.remove(KEY);
    answers = [...ACCEPTED, 'typed', undefined];
    test = () => Promise.resolve({ ok: false, message: 'No.' });
    expect(await addSource(services, engine, SUGGESTION)).toBeUndefined();
    expect(stored.size).toBe(0);
    expect(services.secrets.names()).toEqual([]);
  });
});
