import { describe, expect, it } from 'vitest';
import { FirstAnswer } from '../../../src/extension/panels/first-answer.ts';

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
    expect(await first.to({ count: 100, view: 'all' })).toBe(1);
    expect(await first.to({ count: 100, view: 'all' })).toBe(2);
  });

  it('serves no other question', async () => {
    const { asked, ask } = counter();
    const first = new FirstAnswer<unknown, number>(ask, { view: 'all' });
    expect(await first.to({ view: 'regressed' })).toBe(2);
    expect(asked[1]).toEqual({ view: 'regressed' });
  });

  it('is not given once something changed', async () => {
    const { ask } = counter();
    const first = new FirstAnswer<unknown, number>(ask, { view: 'all' });
    first.forget();
    expect(await first.to({ view: 'all' })).toBe(2);
  });

  it('may be a failure, which whoever asks hears of, and nobody else', async () => {
    const first = new FirstAnswer<unknown, number>(() => Promise.reject(new Error('no engine')), {});
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(first.to({})).rejects.toThrow('no engine');
  });
});
