import { hostname } from 'node:os';

/** A running run whose process has not been heard of for this long has lost it, whatever its process id says. */
export const HEARTBEAT_LIMIT_MS = 30_000;

/** Whether the process that works on a run (`host/process id/its start`) is still there. */
export function isAlive(owner: string | null, heartbeat: number): boolean {
  if (owner === null || Date.now() - heartbeat > HEARTBEAT_LIMIT_MS) return false;
  const [host, pid] = owner.split('/');
  // Another machine on a shared folder: only its heartbeat tells.
  if (host !== hostname()) return true;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
