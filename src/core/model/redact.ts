const MARK = '[secret]';

/**
 * The shapes of common keys, for texts that may quote one that nobody told us about, each with what it cannot do without:
 * nearly all texts hold none, and looking for these alone is several times as fast.
 */
const KEY_SHAPES: readonly (readonly [hint: string, shape: string])[] = [
  [String.raw`(?:[spr]k|xai|fw|pplx|nvapi)[-_]`, String.raw`\b(?:sk|pk|rk|xai|gsk|fw|pplx|nvapi|csk)[-_][A-Za-z0-9_-]{12,}`],
  ['AIza', String.raw`\bAIza[0-9A-Za-z_-]{30,}`],
  ['(?:gh[posu]|hf)_', String.raw`\b(?:ghp|gho|ghs|ghu|hf)_[A-Za-z0-9]{16,}`],
  ['github_pat_', String.raw`\bgithub_pat_[A-Za-z0-9_]{20,}`],
  ['AKIA', String.raw`\bAKIA[0-9A-Z]{16}\b`],
  ['Bearer', String.raw`(?<=\bBearer\s)[^\s"',;]{8,}`],
  ['Basic', String.raw`(?<=\bBasic\s)[A-Za-z0-9+/=]{12,}`],
  ['api-key', String.raw`(?<=\b(?:x-)?api-key["']?\s{0,4}[:=]\s{0,4}["']?)[^\s"',;&]{8,}`],
  ['(?:key|token)=', String.raw`(?<=[?&](?:api[-_]?key|key|token|access_token)=)[^\s"'&]{6,}`],
  ['://', String.raw`(?<=://[^\s/:@]{0,256}:)[^\s/@]{1,256}(?=@)`],
];
const HINTS = new RegExp(KEY_SHAPES.map(([hint]) => hint).join('|'), 'i');
const SHAPES = new RegExp(KEY_SHAPES.map(([, shape]) => shape).join('|'), 'gi');

/** Where texts that look like keys stand: [start, end) in UTF-16 units, in order. */
export function keyRanges(text: string): (readonly [number, number])[] {
  return HINTS.test(text) ? Array.from(text.matchAll(SHAPES), (match) => [match.index, match.index + match[0].length] as const) : [];
}

/**
 * Keeps secrets out of texts. `redactValues` removes exactly the secrets that were handed out (for what is stored, where nothing
 * else may change); `redact` removes also what looks like a key (for logs and errors).
 */
export interface Redactor {
  add(secret: string): void;
  /** The secrets that were handed out, for whoever keeps them out of texts in another thread. */
  secrets(): readonly string[];
  redactValues(text: string): string;
  redact(text: string): string;
}

export function createRedactor(secrets: Iterable<string> = []): Redactor {
  const known = new Set<string>();
  const added = new Set<string>();
  let pattern: RegExp | null = null;

  const add = (secret: string): void => {
    // Anything shorter would remove ordinary words and protects nothing.
    if (secret.trim().length < 6) return;
    added.add(secret);
    // As it stands, and as it looks inside JSON, a URL and basic authentication.
    for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) known.add(form);
    pattern = null;
  };
  for (const secret of secrets) add(secret);

  const redactValues = (text: string): string => {
    if (known.size === 0) return text;
    pattern ??= new RegExp([...known].sort((a, b) => b.length - a.length).map((value) => value.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('|'), 'g');
    return text.replace(pattern, MARK);
  };
  return {
    add,
    secrets: () => [...added],
    redactValues,
    redact(text) {
      const known = redactValues(text);
      return HINTS.test(known) ? known.replace(SHAPES, MARK) : known;
    },
  };
}
