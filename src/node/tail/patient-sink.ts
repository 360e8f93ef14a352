import { setTimeout as sleep } from 'node:timers/promises';
import { SinkError, type DecodedBatch, type EncodedBatch, type Ingested, type TraceSink } from '../../core/trace/sink.ts';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;

/**
 * Waits while the sink is busy or the disk is full, instead of giving up: files wait, they lose nothing.
 * @throws SinkError 'undecodable'; the signal's reason
 */
export async function ingestPatiently(sink: TraceSink, batch: EncodedBatch | DecodedBatch, signal: AbortSignal, onWait: (reason: string | null) => void = () => undefined): Promise<Ingested> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    signal.throwIfAborted();
    try {
      const ingested = await sink.ingest(batch);
      onWait(null);
      return ingested;
    } catch (error) {
      if (!(error instanceof SinkError) || error.reason === 'undecodable') throw error;
      onWait(error.message);
      await sleep(error.retryAfter === null ? wait : Math.min(error.retryAfter * 1000, LONGEST_WAIT_MS), undefined, { signal });
    }
  }
}
