import type { IncomingMessage } from 'node:http';
import type { Place } from './admission.ts';
import { tooLarge } from './inflate.ts';
import { Refusal } from './refusal.ts';

/**
 * The bytes of a request, and no more than `limit` of them: reading stops with the one too many.
 * @throws Refusal 413 past the limit, 503 when all requests together hold too much, 400 when the sender breaks off
 */
export function readBody(request: IncomingMessage, limit: number, place: Place): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (settle: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
      settle();
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      try {
        if (length > limit) throw tooLarge(limit);
        place.hold(length);
        chunks.push(chunk);
      } catch (error) {
        request.pause();
        end(() => { reject(error instanceof Error ? error : new Error(String(error))); });
      }
    };
    const onEnd = (): void => { end(() => { resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)); }); };
    const onBroken = (): void => { end(() => { reject(new Refusal(400, 'the sender broke off')); }); };
    request.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}
