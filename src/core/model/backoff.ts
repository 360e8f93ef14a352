import type { Random } from '../stats/random.ts';

export interface BackoffOptions {
  /** Ceiling of the first wait. */
  readonly baseMs: number;
  /** Ceiling of every wait. */
  readonly maxMs: number;
}

const DEFAULT_BACKOFF: BackoffOptions = { baseMs: 500, maxMs: 30_000 };

/**
 * How long to wait before the next attempt, in milliseconds: exponential with full jitter
 * (AWS Architecture Blog, "Exponential Backoff And Jitter": uniform in [0, min(max, base · 2^attempt)]).
 * Where the endpoint asked for a wait, that is kept and only spread upwards, so that many waiters do not return at once.
 * @param attempt zero-based: 0 after the first failure
 */
export function backoffMs(attempt: number, random: Random, retryAfterMs: number | null = null, options: BackoffOptions = DEFAULT_BACKOFF): number {
  const ceiling = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt, 30));
  if (retryAfterMs !== null) return Math.max(0, retryAfterMs) + random() * Math.min(ceiling, options.baseMs);
  return random() * ceiling;
}
