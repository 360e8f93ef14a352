import { asFailure, type Failure } from './failure.ts';

/** No placeholder in place of something readable before this. */
const PATIENCE_MS = 150;
/** An open detail follows the keyboard when it rests. */
const FOLLOW_MS = 60;

/** Reads the detail of what is opened, one at a time: another one that is opened meanwhile ends the reading of the one before. */
export class Opening<Detail> {
  #reading = new AbortController();
  #follow: ReturnType<typeof setTimeout> | undefined;

  /** Opens when the keyboard has come to rest. */
  follow(open: () => void): void {
    clearTimeout(this.#follow);
    this.#follow = setTimeout(open, FOLLOW_MS);
  }

  /**
   * `show` gets the detail, or why it cannot be had, or neither when it takes so long that what stood there before (which
   * `isShown` tells from what is read) says something wrong. It gets nothing any more after `stop` or the next `read`.
   */
  async read({ ask, show, isShown }: {
    readonly ask: (signal: AbortSignal) => Promise<Detail>;
    readonly show: (detail: Detail | null, failure: Failure | null) => void;
    readonly isShown: () => boolean;
  }): Promise<void> {
    this.stop();
    const { signal } = (this.#reading = new AbortController());
    const patience = setTimeout(() => {
      if (!signal.aborted && !isShown()) show(null, null);
    }, PATIENCE_MS);
    try {
      const detail = await ask(signal);
      if (!signal.aborted) show(detail, null);
    } catch (error) {
      if (!signal.aborted) show(null, asFailure(error));
    } finally {
      clearTimeout(patience);
    }
  }

  stop(): void {
    clearTimeout(this.#follow);
    this.#reading.abort();
  }
}
