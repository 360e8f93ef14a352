/** [input, cached input, cache write, output] in US dollars per million tokens; `null`: the vendor names no such price. */
type Row = readonly [input: number, cachedInput: number | null, cacheWrite: number | null, output: number, contextWindow: number | null];

export interface PriceRow {
  readonly input: number;
  readonly cachedInput?: number;
  readonly cacheWrite?: number;
  readonly output: number;
  /** Tokens. */
  readonly contextWindow?: number;
  readonly date: string;
}

/**
 * The vendors' list prices as its author knew them on that date: standard tier, texts, the shortest context class.
 * Check them against the vendor's page before money depends on them; `prices:` in touchstone.yml replaces a row.
 */
const OPENAI: Readonly<Record<string, Row>> = {
  'gpt-5': [1.25, 0.125, null, 10, 400_000],
  'gpt-5-mini': [0.25, 0.025, null, 2, 400_000],
  'gpt-5-nano': [0.05, 0.005, null, 0.4, 400_000],
  'gpt-5-chat-latest': [1.25, 0.125, null, 10, 128_000],
  'gpt-5-codex': [1.25, 0.125, null, 10, 400_000],
  'gpt-5-pro': [15, null, null, 120, 400_000],
  'gpt-4.1': [2, 0.5, null, 8, 1_047_576],
  'gpt-4.1-mini': [0.4, 0.1, null, 1.6, 1_047_576],
  'gpt-4.1-nano': [0.1, 0.025, null, 0.4, 1_047_576],
  'gpt-4o': [2.5, 1.25, null, 10, 128_000],
  'gpt-4o-2024-05-13': [5, null, null, 15, 128_000],
  'gpt-4o-mini': [0.15, 0.075, null, 0.6, 128_000],
  'chatgpt-4o-latest': [5, null, null, 15, 128_000],
  'gpt-4-turbo': [10, null, null, 30, 128_000],
  'gpt-4': [30, null, null, 60, 8_192],
  'gpt-3.5-turbo': [0.5, null, null, 1.5, 16_385],
  'gpt-3.5-turbo-instruct': [1.5, null, null, 2, 4_096],
  o1: [15, 7.5, null, 60, 200_000],
  'o1-mini': [1.1, 0.55, null, 4.4, 128_000],
  'o1-pro': [150, null, null, 600, 200_000],
  o3: [2, 0.5, null, 8, 200_000],
  'o3-mini': [1.1, 0.55, null, 4.4, 200_000],
  'o3-pro': [20, null, null, 80, 200_000],
  'o4-mini': [1.1, 0.275, null, 4.4, 200_000],
  'text-embedding-3-small': [0.02, null, null, 0, 8_192],
  'text-embedding-3-large': [0.13, null, null, 0, 8_192],
  'text-embedding-ada-002': [0.1, null, null, 0, 8_192],
};

/** Cache write: the five-minute cache. */
const ANTHROPIC: Readonly<Record<string, Row>> = {
  'claude-opus-4-1': [15, 1.5, 18.75, 75, 200_000],
  'claude-opus-4-0': [15, 1.5, 18.75, 75, 200_000],
  'claude-opus-4': [15, 1.5, 18.75, 75, 200_000],
  'claude-sonnet-4-5': [3, 0.3, 3.75, 15, 200_000],
  'claude-sonnet-4-0': [3, 0.3, 3.75, 15, 200_000],
  'claude-sonnet-4': [3, 0.3, 3.75, 15, 200_000],
  'claude-haiku-4-5': [1, 0.1, 1.25, 5, 200_000],
  'claude-3-7-sonnet': [3, 0.3, 3.75, 15, 200_000],
  'claude-3-5-sonnet': [3, 0.3, 3.75, 15, 200_000],
  'claude-3-5-haiku': [0.8, 0.08, 1, 4, 200_000],
  'claude-3-opus': [15, 1.5, 18.75, 75, 200_000],
  'claude-3-haiku': [0.25, 0.03, 0.3, 1.25, 200_000],
};

/** Prompts up to 200,000 tokens where the price depends on the length. */
const GOOGLE: Readonly<Record<string, Row>> = {
  'gemini-2.5-pro': [1.25, 0.31, null, 10, 1_048_576],
  'gemini-2.5-flash': [0.3, 0.075, null, 2.5, 1_048_576],
  'gemini-2.5-flash-lite': [0.1, 0.025, null, 0.4, 1_048_576],
  'gemini-2.0-flash': [0.1, 0.025, null, 0.4, 1_048_576],
  'gemini-2.0-flash-lite': [0.075, null, null, 0.3, 1_048_576],
};

const MISTRAL: Readonly<Record<string, Row>> = {
  'mistral-large-latest': [2, null, null, 6, 128_000],
  'mistral-medium-latest': [0.4, null, null, 2, 128_000],
  'mistral-small-latest': [0.1, null, null, 0.3, 128_000],
  'codestral-latest': [0.3, null, null, 0.9, 256_000],
  'ministral-8b-latest': [0.1, null, null, 0.1, 128_000],
  'ministral-3b-latest': [0.04, null, null, 0.04, 128_000],
};

const GROQ: Readonly<Record<string, Row>> = {
  'llama-3.3-70b-versatile': [0.59, null, null, 0.79, 131_072],
  'llama-3.1-8b-instant': [0.05, null, null, 0.08, 131_072],
  'meta-llama/llama-4-scout-17b-16e-instruct': [0.11, null, null, 0.34, 131_072],
  'meta-llama/llama-4-maverick-17b-128e-instruct': [0.2, null, null, 0.6, 131_072],
};

const DEEPSEEK: Readonly<Record<string, Row>> = {
  'deepseek-chat': [0.28, 0.028, null, 0.42, 128_000],
  'deepseek-reasoner': [0.28, 0.028, null, 0.42, 128_000],
};

const XAI: Readonly<Record<string, Row>> = {
  'grok-4': [3, 0.75, null, 15, 256_000],
  'grok-3': [3, 0.75, null, 15, 131_072],
  'grok-3-mini': [0.3, 0.075, null, 0.5, 131_072],
};

const KNOWN_ON = '2025-10-15';

const TABLE: ReadonlyMap<string, PriceRow> = new Map(
  Object.entries({ openai: OPENAI, anthropic: ANTHROPIC, google: GOOGLE, mistral: MISTRAL, groq: GROQ, deepseek: DEEPSEEK, xai: XAI }).flatMap(([vendor, rows]) =>
    Object.entries(rows).map(([model, [input, cachedInput, cacheWrite, output, contextWindow]]): [string, PriceRow] => [
      `${vendor}/${model}`,
      {
        input,
        output,
        date: KNOWN_ON,
        ...(cachedInput === null ? {} : { cachedInput }),
        ...(cacheWrite === null ? {} : { cacheWrite }),
        ...(contextWindow === null ? {} : { contextWindow }),
      },
    ]),
  ),
);

/**
 * The row of `vendor/model`, or of the model without its snapshot date (`gpt-4.1-2025-04-14`, `claude-sonnet-4-5-20250929`)
 * or `-latest`: a snapshot costs what its model costs unless it has a row of its own.
 */
export function findPriceRow(name: string): PriceRow | null {
  return TABLE.get(name) ?? TABLE.get(name.replace(/-(?:\d{4}-\d{2}-\d{2}|20\d{6}|latest)$/, '')) ?? null;
}

/** Every `vendor/model` that has a row. */
export function pricedModels(): string[] {
  return [...TABLE.keys()];
}
