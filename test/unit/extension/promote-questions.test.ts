import { describe, expect, it, vi } from 'vitest';
import { WORKING_COPY } from '../../../src/extension/compare/sides.ts';
import { promote } from '../../../src/extension/features/environments/promote.ts';
import type { Services } from '../../../src/extension/services.ts';
import type { PickedPrompt } from '../../../src/extension/targets.ts';

const titles = vi.hoisted(() => [] as (string | undefined)[]);
vi.mock('vscode', () => ({
  l10n: { t: (text: string, ...values: unknown[]) => text.replaceAll(/\{(\d)\}/g, (_, at: string) => String(values[Number(at)])) },
  Uri: class { readonly scheme = 'file'; },
  QuickPickItemKind: { Separator: -1 },
  workspace: { textDocuments: [] },
}));
vi.mock('../../../src/extension/questions.ts', () => ({
  showInputBox: ({ title }: { title?: string }) => {
    titles.push(title);
    // A message and no labels, then no environment: nothing is promoted.
    return Promise.resolve(titles.length === 1 ? 'Shorter' : '');
  },
  showQuickPick: ({ length }: { length: number }, { title }: { title?: string }) => {
    titles.push(`${title} (${length})`);
    return Promise.resolve(undefined);
  },
}));

describe('a working copy that nobody saved', () => {
  it('is saved before it is promoted, and the questions say so', async () => {
    const asked: string[] = [];
    const answers: Readonly<Record<string, unknown>> = {
      'versions/list': { versions: [], environments: [{ environment: 'production', version: null, diverged: [] }], workingCopy: { hash: 'a', version: null, parent: null } },
      'versions/save': { version: { label: 'v1 · aaaa', number: 1, hash: 'a', source: 'registry' }, created: true },
    };
    const engine = { folder: {}, request: (method: string) => (asked.push(method), Promise.resolve(answers[method])) };
    const picked = { engine, prompt: { name: 'Triage', path: '/w/triage.prompt.yml', id: 'triage' } } as unknown as PickedPrompt;
    expect(await promote({} as Services, picked, { path: picked.prompt.path, ref: WORKING_COPY })).toBeUndefined();
    expect(titles).toEqual(['Promote Triage: First Save It as a Version', 'Promote Triage: First Save It as a Version', 'Promote v1 (1)']);
    expect(asked).toContain('versions/save');
    expect(asked).not.toContain('environments/promote');
  });
});
