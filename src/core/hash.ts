import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from './json.ts';

type Sha256 = (text: string) => string;

let sha256OfText: Sha256 = (text) => bytesToHex(sha256(utf8ToBytes(text)));

/** Where the runtime has SHA-256 of its own: the same digits several times as fast, which counts for 100,000 cases. */
export function useNativeSha256(native: Sha256): void {
  sha256OfText = native;
}

/** SHA-256 of the text's UTF-8 bytes, 64 lower-case hex digits. */
export function hashText(text: string): string {
  return sha256OfText(text);
}

/** Hash of a value's canonical JSON: independent of key order. */
export function hashJson(value: unknown): string {
  return hashText(canonicalJson(value));
}
