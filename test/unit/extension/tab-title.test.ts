import { describe, expect, it } from 'vitest';
import { tabTitle } from '../../../src/extension/panels/tab-title.ts';

describe('tabTitle', () => {
  it('keeps what fits, and cuts what would fill the window', () => {
    expect(tabTitle('The template of the first reply: production v2 ⇄ working copy')).toBe('The template of the first reply: production v2 ⇄ working copy');
    expect(tabTitle('n'.repeat(300))).toBe(`${'n'.repeat(79)}…`);
    expect(tabTitle(`${'n'.repeat(78)}🔥${'n'.repeat(9)}`)).toBe(`${'n'.repeat(78)}…`);
    expect(tabTitle(`${'n'.repeat(50)}${' '.repeat(40)}n`)).toBe(`${'n'.repeat(50)}…`);
  });
});
