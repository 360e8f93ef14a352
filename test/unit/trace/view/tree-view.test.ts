import { describe, expect, test } from 'vitest';
import { SPAN_FLAGS, SPAN_KINDS } from '../../../../src/core/trace/skeleton.ts';
import { findByName, matchesOf, nextIn } from '../../../../src/core/trace/view/find.ts';
import { ROW } from '../../../../src/core/trace/view/rows.ts';
import { SpanPositions } from '../../../../src/core/trace/view/span-ids.ts';
import { TreeView } from '../../../../src/core/trace/view/tree-view.ts';
import { catalogueRun, SkeletonWriter, sketch, type SketchedSpan } from '../../../fixtures/traces/skeleton.ts';

const ALL = { merge: true, kinds: null, errorsOnly: false } as const;
const kind = (name: string): number => SPAN_KINDS.findIndex((known) => known === name);
const names = (view: TreeView): string[] => Array.from({ length: view.rows.length }, (_, index) => view.rows.at(index)).map((row) => (row.position < 0 ? '…' : view.skeleton.texts[view.skeleton.names[row.position]!]!));

describe('numbers of a row', () => {
  const calls = (failed: number): SketchedSpan[] => Array.from({ length: 20 }, (_, index) => ({ kind: 'llm', name: 'call', start: index, end: index + 10 + index, flags: index < failed ? SPAN_FLAGS.error : 0, below: [{ name: 'inner', start: index, end: index + 1, flags: index === 19 ? SPAN_FLAGS.error : 0 }] }));
  const view = new TreeView(sketch({ roots: [{ name: 'run', start: 0, end: 100, below: calls(3) }] }), ALL);

  test('an open group has its members’ own, a closed one those below too', () => {
    const group = view.rows.at(1);
    expect(group.type).toBe(ROW.group);
    view.setOpen(group, true);
    expect(view.numbers(view.rows.at(1))).toEqual({ spans: 20, errors: 3, matches: 0, p50: 19 });
    view.setOpen(group, false);
    expect(view.numbers(view.rows.at(1)).errors).toBe(4);
    expect(view.errors).toHaveLength(4);
  });

  test('what is found is counted where it can be seen', () => {
    view.setMatches(matchesOf(findByName(view.skeleton, 'INN')));
    view.setOpen(view.rows.at(1), false);
    expect(view.numbers(view.rows.at(1)).matches).toBe(20);
    view.setOpen(view.rows.at(1), true);
    expect(view.numbers(view.rows.at(1)).matches).toBe(0);
    expect(view.numbers(view.rows.at(2))).toMatchObject({ spans: 20, matches: 20 });
    view.setMatches(null);
  });

  test('earlier, shown and later members are the group', () => {
    const index = view.reveal(1 + 2 * 7);
    const shown = view.rows.at(index);
    expect(shown.position).toBe(15);
    const [group, earlier, , later] = [1, 2, 3, 4].map((row) => view.rows.at(row));
    expect([earlier?.type, later?.type]).toEqual([ROW.earlier, ROW.later]);
    expect([...view.spansOf(earlier!), shown.position, ...view.spansOf(later!)]).toEqual([...view.spansOf(group!)]);
    expect(view.numbers(earlier!)).toMatchObject({ spans: 7, errors: 3 });
    expect(view.isOpen(group!)).toBe(true);
    view.setMembers(group!.group, false);
    expect(view.rows.at(2).type).toBe(ROW.group);
  });

  test('a member that was only gone past goes back to the others', () => {
    const made = new TreeView(catalogueRun(5000), ALL);
    const before = made.rows.length;
    const byName = (name: string): number => made.skeleton.names.findIndex((text, at) => at > 500 && made.skeleton.texts[text] === name);
    made.reveal(byName('translate'));
    expect(made.rows.length).toBe(before + 3);
    made.reveal(byName('check_claims'));
    expect(made.rows.length).toBe(before + 3);
  });
});

describe('filters', () => {
  const skeleton = sketch({ roots: [{ kind: 'agent', name: 'run', start: 0, end: 9, below: [{ kind: 'chain', name: 'step', start: 0, end: 4, below: [{ kind: 'llm', name: 'ask', start: 0, end: 1 }, { kind: 'tool', name: 'do', start: 2, end: 3, flags: SPAN_FLAGS.error }] }, { kind: 'chain', name: 'idle', start: 5, end: 6, below: [{ kind: 'http', name: 'GET', start: 5, end: 6 }] }] }], missing: { aaaaaaaaaaaaaaaa: [{ kind: 'llm', name: 'lost', start: 1, end: 2 }] } });

  test('keep what is above, and say what is only kept', () => {
    const view = new TreeView(skeleton, ALL);
    view.setOptions({ ...ALL, kinds: new Set([kind('tool')]) });
    expect(names(view)).toEqual(['run', 'step', 'do']);
    expect([0, 1, 2].map((index) => view.filter?.passes(view.rows.at(index).position))).toEqual([false, false, true]);
    expect(view.filter?.passing).toBe(1);
    view.setOptions({ ...ALL, kinds: new Set([kind('llm')]) });
    expect(names(view)).toEqual(['run', 'step', 'ask', '…', 'lost']);
    view.setOptions({ ...ALL, errorsOnly: true });
    expect(names(view)).toEqual(['run', 'step', 'do']);
    view.setOptions({ ...ALL, kinds: new Set([kind('memory')]) });
    expect(view.rows.length).toBe(0);
  });

  test('what has nothing left below it cannot be opened', () => {
    const view = new TreeView(skeleton, { ...ALL, kinds: new Set([kind('chain')]) });
    expect(names(view)).toEqual(['run', 'step', 'idle']);
    expect([0, 1, 2].map((index) => view.hasChildren(view.rows.at(index)))).toEqual([true, false, false]);
  });

  describe('of equal siblings', () => {
    const calls: SketchedSpan[] = Array.from({ length: 300 }, (_, index) => ({ kind: 'llm', name: 'call', start: index, end: index + 1, flags: index % 100 === 99 ? SPAN_FLAGS.error : 0, below: [{ kind: 'http', name: 'POST', start: index, end: index + (index === 0 ? 1 : 0.5) }] }));
    const many = sketch({ roots: [{ kind: 'agent', name: 'run', start: 0, end: 300, below: calls }] });
    const starts = (view: TreeView): (number | string)[] => Array.from({ length: view.rows.length }, (_, index) => view.rows.at(index)).slice(1).map((row) => (row.position < 0 ? `${['', 'group', '', 'earlier', 'later'][row.type]} ${view.numbers(row).spans}` : many.starts[row.position]!));

    test('count, draw and open those that are kept', () => {
      const view = new TreeView(many, { ...ALL, errorsOnly: true });
      expect(starts(view)).toEqual(['group 3']);
      expect(view.numbers(view.rows.at(1))).toMatchObject({ spans: 3, errors: 3 });
      const all = { from: 0, to: 300 };
      expect(view.activity(view.rows.at(1), all, all, 300).reduce((sum, active) => sum + active, 0)).toBeCloseTo(3);
      view.setMembers(view.rows.at(1).group, true);
      expect(starts(view)).toEqual(['group 3', 99, 199, 299]);
    });

    test('keep what is shown one by one, as far as another filter keeps it', () => {
      const view = new TreeView(many, ALL);
      view.setMembers(view.rows.at(1).group, true);
      view.showMore(view.rows.at(view.rows.length - 1));
      expect(starts(view).slice(-2)).toEqual([199, 'later 100']);
      view.setOptions({ ...ALL, errorsOnly: true });
      expect(starts(view)).toEqual(['group 3', 99, 199, 'later 1']);
      view.setOptions(ALL);
      expect(starts(view)).toEqual(['group 300', 'earlier 99', 99, 100, 'later 199']);
    });

    test('show some where nothing of what was shown is left', () => {
      const view = new TreeView(many, ALL);
      view.reveal(1);
      view.setOptions({ ...ALL, errorsOnly: true });
      expect(starts(view)).toEqual(['group 3', 99, 199, 299]);
    });

    test('are the same after a reload', () => {
      const view = new TreeView(many, { ...ALL, errorsOnly: true });
      view.setMembers(view.rows.at(1).group, true);
      expect(starts(new TreeView(many, { ...ALL, errorsOnly: true }, view.keep()))).toEqual(starts(view));
    });
  });
});

describe('opening', () => {
  test('all below a row, merged or not', () => {
    const run = catalogueRun(3000);
    for (const merge of [true, false]) {
      const view = new TreeView(run, { ...ALL, merge });
      view.expandAll('all');
      const all = view.rows.length;
      view.expandAll('none');
      expect(view.rows.length).toBe(2); // the run, and the missing parent
      view.expandBelow(0);
      view.expandBelow(view.rows.length - 1);
      expect(view.rows.length).toBe(all);
    }
  });

  test('merging is for long traces unless somebody says otherwise', () => {
    const short = sketch({ roots: Array.from({ length: 60 }, (_, index) => ({ name: 'turn', start: index, end: index + 1 })) });
    expect(new TreeView(short, { ...ALL, merge: null }).rows.length).toBe(60);
    expect(new TreeView(short, { ...ALL, merge: true }).rows.length).toBe(1);
    expect(new TreeView(catalogueRun(2000), { ...ALL, merge: null }).display.merged).toBe(true);
  });

  test('the same rows stay when merging is switched off and on', () => {
    const view = new TreeView(catalogueRun(2000), ALL);
    const before = names(view);
    view.setOptions({ ...ALL, merge: false });
    expect(view.rows.length).toBeGreaterThan(before.length);
    view.setOptions(ALL);
    expect(names(view)).toEqual(before);
  });
});

test('a chain of 10,000 levels is opened, gone to and drawn', () => {
  const writer = new SkeletonWriter();
  for (let depth = 0, parent = -1; depth < 10_000; depth++) parent = writer.add({ kind: 'agent', name: 'again', start: depth, end: 20_000 - depth }, parent);
  const chain = writer.finish();
  for (const merge of [true, false]) {
    const view = new TreeView(chain, { ...ALL, merge });
    view.expandAll('all');
    expect(view.rows.length).toBe(10_000);
    view.expandAll('none');
    expect(view.rows.length).toBe(1);
    const last = view.reveal(9_999);
    expect(view.rows.at(last)).toMatchObject({ position: 9_999, depth: 9_999 });
    view.expandAll('none');
    view.expandBelow(0);
    expect(view.rows.length).toBe(10_000);
  }
});

test('ids lead to positions and back', () => {
  const skeleton = catalogueRun(2000);
  const positions = new SpanPositions(skeleton);
  for (let at = 0; at < skeleton.count; at += 7) expect(positions.position(positions.id(at))).toBe(at);
  expect(positions.position('ffffffffffffffff')).toBe(-1);
  expect(positions.position('not an id')).toBe(-1);
});

test('the next of an ordered list goes round', () => {
  const list = Int32Array.of(3, 8, 20);
  expect([nextIn(list, -1, 1), nextIn(list, 3, 1), nextIn(list, 9, 1), nextIn(list, 20, 1)]).toEqual([0, 1, 2, 0]);
  expect([nextIn(list, 20, -1), nextIn(list, 3, -1), nextIn(list, 4, -1)]).toEqual([1, 2, 0]);
  expect(nextIn(new Int32Array(0), 1, 1)).toBe(-1);
});
