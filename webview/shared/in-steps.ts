/** Milliseconds that one step may keep the panel's only thread. */
const STEP_MS = 8;

/** Drains a computation that yields, in steps with the page's own work between them. Rejects with the signal's reason when it is ended. */
export async function inSteps<T>(computation: Generator<undefined, T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    const until = performance.now() + STEP_MS;
    do {
      const step = computation.next();
      if (step.done === true) return step.value;
    } while (performance.now() < until);
    await nextTask();
    signal.throwIfAborted();
  }
}

/** A task of its own, without the four milliseconds that nested timers are held back: what is drawn or typed meanwhile comes first. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    }, { once: true });
    port1.start();
    port2.postMessage(null);
  });
}
