import { beforeEach, describe, expect, it, vi } from 'vitest';
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
vi.mock('vscode', () => ({
  l10n: { t: (text: string) => text },
  ProgressLocation: { Notification: 15 },
  commands: {
    executeCommand: async (_command: string, target: { traceId: string; spanId: string | null }, show: { preserveFocus: boolean }) => {
      await Promise.resolve();
      open.add(target.traceId);
      asked.push({ spanId: target.spanId, preserveFocus: show.preserveFocus });
    },
  },
  window: { withProgress: (_: unknown, work: (progress: unknown, token: unknown) => unknown) => work({ report: () => undefined }, { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => undefined }) }) },
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
