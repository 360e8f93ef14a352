import { setFlagsFromString } from 'node:v8';

let holders = 0;

/**
 * Makes V8 collect its old generation when that has doubled, not when it has grown fourfold: a long run leaves much behind that
 * lived only as long as a request. Returns the way back. Not to be used while modules are still loaded: as long as a flag is
 * set, their compiled code is not taken from the cache.
 */
export function keepHeapSmall(): () => void {
  if (holders++ === 0) setFlagsFromString('--heap-growing-percent=100');
  let released = false;
  return () => {
    if (released) return;
    released = true;
    if (--holders === 0) setFlagsFromString('--heap-growing-percent=0');
  };
}
