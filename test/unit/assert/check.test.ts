import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkAssertions } from '../../../src/core/assert/check.ts';
import type { AssertionSpec } from '../../../src/core/assert/model.ts';
import { ASSERTION_TYPES, UNSUPPORTED_TYPES } from '../../../src/core/assert/types.ts';

const range = { start: { line: 3, character: 2 }, end: { line: 3, character: 9 } };
const messages = (spec: AssertionSpec): string[] => checkAssertions([spec]).map(({ message }) => message);

describe('checks before a run', () => {
  it('name the nearest type for one that does not exist, at its place', () => {
    expect(checkAssertions([{ type: 'not-contians', value: 'x', range }])).toEqual([
      { severity: 'error', code: 'assertion', message: 'There is no assertion type not-contians; did you mean not-contains?', range },
    ]);
    expect(messages({ type: 'isjson' })).toEqual(['There is no assertion type isjson; did you mean is-json?']);
    expect(messages({ type: 'quantum' })).toEqual(['There is no assertion type quantum.']);
    expect(messages({ type: 'toString' })).toEqual(['There is no assertion type toString.']);
  });

  it.each<[string, string]>([
    ['trajectory:tool-used', 'traces'],
    ['not-trace-span-count', 'traces'],
    ['moderation', 'moderation service'],
    ['classifier', 'classifier'],
    ['pi', 'Pi Labs'],
    ['search-rubric', 'web search'],
    ['promptfoo:redteam:bola', 'red-team'],
  ])('say why %s is not evaluated', (type, why) => {
    expect(messages({ type, value: 'x' })[0]).toContain(why);
  });

  it.each<[AssertionSpec, string]>([
    [{ type: 'contains' }, 'contains needs a value.'],
    [{ type: 'cost' }, 'cost needs a threshold.'],
    [{ type: 'regex', value: '(' }, 'Invalid regular expression'],
    [{ type: 'contains', value: 'x', weight: -1 }, 'weight'],
    [{ type: 'javascript', value: "output === '{{name}}'" }, 'context.vars.name'],
    [{ type: 'contains', value: 'x', transform: 'output + {{name}}' }, 'context.vars.name'],
    [{ type: 'assert-set' }, 'members'],
    [{ type: 'assert-set', assert: [{ type: 'assert-set', assert: [] }] }, 'cannot be a member'],
    [{ type: 'assert-set', assert: [{ type: 'select-best', value: 'x' }] }, 'cannot be a member'],
    [{ type: 'not-select-best', value: 'x' }, 'not-'],
  ])('%o', (spec, message) => {
    expect(messages(spec).join()).toContain(message);
  });

  it('pass what is right', () => {
    const right: AssertionSpec[] = [
      { type: 'regex', value: '({{pattern}}' },
      { type: 'is-json' },
      { type: 'assert-set', threshold: 0.5, assert: [{ type: 'not-llm-rubric', value: 'polite' }] },
      { type: 'javascript', value: 'file://checks/{{a}}.js' },
    ];
    expect(checkAssertions(right)).toEqual([]);
  });

  it('know the types that docs/assertions.md tells of, and no other', () => {
    const text = readFileSync(path.resolve(import.meta.dirname, '../../../docs/assertions.md'), 'utf8');
    const told = (name: string): boolean => text.includes(`\`${name}\``);
    expect([...Object.keys(ASSERTION_TYPES), ...Object.keys(UNSUPPORTED_TYPES)].filter((name) => !told(name))).toEqual([]);
    const rows = [...text.matchAll(/^\| ((?:`[a-z0-9:-]+`(?:, )?)+) \|/gmu)].flatMap(([, names]) => (names ?? '').replaceAll('`', '').split(', '));
    const keys = ['type', 'value', 'threshold', 'weight', 'metric', 'provider', 'transform'];
    expect(rows.filter((name) => !Object.hasOwn(ASSERTION_TYPES, name) && !keys.includes(name))).toEqual([]);
  });

  it('have a line of help for every type', () => {
    for (const [name, { doc }] of Object.entries(ASSERTION_TYPES)) expect(doc, name).toMatch(/^[^\n]{20,120}\.$/u);
  });
});
