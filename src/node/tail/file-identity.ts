import { hash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

const COMPARED_BYTES = 256;

/** Device and inode: they stay when a file is renamed. */
export function nodeOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`;
}

/** The device and inode that an identity tells of. */
export function nodeOfIdentity(identity: string): string {
  return identity.slice(0, identity.lastIndexOf(':'));
}

/**
 * Tells that a file is the one that was read up to `offset`: its device and inode, which file systems give to the next file
 * again, and a hash of the bytes at its beginning and before the offset, which a log that is only added to keeps.
 */
export async function identityAt(handle: FileHandle, stats: BigIntStats, offset: number): Promise<string> {
  const head = await readBytes(handle, 0, Math.min(COMPARED_BYTES, offset));
  const tail = await readBytes(handle, Math.max(0, offset - COMPARED_BYTES), Math.min(COMPARED_BYTES, offset));
  return `${nodeOf(stats)}:${hash('sha256', Buffer.concat([head, tail])).slice(0, 24)}`;
}

async function readBytes(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
