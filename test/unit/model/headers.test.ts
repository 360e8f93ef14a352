import { describe, expect, it } from 'vitest';
import { goDurationMs, rateLimitStatus, retryAfterMs } from '../../../src/core/model/rate-limit-headers.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const headers = (values: Record<string, string>) => (name: string): string | null => values[name] ?? null;

describe('Go durations', () => {
  it.each([['6m0s', 360_000], ['1s', 1_000], ['20ms', 20], ['1h2m3.5s', 3_723_500], ['0s', 0], ['1.5s', 1_500], ['250us', 0.25], ['2d', 172_800_000]])('%s', (text, expected) => {
    expect(goDurationMs(text)).toBeCloseTo(expected, 6);
  });

  it.each(['', '6', 'soon', '1s later', '-1s', 's'])('refuses "%s"', (text) => {
    expect(goDurationMs(text)).toBeNull();
  });
});

describe('Retry-After', () => {
  it.each<[Record<string, string>, number | null]>([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Sun, 01 Mar 2026 12:00:09 GMT' }, 9_000],
    [{ 'retry-after': 'Sun, 01 Mar 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after-ms': '125', 'retry-after': '1' }, 125],
    [{ 'retry-after': 'whenever' }, null],
    [{ 'retry-after': '' }, null],
    [{}, null],
  ])('%j', (values, expected) => {
    expect(retryAfterMs(headers(values), NOW)).toBe(expected);
  });
});

describe('rate limits', () => {
  const none = { limitRequests: null, remainingRequests: null, resetRequestsMs: null, limitTokens: null, remainingTokens: null, resetTokensMs: null };

  it('of OpenAI', () => {
    expect(rateLimitStatus(headers({ 'x-ratelimit-limit-requests': '60', 'x-ratelimit-limit-tokens': '150000', 'x-ratelimit-remaining-requests': '59', 'x-ratelimit-remaining-tokens': '149984', 'x-ratelimit-reset-requests': '1s', 'x-ratelimit-reset-tokens': '6m0s' }), NOW)).toEqual({ limitRequests: 60, remainingRequests: 59, resetRequestsMs: 1_000, limitTokens: 150_000, remainingTokens: 149_984, resetTokensMs: 360_000 });
  });

  it('of Anthropic', () => {
    expect(rateLimitStatus(headers({ 'anthropic-ratelimit-requests-limit': '50', 'anthropic-ratelimit-requests-remaining': '0', 'anthropic-ratelimit-requests-reset': '2026-03-01T12:00:30Z' }), NOW)).toEqual({ ...none, limitRequests: 50, remainingRequests: 0, resetRequestsMs: 30_000 });
  });

  it('of the draft, of GitHub and of OpenRouter', () => {
    expect(rateLimitStatus(headers({ 'ratelimit-limit': '10', 'ratelimit-remaining': '4', 'ratelimit-reset': '50' }), NOW)).toEqual({ ...none, limitRequests: 10, remainingRequests: 4, resetRequestsMs: 50_000 });
    expect(rateLimitStatus(headers({ 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': String(NOW / 1_000 + 12) }), NOW)).toEqual({ ...none, remainingRequests: 1, resetRequestsMs: 12_000 });
    expect(rateLimitStatus(headers({ 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': String(NOW + 8_000) }), NOW)).toEqual({ ...none, remainingRequests: 1, resetRequestsMs: 8_000 });
  });

  it('are unknown where nothing, or nonsense, is sent', () => {
    expect(rateLimitStatus(headers({}), NOW)).toBeNull();
    expect(rateLimitStatus(headers({ 'x-ratelimit-remaining-requests': 'lots', 'x-ratelimit-limit-requests': '-1' }), NOW)).toBeNull();
  });
});
