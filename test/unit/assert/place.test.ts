import { describe, expect, it } from 'vitest';
import { placeOfType } from '../../../src/core/assert/types.ts';

describe('where a check is made', () => {
  it.each([
    [{ type: 'contains', value: 'a' }, 'here'],
    [{ type: 'is-json' }, 'here'],
    [{ type: 'not-is-json', value: null }, 'here'],
    // A schema has patterns.
    [{ type: 'is-json', value: { type: 'object' } }, 'worker'],
    [{ type: 'regex', value: '^a$' }, 'worker'],
    [{ type: 'contains-json' }, 'worker'],
    [{ type: 'no-such-type' }, null],
  ] as const)('%j: %s', (spec, place) => {
    expect(placeOfType(spec)).toBe(place);
  });
});
