import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { progressLine, progressLogLine, progressOf, shouldLog, type Progress } from '../../../src/cli/progress.ts';
import { traceColumns } from '../../../src/cli/trace-columns.ts';
import { table } from '../../../src/cli/table.ts';
import { fit, printable, wantsColor } from '../../../src/cli/terminal.ts';
import { sampleRun } from '../report/sample-run.ts';

const progress: Progress = { name: 'Support triage', done: 87, total: 120, passed: 70, failed: 15, errors: 2, interval: [0.73, 0.89], cost: 0.0128, estimate: 0.018, remainingMs: 6000 };

describe('the progress line', () => {
  it('says what matters', () => {
    expect(progressLine(progress, { color: false, columns: 140 })).toBe('Support triage  ━━━━━━━━━━━━━━━──────  87/120  ✓ 70 ✗ 15 ! 2  82.4% [73–89]  $0.0128 of about $0.0180  6.0 s left'.replace('━━━━━━━━━━━━━━━──────', `${'━'.repeat(15)}${'─'.repeat(5)}`));
  });

  it('fits every width, and keeps the count the longest', () => {
    for (let columns = 1; columns <= 150; columns++) {
      const line = progressLine({ ...progress, name: 'サポートの振り分け 🇪🇸👩‍👩‍👧 triage' }, { color: true, columns });
      expect(stringWidth(line)).toBeLessThan(columns);
      if (columns >= 8) expect(line).toContain('87/120');
    }
  });

  it('uses colours only when asked', () => {
    expect(progressLine(progress, { color: false, columns: 120 })).not.toContain('\u001B');
    expect(progressLine(progress, { color: true, columns: 120 })).toContain('\u001B[32m');
  });

  it('does not invent what is unknown, nor talk of money that is not spent', () => {
    const start = progressLine({ ...progress, done: 0, passed: 0, failed: 0, errors: 0, interval: null, cost: null, remainingMs: null }, { color: false, columns: 120 });
    expect(start).toContain('cost unknown');
    expect(start).not.toMatch(/%|left|NaN|null/);
    expect(progressLine({ ...progress, cost: 0, estimate: 0 }, { color: false, columns: 120 })).not.toContain('$');
    expect(progressLine({ ...progress, total: 0, done: 0 }, { color: false, columns: 120 })).toContain('0/0');
  });

  it('adds up the runs of one eval', () => {
    const first = sampleRun([{ case: 'a' }, { case: 'b', pass: false }], { id: 'a', estimateUsd: 0.5 }).run;
    const second = { ...sampleRun([{ case: 'a' }], { id: 'b', name: 'Extract', total: 10, estimateUsd: 0.25 }).run, remainingMs: 900 };
    expect(progressOf([first, second])).toMatchObject({ name: 'Extract', done: 3, total: 12, passed: 2, failed: 1, cost: 0, estimate: 0.75, remainingMs: 900 });
    expect(progressOf([{ ...first, costSoFar: null }, second]).cost).toBeNull();
  });
});

describe('the log line', () => {
  it('is plain text', () => {
    expect(progressLogLine(progress)).toBe('Support triage: 87 of 120 cells (73%) · pass rate so far 82.4% [73–89] · 2 errors · $0.0128 of about $0.0180 · 6.0 s left');
  });

  it.each([
    ['a tenth is done', 0, 1000, 12, true],
    ['a tenth is done in less than a second', 0, 999, 60, false],
    ['less than a tenth', 0, 1000, 11, false],
    ['ten seconds', 0, 10_000, 1, true],
    ['nothing new', 5, 20_000, 5, false],
    ['nothing new for a minute', 5, 60_000, 5, true],
  ])('comes when %s', (_name, before, now, done, expected) => {
    expect(shouldLog({ at: 0, done: before }, now, done, 120)).toBe(expected);
  });
});

describe('terminal text', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [false, { FORCE_COLOR: '3', NO_COLOR: '1' }, true],
  ])('colours on a terminal (%s) with %o: %s', (terminal, env, expected) => {
    expect(wantsColor(terminal, env)).toBe(expected);
  });

  it('cuts between what people see as characters', () => {
    expect(fit('triage', 6)).toBe('triage');
    expect(fit('triage of tickets', 8)).toBe('triage …');
    expect(fit('振り分け', 5)).toBe('振り…');
    expect(fit('👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 5)).toBe('👩‍👩‍👧👩‍👩‍👧…');
    expect(fit('abc', 0)).toBe('');
  });

  it('makes control characters visible', () => {
    expect(printable('a\u001B[31mb\u001B[0m\tc\nd\u0008\u2066')).toBe('ab c⏎d\\u0008\\u2066');
  });

  it('aligns wide characters, and drops columns that do not fit', () => {
    const columns = [{ title: 'Case' }, { title: 'Cost', right: true, dropAt: 1 }, { title: 'Score', right: true }];
    const rows = [['振り分け', '$0.0180', '1.00'], ['a', '$0', '0.50']];
    expect(table(columns, rows, { color: false, columns: 80 })).toBe('Case         Cost  Score\n振り分け  $0.0180   1.00\na              $0   0.50\n');
    expect(table(columns, rows, { color: false, columns: 20 })).toBe('Case      Score\n振り分け   1.00\na          0.50\n');
  });

  it('keeps the time of a trace longest', () => {
    const row = ['4a1b2c3d'.repeat(4), 'invoke_agent triage', '2026-11-22 15:29:02', '900 ms', '3', '', '91', '$0.000735', 'fernhill-triage', 'conv-eb25bb86', 'stored'];
    expect(table(traceColumns('Here'), [row], { color: false, columns: 100 })).toMatch(/^Trace +Name +Started \(UTC\) +Took +Errors +Tokens\n/);
  });

  it('brings back what fits beside a wide column that went, and cuts texts before a column goes', () => {
    const columns = [{ title: 'Trace' }, { title: 'Begins with', dropAt: 1 }, { title: 'Started', dropAt: 2 }, { title: 'Took', dropAt: 3 }];
    const rows = [['4a1b', 'a text of many words that has no room', '15:29', '900 ms']];
    expect(table(columns, rows, { color: false, columns: 22 })).toBe('Trace  Started  Took\n4a1b   15:29    900 ms\n');
    expect(table(columns, rows, { color: false, columns: 14 })).toBe('Trace  Started\n4a1b   15:29\n');
    const cut = columns.map((column) => (column.title === 'Begins with' ? { ...column, least: 12 } : column));
    expect(table(cut, rows, { color: false, columns: 38 })).toBe('Trace  Begins with     Started  Took\n4a1b   a text of man…  15:29    900 ms\n');
    expect(table(cut, rows, { color: false, columns: 30 })).toBe('Trace  Begins with     Started\n4a1b   a text of man…  15:29\n');
    expect(table(cut, rows, { color: false, columns: 80 })).toContain('a text of many words that has no room  15:29');
  });
});
