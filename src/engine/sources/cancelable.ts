import { TouchstoneError } from '../../core/errors.ts';

/** Fails as soon as it is cancelled, whatever the work waits for. The signal's reason is whatever cancelled it; people are told one thing. */
export async function cancelable<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const watching = new AbortController();
  const cancelled = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('cancelled'));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true, signal: watching.signal });
  });
  try {
    return await Promise.race([work, cancelled]);
  } catch (error) {
    if (signal.aborted) throw new TouchstoneError('cancelled', 'Cancelled. What had come of the trace is kept.', { cause: error });
    throw error;
  } finally {
    watching.abort();
  }
}
