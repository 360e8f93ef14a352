import { describe, expect, it, vi } from 'vitest';
import { TouchstoneError } from '../../../src/core/errors.ts';
import type { FolderEngine } from '../../../src/extension/engine/folder-engine.ts';
import { missingPrompts } from '../../../src/extension/features/traces-view/known-prompts.ts';
import type { Services } from '../../../src/extension/services.ts';
import { MOST_OLDER } from '../../../src/protocol/spans.ts';

vi.mock('vscode', () => ({ l10n: { t: (text: string, ...values: unknown[]) => text.replaceAll(/\{(\d)\}/g, (_, at: string) => String(values[Number(at)])) } }));

describe('what a list of a query with prompt: may lack', () => {
  const logged: string[] = [];
  const asked: unknown[] = [];
  const known = (pending: number, older: number): unknown => ({ pending, isWorking: true, newest: 5000, older });
  const missing = (query: string, ...answers: unknown[]): Promise<string | null> => {
    const engines = answers.map((answer, at): FolderEngine => ({ folder: { name: `folder ${at}` }, request: (...question: unknown[]) => {
      asked.push(question);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    } }) as unknown as FolderEngine);
    return missingPrompts({ engines: { forTraces: () => engines }, log: { warn: (text: string) => logged.push(text) } } as unknown as Services, query);
  };

  it('is nothing where all is known, and nobody is asked of other queries', async () => {
    expect(await missing('status:error', known(3, 3))).toBeNull();
    expect(await missing('prompt:', known(3, 3))).toBeNull();
    expect(asked).toEqual([]);
    expect(await missing('prompt:triage status:error', known(0, 0))).toBeNull();
    expect(asked).toEqual([['calls/match', { forMs: 0 }]]);
  });

  it('is what is still found out, and what is too old for it, of all folders together', async () => {
    expect(await missing('prompt:triage', known(1, 0))).toBe('the prompts of 1 trace are still being found out');
    expect(await missing('prompt:triage', known(2000, 0), known(0, 12))).toBe('the prompts of 2,000 traces are still being found out · of the 12 older than the newest 5,000 only those that name their prompt');
    expect(await missing('prompt:triage', known(0, MOST_OLDER))).toBe('of the 10,000+ older than the newest 5,000 only those that name their prompt');
  });

  it('is told of the folders that answer; why another does not stands in the log', async () => {
    expect(await missing('prompt:triage', new TouchstoneError('store', 'The database is locked.'), known(0, 1))).toBe('of the 1 older than the newest 5,000 only those that name their prompt');
    expect(logged).toEqual(['folder 0: The database is locked.']);
  });
});
