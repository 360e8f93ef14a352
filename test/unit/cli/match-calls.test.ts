import { describe, expect, it } from 'vitest';
import type { CliContext } from '../../../src/cli/context.ts';
import { matchCalls } from '../../../src/cli/match-calls.ts';
import type { EngineClient } from '../../../src/protocol/engine.ts';

interface Bench {
  readonly asked: string[];
  readonly match: (query: string) => Promise<string>;
}

/** `steps`: what the engine answers, one after another; each takes a second. */
function bench(steps: readonly { readonly pending: number; readonly isWorking: boolean; readonly older?: number }[]): Bench {
  const asked: string[] = [];
  let now = 0;
  const engine = {
    request: (method: string) => {
      const answer = steps[Math.min(asked.push(method), steps.length) - 1];
      now += 1000;
      return Promise.resolve({ newest: 5000, older: 0, ...answer });
    },
  } as unknown as EngineClient;
  return {
    asked,
    async match(query) {
      let written = '';
      const stderr = { color: false, live: false, columns: 80, write: (text: string) => ((written += text), Promise.resolve(true)) };
      await matchCalls(engine, query, { stderr, now: () => now, onInterrupt: () => () => undefined, exitNow: () => undefined } as unknown as CliContext);
      return written;
    },
  };
}

describe('a query that asks for prompts', () => {
  it('waits until the prompts of all calls are known, and says how far it is', async () => {
    const { match, asked } = bench([{ pending: 40, isWorking: true }, { pending: 30, isWorking: true }, { pending: 0, isWorking: false }]);
    expect(await match('status:error prompt:triage')).toBe('Finding the prompts of calls: 10 of 40 traces\n');
    expect(asked).toEqual(['calls/match', 'calls/match', 'calls/match']);
  });

  it('says what it does not know where it cannot go on, and after a minute', async () => {
    expect(await bench([{ pending: 3, isWorking: false }]).match('prompt:triage')).toMatch(/^Which prompts made the calls of 3 traces is not known yet: /);
    const endless = bench([{ pending: 5000, isWorking: true }]);
    expect(await endless.match('-prompt:triage')).toContain('5,000 traces is not known yet');
    expect(endless.asked).toHaveLength(61);
  });

  it('says once which traces nobody looks at', async () => {
    const { match, asked } = bench([{ pending: 40, isWorking: true }, { pending: 0, isWorking: false, older: 1200 }]);
    expect(await match('prompt:triage')).toBe('The prompts of calls are found out for the newest 5,000 traces. Older ones (1,200) are found by prompt: only if they name theirs.\n');
    expect(asked).toHaveLength(2);
    expect(await bench([{ pending: 0, isWorking: false, older: 10_000 }]).match('prompt:triage')).toContain('Older ones (10,000 and more)');
  });

  it.each(['', 'refund', 'name:prompt', '"prompt:triage"', 'prompt:('])('is the only one that waits: %j', async (query) => {
    const { match, asked } = bench([{ pending: 1, isWorking: true }]);
    expect(await match(query)).toBe('');
    expect(asked).toEqual([]);
  });
});
