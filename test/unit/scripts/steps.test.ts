import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../../scripts/tools/paths.ts';
import { LONG_STEPS, STEPS } from '../../../scripts/tools/steps.ts';

it('every file of test/long is a step of npm run test:long', () => {
  const files = readdirSync(join(root, 'test/long')).map((name) => name.replace(/\.test\.ts$/, ''));
  expect(files.length).toBeGreaterThan(0);
  expect(LONG_STEPS.map(({ name }) => name)).toEqual(expect.arrayContaining(files));
});

it.each([['npm test', STEPS], ['npm run test:long', LONG_STEPS]])('steps of %s can be told apart, and build first', (_, steps) => {
  const names = steps.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names[0]).toBe('build');
});
