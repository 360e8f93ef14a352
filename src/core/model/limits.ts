import type { RateLimits } from '../config/model.ts';
import { TouchstoneError } from '../errors.ts';
import type { RateLimitStatus } from './model.ts';
import { SlidingWindow } from './sliding-window.ts';

/** Time as the limiter sees it: the machine's in a run, a simulated one in tests. */
export interface Clock {
  /** Milliseconds from any fixed point; never goes back. */
  now(): number;
  /** Calls once after `ms`; the result cancels. */
  after(ms: number, call: () => void): () => void;
}

export interface RateLimiterOptions extends RateLimits {
  /** Requests under way at once, at most. The adaptive limit starts here and never exceeds it (or what `allow` raises it to). */
  readonly concurrency: number;
}

export interface AcquireOptions {
  /** Tokens that the request is expected to need, input and output. */
  readonly tokens: number;
  readonly signal?: AbortSignal;
}

export interface ReleaseOptions {
  /** `failed`: for another reason than a rate limit; says nothing about what the endpoint can take. */
  readonly outcome: 'ok' | 'rate-limited' | 'failed';
  readonly retryAfterMs?: number | null;
  /** What the answer's headers said. */
  readonly status?: RateLimitStatus | null;
  /** What it needed, once known: corrects the estimate in the window. */
  readonly tokens?: number | null;
}

export interface Permit {
  /** Once; later calls do nothing. */
  release(options: ReleaseOptions): void;
}

export interface RateLimiterState {
  /** Requests that may be under way now. */
  readonly limit: number;
  readonly active: number;
  readonly waiting: number;
  /** Milliseconds until the endpoint's own pause ends; 0 when there is none. */
  readonly pausedMs: number;
}

interface Waiter {
  readonly tokens: number;
  readonly start: (permit: Permit) => void;
  cancelled: boolean;
}

const MINUTE = 60_000;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

/**
 * What one endpoint is asked at a time. Additive increase, multiplicative decrease of the number under way (Chiu & Jain 1989,
 * as in TCP: one halving for each burst of refusals), pauses as the endpoint asks for them, and sliding windows of one minute
 * for limits that the user set. First come, first served.
 */
export class RateLimiter {
  #concurrency: number;
  readonly #clock: Clock;
  readonly #requests: SlidingWindow | null;
  readonly #tokens: SlidingWindow | null;
  readonly #queue: Waiter[] = [];
  #head = 0;
  #waiting = 0;
  #limit: number;
  #active = 0;
  #pausedUntil = -Infinity;
  #nextPause = FIRST_PAUSE;
  /** Refusals of requests that started before this moment are of a burst already answered by a halving. */
  #halvedAt = -Infinity;
  #cancelTimer: (() => void) | null = null;

  constructor(options: RateLimiterOptions, clock: Clock) {
    this.#clock = clock;
    this.#concurrency = Math.max(1, options.concurrency);
    this.#limit = this.#concurrency;
    this.#requests = options.requestsPerMinute === undefined ? null : new SlidingWindow(options.requestsPerMinute, MINUTE);
    this.#tokens = options.tokensPerMinute === undefined ? null : new SlidingWindow(options.tokensPerMinute, MINUTE);
  }

  get state(): RateLimiterState {
    return {
      limit: Math.floor(this.#limit),
      active: this.#active,
      waiting: this.#waiting,
      pausedMs: Math.max(0, this.#pausedUntil - this.#clock.now()),
    };
  }

  /** Somebody else asks the same endpoint and may have more under way: a limit that was never lowered rises with it. */
  allow(concurrency: number): void {
    if (concurrency <= this.#concurrency) return;
    const untouched = this.#limit >= this.#concurrency;
    this.#concurrency = concurrency;
    if (!untouched) return;
    this.#limit = concurrency;
    this.#pump();
  }

  /** @throws TouchstoneError 'cancelled' when the signal is aborted while waiting */
  acquire({ tokens, signal }: AcquireOptions): Promise<Permit> {
    if (signal?.aborted === true) return Promise.reject(cancelled());
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        waiter.cancelled = true;
        this.#waiting -= 1;
        reject(cancelled());
        // Behind the one that left may stand one that needs fewer tokens.
        this.#pump();
      };
      const waiter: Waiter = {
        tokens: Math.max(0, tokens),
        cancelled: false,
        start: (permit) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(permit);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(waiter);
      this.#waiting += 1;
      this.#pump();
    });
  }

  #pump(): void {
    for (;;) {
      const waiter = this.#first();
      if (waiter === undefined) break;
      if (this.#active >= Math.floor(this.#limit)) break;
      const now = this.#clock.now();
      const wait = Math.max(this.#pausedUntil - now, this.#requests?.waitFor(1, now) ?? 0, this.#tokens?.waitFor(waiter.tokens, now) ?? 0);
      if (wait > 0) {
        this.#wakeAfter(wait);
        break;
      }
      this.#head += 1;
      this.#waiting -= 1;
      this.#start(waiter, now);
    }
  }

  /** The first waiter that is still there; drops those that left, and the used part of the queue now and then. */
  #first(): Waiter | undefined {
    while (this.#head < this.#queue.length && this.#queue[this.#head]!.cancelled) this.#head += 1;
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    return this.#queue[this.#head];
  }

  #start(waiter: Waiter, startedAt: number): void {
    this.#active += 1;
    this.#requests?.add(1, startedAt);
    const entry = this.#tokens?.add(waiter.tokens, startedAt);
    let released = false;
    waiter.start({
      release: (options) => {
        if (released) return;
        released = true;
        this.#active -= 1;
        if (entry !== undefined && typeof options.tokens === 'number') this.#tokens?.correct(entry, options.tokens);
        this.#learn(options, startedAt);
        this.#pump();
      },
    });
  }

  #learn(options: ReleaseOptions, startedAt: number): void {
    const now = this.#clock.now();
    if (options.outcome === 'ok') {
      this.#nextPause = FIRST_PAUSE;
      this.#limit = Math.min(this.#concurrency, this.#limit + 1 / this.#limit);
    } else if (options.outcome === 'rate-limited') {
      const newBurst = startedAt >= this.#halvedAt;
      if (newBurst) {
        this.#limit = Math.max(1, this.#limit / 2);
        this.#halvedAt = now;
      }
      if (typeof options.retryAfterMs === 'number') this.#pauseUntil(now + options.retryAfterMs);
      else if (newBurst) {
        this.#pauseUntil(now + this.#nextPause);
        this.#nextPause = Math.min(LONGEST_PAUSE, this.#nextPause * 2);
      }
    }
    if (options.status) this.#heed(options.status, now);
  }

  /** Stops before the endpoint has to refuse: what is under way may use up what it says is left. */
  #heed(status: RateLimitStatus, now: number): void {
    const requests = shortage(status.limitRequests, status.remainingRequests, status.resetRequestsMs, this.#active + 1);
    const next = this.#first();
    const tokens = next === undefined ? 0 : shortage(status.limitTokens, status.remainingTokens, status.resetTokensMs, next.tokens);
    const wait = Math.max(requests, tokens);
    if (wait > 0) this.#pauseUntil(now + Math.min(wait, LONGEST_PAUSE));
  }

  #pauseUntil(time: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, time);
  }

  #wakeAfter(ms: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.after(Math.ceil(ms), () => {
      this.#cancelTimer = null;
      this.#pump();
    });
  }
}

/**
 * Milliseconds until `needed` units are there. `reset` is when the bucket is full again and it fills steadily (OpenAI, Anthropic),
 * so a part of it is back after a part of that time; without a known size all of it is awaited.
 */
function shortage(limit: number | null, remaining: number | null, resetMs: number | null, needed: number): number {
  if (remaining === null || resetMs === null || remaining >= needed) return 0;
  const empty = limit === null ? 0 : limit - remaining;
  if (limit === null || empty <= 0 || needed > limit) return resetMs;
  return Math.min(resetMs, (resetMs * (needed - remaining)) / empty);
}

/**
 * The limits of touchstone.yml for one model: those of its id, else of the longest prefix of its endpoint, else of `*`.
 */
export function limitsFor(endpoint: string, modelId: string, limits: Readonly<Record<string, RateLimits>>): RateLimits {
  if (Object.hasOwn(limits, modelId)) return limits[modelId]!;
  const prefix = Object.keys(limits)
    .filter((key) => key !== '*' && endpoint.startsWith(key))
    .sort((a, b) => b.length - a.length)[0];
  if (prefix !== undefined) return limits[prefix]!;
  return Object.hasOwn(limits, '*') ? limits['*']! : {};
}

function cancelled(): TouchstoneError {
  return new TouchstoneError('cancelled', 'Cancelled while waiting for the endpoint.');
}
