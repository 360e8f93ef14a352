import { describe, expect, test } from 'vitest';
import { activityOf, marksOf, overviewOf, resample } from '../../../../src/core/trace/view/activity.ts';
import { medianOf, orderByStart, quantileOf } from '../../../../src/core/trace/view/statistics.ts';
import { roundTimeLabel, ticksOf, timeLabel, within, zoomed } from '../../../../src/core/trace/view/time-axis.ts';
import { randomOf, sketch } from '../../../fixtures/traces/skeleton.ts';

describe('active spans', () => {
  const skeleton = sketch({ roots: [{ kind: 'agent', name: 'a', start: 0, end: 100 }, { kind: 'llm', name: 'b', start: 10, end: 30 }, { kind: 'llm', name: 'c', start: 25, end: 35 }, { kind: 'tool', name: 'd', start: 90 }] });
  const all = Int32Array.of(0, 1, 2, 3);

  test('are a mean over each bin', () => {
    expect([...activityOf(all, skeleton, { from: 0, to: 100 }, 10, 100)]).toEqual([1, 2, 2.5, 1.5, 1, 1, 1, 1, 1, 2]);
    for (const [bin, value] of [0.6, 0.2, 0, 0].entries()) expect(activityOf(Int32Array.of(1), skeleton, { from: 0, to: 100 }, 4, 100)[bin]).toBeCloseTo(value, 12);
  });

  test('of a window hold only what is in it', () => {
    expect([...activityOf(all, skeleton, { from: 40, to: 80 }, 4, 100)]).toEqual([1, 1, 1, 1]);
    expect([...activityOf(Int32Array.of(1, 2), skeleton, { from: 40, to: 80 }, 4, 100)]).toEqual([0, 0, 0, 0]);
  });

  test('agree with counting one by one, for any spans and windows', () => {
    const random = randomOf(11);
    for (let round = 0; round < 40; round++) {
      const spans = Array.from({ length: 60 }, () => { const start = random() * 100; return { name: 's', start, end: start + 3 + random() * 40 }; });
      const made = sketch({ roots: spans });
      const from = random() * 60;
      const window = { from, to: from + 10 + random() * 40 };
      const bins = 1 + Math.floor(random() * 12);
      const positions = Int32Array.from(spans, (_, at) => at);
      const width = (window.to - window.from) / bins;
      const counted = Array.from({ length: bins }, (_, bin) => {
        const [low, high] = [window.from + bin * width, window.from + (bin + 1) * width];
        return spans.reduce((sum, span) => sum + Math.max(0, Math.min(high, Math.max(span.end, span.start + width / 4)) - Math.max(low, span.start)) / width, 0);
      });
      const activity = activityOf(positions, made, window, bins, 200);
      for (const [bin, value] of counted.entries()) expect(activity[bin]).toBeCloseTo(value, 9);
    }
  });

  test('the overview stacks kinds and knows its peak', () => {
    const overview = overviewOf(skeleton, { from: 0, to: 100 }, 20, 100);
    expect(overview.peak).toBe(3);
    expect(overview.peakBin).toBe(5);
    expect(overview.classes[1]?.[5]).toBe(2);
    expect(overview.classes[2]?.[19]).toBe(1);
  });

  test('bins of the whole give a rough picture of a window', () => {
    const base = activityOf(all, skeleton, { from: 0, to: 100 }, 100, 100);
    expect([...resample(base, { from: 0, to: 100 }, { from: 0, to: 50 }, 5)]).toEqual([1, 2, 2.5, 1.5, 1]);
  });

  test('marks stand where spans start', () => {
    expect([...marksOf(all, skeleton.starts, { from: 0, to: 100 }, 4)]).toEqual([1, 1, 0, 1]);
    expect([...marksOf(all, skeleton.starts, { from: 0, to: 100 }, 4, (at) => at === 3)]).toEqual([0, 0, 0, 1]);
    expect([...marksOf(Int32Array.of(3), skeleton.starts, { from: 0, to: 90 }, 3)]).toEqual([0, 0, 1]);
  });
});

describe('order and quantiles', () => {
  test('agree with sorting, for any numbers', () => {
    const random = randomOf(5);
    for (let round = 0; round < 60; round++) {
      const values = Float64Array.from({ length: 1 + Math.floor(random() * 300) }, () => (random() < 0.1 ? NaN : Math.floor(random() * 50)));
      const positions = Int32Array.from(values, (_, at) => at);
      const known = [...values].filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
      for (const share of [0, 0.5, 0.95, 1]) expect(quantileOf(positions, values, share)).toBe(known.length === 0 ? null : known[Math.max(0, Math.ceil(share * known.length) - 1)]);
    }
    // So many that they are not sorted for it.
    const many = Float64Array.from({ length: 120_000 }, () => random());
    const sorted = many.toSorted();
    for (const share of [0.5, 0.95, 1]) expect(quantileOf(Int32Array.from(many, (_, at) => at), many, share)).toBe(sorted[Math.ceil(share * many.length) - 1]);
    expect(medianOf(Int32Array.of(0, 1, 2, 3), Float64Array.of(4, 1, 3, 2))).toBe(2);
    expect(medianOf(new Int32Array(0), new Float64Array(0))).toBeNull();
  });

  test('by start: equal ones keep their order, ordered ones are not copied', () => {
    const random = randomOf(6);
    for (let round = 0; round < 60; round++) {
      const starts = Float64Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 30));
      const positions = Int32Array.from(starts, (_, at) => at);
      expect([...orderByStart(positions, starts)]).toEqual([...positions].sort((a, b) => starts[a]! - starts[b]! || a - b));
      expect([...positions]).toEqual([...starts].map((_, at) => at));
    }
    const ordered = Int32Array.of(2, 0, 1);
    expect(orderByStart(ordered, Float64Array.of(5, 6, 1))).toBe(ordered);
  });
});

describe('the axis', () => {
  test('has round ticks that do not touch', () => {
    expect(ticksOf({ from: 0, to: 4213 }, 600, 72).map(({ label }) => label)).toEqual(['0', '1 s', '2 s', '3 s', '4 s']);
    expect(ticksOf({ from: 0, to: 72 * 60_000 }, 700, 72).map(({ label }) => label)).toEqual(['0', '10 m', '20 m', '30 m', '40 m', '50 m', '1 h 00 m', '1 h 10 m']);
    const random = randomOf(3);
    for (let round = 0; round < 300; round++) {
      const from = random() * 10 ** (random() * 8);
      const to = from + 10 ** (random() * 12 - 4);
      const width = 200 + random() * 1200;
      const ticks = ticksOf({ from, to }, width, 72);
      for (const [at, tick] of ticks.entries()) {
        const before = ticks[at - 1];
        if (before === undefined) continue;
        const apart = ((tick.at - before.at) / (to - from)) * width;
        expect(apart).toBeGreaterThan(Math.max(tick.label.length, before.label.length) * 6.7);
        expect(tick.label).not.toBe(before.label);
      }
    }
  });

  test.each([
    [0, 1, '0'], [850, 1, '850 ms'], [3240, 10, '3.24 s'], [2_468_000, 1000, '41 m 08 s'], [4_320_000, 60_000, '1 h 12 m'], [7_200_000, 3_600_000, '2 h'], [600_000, 60_000, '10 m'], [0.5, 0.1, '500 µs'], [1.5, 0.5, '1.5 ms'], [5e-6, 1e-6, '5 ns'],
  ])('%d ms to %d ms is %s', (ms, precision, text) => expect(timeLabel(ms, precision)).toBe(text));

  test('a rounded moment is on the axis', () => expect(roundTimeLabel(2_507_000, 100_000)).toBe('42 m'));

  test('zooming keeps the moment under the pointer, and stays within the trace', () => {
    const all = { from: 0, to: 1000 };
    const near = zoomed({ from: 0, to: 1000 }, all, 4, 250);
    expect(near).toEqual({ from: 187.5, to: 437.5 });
    expect((250 - near.from) / (near.to - near.from)).toBe(0.25);
    expect(zoomed(near, all, 1 / 100, 300)).toEqual(all);
    expect(within({ from: -50, to: 100 }, all)).toEqual({ from: 0, to: 150 });
    expect(within({ from: 950, to: 1100 }, all)).toEqual({ from: 850, to: 1000 });
  });
});
