/** What keeps a sender, by accident or on purpose, from filling the memory or holding the receiver up. */
export interface ReceiverLimits {
  /** Bytes of one body, as sent and inflated. */
  readonly body: number;
  /** Bytes of all bodies that wait for the store at one time. */
  readonly waiting: number;
  /** Requests that are under way at one time. */
  readonly requests: number;
  readonly connections: number;
  /** Milliseconds from the first byte of a request to the last of its headers. */
  readonly headersMs: number;
  /** Milliseconds for a whole request to come in. */
  readonly requestMs: number;
  /**
   * Milliseconds that a connection may rest. SDKs send every 5 seconds, and one that is closed in the moment they send again costs
   * a batch: much longer than that.
   */
  readonly restMs: number;
  /** Milliseconds for which the rest of a refused body is still read, so that the sender gets to read the answer. */
  readonly lingerMs: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: ReceiverLimits = {
  body: 64 * MIB,
  waiting: 256 * MIB,
  requests: 256,
  connections: 512,
  headersMs: 10_000,
  requestMs: 60_000,
  restMs: 75_000,
  lingerMs: 2000,
};
