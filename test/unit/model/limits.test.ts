import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../src/core/model/backoff.ts';
import { limitsFor, RateLimiter, type Clock, type ReleaseOptions } from '../../../src/core/model/limits.ts';
import { seededRandom } from '../../../src/core/stats/random.ts';

/** Virtual time: `run` advances from timer to timer. */
class VirtualClock implements Clock {
  time = 0;
  #timers: { at: number; order: number; call: () => void }[] = [];
  #order = 0;

  now(): number {
    return this.time;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.time + Math.max(0, ms), order: this.#order++, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((item) => item !== timer);
    };
  }

  async run(until = Infinity): Promise<void> {
    for (;;) {
      // Lets everything that was resolved go on first.
      for (let i = 0; i < 12; i += 1) await Promise.resolve();
      const next = this.#timers.sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined || next.at > until) break;
      this.#timers.shift();
      this.time = next.at;
      next.call();
    }
    if (until !== Infinity) this.time = until;
  }
}

interface Start {
  readonly at: number;
  readonly tokens: number;
}

const inAnyMinute = (starts: readonly Start[], amount: (start: Start) => number): number =>
  Math.max(0, ...starts.map(({ at }) => starts.filter((other) => other.at >= at && other.at < at + 60_000).reduce((sum, other) => sum + amount(other), 0)));

async function simulate(clock: VirtualClock, limiter: RateLimiter, jobs: readonly number[], answer: (n: number) => ReleaseOptions, durationMs: (n: number) => number): Promise<{ starts: Start[]; most: number }> {
  const starts: Start[] = [];
  let active = 0;
  let most = 0;
  const all = jobs.map(async (tokens, n) => {
    const permit = await limiter.acquire({ tokens });
    starts.push({ at: clock.now(), tokens });
    active += 1;
    most = Math.max(most, active);
    await new Promise<void>((resolve) => clock.after(durationMs(n), resolve));
    active -= 1;
    permit.release(answer(n));
  });
  await clock.run();
  await Promise.all(all);
  return { starts, most };
}

describe('the rate limiter', () => {
  it.each([1, 2, 3, 4, 5])('never exceeds requests and tokens of any minute, nor the number under way (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const clock = new VirtualClock();
    const rpm = 5 + Math.floor(random() * 40);
    const tpm = 500 + Math.floor(random() * 3_000);
    const concurrency = 1 + Math.floor(random() * 20);
    const limiter = new RateLimiter({ concurrency, requestsPerMinute: rpm, tokensPerMinute: tpm }, clock);
    const jobs = Array.from({ length: 150 }, () => Math.floor(random() * 400));
    const { starts, most } = await simulate(clock, limiter, jobs, () => ({ outcome: 'ok' }), () => 50 + random() * 2_000);
    expect(starts).toHaveLength(jobs.length);
    expect(most).toBeLessThanOrEqual(concurrency);
    expect(inAnyMinute(starts, () => 1)).toBeLessThanOrEqual(rpm);
    expect(inAnyMinute(starts, ({ tokens }) => tokens)).toBeLessThanOrEqual(tpm);
  });

  it('uses what the minute allows', async () => {
    const clock = new VirtualClock();
    const limiter = new RateLimiter({ concurrency: 100, requestsPerMinute: 60 }, clock);
    const { starts } = await simulate(clock, limiter, new Array<number>(180).fill(0), () => ({ outcome: 'ok' }), () => 10);
    expect(starts.at(-1)!.at).toBeLessThanOrEqual(120_000);
  });

  it('is first come, first served', async () => {
    const clock = new VirtualClock();
    const limiter = new RateLimiter({ concurrency: 2 }, clock);
    const order: number[] = [];
    const all = Array.from({ length: 20 }, async (_, n) => {
      const permit = await limiter.acquire({ tokens: 0 });
      order.push(n);
      await new Promise<void>((resolve) => clock.after(10, resolve));
      permit.release({ outcome: 'ok' });
    });
    await clock.run();
    await Promise.all(all);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  it('halves once for a burst of refusals, waits as asked, and recovers', async () => {
    const clock = new VirtualClock();
    const limiter = new RateLimiter({ concurrency: 16 }, clock);
    const permits = await Promise.all(Array.from({ length: 16 }, () => limiter.acquire({ tokens: 0 })));
    clock.time = 100;
    for (const permit of permits) permit.release({ outcome: 'rate-limited', retryAfterMs: 5_000 });
    expect(limiter.state).toMatchObject({ limit: 8, active: 0, pausedMs: 5_000 });

    let startedAt: number | null = null;
    const waiting = limiter.acquire({ tokens: 0 }).then((permit) => {
      startedAt = clock.now();
      permit.release({ outcome: 'ok' });
    });
    await clock.run();
    await waiting;
    expect(startedAt).toBe(5_100);

    await simulate(clock, limiter, new Array<number>(400).fill(0), () => ({ outcome: 'ok' }), () => 10);
    expect(limiter.state.limit).toBe(16);
  });

  it('waits longer and longer where the endpoint does not say how long', () => {
    const clock = new VirtualClock();
    const limiter = new RateLimiter({ concurrency: 1 }, clock);
    const pauses: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      void limiter.acquire({ tokens: 0 }).then((permit) => permit.release({ outcome: 'rate-limited' }));
    }
    return clock.run().then(() => {
      pauses.push(limiter.state.pausedMs);
      // 1 + 2 + 4 s are over, 8 s are to come.
      expect(clock.time).toBe(7_000);
      expect(pauses).toEqual([8_000]);
    });
  });

  it('keeps to a server that allows N a minute without knowing N', async () => {
    const clock = new VirtualClock();
    const limiter = new RateLimiter({ concurrency: 50 }, clock);
    const allowed = 30;
    const accepted: number[] = [];
    let refused = 0;
    const job = async (): Promise<void> => {
      for (;;) {
        const permit = await limiter.acquire({ tokens: 0 });
        await new Promise<void>((resolve) => clock.after(200, resolve));
        const recent = accepted.filter((at) => at > clock.now() - 60_000);
        if (recent.length < allowed) {
          accepted.push(clock.now());
          permit.release({ outcome: 'ok' });
          return;
        }
        refused += 1;
        permit.release({ outcome: 'rate-limited', retryAfterMs: recent[0]! + 60_000 - clock.now() });
      }
    };
    const all = Array.from({ length: 120 }, job);
    await clock.run();
    await Promise.all(all);
    expect(accepted).toHaveLength(120);
    // Ideal: three minutes. A loop without a limiter would be refused hundreds of times.
    expect(clock.time).toBeLessThan(5 * 60_000);
    expect(refused).toBeLessThan(120);
  });

  it('stops before the endpoint must refuse', async () => {
    const clock = new VirtualClock();
    const limiter = new RateLimiter({ concurrency: 4 }, clock);
    const first = await limiter.acquire({ tokens: 0 });
    first.release({ outcome: 'ok', status: { limitRequests: 60, remainingRequests: 0, resetRequestsMs: 60_000, limitTokens: null, remainingTokens: null, resetTokensMs: null } });
    // One of sixty is back after a sixtieth of the time.
    expect(limiter.state.pausedMs).toBeCloseTo(1_000, 6);
  });

  it('lets a waiter leave, and those behind it go on', async () => {
    const clock = new VirtualClock();
    const limiter = new RateLimiter({ concurrency: 1 }, clock);
    const first = await limiter.acquire({ tokens: 0 });
    const stop = new AbortController();
    const second = limiter.acquire({ tokens: 0, signal: stop.signal });
    const third = limiter.acquire({ tokens: 0 });
    stop.abort();
    await expect(second).rejects.toMatchObject({ code: 'cancelled' });
    expect(limiter.state.waiting).toBe(1);
    first.release({ outcome: 'ok' });
    first.release({ outcome: 'ok' });
    (await third).release({ outcome: 'ok' });
    expect(limiter.state).toMatchObject({ active: 0, waiting: 0 });
  });

  it('lets a request through that needs more than a whole minute', async () => {
    const clock = new VirtualClock();
    const limiter = new RateLimiter({ concurrency: 4, tokensPerMinute: 100 }, clock);
    const { starts } = await simulate(clock, limiter, [50, 5_000, 50], () => ({ outcome: 'ok' }), () => 10);
    expect(starts.map(({ at }) => at)).toEqual([0, 60_000, 120_000]);
  });

  it('corrects its estimate by what a request needed', async () => {
    const clock = new VirtualClock();
    const limiter = new RateLimiter({ concurrency: 4, tokensPerMinute: 100 }, clock);
    (await limiter.acquire({ tokens: 90 })).release({ outcome: 'ok', tokens: 10 });
    let started = false;
    void limiter.acquire({ tokens: 90 }).then(() => (started = true));
    await Promise.resolve();
    expect(started).toBe(true);
  });
});

describe('a limiter that several runs share', () => {
  it('lets the run that may send more do so, and keeps the endpoint\'s pause and minute for all', async () => {
    const clock = new VirtualClock();
    const limiter = new RateLimiter({ concurrency: 2, requestsPerMinute: 5 }, clock);
    limiter.allow(4);
    limiter.allow(1);
    expect(limiter.state.limit).toBe(4);
    const permits = await Promise.all(Array.from({ length: 4 }, () => limiter.acquire({ tokens: 1 })));
    permits[0]?.release({ outcome: 'rate-limited', retryAfterMs: 1000 });
    expect(limiter.state).toMatchObject({ limit: 2, pausedMs: 1000 });
    // What the endpoint refused is not undone by another run.
    limiter.allow(8);
    expect(limiter.state.limit).toBe(2);
    for (const permit of permits) permit.release({ outcome: 'ok' });
    const started: number[] = [];
    const next = [1, 2].map(async () => {
      const permit = await limiter.acquire({ tokens: 1 });
      started.push(clock.time);
      permit.release({ outcome: 'ok' });
    });
    await clock.run();
    await Promise.all(next);
    expect(started).toEqual([1000, 60_000]);
  });
});

describe('limits of touchstone.yml', () => {
  const limits = { '*': { requestsPerMinute: 1 }, 'https://api.openai.com': { requestsPerMinute: 2 }, 'https://api.openai.com/v1#gpt-5': { requestsPerMinute: 3 }, 'openai/gpt-5': { requestsPerMinute: 4 } };

  it('are those of the id, else of the longest prefix of the endpoint, else of all', () => {
    expect(limitsFor('https://api.openai.com/v1#gpt-5', 'openai/gpt-5', limits).requestsPerMinute).toBe(4);
    expect(limitsFor('https://api.openai.com/v1#gpt-5', 'x', limits).requestsPerMinute).toBe(3);
    expect(limitsFor('https://api.openai.com/v1#gpt-4o', 'x', limits).requestsPerMinute).toBe(2);
    expect(limitsFor('https://elsewhere', 'x', limits).requestsPerMinute).toBe(1);
    expect(limitsFor('https://elsewhere', 'x', {})).toEqual({});
  });
});

describe('back-off', () => {
  it('is uniform below an exponential ceiling', () => {
    const random = seededRandom(7);
    for (let attempt = 0; attempt < 12; attempt += 1) {
      const ceiling = Math.min(30_000, 500 * 2 ** attempt);
      const waits = Array.from({ length: 400 }, () => backoffMs(attempt, random));
      expect(Math.max(...waits)).toBeLessThanOrEqual(ceiling);
      expect(waits.reduce((a, b) => a + b) / waits.length).toBeGreaterThan(ceiling * 0.44);
      expect(waits.reduce((a, b) => a + b) / waits.length).toBeLessThan(ceiling * 0.56);
    }
  });

  it('never returns before the endpoint asked, and spreads the waiters', () => {
    const random = seededRandom(1);
    const waits = Array.from({ length: 50 }, () => backoffMs(3, random, 2_000));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(2_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2_500);
    expect(new Set(waits).size).toBeGreaterThan(40);
  });
});
