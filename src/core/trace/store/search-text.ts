import type { RawSpan } from '../model.ts';
import type { BodyDraft } from './span-body.ts';

/** A row of the index holds no more characters: the rest of a book is not searched. */
const LONGEST = 400_000;
/** Runs without a space that nobody searches for: images, keys, ciphertext. */
const OPAQUE_RUN = /[A-Za-z0-9+/=_-]{256,}/g;
const OPAQUE_LENGTH = 256;
/** Members that name the form of a message, not its content. */
const FORM_KEYS = new Set(['role', 'type', 'mime_type', 'mimeType', 'media_type', 'finish_reason', 'index']);
const DEEPEST = 60;

/** What a chunk is found by: the texts of its JSON, or itself. */
export function searchTextOfChunk(chunk: string): string {
  const first = chunk.charCodeAt(0);
  if (first !== 91 && first !== 123 && first !== 34) return readable(chunk);
  let value: unknown;
  try {
    value = JSON.parse(chunk);
  } catch {
    // Truncated, or a piece of JSON
    return readable(unescaped(chunk));
  }
  const texts: string[] = [];
  collect(value, null, texts, 0);
  return readable(texts.join('\n'));
}

/** What a span is found by beside its chunks: its name, what went wrong, short values, its events. */
export function searchTextOfSpan(span: RawSpan, body: BodyDraft): string {
  const texts = [span.name, span.status.message];
  for (const event of span.events) texts.push(event.name);
  for (const text of body.texts) texts.push(text.includes('\\') ? unescaped(text) : text);
  return readable(texts.join('\n'));
}

/** Escapes must not become letters of the words behind them. */
function unescaped(text: string): string {
  return text.replace(/\\(?:[nrtbf]|u[0-9a-fA-F]{4})/g, ' ');
}

function collect(value: unknown, key: string | null, texts: string[], depth: number): void {
  if (typeof value === 'string') {
    // JSON within JSON: a call's arguments
    if (key === null || !FORM_KEYS.has(key)) texts.push(/^[[{]/.test(value) && value.includes('\\') ? unescaped(value) : value);
  } else if (typeof value === 'object' && value !== null && depth < DEEPEST) {
    if (Array.isArray(value)) for (const item of value as unknown[]) collect(item, key, texts, depth + 1);
    else for (const name of Object.keys(value)) collect((value as Record<string, unknown>)[name], name, texts, depth + 1);
  }
}

function readable(text: string): string {
  const cut = text.length > LONGEST ? text.slice(0, LONGEST) : text;
  return hasOpaqueRun(cut) ? cut.replace(OPAQUE_RUN, ' ') : cut;
}

/** Whether the pattern matches, from one character in 256: a run that long covers one of them. */
function hasOpaqueRun(text: string): boolean {
  for (let at = OPAQUE_LENGTH - 1; at < text.length; at += OPAQUE_LENGTH) {
    let from = at;
    while (from >= 0 && isOpaque(text.charCodeAt(from))) from--;
    if (from === at) continue;
    let to = at;
    while (to < text.length && to - from <= OPAQUE_LENGTH && isOpaque(text.charCodeAt(to))) to++;
    if (to - from - 1 >= OPAQUE_LENGTH) return true;
  }
  return false;
}

function isOpaque(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 47 && code <= 57) || code === 43 || code === 61 || code === 95 || code === 45;
}
