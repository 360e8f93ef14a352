import { errorMessage } from '../../core/errors.ts';
import type { PriceOverrides } from '../../core/model/prices.ts';
import { createRedactor } from '../../core/model/redact.ts';
import { SinkError, type EncodedBatch } from '../../core/trace/sink.ts';
import { contentTypeOf, readBatch } from './decode-batch.ts';
import { keepBytes } from './kept-values.ts';
import { prepareBatch } from './prepared-batch.ts';
import { BatchRedactor } from './redact-batch.ts';
import { unpackBatch, type PackedBatch, type ToWriter, type WorkerSettings } from './worker-messages.ts';

/** Decodes what was posted, takes secrets out, and reads what it means: everything up to the database. */
export class BatchPreparer {
  readonly #redactor = new BatchRedactor();
  #prices: PriceOverrides = {};

  set({ prices, secrets }: Pick<WorkerSettings, 'prices' | 'secrets'>): void {
    this.#prices = prices;
    const redactor = createRedactor(secrets);
    // A secret that is too short to be one is left alone, as everywhere.
    this.#redactor.set(secrets.filter((secret) => redactor.redactValues(secret) !== secret), (text) => redactor.redactValues(text));
  }

  /** What the writer is to do with it. */
  prepare(id: number, batch: EncodedBatch | PackedBatch): ToWriter {
    try {
      const isPacked = 'json' in batch;
      const decoded = readBatch(isPacked ? unpackBatch(batch) : batch);
      const read = { ...decoded, rejected: keepBytes(decoded.rejected) };
      const isSuspect = isPacked ? !this.#redactor.isIdle : this.#redactor.mayHold(batch);
      return { type: 'prepared', id, batch: prepareBatch(isSuspect ? this.#redactor.batch(read) : read, this.#prices) };
    } catch (error) {
      const reason = this.#redactor.text(errorMessage(error));
      if (error instanceof SinkError && !('json' in batch)) {
        return { type: 'undecodable', id, rejection: { place: batch.origin.place, where: '', reason, contentType: contentTypeOf(batch.form), body: this.#redactor.bytes(batch.body) } };
      }
      // A defect of ours: what was sent may be as it should.
      return { type: 'broken', id, message: `The batch cannot be read: ${reason}` };
    }
  }
}
