import { describe, expect, it } from 'vitest';
import { FirstAnswer } from '../../../src/extension/panels/first-answer.ts';

/** Of a page that stays. */
const NEVER = new AbortController().signal;

/** Answers how often it was asked. */
function counter(): { readonly asked: unknown[]; readonly ask: (question: unknown) => Promise<number> } {
  const asked: unknown[] = [];
  return { asked, ask: (question) => Promise.resolve(asked.push(question)) };
}

describe('the answer to what a page asks first', () => {
  it('is asked for before the page asks, and serves once', async () => {
    const { asked, ask } = counter();
    const first = new FirstAnswer<unknown, number>(ask, { view: 'all', count: 100 });
    expect(asked).toHaveLength(1);
    expect(await first.to({ count: 100, view: 'all' }, NEVER)).toBe(1);
    expect(await first.to({ count: 100, view: 'all' }, NEVER)).toBe(2);
  });

  it('serves no other question', async () => {
    const { asked, ask } = counter();
    const first = new FirstAnswer<unknown, number>(ask, { view: 'all' });
    expect(await first.to({ view: 'regressed' }, NEVER)).toBe(2);
    expect(asked[1]).toEqual({ view: 'regressed' });
  });

  it('is not given once something changed', async () => {
    const { ask } = counter();
    const first = new FirstAnswer<unknown, number>(ask, { view: 'all' });
    first.forget();
    expect(await first.to({ view: 'all' }, NEVER)).toBe(2);
  });

  it('may be a failure, which whoever asks hears of, and nobody else', async () => {
    const first = new FirstAnswer<unknown, number>(() => Promise.reject(new Error('no engine')), {});
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(first.to({}, NEVER)).rejects.toThrow('no engine');
  });

  it('is cancelled with the page that took it, or when nobody will take it', async () => {
    const signals: AbortSignal[] = [];
    const ask = (_question: unknown, signal: AbortSignal): Promise<number> => new Promise((_resolve, reject) => {
      signals.push(signal);
      signal.addEventListener('abort', () => reject(new Error('cancelled')));
    });
    const page = new AbortController();
    const taken = new FirstAnswer<unknown, number>(ask, {});
    const answer = taken.to({}, page.signal);
    // Whoever took it still waits for it.
    taken.forget();
    expect(signals[0]?.aborted).toBe(false);
    page.abort();
    await expect(answer).rejects.toThrow('cancelled');
    const left = new FirstAnswer<unknown, number>(ask, {});
    left.forget();
    expect(signals[1]?.aborted).toBe(true);
    const later = new AbortController();
    const second = left.to({ again: true }, later.signal);
    later.abort();
    await expect(second).rejects.toThrow('cancelled');
  });
});
