import { describe, expect, it } from 'vitest';
import type { PairedCase } from '../../../src/core/compare/model.ts';
import { compareCases } from '../../../src/core/compare/compare.ts';
import { randomOrder, SequentialComparison, stoppedSentence } from '../../../src/core/compare/sequential.ts';
import { Bet, bettingInterval } from '../../../src/core/stats/betting.ts';
import { seededRandom } from '../../../src/core/stats/random.ts';
import { paired, passFail } from './cases.ts';
import { simulateSequence } from './simulation.ts';

const OPTIONS = { margin: 0.05, metric: 'passRate' } as const;

function shuffled(cases: readonly PairedCase[], seed: number): PairedCase[] {
  return randomOrder(cases.map(({ cluster }) => cluster), seed).flat().flatMap((index) => cases[index] ?? []);
}

/** Looks after every case until something is clear. */
function run(cases: readonly PairedCase[], options: Partial<ConstructorParameters<typeof SequentialComparison>[0]> = {}): SequentialComparison {
  const sequence = new SequentialComparison({ ...OPTIONS, until: 'verdict', ...options });
  for (const one of cases) {
    sequence.add([one]);
    if (sequence.answer !== null) break;
  }
  return sequence;
}

describe('a bet', () => {
  it('is fair: its capital is expected to stay 1 while the statement is true', () => {
    // All 3^6 sequences of differences −1, 0, 1 with mean 0.1, weighted by their probability.
    const chances = [[-1, 0.2], [0, 0.5], [1, 0.3]] as const;
    let expected = 0;
    for (let code = 0; code < 3 ** 6; code++) {
      const bet = new Bet(0.1);
      let probability = 1;
      for (let i = 0, rest = code; i < 6; i++, rest = Math.floor(rest / 3)) {
        const [x, chance] = chances[rest % 3] ?? [0, 0];
        bet.add(x - 0.1);
        probability *= chance;
      }
      expected += probability * Math.exp(bet.logCapital);
    }
    expect(expected).toBeCloseTo(1, 10);
  });

  it('never loses everything, whatever comes', () => {
    const bet = new Bet(-0.05);
    for (let i = 0; i < 100_000; i++) bet.add(-1 + 0.05);
    expect(bet.logCapital).toBeGreaterThan(-Infinity);
    expect(bet.logCapital).toBeLessThan(0);
  });

  it('gives an interval that shrinks round the mean, and is everything before anything came', () => {
    const random = seededRandom(5);
    const sums: number[] = Array.from({ length: 2000 }, () => (random() < 0.3 ? 1 : random() < 0.3 ? -1 : 0));
    const of = (n: number): readonly [number, number] => bettingInterval({ sums: sums.slice(0, n), sizes: Array<number>(n).fill(1), largest: 1 }, 0.05);
    expect(of(0).map((bound) => Number(bound.toFixed(6)))).toEqual([-1, 1]);
    const [low, high] = of(2000);
    const mean = sums.reduce((sum, x) => sum + x, 0) / 2000;
    expect(low).toBeLessThan(mean);
    expect(high).toBeGreaterThan(mean);
    expect(high - low).toBeLessThan(0.15);
    expect(high - low).toBeLessThan(of(200)[1] - of(200)[0]);
  });
});

describe('a sequential comparison', () => {
  const better = shuffled(passFail(200, 10, 120, 70), 1);

  it('stops once it is clear, with an interval that holds at any time', () => {
    const sequence = run(better);
    expect(sequence.answer?.outcome).toBe('better');
    expect(sequence.answer?.cases).toBeLessThan(120);
    const { metrics: [metric], n, gate } = sequence.result();
    expect(n).toBe(sequence.answer?.cases);
    expect(metric).toMatchObject({ verdict: 'better', test: 'sequential', warning: expect.stringContaining('Stopped early') as unknown });
    expect(metric?.interval?.[0]).toBeGreaterThan(0);
    expect(gate).toBe('passes');
    // Wider than that of the same cases had they been all.
    const plain = compareCases(better.slice(0, n), OPTIONS).metrics[0]?.interval ?? [0, 0];
    expect((metric?.interval?.[1] ?? 0) - (metric?.interval?.[0] ?? 0)).toBeGreaterThan(plain[1] - plain[0]);
  });

  it('that stops as worse is worse by more than the margin, so that verdict and gate agree', () => {
    const sequence = run(better.map(({ a, b, ...rest }) => ({ ...rest, a: b, b: a })));
    expect(sequence.answer?.outcome).toBe('worse');
    const { gate, metrics: [metric] } = sequence.result();
    expect([gate, metric?.verdict]).toEqual(['fails', 'worse']);
  });

  it('stops for the gate alone earlier', () => {
    const [verdict, gate] = [run(better), run(better, { until: 'gate' })];
    expect(gate.answer?.outcome).toBe('passes');
    expect(gate.answer?.cases).toBeLessThan(verdict.answer?.cases ?? 0);
    expect(gate.result().gate).toBe('passes');
  });

  it('that went to the end is the usual comparison, with the share of false alarms that is left', () => {
    const cases = shuffled(passFail(60, 6, 8, 20), 2);
    const sequence = run(cases);
    expect(sequence.answer).toBeNull();
    expect(sequence.result()).toEqual(compareCases(cases, { ...OPTIONS, alpha: 0.04 }));
  });

  it('says the same whether cases come one by one or in batches, and looks within a batch', () => {
    const batches = new SequentialComparison({ ...OPTIONS, until: 'verdict' });
    for (let i = 0; i < better.length && batches.answer === null; i += 16) batches.add(better.slice(i, i + 16));
    const single = run(better);
    expect(batches.answer?.outcome).toBe('better');
    expect(batches.answer?.cases).toBe(Math.ceil((single.answer?.cases ?? 0) / 16) * 16);
  });

  it.each(['gate', 'verdict'] as const)('does not take back within a batch what was clear (until %s)', (until) => {
    // Clear after a dozen cases; the rest of the batch goes the other way.
    const cases = [...passFail(0, 0, 14, 0), ...passFail(0, 6, 0, 0)].map((one, i) => ({ ...one, caseId: `c${i}` }));
    const sequence = new SequentialComparison({ ...OPTIONS, until });
    sequence.add(cases);
    expect(sequence.answer).toEqual({ outcome: until === 'gate' ? 'passes' : 'better', cases: 20 });
    const { gate, metrics: [metric] } = sequence.result();
    expect(gate).toBe('passes');
    expect(metric?.interval?.[0]).toBeGreaterThanOrEqual(until === 'gate' ? -0.05 : 0);
    if (until === 'verdict') expect(metric).toMatchObject({ verdict: 'better' });
  });

  it('takes the cases of a cluster as one, and does not answer when one is larger than was announced', () => {
    const clustered = Array.from({ length: 300 }, (_, i) => paired(i, { passes: [i % 5 === 0] }, { passes: [i % 5 !== 0] }, { cluster: `c${Math.floor(i / 3)}` }));
    const look = (largestCluster: number): SequentialComparison => {
      const sequence = new SequentialComparison({ ...OPTIONS, until: 'verdict', largestCluster });
      for (let i = 0; i < 300 && sequence.answer === null; i += 3) sequence.add(clustered.slice(i, i + 3));
      return sequence;
    };
    expect(look(3).answer?.outcome).toBe('better');
    expect(look(2).answer).toBeNull();
    // One cluster of three alike is less evidence than three cases.
    const alone = run(clustered.map((one) => ({ ...one, cluster: null })));
    expect(look(3).answer?.cases).toBeGreaterThan(alone.answer?.cases ?? 0);
  });

  it('never answers for what has no bounds, or when nothing was answered', () => {
    const cases = Array.from({ length: 200 }, (_, i) => paired(i, { passes: [null], tokens: [900], scores: [0] }, { passes: [null], tokens: [10], scores: [7] }));
    for (const metric of ['tokens', 'score', 'passRate', 'unknown']) expect(run(cases, { metric }).answer).toBeNull();
  });
});

describe('randomOrder', () => {
  it('has every case once, clusters together, the same for the same seed', () => {
    const clusters = Array.from({ length: 50 }, (_, i) => (i % 3 === 0 ? `c${i % 7}` : null));
    const order = randomOrder(clusters, 3);
    expect(order.flat().toSorted((x, y) => x - y)).toEqual(clusters.map((_, i) => i));
    expect(order).toEqual(randomOrder(clusters, 3));
    expect(order).not.toEqual(randomOrder(clusters, 4));
    for (const unit of order) expect(new Set(unit.map((index) => clusters[index] ?? index)).size).toBe(1);
  });
});

it('says what was saved', () => {
  expect(stoppedSentence({ outcome: 'better', cases: 120 }, 400, 0.42)).toBe('Stopped after 120 of 400 cases, clearly better: 280 cases not run, about $0.4200 saved');
  expect(stoppedSentence({ outcome: 'worse', cases: 20 }, 60, 0)).toBe('Stopped after 20 of 60 cases, clearly worse: 40 cases not run');
  expect(stoppedSentence({ outcome: 'passes', cases: 1000 }, 1001, null)).toBe('Stopped after 1,000 of 1,001 cases, clearly not worse by more than the margin: 1 case not run');
});

describe('false alarms of looking after every case, 300 datasets of 80 cases', () => {
  // Nominal shares plus three standard errors of so many datasets; test/long has more of them.
  const room = (nominal: number): number => nominal + 3 * Math.sqrt((nominal * (1 - nominal)) / 300);
  it('better or worse without a difference: at most nominal', () => {
    const { better: up, worse: down } = simulateSequence({ cases: 80, repeats: 1, clusters: null, a: 0.7, b: 0.7 }, 'verdict', 300, 11);
    expect(up + down).toBeLessThanOrEqual(room(0.05));
  });
  it('a gate that passes at a loss of exactly the margin: at most half of that', () => {
    expect(simulateSequence({ cases: 80, repeats: 1, clusters: null, a: 0.7, b: 0.65 }, 'gate', 300, 12).passes).toBeLessThanOrEqual(room(0.025));
  });
  it('and it does stop where the difference is large', () => {
    const { saved, better: up } = simulateSequence({ cases: 200, repeats: 1, clusters: null, a: 0.6, b: 0.9 }, 'verdict', 50, 13);
    expect(up).toBe(1);
    expect(saved).toBeGreaterThan(0.5);
  });
});
