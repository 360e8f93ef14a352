import type { Disposable } from 'vscode';

/**
 * Calls `action` once for all requests within `delayMs`. An action that is still at work is not started a second time;
 * it runs again afterwards. The action reports its own failures.
 */
export class Coalesced implements Disposable {
  readonly #action: () => unknown;
  readonly #delayMs: number;
  readonly #restart: boolean;
  #timer: NodeJS.Timeout | null = null;
  #busy = false;
  #again = false;
  #disposed = false;

  /** `restart`: every request begins the wait anew (typing); otherwise the first request's wait holds (progress). */
  constructor(action: () => unknown, delayMs: number, options: { restart?: boolean } = {}) {
    this.#action = action;
    this.#delayMs = delayMs;
    this.#restart = options.restart ?? false;
  }

  request(): void {
    if (this.#disposed) return;
    if (this.#timer !== null) {
      if (!this.#restart) return;
      clearTimeout(this.#timer);
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#run();
    }, this.#delayMs);
  }

  dispose(): void {
    this.#disposed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    try {
      await this.#action();
    } finally {
      this.#busy = false;
      if (this.#again) {
        this.#again = false;
        this.request();
      }
    }
  }
}
