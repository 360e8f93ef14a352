import { beforeEach, describe, expect, it, vi } from 'vitest';
import type * as vscode from 'vscode';
import type { FolderEngine } from '../../../src/extension/engine/folder-engine.ts';
import type { Services } from '../../../src/extension/services.ts';
import { addSource } from '../../../src/extension/traces/add-source.ts';
import { Hosts } from '../../../src/extension/traces/hosts.ts';
import type { NewSource, RemoteSource, SourceTest } from '../../../src/protocol/remote.ts';

vi.mock('vscode', () => ({ l10n: { t: (text: string, ...values: unknown[]) => text.replaceAll(/\{(\d)\}/g, (_, at: string) => String(values[Number(at)])) } }));
vi.mock('../../../src/extension/progress.ts', () => ({ withProgress: (_: string, work: (signal: AbortSignal) => unknown) => work(new AbortController().signal) }));
vi.mock('../../../src/extension/questions.ts', () => ({ showInputBox: ({ password }: vscode.InputBoxOptions) => Promise.resolve(password === true ? '' : 'production'), showQuickPick: () => Promise.resolve(undefined) }));

const asked = vi.hoisted(() => [] as { question: string; detail: string; buttons: string[] }[]);
vi.mock('../../../src/extension/messages.ts', () => ({
  showInformation: () => Promise.resolve(undefined),
  showWarning: (question: string, { detail = '' }: vscode.MessageOptions, ...buttons: string[]) => {
    asked.push({ question, detail, buttons });
    return Promise.resolve(undefined);
  },
}));

const URL_OF = 'https://langfuse.example.com';
const source = (...secrets: string[]): RemoteSource => ({
  name: 'production', type: 'langfuse', url: URL_OF, app: URL_OF, project: null, secrets: secrets.map((name) => ({ name, what: 'key', isSet: true })), can: { list: true, summarise: false, scores: false, annotate: false },
});

function fakes(answer: SourceTest, secrets: readonly string[]): { readonly engine: FolderEngine; readonly services: Services } {
  const answers: Readonly<Record<string, unknown>> = { 'remote/describe': source(...secrets), 'remote/test': answer };
  return {
    engine: { request: (method: string) => Promise.resolve(answers[method]) } as unknown as FolderEngine,
    services: { log: { redact: (text: string) => text }, remotes: { listed: () => Promise.resolve([]), refresh: () => undefined }, hosts: { allow: () => Promise.resolve(), allowed: () => undefined, restore: () => Promise.resolve() }, secrets: {} } as unknown as Services,
  };
}

beforeEach(() => void asked.splice(0));

describe('a source whose connection does not work', () => {
  const entry: NewSource = { name: 'production', type: 'langfuse', url: URL_OF };
  const buttonsAfter = async (answer: SourceTest, ...secrets: string[]): Promise<readonly string[] | undefined> => {
    const { engine, services } = fakes(answer, secrets);
    expect(await addSource(services, engine, entry)).toBeUndefined();
    return asked.at(-1)?.buttons;
  };

  it('is given another key before it is tested again, where the key is what failed', async () => {
    expect(await buttonsAfter({ ok: false, message: '401', needsKey: true }, 'A')).toEqual(['Set Key…', 'Test Again', 'Add Anyway']);
    expect(await buttonsAfter({ ok: false, message: 'no answer' }, 'A')).toEqual(['Test Again', 'Add Anyway']);
    expect(await buttonsAfter({ ok: false, message: '401', needsKey: true })).toEqual(['Test Again', 'Add Anyway']);
  });
});

describe('a host that is asked for the first time', () => {
  const detailWith = async (...secrets: string[]): Promise<string | undefined> => {
    const hosts = new Hosts({ get: <T>(_: string, otherwise: T) => otherwise, update: () => Promise.resolve(), keys: () => [] } as unknown as vscode.Memento);
    expect(await hosts.agree([source(...secrets)])).toBe(false);
    return asked.at(-1)?.detail;
  };

  it('is agreed to with the keys that requests to it carry', async () => {
    expect(await detailWith('A_KEY')).toMatch(/^https:\/\/langfuse\.example\.com is the host of source "production" .*Requests to this host carry the key A_KEY; /);
    expect(await detailWith('A_KEY', 'B_KEY')).toContain('carry the keys A_KEY, B_KEY; ');
    expect(await detailWith()).toContain('No key is sent');
  });
});
