import { setTimeout as sleep } from 'node:timers/promises';
import { listenOnLoopback, type Listener, type Protocols } from './listener.ts';

/** How many ports after the one that was asked for are tried before any free one is taken. */
const NEXT_PORTS = 20;
const HIGHEST_PORT = 65_535;
/** A process that was killed keeps its ports for a moment longer than its lease. */
const HEIR_TRIES = 20;
const HEIR_PAUSE_MS = 100;

/**
 * Listens on the port that was asked for, else on the next free one.
 *
 * @param inherited the port of a receiver before us, to which programs send: tried first and for a while
 * @param avoid ports that are to stay free for something else
 */
export async function listenNear(requested: number, inherited: number | null, avoid: ReadonlySet<number>, protocols: Protocols): Promise<Listener> {
  if (inherited !== null) {
    for (let tries = 0; tries < HEIR_TRIES; tries++) {
      if (tries > 0) await sleep(HEIR_PAUSE_MS);
      const listener = await listenOnLoopback(inherited, protocols);
      if (listener) return listener;
    }
  }
  if (requested !== 0) {
    for (let port = requested; port <= Math.min(HIGHEST_PORT, requested + NEXT_PORTS); port++) {
      if (port !== requested && avoid.has(port)) continue;
      const listener = await listenOnLoopback(port, protocols);
      if (listener) return listener;
    }
  }
  // A port that is free on one address may be taken on the other.
  for (let tries = 0; tries < NEXT_PORTS; tries++) {
    const listener = await listenOnLoopback(0, protocols);
    if (listener) return listener;
  }
  throw new Error(`no port is free on this machine`);
}
