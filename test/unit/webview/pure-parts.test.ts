import { describe, expect, test } from 'vitest';
import { gridLayout } from '../../../webview/panels/run/grid-columns.ts';
import { decodeViewState, INITIAL_STATE } from '../../../webview/panels/run/view-state.ts';
import { differenceOf, foldEqual } from '../../../webview/shared/difference.ts';
import { scrollToRow, visibleRows } from '../../../webview/shared/virtual.ts';
import { clip, visiblePieces, visibleText } from '../../../webview/shared/visible-text.ts';

describe('which rows are drawn', () => {
  const at = (scrollTop: number, total = 1000) => visibleRows({ scrollTop, height: 260, rowHeight: 26, total }, 2);
  test('the seen ones and some more, within the list', () => {
    expect(at(0)).toEqual([0, 11]);
    expect(at(13)).toEqual([0, 12]);
    expect(at(26 * 500)).toEqual([498, 511]);
    expect(at(26 * 990)).toEqual([988, 999]);
  });
  test('an empty and a shrunken list', () => {
    expect(at(0, 0)).toEqual([0, -1]);
    expect(at(26 * 500, 3)).toEqual([2, 2]);
  });
  test('the least scroll that shows a row', () => {
    const view = { scrollTop: 260, height: 260, rowHeight: 26, total: 1000 };
    expect(scrollToRow(12, view)).toBe(260);
    expect(scrollToRow(5, view)).toBe(130);
    expect(scrollToRow(5, view, 26)).toBe(104);
    expect(scrollToRow(20, view)).toBe(286);
  });
});

describe('which columns have room', () => {
  const has = { slices: true, expected: true, grouped: false, repeats: false };
  const shown = (width: number, models = 2, what = has) => {
    const { slice, variables, expected, latency } = gridLayout(width, models, what);
    return [slice && 'slice', variables && 'variables', expected && 'expected', latency && 'latency'].filter(Boolean).join(' ');
  };
  test('narrowing drops variables, then latency, then expected and slice', () => {
    expect(shown(822)).toBe('slice variables expected latency');
    expect(shown(779)).toBe('slice expected latency');
    expect(shown(680)).toBe('slice expected');
    expect(shown(480)).toBe('');
  });
  test('more models than fit scroll sideways', () => {
    expect(gridLayout(480, 2, has).minWidth).toBeLessThanOrEqual(480);
    expect(gridLayout(822, 12, has).minWidth).toBeGreaterThan(822);
  });
  test('grouped rows have no slice column, and a dataset without expectations no column for them', () => {
    expect(shown(1200, 2, { ...has, grouped: true })).toBe('variables expected latency');
    expect(shown(1200, 2, { ...has, expected: false })).toBe('slice variables latency');
  });
});

describe('difference from expected', () => {
  const lines = (expected: string, output: string) => differenceOf(expected, output)?.map((line) => `${{ both: ' ', expected: '-', output: '+' }[line.side]}${line.pieces.map((piece) => (piece.changed ? `[${piece.text}]` : piece.text)).join('')}`);
  test('other lines are marked whole', () => {
    expect(lines('billing', 'technical\n\nA bug.')).toEqual(['-[billing]', '+[technical]', '+[]', '+[A bug.]']);
  });
  test('in replaced lines the words that changed are marked', () => {
    expect(lines('the plan is Pro now', 'the plan is Free now')).toEqual(['-the plan is [Pro] now', '+the plan is [Free] now']);
  });
  test('equal texts have no change, a final line end does not count', () => {
    expect(lines('a\nb', 'a\nb\n')).toEqual([' a', ' b']);
  });
  test('what is too long is not compared', () => {
    expect(differenceOf('x'.repeat(150_000), 'y'.repeat(150_000))).toBeNull();
  });
  test('empty lines, lines that came and lines that went', () => {
    expect(lines('a\n\nb', 'a\nb\n\n\nc')).toEqual([' a', '-[]', ' b', '+[]', '+[]', '+[c]']);
    expect(lines('', 'a')).toEqual(['-[]', '+[a]']);
  });
  test('long equal stretches are folded around what differs', () => {
    const text = Array.from({ length: 40 }, (_, i) => `line ${i}`);
    const other = text.with(20, 'changed');
    const folded = foldEqual(differenceOf(text.join('\n'), other.join('\n')) ?? []);
    expect(folded.map((line) => (typeof line === 'number' ? line : line.side))).toEqual([17, 'both', 'both', 'both', 'expected', 'output', 'both', 'both', 'both', 16]);
  });
});

describe('text that hides', () => {
  const shown = (text: string) => visiblePieces(text).map((piece) => (piece.name === undefined ? piece.text : `<${piece.text} ${piece.name}>`)).join('');
  test.each([
    ['bil\u200Bling', 'bil<U+200B zero-width space>ling'],
    ['\u202Etxt.exe', '<U+202E right-to-left override>txt.exe'],
    ['a\u0000b\u001B[31m', 'a<U+0000 null>b<U+001B escape>[31m'],
    ['hi\u{E0041}', 'hi<U+E0041 invisible character>'],
    ['葛\u{E0100}城 ❤\uFE0F', '葛\u{E0100}城 ❤\uFE0F'],
    ['😀\u{E0158}\u{E0159}', '😀<U+E0158 invisible character><U+E0159 invisible character>'],
    ['tab\tand\r\nline ends stay', 'tab\tand\r\nline ends stay'],
    ['👩\u200D💻 می\u200Cخواهم', '👩\u200D💻 می\u200Cخواهم'],
  ])('%j', (text, expected) => expect(shown(text)).toBe(expected));
  test('as one text', () => expect(visibleText('a\u202Eb')).toBe('aU+202Eb'));
  test('a clip never cuts a pair', () => {
    expect(clip('a😀b', 2)).toBe('a');
    expect(clip('a😀b', 3)).toBe('a😀');
    expect(clip('ab', 9)).toBe('ab');
  });
});

describe('kept view state', () => {
  test('comes back as it was', () => {
    const state = { ...INITIAL_STATE, open: { caseIndex: 3, modelIndex: 1, repeat: 0 }, detailWidth: 512, tab: 'request' };
    expect(decodeViewState({ ...state, runId: 'r' })).toEqual(state);
  });
  test.each([undefined, null, 'text', 7, []])('%j is the beginning', (kept) => expect(decodeViewState(kept)).toEqual(INITIAL_STATE));
  test('a part that does not fit falls back alone', () => {
    expect(decodeViewState({ ...INITIAL_STATE, view: { filter: 'gone' }, tab: 'trace', detailWidth: -5, outputMode: 'json' })).toEqual({ ...INITIAL_STATE, outputMode: 'json' });
  });
});
