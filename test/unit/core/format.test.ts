import { describe, expect, test } from 'vitest';
import { durationParts, formatBudget, formatCount, formatDuration, formatInterval, formatPercent, formatRate, formatScore, formatTokens, formatUsd } from '../../../src/core/text/format.ts';

describe('numbers as they are written', () => {
  test.each([
    [null, 'unknown'], [Number.NaN, 'unknown'], [0, '$0'],
    [0.0003427, '$0.0003427'], [0.00034272, '$0.0003427'], [0.0003, '$0.0003'], [0.000000012345, '$0.00000001235'], [1e-12, '<$0.000000001'],
    [0.0099999, '$0.0100'], [0.018, '$0.0180'], [0.0128, '$0.0128'], [0.5, '$0.5000'],
    [0.99996, '$1.00'], [1.239, '$1.24'], [1204.5, '$1,204.50'], [-0.018, '−$0.0180'],
  ])('money: %s is %s', (usd, text) => expect(formatUsd(usd)).toBe(text));

  test.each([
    [null, 'unknown'], [0, '0 ms'], [0.2, '<1 ms'], [0.6, '1 ms'], [830, '830 ms'], [999.4, '999 ms'], [999.6, '1.0 s'], [4218, '4.2 s'],
    [59_949, '59.9 s'], [59_960, '1 m 00 s'], [125_000, '2 m 05 s'], [3_599_600, '1 h 00 m'], [3_720_000, '1 h 02 m'], [360_000_000, '100 h 00 m'],
  ])('durations: %s is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  test('a limit is written as it was set', () => {
    expect([formatBudget(0.5), formatBudget(20), formatBudget(0.015), formatBudget(0.002), formatBudget(0)]).toEqual(['$0.50', '$20.00', '$0.0150', '$0.002', '$0']);
  });

  test('a duration in parts keeps value and unit apart', () => {
    expect(durationParts(125_000)).toEqual([['2', 'm'], ['05', 's']]);
    expect(durationParts(null)).toBeNull();
  });

  test('counts and tokens', () => {
    expect([formatTokens(31_204), formatTokens(0), formatTokens(null)]).toEqual(['31,204', '0', 'unknown']);
    expect([formatCount(1319), formatCount(1, 'case'), formatCount(0, 'case'), formatCount(2000, 'case')]).toEqual(['1,319', '1 case', '0 cases', '2,000 cases']);
  });

  test('a rate stands with its interval', () => {
    expect(formatRate(55 / 60, [0.8193, 0.9639])).toBe('91.7% [82–96]');
    expect(formatRate(1, [0.82, 1])).toBe('100% [82–100]');
    expect(formatRate(0.5, [0.2538, 0.7462], 0)).toBe('50% [25–75]');
    expect(formatRate(null, null)).toBe('–');
    expect(formatRate(0.5, null)).toBe('50.0%');
    expect(formatInterval([0.758, 0.931], 1)).toBe('[75.8–93.1]');
  });

  test('a narrow interval is not rounded away', () => {
    expect(formatRate(0.5625, [0.5512, 0.5737])).toBe('56.3% [55.1–57.4]');
  });

  test('an interval beside all or none of many cells keeps its width', () => {
    expect(formatRate(1, [0.99992, 1])).toBe('100% [99.9–100.0]');
    expect(formatRate(0, [0, 0.00008])).toBe('0% [0.0–0.1]');
    expect(formatInterval([0.9996, 1], 0)).toBe('[99–100]');
    expect(formatInterval([1, 1])).toBe('[100.0–100.0]');
  });

  test('nearly all is not all, and nearly none is not none', () => {
    expect([formatPercent(0.9999), formatPercent(0.0001), formatPercent(0.9999, 0), formatPercent(0), formatPercent(1)]).toEqual(['99.9%', '0.1%', '99%', '0%', '100%']);
    expect([formatScore(0.999), formatScore(0.001), formatScore(1), formatScore(0), formatScore(1 / 3)]).toEqual(['0.99', '0.01', '1.00', '0.00', '0.33']);
  });
});
