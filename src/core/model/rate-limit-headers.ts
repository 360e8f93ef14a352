import type { RateLimitStatus } from './model.ts';

/** A header by its lower-case name; `null` where it is missing. */
export type Headers = (name: string) => string | null;

const UNITS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a Go duration such as `6m0s`, `1s`, `20ms`, `1h2m3.5s`; `null` for anything else. */
export function goDurationMs(text: string): number | null {
  const whole = text.trim();
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m|h|d))+$/.test(whole)) return null;
  let sum = 0;
  for (const [, amount, unit] of whole.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h|d)/g)) sum += Number(amount) * UNITS[unit!]!;
  return sum;
}

/**
 * Milliseconds to wait, as RFC 9110 §10.2.3 writes `Retry-After` (seconds, or an HTTP date), after the more exact
 * `retry-after-ms` of OpenAI and Azure. `null`: the endpoint did not say.
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | null {
  const exact = Number(headers('retry-after-ms') ?? NaN);
  if (Number.isFinite(exact) && exact >= 0) return exact;
  const value = headers('retry-after')?.trim();
  if (value === undefined || value === '') return null;
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

/** What the limits' headers of OpenAI (`x-ratelimit-*`), Anthropic and the IETF draft (`ratelimit-*`) say; `null` where none is sent. */
export function rateLimitStatus(headers: Headers, nowMs: number): RateLimitStatus | null {
  const number = (...names: string[]): number | null => {
    for (const name of names) {
      const value = headers(name);
      // Some proxies join two answers' headers with a comma: the first is the endpoint's own.
      const parsed = value === null || value.trim() === '' ? NaN : Number(value.split(',')[0]!.trim());
      if (Number.isFinite(parsed) && parsed >= 0) return parsed;
    }
    return null;
  };
  const reset = (...names: string[]): number | null => {
    for (const name of names) {
      const value = headers(name);
      const parsed = value === null ? null : resetMs(value.split(',').length === 2 && /^\d/.test(value) ? value.split(',')[0]! : value, nowMs);
      if (parsed !== null) return parsed;
    }
    return null;
  };
  const status: RateLimitStatus = {
    limitRequests: number('x-ratelimit-limit-requests', 'anthropic-ratelimit-requests-limit', 'x-ratelimit-limit', 'ratelimit-limit'),
    remainingRequests: number('x-ratelimit-remaining-requests', 'anthropic-ratelimit-requests-remaining', 'x-ratelimit-remaining', 'ratelimit-remaining'),
    resetRequestsMs: reset('x-ratelimit-reset-requests', 'anthropic-ratelimit-requests-reset', 'x-ratelimit-reset', 'ratelimit-reset'),
    limitTokens: number('x-ratelimit-limit-tokens', 'anthropic-ratelimit-tokens-limit', 'anthropic-ratelimit-input-tokens-limit'),
    remainingTokens: number('x-ratelimit-remaining-tokens', 'anthropic-ratelimit-tokens-remaining', 'anthropic-ratelimit-input-tokens-remaining'),
    resetTokensMs: reset('x-ratelimit-reset-tokens', 'anthropic-ratelimit-tokens-reset', 'anthropic-ratelimit-input-tokens-reset'),
  };
  return Object.values(status).every((value) => value === null) ? null : status;
}

/** A Go duration, seconds from now, a moment in Unix seconds or milliseconds (GitHub, OpenRouter), or a date. */
function resetMs(value: string, nowMs: number): number | null {
  const text = value.trim();
  if (text === '') return null;
  const duration = goDurationMs(text);
  if (duration !== null) return duration;
  const number = Number(text);
  if (Number.isFinite(number)) {
    if (number < 0) return null;
    if (number > 1e12) return Math.max(0, number - nowMs);
    return number > 1e9 ? Math.max(0, number * 1_000 - nowMs) : number * 1_000;
  }
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}
