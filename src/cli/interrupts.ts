import type { CliContext } from './context.ts';
import { EXIT } from './exit.ts';
import type { StatusLine } from './status.ts';

/** The first Ctrl+C (or SIGTERM) asks for an orderly end, the second ends at once. */
export class Interrupts {
  readonly #controller = new AbortController();
  readonly #stop: () => void;

  constructor(context: CliContext, status: StatusLine, said = 'Cancelling; what is finished is kept. Ctrl+C again ends at once.') {
    this.#stop = context.onInterrupt(() => {
      if (this.#controller.signal.aborted) {
        context.exitNow(EXIT.cancelled);
        return;
      }
      status.print(said);
      this.#controller.abort();
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  dispose(): void {
    this.#stop();
  }
}
