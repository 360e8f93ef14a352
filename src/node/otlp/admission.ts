import type { ReceiverLimits } from './limits.ts';
import { Refusal } from './refusal.ts';

/** Seconds after which a sender that met a full house is asked to come again. */
const RETRY_AFTER = 1;

/** Counts the requests that are under way and the bytes they hold, and turns away what is too much. */
export class Admission {
  readonly #limits: ReceiverLimits;
  #requests = 0;
  #bytes = 0;

  constructor(limits: ReceiverLimits) {
    this.#limits = limits;
  }

  /** @throws Refusal 503 when too many requests wait */
  enter(): Place {
    if (this.#requests >= this.#limits.requests) throw busy();
    this.#requests++;
    let held = 0;
    let left = false;
    return {
      hold: (bytes) => {
        if (left) return;
        if (bytes > held && this.#bytes + bytes - held > this.#limits.waiting) throw busy();
        this.#bytes += bytes - held;
        held = bytes;
      },
      leave: () => {
        if (left) return;
        left = true;
        this.#requests--;
        this.#bytes -= held;
      },
    };
  }
}

/** One request's share. */
export interface Place {
  /** Says how many bytes the request holds now. @throws Refusal 503 when all together hold too much */
  hold(bytes: number): void;
  leave(): void;
}

function busy(): Refusal {
  return new Refusal(503, 'the receiver has too much to do at the moment', { retryAfter: RETRY_AFTER });
}
