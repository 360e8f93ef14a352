import { TouchstoneError } from '../core/errors.ts';
import { formatCount } from '../core/text/format.ts';
import { asksFor } from '../core/trace/query/parse.ts';
import type { EngineClient } from '../protocol/engine.ts';
import { MOST_OLDER } from '../protocol/spans.ts';
import type { CliContext } from './context.ts';
import { Interrupts } from './interrupts.ts';
import { shouldLog } from './progress.ts';
import { StatusLine } from './status.ts';
import { fit } from './terminal.ts';

/** As long as somebody may wait for a list; what is left is said. */
const LONGEST_MS = 60_000;
const STEP_MS = 200;

/**
 * Before a query with `prompt:` is asked: which prompts made the calls of the store is found out by whoever has time for it, and a command
 * that ends at once is nobody's background. So it waits, with progress, until that is known.
 * @throws TouchstoneError 'cancelled' on Ctrl+C; what was found out is kept
 */
export async function matchCalls(engine: EngineClient, query: string, context: CliContext): Promise<void> {
  if (!asksFor(query, 'prompt')) return;
  const status = new StatusLine(context.stderr, false);
  const interrupts = new Interrupts(context, status);
  const began = context.now();
  let last = { at: began, done: 0 };
  try {
    for (let most = 0; ; ) {
      const { pending, isWorking, newest, older } = await engine.request('calls/match', { forMs: STEP_MS }, interrupts.signal);
      if (interrupts.signal.aborted) throw new TouchstoneError('cancelled', 'Cancelled.');
      if (older > 0) status.print(`The prompts of calls are found out for the newest ${formatCount(newest, 'trace')}. Older ones (${formatCount(older)}${older < MOST_OLDER ? '' : ' and more'}) are found by prompt: only if they name theirs.`);
      if (pending === 0) return;
      const now = context.now();
      if (!isWorking || now - began > LONGEST_MS) {
        status.print(`Which prompts made the calls of ${formatCount(pending, 'trace')} is not known yet: prompt: does not find these. The same command again goes on with them.`);
        return;
      }
      most = Math.max(most, pending);
      const done = most - pending;
      const line = `Finding the prompts of calls: ${formatCount(done)} of ${formatCount(most, 'trace')}`;
      status.setLive(fit(line, context.stderr.columns - 1));
      if (!context.stderr.live && shouldLog(last, now, done, most)) {
        last = { at: now, done };
        status.print(line);
      }
    }
  } finally {
    status.clear();
    interrupts.dispose();
  }
}
