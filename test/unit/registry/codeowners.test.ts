import { describe, expect, it } from 'vitest';
import { parseCodeowners } from '../../../src/core/registry/codeowners.ts';

describe('CODEOWNERS', () => {
  // The examples of GitHub's documentation of the file.
  it.each([
    ['*', 'a/b.yml', true],
    ['*.js', 'a/b/c.js', true],
    ['*.js', 'a/b/c.ts', false],
    ['/build/logs/', 'build/logs/a/b.txt', true],
    ['/build/logs/', 'x/build/logs/a', false],
    ['docs/*', 'docs/getting-started.md', true],
    ['docs/*', 'docs/build-app/troubleshooting.md', false],
    ['apps/', 'x/apps/y/z', true],
    ['/docs/', 'docs/a/b', true],
    ['/docs/', 'x/docs/a', false],
    ['**/logs', 'build/logs/a', true],
    ['**/logs', 'deeply/nested/logs/a', true],
    ['/apps/github', 'apps/github/x', true],
    ['/apps/github', 'apps/githubs', false],
    ['prompts', 'prompts/a.prompt.yml', true],
    ['prompts/**', 'prompts/a/b.yml', true],
    ['with\\ space/', 'with space/a', true],
    ['.touchstone/', '.touchstone/registry/a', true],
  ])('%s and %s: %s', (pattern, path, matches) => {
    expect(parseCodeowners(`${pattern} @owner`)(path)).toEqual(matches ? ['@owner'] : []);
  });

  it('takes the last match, also one without owners, and leaves out comments and sections', () => {
    const owners = parseCodeowners('# all\n* @all\r\n[Section]\n^[Optional] @x\n/a/ @a @b # they\n/a/free\n');
    expect([owners('x'), owners('a/y'), owners('a/free/z')]).toEqual([['@all'], ['@a', '@b'], []]);
  });
});
