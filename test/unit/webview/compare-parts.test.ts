import { describe, expect, test } from 'vitest';
import type { AssertionResult } from '../../../src/core/assert/model.ts';
import type { MetricComparison } from '../../../src/core/compare/model.ts';
import { pairAssertions } from '../../../webview/panels/compare/assertion-pairs.ts';
import { isOffered, seatingOf, verdictOf, viewedBlinded } from '../../../webview/panels/compare/blinding.ts';
import { histogramOf } from '../../../webview/panels/compare/histogram.ts';
import { matchParts, type PromptPart } from '../../../webview/panels/compare/prompt-match.ts';
import { scaleOf } from '../../../webview/panels/compare/scale.ts';
import { decodeViewState, INITIAL_VIEW } from '../../../webview/panels/compare/view-state.ts';
import { changeInterval, changeOf, differsSentence, howTested, moreCases, pOf } from '../../../webview/panels/compare/wording.ts';
import { inSteps } from '../../../webview/shared/in-steps.ts';

describe('who sits at the left', () => {
  const blind = { blinded: true, seed: 5 };
  test('by chance, the same again for the same case, and both ways', () => {
    const lefts = Array.from({ length: 400 }, (_, i) => seatingOf(i, null, blind).left);
    expect(Array.from({ length: 400 }, (_, i) => seatingOf(i, null, blind).left)).toEqual(lefts);
    const share = lefts.filter((side) => side === 'a').length / 400;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.6);
    expect(Array.from({ length: 400 }, (_, i) => seatingOf(i, null, { blinded: true, seed: 6 }).left)).not.toEqual(lefts);
  });
  test('a verdict is given to the side that sat there, and then everything is told', () => {
    const swapped = Array.from({ length: 50 }, (_, i) => i).find((i) => seatingOf(i, null, blind).left === 'b') ?? -1;
    const seating = seatingOf(swapped, null, blind);
    expect(seating).toEqual({ left: 'b', right: 'a', hidden: true });
    expect([verdictOf('left', seating), verdictOf('tie', seating), verdictOf('right', seating)]).toEqual(['b', 'tie', 'a']);
    expect(seatingOf(swapped, 'b', blind)).toEqual({ left: 'a', right: 'b', hidden: false });
    expect(seatingOf(swapped, null, { blinded: false, seed: 5 })).toEqual({ left: 'a', right: 'b', hidden: false });
  });
});

describe('a view while judging blinded', () => {
  test('has neither an order nor cases that tell which side did better', () => {
    expect((['all', 'regressed', 'improved', 'changed', 'failing', 'disagreement'] as const).filter((filter) => isOffered(filter, true))).toEqual(['all', 'changed']);
    const view = { ...INITIAL_VIEW, filter: 'regressed', search: 'refund', slice: 'terse' } as const;
    expect(viewedBlinded(view, { blinded: true, blindedFilter: 'all' })).toEqual({ filter: 'all', search: 'refund', slice: 'terse', sort: { by: 'order', descending: false } });
    expect(viewedBlinded({ ...view, sort: { by: 'case', descending: true } }, { blinded: true, blindedFilter: 'changed' })).toMatchObject({ filter: 'changed', sort: { by: 'case', descending: true } });
    expect(viewedBlinded(view, { blinded: false, blindedFilter: 'changed' })).toBe(view);
  });
});

describe('which messages belong together', () => {
  const part = (label: string, text: string): PromptPart => ({ label, text });
  const pairs = (a: readonly PromptPart[], b: readonly PromptPart[]) => matchParts(a, b).map((pair) => `${pair.a?.text ?? '·'} | ${pair.b?.text ?? '·'}`);
  test('an added message does not shift the others', () => {
    expect(pairs([part('system', 'Be brief.'), part('user', 'Subject: {{subject}}')], [part('system', 'Be very brief.'), part('assistant', 'I am.'), part('user', 'Subject: {{subject}}')]))
      .toEqual(['Be brief. | Be very brief.', '· | I am.', 'Subject: {{subject}} | Subject: {{subject}}']);
  });
  test('of several of one role the most alike', () => {
    expect(pairs([part('user', 'one apple a day'), part('user', 'two pears a week')], [part('user', 'two pears each week')])).toEqual(['one apple a day | ·', 'two pears a week | two pears each week']);
  });
  test('another role, or another text altogether, is another message', () => {
    expect(pairs([part('system', 'Be brief.')], [part('user', 'Be brief.')])).toEqual(['Be brief. | ·', '· | Be brief.']);
    expect(pairs([part('user', 'Translate into German')], [part('user', 'Count all red cars')])).toEqual(['Translate into German | ·', '· | Count all red cars']);
  });
  test('texts without a word are told by their place', () => {
    expect(pairs([part('user', '—')], [part('user', '…')])).toEqual(['— | …']);
    expect(pairs([], [])).toEqual([]);
  });
});

describe('which checks belong together', () => {
  const check = (type: string, pass: boolean, components?: AssertionResult[]): AssertionResult => ({ type, pass, score: Number(pass), reason: '', weight: 1, metric: null, ...(components === undefined ? {} : { components }) });
  test('by what they are and their turn, parts of a set below it', () => {
    const left = [check('equals', true), check('regex', true), check('regex', false)];
    const right = [check('equals', false), check('regex', false), check('regex', true)];
    expect(pairAssertions(left, right).map((pair) => [pair.left?.pass, pair.right?.pass])).toEqual([[true, false], [true, false], [false, true]]);
    const set = pairAssertions([check('assert-set', true, [check('equals', true)])], [check('assert-set', false, [check('equals', false), check('regex', true)])]);
    expect(set.map((pair) => [pair.depth, pair.left?.type ?? null, pair.right?.type ?? null])).toEqual([[0, 'assert-set', 'assert-set'], [1, 'equals', 'equals'], [1, null, 'regex']]);
  });
  test('a check that only one side has stays alone', () => {
    expect(pairAssertions([check('equals', true)], []).map((pair) => pair.right)).toEqual([null]);
  });
});

describe('what a drawing spans', () => {
  test.each([[[-0.46, 0.46]], [[0.02, 0.15]], [[-3, -1]], [[0, 1e-9]]])('%j holds zero and everything, with a few round ticks', (values) => {
    const { from, to, ticks } = scaleOf(values);
    expect(Math.min(0, ...values)).toBeGreaterThan(from);
    expect(Math.max(0, ...values)).toBeLessThan(to);
    expect(ticks).toContain(0);
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    expect(ticks.length).toBeLessThanOrEqual(7);
  });
});

describe('how values are spread', () => {
  test('every value is in a bin, shares add up', () => {
    const histogram = histogramOf(Float64Array.of(1, 2, 3, 4), Float64Array.of(2, 2, 2, NaN), 4);
    expect(histogram).toMatchObject({ from: 1, to: 4, beyond: 0, a: [0.25, 0.25, 0.25, 0.25], b: [0, 1, 0, 0], medians: { a: 2.5, b: 2 } });
  });
  test('a few far away do not press all others into one bin', () => {
    const values = Float64Array.from({ length: 200 }, (_, i) => 100 + i);
    values[199] = 60_000;
    const histogram = histogramOf(values, values, 20);
    expect(histogram?.to).toBeLessThan(400);
    expect(histogram?.beyond).toBeGreaterThan(0);
    expect(histogram?.a.filter((share) => share > 0).length).toBe(20);
  });
  test('nothing, or one value, is no picture', () => {
    expect(histogramOf(new Float64Array(), new Float64Array(), 4)).toBeNull();
    expect(histogramOf(Float64Array.of(3, 3), Float64Array.of(3), 4)).toBeNull();
  });
});

describe('in words', () => {
  const metric: MetricComparison = {
    name: 'passRate', unit: 'rate', higherIsBetter: true, a: 0.8, b: 0.9, intervalA: null, intervalB: null, delta: 0.1, interval: [0.02, 0.18], p: 0.012, test: 'paired-t', verdict: 'better', n: 60, clusters: null, minimumDetectable: null, casesNeeded: 94,
  };
  test('a rate changes by points, cost and latency by percent', () => {
    expect([changeOf(metric), changeInterval(metric), pOf(metric)]).toEqual(['+10.0 points', '[+2.0, +18.0]', 'p = .012']);
    const cost: MetricComparison = { ...metric, name: 'cost', unit: 'usd', delta: -0.001, interval: [-0.002, 0], ratio: { value: 0.88, interval: [0.845, 1] } };
    expect([changeOf(cost), changeInterval(cost)]).toEqual(['−12%', '[−16%, 0%]']);
    expect(changeOf({ ...cost, ratio: { value: 1.004, interval: null } })).toBe('+0.4%');
    expect(changeOf({ ...cost, ratio: { value: 0.0004, interval: [0, 1] } })).toBe('−99.9%');
    expect(changeOf({ ...cost, ratio: { value: 0, interval: null } })).toBe('−100%');
  });
  test('what Holm adjusted is said', () => {
    expect(pOf({ ...metric, pAdjusted: 0.036 })).toBe('p = .036');
    expect(howTested({ ...metric, pAdjusted: 0.036 })).toBe('Paired t test over 60 cases; interval at 95 %; p adjusted by Holm (alone = .012)');
    expect(moreCases(metric)).toBe('about 34 more');
    expect(moreCases({ ...metric, casesNeeded: 12 })).toBe('');
  });
  test('what differs', () => {
    expect(differsSentence(['dataset'])).toBe('The dataset differs');
    expect(differsSentence(['assertions'])).toBe('The assertions differ');
    expect(differsSentence(['dataset', 'assertions', 'judge'])).toBe('The dataset, the assertions and the judge differ');
  });
});

describe('what is kept of the view', () => {
  test('a new panel gets its seed, an old one keeps it, and what does not fit falls back alone', () => {
    expect(decodeViewState(undefined, 42)).toMatchObject({ seed: 42, view: INITIAL_VIEW, blinded: false });
    expect(decodeViewState({ seed: 7, blinded: true, tab: 'slices', view: { filter: 'gone' }, settings: { margin: -1 } }, 42)).toMatchObject({ seed: 7, blinded: true, tab: 'slices', view: INITIAL_VIEW, settings: { margin: 0.05, metric: 'passRate' } });
    expect(decodeViewState('broken', 42)).toMatchObject({ seed: 42, tab: 'outputs' });
  });
});

describe('a long computation', () => {
  function* counting(to: number): Generator<undefined, number> {
    let at = 0;
    for (; at < to; at++) yield;
    return at;
  }
  test('gives its result, with other tasks between', async () => {
    let ticks = 0;
    const timer = setInterval(() => { ticks++; }, 0);
    await expect(inSteps(counting(1_000_000), new AbortController().signal)).resolves.toBe(1_000_000);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
  });
  test('is ended when nobody waits for it any more', async () => {
    const ending = new AbortController();
    const running = inSteps(counting(Number.MAX_SAFE_INTEGER), ending.signal);
    setTimeout(() => ending.abort(), 0);
    await expect(running).rejects.toThrow();
  });
});
