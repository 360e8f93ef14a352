import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { addTraceSource, removeBackendSource } from '../../../src/core/config/edit-sources.ts';
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

describe('removing a tool that keeps traces', () => {
  const A = '{ name: a, type: jaeger, url: "http://localhost:16686" }';
  const B = '{ name: b, type: phoenix }';
  it.each([
    ['the first line of a list', `traces:\n  sources:\n    - ${A} # with a comment\n    - logs/*.jsonl # ours\n    - ${B}\njudge: x\n`],
    ['a line within a list', `traces:\n  sources:\n    - logs/*.jsonl # ours\n    - ${A}\n    - ${B}\njudge: x\n`],
    ['the last line of a file', `judge: x\ntraces:\n  sources:\n    - logs/*.jsonl # ours\n    - ${A}`],
    ['an entry of several lines', `traces:\n  sources:\n    - logs/*.jsonl # ours\n    - name: a\n      type: jaeger\n      url: http://host-1:16686\n    - ${B}\njudge: x\n`],
    ['the first of a flow list', `traces: { sources: [${A}, logs/*.jsonl, ${B}] } # ours\n`],
    ['the last of a flow list', `traces: { sources: [logs/*.jsonl, ${A}] } # ours\n`],
    ['the only one', `# ours\ntraces:\n  sources:\n    - ${A}\njudge: x\n`],
    ['the only one of a flow list', `# ours\ntraces: { sources: [${A}] }\njudge: x\n`],
  ])('%s: nothing else changes', (_, text) => {
    const edit = removeBackendSource('/w/touchstone.yml', text, 'a');
    expect(edit).not.toBeNull();
    const result = text.slice(0, edit?.start) + (edit?.newText ?? '') + text.slice(edit?.end);
    const before = parse(text) as { traces: { sources: unknown[] } };
    const rest = before.traces.sources.filter((source) => typeof source === 'string' || (source as { name: string }).name !== 'a');
    expect(parse(result), result).toEqual({ ...before, traces: { sources: rest } });
    expect(result).toContain('# ours');
    expect(removeBackendSource('/w/touchstone.yml', result, 'a')).toBeNull();
  });

  it('does nothing where there is none of the name', () => {
    for (const text of ['', 'judge: x\n', 'traces:\n', 'traces:\n  sources: [a, { path: a }]\n']) expect(removeBackendSource('/w/touchstone.yml', text, 'a')).toBeNull();
  });
});
