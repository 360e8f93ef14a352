import type { TraceRow } from '../../protocol/traces.ts';

/** Nanoseconds since 1970 as decimal text → milliseconds. */
export function millisecondsOf(nanoseconds: string): number {
  return Number(BigInt(nanoseconds) / 1_000_000n);
}

/** `null`: it runs. */
export function durationMs(row: Pick<TraceRow, 'durationNs'>): number | null {
  return row.durationNs === null ? null : Number(row.durationNs) / 1e6;
}

/** `812 B`, `1.2 MB`, `120 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}
