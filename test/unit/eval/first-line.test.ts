import { describe, expect, it } from 'vitest';
import { firstLine } from '../../../src/node/sqlite/run-journal.ts';

describe('the preview of an output', () => {
  it('is its first line', () => {
    expect(firstLine('\n  billing \nbecause of the invoice')).toBe('billing');
    expect(firstLine('- one\n- two')).toBe('- one');
    expect(firstLine('{"queue": "billing"}\n{"queue": "other"}')).toBe('{"queue": "billing"}');
    expect(firstLine('…')).toBe('…');
    expect(firstLine('')).toBe('');
  });

  it('goes on behind a line that only opens data or code', () => {
    expect(firstLine('{\n  "queue": "billing",\n  "sure": true\n}')).toBe('{ "queue": "billing", "sure": true }');
    expect(firstLine('[\n  {\n    "a": 1\n  }\n]')).toBe('[ { "a": 1 } ]');
    expect(firstLine('```json\n{"queue": "other"}\n```')).toBe('```json {"queue": "other"} ```');
    expect(firstLine('---\n# Answer\n')).toBe('--- # Answer');
  });

  it('is short, whatever the size of the output', () => {
    const long = firstLine(`{\n${'  "key": "value",\n'.repeat(1_000_000)}}`);
    expect(long.length).toBeLessThanOrEqual(firstLine('x'.repeat(1_000_000)).length);
    expect(long.startsWith('{ "key": "value", "key"')).toBe(true);
  });
});
