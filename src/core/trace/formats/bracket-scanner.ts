/** Counts the open brackets of JSON in UTF-8, outside of strings. Bytes of longer characters are never brackets or quotes. */
export class BracketScanner {
  #depth = 0;
  #inString = false;
  #escaped = false;

  get inString(): boolean {
    return this.#inString;
  }

  /** How many brackets are open after the bytes; the next bytes go on from there. */
  feed(bytes: Uint8Array): number {
    let [depth, inString, escaped] = [this.#depth, this.#inString, this.#escaped];
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === 92) escaped = true;
        else if (byte === 34) inString = false;
      } else if (byte === 34) inString = true;
      else if (byte === 123 || byte === 91) depth++;
      else if (byte === 125 || byte === 93) depth--;
    }
    [this.#depth, this.#inString, this.#escaped] = [depth, inString, escaped];
    return depth;
  }

  clone(): BracketScanner {
    const copy = new BracketScanner();
    [copy.#depth, copy.#inString, copy.#escaped] = [this.#depth, this.#inString, this.#escaped];
    return copy;
  }
}
