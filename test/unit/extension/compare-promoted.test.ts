import { describe, expect, it, vi } from 'vitest';
import { askShown } from '../../../src/extension/features/compare-panel/shown.ts';
import type { ComparedSide, Comparison, ComparisonRef } from '../../../src/protocol/compare.ts';
import { FIRST_QUESTION, type ShownComparison } from '../../../src/protocol/compare-panel.ts';
import type { EngineClient } from '../../../src/protocol/engine.ts';
import type { PromptVersions } from '../../../src/protocol/registry.ts';
import { promotionOf } from '../../../webview/panels/compare/wording.ts';

vi.mock('vscode', () => ({}));

const REF: ComparisonRef = { a: { runId: 'r-a', modelIndex: 0 }, b: { runId: 'r-b', modelIndex: 0 } };
const V2 = { hash: '2'.repeat(64), label: 'v2 · 22222222' };
const V3 = { hash: '3'.repeat(64), label: 'v3 · 33333333' };

interface Now {
  /** What the environments point to. */
  readonly production: string | null;
  readonly staging?: string | null;
  /** Of the working copy: the version that it is. */
  readonly workingCopy?: string | null;
  readonly isEdited?: boolean;
  readonly b?: Partial<ComparedSide>;
}

async function shown({ production, staging = null, workingCopy = null, isEdited = false, b = { version: null, workingCopy: true, label: 'working copy' } }: Now): Promise<ShownComparison> {
  const comparison = { ref: REF, a: { status: 'finished' }, b: { status: 'finished', promptPath: '/w/p.prompt.yml', promptId: 'p', ...b }, stale: { a: false, b: isEdited }, refused: null, result: null } as unknown as Comparison;
  const versions = {
    versions: [V3, V2], workingCopy: { version: workingCopy },
    environments: [{ environment: 'staging', version: staging }, { environment: 'production', version: production }],
  } as unknown as PromptVersions;
  const answers: Readonly<Record<string, unknown>> = { 'compare/get': comparison, 'versions/list': versions, 'compare/page': null };
  const engine = { request: (method: string) => Promise.resolve(answers[method]) } as unknown as Pick<EngineClient, 'request'>;
  const answer = await askShown(engine, [REF], [], FIRST_QUESTION);
  if (!answer) throw new Error('there is a comparison');
  return answer.shown;
}

describe('Promote… in the comparison panel', () => {
  it('is offered for a working copy that nobody has promoted', async () => {
    const now = await shown({ production: V2.hash });
    expect(now).toMatchObject({ environments: ['staging', 'production'] });
    expect(promotionOf(now)).toEqual({ targets: ['staging', 'production'], title: 'Promotes working copy to staging or production', badge: null });
  });

  it('says which version the working copy has become once an environment points to it', async () => {
    const now = await shown({ production: V3.hash, workingCopy: V3.hash });
    expect(now.promoted).toEqual({ label: V3.label, environments: ['production'] });
    expect(promotionOf(now)).toEqual({ targets: ['staging'], title: 'production points to v3 already. Promotes it to staging', badge: 'is v3, in production' });
    expect(promotionOf(await shown({ production: V3.hash, staging: V3.hash, workingCopy: V3.hash }))).toEqual({ targets: [], title: 'staging and production point to v3 already', badge: 'is v3, in staging and production' });
  });

  it('is about what is shown: a working copy that was edited since it ran is no version of it', async () => {
    expect((await shown({ production: V3.hash, workingCopy: V3.hash, isEdited: true })).promoted).toBeUndefined();
  });

  it('says nothing twice of a version', async () => {
    const version = { hash: V3.hash, number: 3, label: V3.label, environment: null };
    expect(promotionOf(await shown({ production: V3.hash, b: { version, label: V3.label } }))).toMatchObject({ badge: 'in production', targets: ['staging'] });
    expect(promotionOf(await shown({ production: V3.hash, b: { version: { ...version, environment: 'production' }, label: 'production v3' } }))).toMatchObject({ badge: null });
  });
});
