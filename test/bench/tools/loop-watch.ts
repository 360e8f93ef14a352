/** Looks as often as the event loop lets it, and says how long it was kept waiting at most. */
export function watchLoop(): { stop(): number } {
  let longest = 0;
  let last = performance.now();
  let watching = true;
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (watching) setImmediate(look);
  };
  setImmediate(look);
  return {
    /** Milliseconds. */
    stop() {
      watching = false;
      return Math.max(longest, performance.now() - last);
    },
  };
}
