import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { addTraceSource } from '../../../src/core/config/edit-sources.ts';
import { TouchstoneError } from '../../../src/core/errors.ts';

function added(text: string, source: string): string {
  const edit = addTraceSource('/w/touchstone.yml', text, source);
  return edit === null ? text : text.slice(0, edit.start) + edit.newText + text.slice(edit.end);
}

const TEXTS: readonly (readonly [string, string])[] = [
  ['an empty file', ''],
  ['only comments', '# Settings of this workspace.\n#models:\n#  a: b\n'],
  ['other keys', 'judge: openai/gpt-5-mini # the judge\n'],
  ['no line break at the end', 'judge: a'],
  ['Windows line breaks', 'judge: a\r\nbudget: 1\r\n'],
  ['an empty traces', 'traces:\njudge: a\n'],
  ['a null traces', 'traces: null # none yet\njudge: a\n'],
  ['traces in braces', 'traces: { }\njudge: a\n'],
  ['empty sources', 'traces:\n  sources:\njudge: a\n'],
  ['sources in brackets', 'traces: { sources: [] } # files\njudge: a\n'],
  ['one source without a list', 'traces:\n  sources: other/*.json\njudge: a\n'],
  ['one quoted source without a list', 'traces:\n  sources: "other/*.json"\n'],
  ['a list', 'traces:\n  sources:\n    - other/*.json\n    - { path: third.jsonl, from: end } # ours\njudge: a\n'],
  ['a list that is not indented', 'traces:\n  sources:\n  - other/*.json\n\njudge: a\n'],
  ['a list of maps', 'traces:\n  sources:\n    - path: other/*.json\n      from: end\n'],
  ['a flow list', 'traces:\n  sources: [other/a.json, { path: b.jsonl }]\n'],
  ['a file in braces', '{ judge: a }'],
];

describe('adding a file to tail', () => {
  it.each(TEXTS)('to %s adds it alone', (_, text) => {
    for (const source of ['logs/traces.jsonl', 'logs/**/*.{json,jsonl}', '~/.claude/projects/*/*.jsonl', 'C:/a: b.jsonl', '*.jsonl', 'it\'s, "here".json']) {
      const result = added(text, source);
      const before = (parse(text) ?? {}) as { traces?: { sources?: unknown } | null };
      const after = parse(result) as { traces: { sources: unknown[] } };
      const known = before.traces?.sources ?? [];
      expect(after, result).toEqual({ ...before, traces: { ...before.traces, sources: [...(Array.isArray(known) ? (known as unknown[]) : [known]), source] } });
      // Everything that stood there stands there, comments too.
      const edit = addTraceSource('/w/touchstone.yml', text, source);
      expect(text.slice(edit?.start, edit?.end).trim()).toMatch(/^(|null|"?other\/\*\.json"?)$/);
    }
  });

  it('does nothing when it is there, as a text or as a path', () => {
    for (const text of ['traces:\n  sources: a.jsonl\n', 'traces: { sources: [a.jsonl] }', 'traces:\n  sources:\n    - path: a.jsonl\n']) expect(addTraceSource('/w/touchstone.yml', text, 'a.jsonl')).toBeNull();
  });

  it.each(['- a\n', 'traces: yes\n', 'traces:\n  sources: { a: b }\n'])('refuses what is no list of sources: %j', (text) => {
    expect(() => addTraceSource('/w/touchstone.yml', text, 'a.jsonl')).toThrow(TouchstoneError);
  });
});
