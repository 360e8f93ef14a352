import { beforeEach, describe, expect, it, vi } from 'vitest';
import { TouchstoneError, type ErrorCode } from '../../../src/core/errors.ts';
import type { FolderEngine } from '../../../src/extension/engine/folder-engine.ts';
import type { Services } from '../../../src/extension/services.ts';

const LINK = 'https://jaeger.example.com/trace/4f1d0c2ab8e94d6fa7c3518e02b96d11';
const TRACE = '4f1d0c2ab8e94d6fa7c3518e02b96d11';
const FOLDER = 'file:///app';

interface Opened {
  readonly spanId: string | null;
  readonly preserveFocus: boolean;
}

/** Panels, as the command that opens them keeps them. */
const open = new Set<string>();
const asked: Opened[] = [];
/** Failures that were shown, with their buttons; the first button is taken as often as is said. */
const failures: (readonly string[])[] = [];
let taken = 0;
vi.mock('vscode', () => ({
  CancellationError: class extends Error {},
  l10n: { t: (text: string) => text },
  workspace: {},
  ProgressLocation: { Notification: 15 },
  commands: {
    executeCommand: async (_command: string, target: { traceId: string; spanId: string | null }, show: { preserveFocus: boolean }) => {
      await Promise.resolve();
      open.add(target.traceId);
      asked.push({ spanId: target.spanId, preserveFocus: show.preserveFocus });
    },
  },
  window: {
    showErrorMessage: (message: string, _: unknown, ...buttons: string[]) => {
      failures.push([message, ...buttons]);
      return Promise.resolve(taken-- > 0 ? buttons[0] : undefined);
    },
    showWarningMessage: (_message: string, _options: unknown, ...buttons: string[]) => Promise.resolve(buttons[0]),
    showWorkspaceFolderPick: () => Promise.resolve({ uri: { toString: () => 'file:///two' } }),
    withProgress: (_: unknown, work: (progress: unknown, token: unknown) => unknown) => work({ report: () => undefined }, { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => undefined }) }),
  },
}));
/** Folders that were asked for a source. */
const added: string[] = [];
vi.mock('../../../src/extension/traces/add-source.ts', () => ({
  addSource: (_services: unknown, { folder }: FolderEngine) => {
    added.push(folder.uri.toString());
    return Promise.resolve(undefined);
  },
  setKeys: () => Promise.resolve(false),
}));
const { openLink } = await import('../../../src/extension/features/links/open-link.ts');

describe('a trace that comes from a source', () => {
  let progress: (told: unknown) => void;
  /** What happens between the first spans and the last. */
  let meanwhile: () => Promise<void>;
  let services: Services;

  beforeEach(() => {
    open.clear();
    asked.length = 0;
    meanwhile = () => Promise.resolve();
    const engine = {
      folder: { uri: { toString: () => FOLDER } },
      request: async (method: string, params: { request?: string }) => {
        if (method === 'links/explain') return { isStored: false, wouldContact: [], source: 'production' };
        progress({ engine, params: { request: params.request, traceId: TRACE, spans: 200, bytes: 40_000 } });
        await new Promise((resolve) => setTimeout(resolve, 5));
        await meanwhile();
        return { status: 'opened', from: 'source', traceId: TRACE, spanId: '9c1a4f7be20d3385', notes: [] };
      },
    } as unknown as FolderEngine;
    services = {
      engines: { forTraces: () => [engine], onRemoteProgress: (listener: typeof progress) => { progress = listener; return { dispose: () => undefined }; } },
      shownTraces: { isShown: (_: unknown, traceId: string) => open.has(traceId) },
    } as unknown as Services;
  });

  it('is shown with its first spans, and its span when all have come, without taking the keys again', async () => {
    await openLink(services, LINK);
    expect(asked).toEqual([{ spanId: null, preserveFocus: false }, { spanId: '9c1a4f7be20d3385', preserveFocus: true }]);
  });

  it('stays closed when the person has closed it before all had come', async () => {
    meanwhile = () => Promise.resolve(void open.clear());
    await openLink(services, LINK);
    expect(asked).toEqual([{ spanId: null, preserveFocus: false }]);
    expect(open.size).toBe(0);
  });
});

describe('a source that cannot give a trace', () => {
  const opening = async (code: ErrorCode): Promise<number> => {
    failures.length = 0;
    let times = 0;
    const engine = {
      folder: { uri: { toString: () => FOLDER } },
      request: (method: string) => {
        if (method === 'links/explain') return Promise.resolve({ isStored: false, wouldContact: [], source: 'production' });
        times++;
        return Promise.reject(new TouchstoneError(code, `Jaeger (source "production") ${code}`));
      },
    } as unknown as FolderEngine;
    await openLink({
      engines: { forTraces: () => [engine], onRemoteProgress: () => ({ dispose: () => undefined }) },
      remotes: { listed: () => Promise.resolve([{ name: 'production', secrets: [{ name: 'A' }] }]) },
      log: { redact: (text: string) => text, error: () => undefined },
    } as unknown as Services, LINK);
    return times;
  };

  it.each<ErrorCode>(['source-server', 'timeout', 'rate-limited', 'network', 'source-response'])('is asked again where that may help: %s', async (code) => {
    taken = 1;
    expect(await opening(code)).toBe(2);
    expect(failures).toEqual(Array.from({ length: 2 }, () => [`Jaeger (source "production") ${code}`, 'Try Again']));
  });

  it.each<ErrorCode>(['unauthorized', 'missing-secret'])('is given another key only where the key is what failed: %s', async (code) => {
    taken = 0;
    expect(await opening(code)).toBe(1);
    expect(failures).toEqual([[`Jaeger (source "production") ${code}`, 'Set Key…']]);
  });

  it('is not asked again for what it does not have', async () => {
    taken = 0;
    await opening('not-found');
    expect(failures[0]?.slice(1)).toEqual(['Show Log']);
  });
});

describe('a link whose host nobody knows', () => {
  const unknown = async (...folders: string[]): Promise<readonly string[]> => {
    added.length = 0;
    const engines = folders.map((folder) => ({
      folder: { uri: { toString: () => folder } },
      request: (method: string) => Promise.resolve(method === 'links/explain'
        ? { isStored: false, wouldContact: [], source: null }
        : { status: 'unknown-host', host: 'jaeger.example.com', backend: 'jaeger', suggestion: { name: 'jaeger', type: 'jaeger', url: 'https://jaeger.example.com' } }),
    } as unknown as FolderEngine));
    await openLink({
      engines: { forTraces: () => engines, forFolder: (address: string) => engines.find(({ folder }) => folder.uri.toString() === address), onRemoteProgress: () => ({ dispose: () => undefined }) },
    } as unknown as Services, LINK);
    return added;
  };

  it('becomes a source of the folder that a person picks, or of the only one', async () => {
    expect(await unknown('file:///one', 'file:///two')).toEqual(['file:///two']);
    expect(await unknown('file:///one')).toEqual(['file:///one']);
  });
});
