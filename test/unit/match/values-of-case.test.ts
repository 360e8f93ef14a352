import { describe, expect, it } from 'vitest';
import { valuesOfCase } from '../../../src/core/match/values-of-case.ts';

describe('values as the variables of a case', () => {
  const of = (names: string[], syntax: 'nunjucks' | 'placeholders'): unknown => valuesOfCase(names.map((name) => ({ name, value: name.toUpperCase() })), syntax);

  it('stand where the template looks for them', () => {
    expect(of(['user.name', 'user.address.city', 'q'], 'nunjucks')).toEqual({ user: { name: 'USER.NAME', address: { city: 'USER.ADDRESS.CITY' } }, q: 'Q' });
    expect(of(['user.name', 'q'], 'placeholders')).toEqual({ 'user.name': 'USER.NAME', q: 'Q' });
    expect(of(['user', 'user.name'], 'nunjucks')).toEqual({ user: 'USER' });
  });

  it('never reach a prototype', () => {
    expect(Object.keys(of(['__proto__.polluted', 'constructor.prototype.polluted'], 'nunjucks') as object)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
