/** A piece of text that should be one JSON value. */
export interface TextDocument {
  readonly where: string;
  readonly text: string;
}

/**
 * The JSON values of a text: the whole of it, one on each line, or one after the other over many lines (Python's console exporter).
 * Every line and bracket is looked at once.
 */
export function splitDocuments(text: string): TextDocument[] {
  const whole = text.replace(/^\uFEFF/, '');
  if (whole.trim() === '') return [];
  const lines = whole.split('\n');
  const spoken = lines.map((line, index) => ({ where: `line ${index + 1}`, text: line.trim() })).filter((line) => line.text !== '');
  if (spoken.length === 1) return [{ where: '', text: spoken[0]!.text }];
  // A line that is closed in itself is a document; where the first is not, the values span lines.
  if (isClosed(spoken[0]!.text)) return spoken;
  return splitValues(lines);
}

function isClosed(line: string): boolean {
  return new Scanner().feed(line) === 0 && /^[[{].*[\]}]$/s.test(line);
}

function splitValues(lines: readonly string[]): TextDocument[] {
  const documents: TextDocument[] = [];
  let scanner = new Scanner();
  let pending: string[] = [];
  let first = 0;
  for (const [index, line] of lines.entries()) {
    if (pending.length === 0) {
      if (line.trim() === '') continue;
      first = index;
    }
    pending.push(line);
    if (scanner.feed(`${line}\n`) > 0) continue;
    documents.push({ where: `line ${first + 1}`, text: pending.join('\n') });
    pending = [];
    scanner = new Scanner();
  }
  if (pending.length > 0) documents.push({ where: `line ${first + 1}`, text: pending.join('\n') });
  return documents.length === 1 ? [{ ...documents[0]!, where: '' }] : documents;
}

/** Counts open brackets outside of strings. */
class Scanner {
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** How many brackets are open after the text. */
  feed(text: string): number {
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (unit === 92) this.#escaped = true;
        else if (unit === 34) this.#inString = false;
      } else if (unit === 34) this.#inString = true;
      else if (unit === 123 || unit === 91) this.#depth++;
      else if (unit === 125 || unit === 93) this.#depth--;
    }
    return this.#depth;
  }
}
