import { beforeEach, describe, expect, it, vi } from 'vitest';
import { TouchstoneError } from '../../../src/core/errors.ts';
import { askFolders } from '../../../src/extension/engine/ask-folders.ts';
import type { FolderEngine } from '../../../src/extension/engine/folder-engine.ts';
import type { Services } from '../../../src/extension/services.ts';
import { findTrace } from '../../../src/extension/traces/targets.ts';

const said: string[] = [];
vi.mock('vscode', () => ({
  CancellationError: class extends Error {},
  l10n: { t: (text: string, ...values: unknown[]) => text.replaceAll(/\{(\d)\}/g, (_, at: string) => String(values[Number(at)])) },
  workspace: { asRelativePath: (path: string) => path },
  window: {
    showErrorMessage: (message: string) => {
      said.push(message);
      return new Promise(() => undefined);
    },
  },
}));

const LOCKED = new TouchstoneError('store', 'The database is locked.');
const folder = (name: string, answer: unknown): FolderEngine => ({ folder: { name, uri: { toString: () => `file:///${name}` } }, request: () => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)) }) as unknown as FolderEngine;
const services = (...engines: FolderEngine[]): Services => ({ engines: { forTraces: () => engines }, log: { redact: (text: string) => text, error: () => undefined } }) as unknown as Services;
const list = (engine: FolderEngine): Promise<unknown> => engine.request('sources/get', {});

beforeEach(() => void said.splice(0));

describe('a question to every folder', () => {
  it('has the answers of those that can, in their order; why one cannot is said once, and nobody waits until it is put away', async () => {
    const engines = [folder('app', 1), folder('broken', LOCKED), folder('shop', 2)];
    expect((await askFolders(services(), engines, list)).map(({ engine, answer }) => [engine.folder.name, answer])).toEqual([['app', 1], ['shop', 2]]);
    expect(said).toEqual(['broken: The database is locked.']);
  });

  it('fails with what is wrong when no folder answers', async () => {
    await expect(askFolders(services(), [folder('broken', LOCKED), folder('too', new Error('gone'))], list)).rejects.toBe(LOCKED);
    expect(said).toEqual([]);
  });

  it('is told to the log by views, which ask again and again', async () => {
    const told: string[] = [];
    await askFolders(services(), [folder('app', 1), folder('broken', LOCKED)], list, ({ code, message }) => told.push(`${code} ${message}`));
    expect([told, said]).toEqual([['store broken: The database is locked.'], []]);
  });
});

describe('a trace by the beginning of its id', () => {
  const TRACE = { traceId: '4f1d0c2ab8e94d6fa7c3518e02b96d11' };
  const absent = new TouchstoneError('not-found', 'There is no trace 4f1d.');
  const several = new TouchstoneError('usage', 'Several traces begin with 4f1d');

  it('is found wherever it is, beside folders that have it not or cannot say', async () => {
    expect(await findTrace(services(folder('broken', LOCKED), folder('app', absent), folder('shop', TRACE)), ' 4F1D ')).toMatchObject({ engine: { folder: { name: 'shop' } }, row: TRACE, spanId: null });
    expect(said).toEqual(['broken: The database is locked.']);
  });

  it('is not guessed where several begin so, and missed by its name', async () => {
    await expect(findTrace(services(folder('app', TRACE), folder('shop', several)), '4f1d')).rejects.toBe(several);
    await expect(findTrace(services(folder('app', absent), folder('shop', absent)), ' 4f1d')).rejects.toMatchObject({ code: 'not-found', message: 'No trace of this workspace begins with 4f1d.' });
  });
});
