import { stat } from 'node:fs/promises';

/** Time of the last change and size, which together tell that a file changed; `null` where there is none. */
export async function fileStamp(path: string): Promise<string | null> {
  try {
    const { mtimeMs, size } = await stat(path);
    return `${mtimeMs}/${size}`;
  } catch {
    return null;
  }
}
