import { describe, expect, test } from 'vitest';
import { shortLabel } from '../../../src/core/registry/names.ts';

describe('what a version is called', () => {
  const saved = (number: number, hash: string) => ({ source: 'registry', number, hash, label: `v${number} · ${hash}` }) as const;

  test('by its number; with its hash where two branches made one of it, and by what Git says where nobody saved it', () => {
    const ours = saved(3, '3f9a1c2e');
    const all = [saved(2, '11111111'), ours, saved(3, 'aaaaaaaa')];
    expect(shortLabel(ours)).toBe('v3');
    expect(all.map((version) => shortLabel(version, all))).toEqual(['v2', 'v3 · 3f9a1c2e', 'v3 · aaaaaaaa']);
    expect(shortLabel({ source: 'git', number: null, hash: 'bbbbbbbb', label: 'git 1a2b3c4d' }, all)).toBe('git 1a2b3c4d');
    // A text of Git's history has no number that could be taken for another's.
    expect(shortLabel(ours, [ours, { source: 'git', number: null, hash: 'bbbbbbbb' }])).toBe('v3');
  });
});
