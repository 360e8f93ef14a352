import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { PromptHistory } from '../../../src/core/registry/history.ts';
import { RegistryBench, type Operation } from '../../fixtures/registry-folder.ts';

const open: RegistryBench[] = [];
const kept = (bench: RegistryBench): RegistryBench => {
  open.push(bench);
  return bench;
};
afterEach(() => {
  for (const bench of open.splice(0)) bench.remove();
});

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('save' as const), text: fc.integer({ min: 1, max: 5 }), message: fc.constantFrom('first', 'second') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('promote' as const), version: fc.nat(4), environment: fc.constantFrom('staging', 'production') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rollback' as const), environment: fc.constantFrom('staging', 'production') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tag' as const), tag: fc.constantFrom('a', 'b') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('move' as const), to: fc.integer({ min: 1, max: 3 }) }) },
);
const operations = (most: number): fc.Arbitrary<Operation[]> => fc.array(operation, { minLength: 1, maxLength: most });

const BEGIN = Date.UTC(2026, 4, 1);
/** Clocks of two people: close together, or one of them late. */
const clock = (from: number) => {
  let time = BEGIN + from;
  return () => (time += 1);
};

async function historyOf(bench: RegistryBench): Promise<PromptHistory> {
  const { prompts, problems } = await bench.read();
  expect(problems).toEqual([]);
  expect(prompts.flatMap((prompt) => prompt.problems)).toEqual([]);
  expect(prompts).toHaveLength(1);
  return prompts[0]!;
}

/** What two branches have, in one folder; no file of one says something else in the other. */
function union(a: RegistryBench, b: RegistryBench): RegistryBench {
  const merged = kept(RegistryBench.empty());
  for (const side of [a, b]) {
    for (const [path, text] of side.files()) {
      const other = (side === a ? b : a).files().get(path);
      if (other !== undefined) expect(other).toBe(text);
      mkdirSync(dirname(join(merged.folder, path)), { recursive: true });
      writeFileSync(join(merged.folder, path), text);
    }
  }
  return merged;
}

function expectNothingLost(base: PromptHistory, a: PromptHistory, b: PromptHistory, merged: PromptHistory): void {
  for (const side of [a, b]) {
    for (const version of side.versions) {
      const same = merged.version(version.hash);
      expect(same).toMatchObject({ content: version.content });
      // Nothing is renumbered.
      expect(same?.numbers).toEqual(expect.arrayContaining([...version.numbers]));
      expect(same?.tags).toEqual(expect.arrayContaining([...version.tags]));
      expect(merged.resolve({ kind: 'hash', hash: version.hash }).hash).toBe(version.hash);
    }
    expect(merged.pointers.map(({ id }) => id)).toEqual(expect.arrayContaining(side.pointers.map(({ id }) => id)));
    expect([...merged.everyName]).toEqual(expect.arrayContaining([...side.everyName]));
  }
  expect(merged.nextNumber).toBe(Math.max(a.nextNumber, b.nextNumber));
  for (const name of ['staging', 'production']) {
    const [before, ofA, ofB, after] = [base, a, b, merged].map((history) => history.environment(name)) as [ReturnType<typeof base.environment>, ReturnType<typeof base.environment>, ReturnType<typeof base.environment>, ReturnType<typeof base.environment>];
    const [movedA, movedB] = [ofA.last?.id !== before.last?.id, ofB.last?.id !== before.last?.id];
    if (movedA && movedB && ofA.version !== ofB.version) {
      expect(after).toMatchObject({ diverged: true, version: null });
      expect(new Set(after.tips.map(({ version }) => version))).toEqual(new Set([ofA.version, ofB.version]));
    } else expect(after).toMatchObject({ diverged: false, version: movedA ? ofA.version : ofB.version });
  }
}

describe('what two branches recorded', () => {
  it('is lost by no merge, gives no file two contents, and diverged pointers are seen and decided', async () => {
    await fc.assert(fc.asyncProperty(operations(3), operations(5), operations(5), fc.constantFrom(0, 1000, -5000), async (before, first, second, late) => {
      const base = kept(RegistryBench.empty());
      await base.apply({ kind: 'save', text: 0, message: 'base' });
      for (const one of before) await base.apply(one);
      const [a, b] = [kept(base.branch('Ana', clock(0))), kept(base.branch('Ben', clock(late)))];
      for (const one of first) await a.apply(one);
      for (const one of second) await b.apply(one);
      const merged = union(a, b);
      const history = await historyOf(merged);
      expectNothingLost(await historyOf(base), await historyOf(a), await historyOf(b), history);
      // The next movement decides, and is then the only last one.
      const decided = new RegistryBench(merged.folder, { author: 'Cara', file: `${[...history.names][0]}.prompt.yml` });
      await decided.apply({ kind: 'save', text: 9, message: 'after the merge' });
      await decided.apply({ kind: 'promote', version: 0, environment: 'production' });
      const after = (await merged.read()).prompts.find(({ promptId }) => promptId === history.promptId)!;
      expect(after.environment('production')).toMatchObject({ diverged: false, version: after.newest?.hash });
      expect(after.newest?.number).toBe(history.nextNumber);
      for (const bench of open.splice(0)) bench.remove();
    }), { numRuns: 12 });
  });

  it('is merged by Git without a conflict', async () => {
    const samples = fc.sample(fc.tuple(operations(3), operations(4), operations(4)), { numRuns: 4, seed: 7 });
    // The same content, saved on both branches with other words, and the same movement.
    samples.push([[], [{ kind: 'save', text: 1, message: 'first' }, { kind: 'promote', version: 0, environment: 'production' }], [{ kind: 'save', text: 1, message: 'second' }, { kind: 'promote', version: 0, environment: 'production' }]]);
    for (const [before, first, second] of samples) {
      const base = kept(RegistryBench.empty());
      const commit = (bench: RegistryBench, message: string): void => {
        bench.git('add', '.touchstone/registry');
        bench.git('commit', '-q', '--allow-empty', '-m', message);
      };
      base.git('init', '-q');
      await base.apply({ kind: 'save', text: 0, message: 'base' });
      for (const one of before) await base.apply(one);
      commit(base, 'base');
      const b = kept(base.branch('Ben', clock(5)));
      const a = new RegistryBench(base.folder, { author: 'Ana', now: clock(0), file: base.file });
      for (const one of first) await a.apply(one);
      commit(a, 'a');
      for (const one of second) await b.apply(one);
      commit(b, 'b');
      const [ofA, ofB] = [await historyOf(a), await historyOf(b)];
      a.git('fetch', '-q', b.folder, 'HEAD');
      a.git('merge', '-q', '--no-edit', 'FETCH_HEAD');
      expect(a.git('status', '--porcelain', '--', '.touchstone/registry')).toBe('');
      const merged = await historyOf(a);
      expect(new Set(merged.versions.map(({ hash }) => hash))).toEqual(new Set([...ofA.versions, ...ofB.versions].map(({ hash }) => hash)));
      expect(new Set(merged.pointers.map(({ id }) => id))).toEqual(new Set([...ofA.pointers, ...ofB.pointers].map(({ id }) => id)));
    }
  });

  it('may give one number to two versions: both are named, and the next number is that of both', async () => {
    const base = kept(RegistryBench.empty());
    await base.apply({ kind: 'save', text: 0, message: 'base' });
    const [a, b] = [kept(base.branch('Ana', clock(0))), kept(base.branch('Ben', clock(0)))];
    await a.apply({ kind: 'save', text: 1, message: 'by Ana' });
    await b.apply({ kind: 'save', text: 2, message: 'by Ben' });
    const merged = await historyOf(union(a, b));
    expect(() => merged.resolve({ kind: 'number', number: 2, hash: null })).toThrow(/v2 · [0-9a-f]{8} by Ana \(by Ana\).*v2 · [0-9a-f]{8} by Ben \(by Ben\)|v2 · [0-9a-f]{8} by Ben \(by Ben\).*v2 · [0-9a-f]{8} by Ana \(by Ana\)/);
    expect(merged.nextNumber).toBe(3);
    expect(merged.versions.map(({ number }) => number)).toEqual([2, 2, 1]);
  });
});
