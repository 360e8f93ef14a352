import { describe, expect, test } from 'vitest';
import { SPAN_KINDS, type TraceSkeleton } from '../../../../src/core/trace/skeleton.ts';
import { buildDisplay, memberCount, membersOf, onlyMember, type Display } from '../../../../src/core/trace/view/display.ts';
import { Expansion } from '../../../../src/core/trace/view/expansion.ts';
import { flatten, ROW, type Rows } from '../../../../src/core/trace/view/rows.ts';
import { SpanPositions } from '../../../../src/core/trace/view/span-ids.ts';
import { catalogueRun, randomOf, sketch, type SketchedSpan } from '../../../fixtures/traces/skeleton.ts';

/** Rows as lines: indented, kind and name, ×N for a group. */
function lines(rows: Rows): string[] {
  const { display } = rows;
  const { skeleton } = display;
  return Array.from({ length: rows.length }, (_, index) => {
    const row = rows.at(index);
    const indent = '  '.repeat(row.depth);
    if (row.type === ROW.missing) return `${indent}missing ${display.missingOf.get(row.group)?.spanIds.join(' ')}`;
    const window = row.group >= 0 ? memberCount(display, row.group) : 0;
    if (row.type === ROW.earlier || row.type === ROW.later) return `${indent}${row.type === ROW.earlier ? 'earlier' : 'later'} of ${window}`;
    const at = row.position >= 0 ? row.position : membersOf(display, row.group)[0]!;
    const text = `${SPAN_KINDS[skeleton.kinds[at]!]} ${skeleton.texts[skeleton.names[at]!]}`;
    return `${indent}${text}${row.type === ROW.group ? ` ×${window}` : ''}`;
  });
}

function shown(skeleton: TraceSkeleton, options: { merge: boolean; mergeFrom?: number }, mode: 'auto' | 'all' | 'none' = 'all'): string[] {
  const expansion = new Expansion(buildDisplay(skeleton, options));
  if (mode !== 'auto') expansion.setAll(mode);
  return lines(flatten(expansion, null));
}

const times = (count: number, make: (index: number) => SketchedSpan): SketchedSpan[] => Array.from({ length: count }, (_, index) => make(index));

describe('equal siblings', () => {
  const product = (index: number, extra: readonly SketchedSpan[] = []): SketchedSpan => ({
    kind: 'agent', name: 'enrich', start: index * 10, end: index * 10 + 9, below: [{ kind: 'llm', name: 'extract', model: 'm', start: index * 10, end: index * 10 + 4 }, { kind: 'tool', name: 'lookup', start: index * 10 + 5, end: index * 10 + 6, below: [{ kind: 'http', name: 'GET', start: index * 10 + 5, end: index * 10 + 6 }] }, ...extra],
  });

  test('merge from eight on, and what is below them merges across all', () => {
    const run = (count: number): TraceSkeleton => sketch({ roots: [{ name: 'run', start: 0, end: 1000, below: times(count, product) }] });
    expect(shown(run(8), { merge: true })).toEqual(['chain run', '  agent enrich ×8', '    llm extract ×8', '    tool lookup ×8', '      http GET ×8']);
    expect(shown(run(7), { merge: true }).filter((line) => line.includes('×'))).toEqual([]);
    expect(shown(run(8), { merge: false })).toHaveLength(1 + 8 * 4);
  });

  test('are equal in kind, name and model', () => {
    const children = [...times(8, (index) => ({ kind: 'llm' as const, name: 'call', model: 'a', start: index, end: index })), ...times(8, (index) => ({ kind: 'llm' as const, name: 'call', model: 'b', start: 20 + index, end: 20 })), ...times(8, (index) => ({ kind: 'tool' as const, name: 'call', start: 40 + index, end: 60 }))];
    expect(shown(sketch({ roots: [{ name: 'run', start: 0, end: 100, below: children }] }), { merge: true })).toEqual(['chain run', '  llm call ×8', '  llm call ×8', '  tool call ×8']);
  });

  test('a single one below a group is drawn as the span that it is', () => {
    const run = sketch({ roots: [{ name: 'run', start: 0, end: 1000, below: times(8, (index) => product(index, index === 3 ? [{ kind: 'guardrail', name: 'check', start: 38, end: 39 }] : [])) }] });
    const display = buildDisplay(run, { merge: true });
    expect(shown(run, { merge: true })).toContain('    guardrail check');
    const single = Array.from({ length: display.groups }, (_, group) => group).filter((group) => onlyMember(display, group) >= 0);
    expect(single).toHaveLength(1);
  });

  test('stand where the first of them stood', () => {
    const below = [{ kind: 'tool' as const, name: 'first', start: 0, end: 1 }, ...times(9, (index) => ({ kind: 'llm' as const, name: 'call', start: 2 + index, end: 3 + index })), { kind: 'tool' as const, name: 'last', start: 20, end: 21 }];
    expect(shown(sketch({ roots: [{ name: 'run', start: 0, end: 30, below }] }), { merge: true })).toEqual(['chain run', '  tool first', '  llm call ×9', '  tool last']);
  });

  test('many roots merge too; of missing parents several become one row', () => {
    expect(shown(sketch({ roots: times(9, (index) => ({ name: 'request', start: index, end: index + 1 })) }), { merge: true })).toEqual(['chain request ×9']);
    const missing = { aaaaaaaaaaaaaaaa: [{ name: 'lost', start: 1, end: 2 }], bbbbbbbbbbbbbbbb: [{ name: 'lost', start: 3, end: 4 }] };
    const skeleton = sketch({ roots: [{ name: 'run', start: 0, end: 9 }], missing });
    expect(shown(skeleton, { merge: true })).toEqual(['chain run', 'missing aaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbb', '  chain lost ×2']);
    expect(shown(skeleton, { merge: false })).toEqual(['chain run', 'missing aaaaaaaaaaaaaaaa', '  chain lost', 'missing bbbbbbbbbbbbbbbb', '  chain lost']);
    expect(shown(sketch({ roots: [{ name: 'run', start: 0, end: 9 }], missing: { aaaaaaaaaaaaaaaa: missing.aaaaaaaaaaaaaaaa } }), { merge: true })).toEqual(['chain run', 'missing aaaaaaaaaaaaaaaa', '  chain lost']);
  });

  test('as many missing parents as spans are one row, at once', () => {
    const lost = Object.fromEntries(times(100_000, (index) => ({ name: 'lost', start: index, end: index + 1 })).map((span, index) => [`b${index.toString(16).padStart(15, '0')}`, [span]]));
    const skeleton = sketch({ roots: [], missing: lost });
    const view = buildDisplay(skeleton, { merge: true });
    expect(view.missingOf.get(0)).toMatchObject({ spans: 100_000 });
    expect(view.missingOf.get(0)?.spanIds).toHaveLength(100_000);
    expect(shown(skeleton, { merge: true }).slice(1)).toEqual(['  chain lost ×100000']);
  });

  test('the extent of a group is that of its members', () => {
    const below = times(10, (index) => ({ kind: 'llm' as const, name: 'call', start: 5 + index, end: index === 9 ? 90 : 20, flags: index % 3 === 0 ? 1 : 0, below: [{ name: 'inner', start: 6, end: 7, flags: 1 }] }));
    const display = buildDisplay(sketch({ roots: [{ name: 'run', start: 0, end: 100, below }] }), { merge: true });
    const group = display.groupOf[1]!;
    expect([display.groupFrom[group], display.groupTo[group]]).toEqual([5, 90]);
  });
});

/** A random forest with few names, so that much is equal. */
function randomTrace(seed: number): TraceSkeleton {
  const random = randomOf(seed);
  const span = (depth: number, start: number): SketchedSpan => ({
    kind: random() < 0.5 ? 'llm' : 'tool', name: `n${Math.floor(random() * 3)}`, model: random() < 0.3 ? 'm' : '', start, end: start + 1, flags: random() < 0.1 ? 1 : 0,
    below: depth > 3 ? [] : times(Math.floor(random() * (depth === 0 ? 30 : 8)), (index) => span(depth + 1, start + index)),
  });
  return sketch({ roots: times(1 + Math.floor(random() * 12), (index) => span(0, index * 100)), missing: random() < 0.5 ? { cccccccccccccccc: times(3, (index) => span(2, index)) } : {} });
}

/** What does not hold, in words. */
function problemsOf(skeleton: TraceSkeleton, display: Display): string[] {
  const problems: string[] = [];
  const check = (holds: boolean, what: string): void => { if (!holds) problems.push(what); };
  const { count } = skeleton;
  // Every span is a node of its own or a member of one group, never both, never neither.
  const standing = new Set<number>();
  for (let node = display.firstRoot; node >= 0;) {
    if (node < count) standing.add(node);
    if (display.firstChild[node]! >= 0) { node = display.firstChild[node]!; continue; }
    while (node >= 0 && display.nextSibling[node]! < 0) node = display.parents[node]!;
    if (node >= 0) node = display.nextSibling[node]!;
  }
  for (let at = 0; at < count; at++) check(standing.has(at) === (display.groupOf[at] === -1), `span ${at} is in the tree and in a group, or in neither`);
  for (let group = 0; group < display.groups; group++) {
    for (const at of membersOf(display, group)) {
      check(display.groupOf[at] === group, `span ${at} is in two groups`);
      // Parents of all members are what the group's parent stands for.
      const above = skeleton.parents[at]!;
      const node = display.parents[count + group]!;
      if (above >= 0) check(node === (display.groupOf[above] === -1 ? above : count + display.groupOf[above]!), `span ${at} is below another parent`);
      const first = membersOf(display, group)[0]!;
      check(skeleton.kinds[at] === skeleton.kinds[first] && skeleton.names[at] === skeleton.names[first] && skeleton.models[at] === skeleton.models[first], `span ${at} is not equal to ${first}`);
    }
  }
  return problems;
}

describe('any trace', () => {
  test('is shown whole: each span once, groups of equals below what their parents became', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const skeleton = randomTrace(seed);
      for (const merge of [true, false]) expect(problemsOf(skeleton, buildDisplay(skeleton, { merge, mergeFrom: 4 }))).toEqual([]);
    }
  });

  test('unmerged and opened has a row for each span, in the order of the trace', () => {
    for (let seed = 200; seed < 230; seed++) {
      const skeleton = randomTrace(seed);
      const expansion = new Expansion(buildDisplay(skeleton, { merge: false }));
      expansion.setAll('all');
      const rows = flatten(expansion, null);
      const positions = Array.from({ length: rows.length }, (_, index) => rows.at(index)).filter((row) => row.type === ROW.span).map((row) => row.position);
      expect(positions).toEqual(Array.from({ length: skeleton.count }, (_, at) => at));
      const deep = Array.from({ length: rows.length }, (_, index) => rows.at(index)).filter((row) => row.type === ROW.span && row.depth !== skeleton.depths[row.position]);
      expect(deep).toEqual([]);
    }
  });

  test('any span can be revealed, and then has a row of its own', () => {
    for (let seed = 300; seed < 330; seed++) {
      const skeleton = randomTrace(seed);
      const random = randomOf(seed);
      const expansion = new Expansion(buildDisplay(skeleton, { merge: true, mergeFrom: 4 }));
      expansion.setAll('none');
      for (let step = 0; step < 20; step++) {
        const at = Math.floor(random() * skeleton.count);
        const node = expansion.reveal(at);
        const rows = flatten(expansion, null);
        const index = rows.indexOf(node);
        expect(index).toBeGreaterThanOrEqual(0);
        expect(rows.at(index).position).toBe(at);
      }
    }
  });
});

describe('a group that shows members', () => {
  const skeleton = sketch({ roots: [{ name: 'run', start: 0, end: 1000, below: times(500, (index) => ({ kind: 'llm' as const, name: 'call', start: (index * 7) % 500, end: 600, below: [{ name: 'inner', start: (index * 7) % 500, end: 550 }] })) }] });

  test('shows the revealed one between earlier and later ones, by their start', () => {
    const expansion = new Expansion(buildDisplay(skeleton, { merge: true }));
    const wanted = 1 + 2 * 10; // the eleventh call: it starts at 70
    expansion.reveal(wanted);
    const rows = flatten(expansion, null);
    expect(lines(rows)).toEqual(['chain run', '  llm call ×500', '    earlier of 500', '    llm call', '    later of 500']);
    const group = rows.at(1).group;
    const window = expansion.window(group);
    const sorted = [...expansion.sortedMembers(group)];
    expect(sorted.indexOf(wanted)).toBe(window?.from);
    expect(sorted.map((at) => skeleton.starts[at])).toEqual(sorted.map((at) => skeleton.starts[at]).toSorted((a, b) => a! - b!));
    expansion.showMore(group, 'earlier', 5);
    expansion.showMore(group, 'later', 3);
    expect(flatten(expansion, null).length).toBe(2 + 1 + 9 + 1);
  });

  test('a member opens into what is below it itself', () => {
    const expansion = new Expansion(buildDisplay(skeleton, { merge: true }));
    const inner = 2 + 2 * 4;
    const call = inner - 1;
    expansion.reveal(call);
    expansion.set(call, true);
    expect(lines(flatten(expansion, null))).toEqual(['chain run', '  llm call ×500', '    earlier of 500', '    llm call', '      chain inner', '    later of 500']);
    // The way to something below goes through the member that is shown.
    expansion.reveal(inner);
    expect(lines(flatten(expansion, null)).filter((line) => line.includes('inner'))).toEqual(['      chain inner']);
  });
});

describe('what is open', () => {
  test('survives into a later revision in which positions are others', () => {
    const before = sketch({ roots: [{ name: 'run', id: '00000000000000a1', start: 0, end: 9, below: [{ name: 'b', id: '00000000000000b1', start: 5, end: 6, below: [{ name: 'c', id: '00000000000000c1', start: 5, end: 6 }] }, ...times(9, (index) => ({ kind: 'llm' as const, name: 'call', id: `0000000000000d${10 + index}`, start: 7 + index, end: 20 }))] }] });
    const first = new Expansion(buildDisplay(before, { merge: true }));
    first.setAll('none');
    first.reveal(2);
    first.reveal(3 + 4);
    const kept = first.keep(new SpanPositions(before));
    const after = sketch({ roots: [{ name: 'run', id: '00000000000000a1', start: 0, end: 9, below: [{ name: 'a', id: '00000000000000e1', start: 1, end: 2 }, { name: 'b', id: '00000000000000b1', start: 5, end: 6, below: [{ name: 'c', id: '00000000000000c1', start: 5, end: 6 }] }, ...times(12, (index) => ({ kind: 'llm' as const, name: 'call', id: `0000000000000d${10 + index}`, start: 7 + index, end: 20 }))] }] });
    const second = Expansion.restore(buildDisplay(after, { merge: true }), kept, new SpanPositions(after));
    expect(lines(flatten(second, null))).toEqual(['chain run', '  chain a', '  chain b', '    chain c', '  llm call ×12', '    earlier of 12', '    llm call', '    later of 12']);
  });

  test('first sight: steps are open, insides of steps and what would be too much are not', () => {
    const step = (name: string, failed: boolean): SketchedSpan => ({ kind: 'tool', name, start: 1, end: 2, below: [{ kind: 'http', name: `GET ${name}`, start: 1, end: 2, flags: failed ? 1 : 0 }] });
    expect(shown(sketch({ roots: [{ name: 'run', start: 0, end: 9, below: [step('fine', false), step('broken', true)] }] }), { merge: true }, 'auto')).toEqual(['chain run', '  tool fine', '  tool broken', '    http GET broken']);
    const wide = sketch({ roots: [{ name: 'run', start: 0, end: 9, below: times(60, (index) => ({ kind: 'agent' as const, name: `a${index}`, start: index, end: index + 1, below: times(20, (call) => ({ kind: 'llm' as const, name: `c${call}`, start: index, end: index + 1 })) })) }] });
    expect(shown(wide, { merge: true }, 'auto')).toHaveLength(61);
  });
});

test('a large run becomes a page of rows', () => {
  const skeleton = catalogueRun(50_000);
  const rows = shown(skeleton, { merge: true }, 'auto');
  expect(rows.length).toBeLessThan(30);
  expect(rows).toContain('        llm translate ×'.concat(rows.find((line) => line.includes('llm translate'))?.split('×')[1] ?? ''));
});
