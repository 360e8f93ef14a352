import { isObject } from '../../json.ts';
import type { TokenBuckets } from '../model.ts';
import { numberOf } from './span-view.ts';

/** Tokens as an emitter reports them. */
export interface ReportedTokens {
  readonly input: number | null;
  readonly output: number | null;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  readonly reasoning: number | null;
  /** `input` leaves cached tokens out, as Anthropic's own API counts. Where absent it is told by the numbers. */
  readonly inputExcludesCache?: boolean;
  readonly outputExcludesReasoning?: boolean;
}

/**
 * The disjoint buckets. OTel counts cached tokens within the input and reasoning within the output; an emitter that copies
 * Anthropic's numbers does not, which shows when more was cached than was put in. `null`: nothing was reported.
 */
export function bucketsOf(reported: ReportedTokens): TokenBuckets | null {
  const { input, output, cacheRead, cacheWrite, reasoning } = reported;
  if ([input, output, cacheRead, cacheWrite, reasoning].every((count) => count === null)) return null;
  const cached = (cacheRead ?? 0) + (cacheWrite ?? 0);
  const excludes = reported.inputExcludesCache === true || (input !== null && cached > input);
  return {
    input: input === null ? null : excludes ? input : input - cached,
    cacheRead,
    cacheWrite,
    // Gemini's thoughts are counted beside the output
    output: output === null || reasoning === null || reasoning > output || reported.outputExcludesReasoning === true ? output : output - reasoning,
    reasoning,
  };
}

/** Every token of the buckets; `null` when none was reported. */
export function totalOf(tokens: TokenBuckets): number | null {
  const counts = [tokens.input, tokens.cacheRead, tokens.cacheWrite, tokens.output, tokens.reasoning].filter((count) => count !== null);
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
}

/** A count of tokens: a whole number that is not negative. Some SDKs send doubles, some texts. */
export function countOf(value: unknown): number | null {
  const number = numberOf(value);
  return number !== null && number >= 0 && number <= Number.MAX_SAFE_INTEGER ? Math.round(number) : null;
}

const ALIASES = {
  input: ['input_tokens', 'inputTokens', 'prompt_tokens', 'promptTokens', 'promptTokenCount', 'prompt_token_count', 'input', 'tokens'],
  output: ['output_tokens', 'outputTokens', 'completion_tokens', 'completionTokens', 'candidatesTokenCount', 'candidates_token_count', 'output'],
  cacheRead: ['cache_read_input_tokens', 'cached_input_tokens', 'cachedInputTokens', 'cacheReadTokens', 'cached_tokens', 'cachedContentTokenCount', 'cached_content_token_count', 'input_cached_tokens', 'input_cache_read', 'cache_read', 'cacheRead', 'prompt_details.cache_read', 'cachedContentTokens'],
  cacheWrite: ['cache_creation_input_tokens', 'cache_write_input_tokens', 'cacheWriteTokens', 'cacheCreationInputTokens', 'input_cache_creation', 'cache_creation', 'cache_write', 'cacheWrite', 'prompt_details.cache_write'],
  reasoning: ['reasoning_output_tokens', 'reasoning_tokens', 'reasoningTokens', 'thoughtsTokenCount', 'thoughts_token_count', 'output_reasoning_tokens', 'output_reasoning', 'reasoning', 'thoughtsTokens', 'completion_details.reasoning'],
} as const;

const DETAILS = ['input_token_details', 'output_token_details', 'input_tokens_details', 'output_tokens_details', 'prompt_tokens_details', 'completion_tokens_details', 'inputTokenDetails', 'outputTokenDetails', 'prompt_token_details', 'completion_token_details'];

/** The counts of a usage object of any provider or SDK; `null` when it holds none. */
export function usageOf(value: unknown): ReportedTokens | null {
  if (!isObject(value)) return null;
  const places = [value, ...DETAILS.map((key) => value[key]).filter(isObject)];
  const find = (keys: readonly string[]): number | null => {
    for (const place of places) for (const key of keys) if (Object.hasOwn(place, key)) {
      const count = countOf(place[key]);
      if (count !== null) return count;
    }
    return null;
  };
  const usage = { input: find(ALIASES.input), output: find(ALIASES.output), cacheRead: find(ALIASES.cacheRead), cacheWrite: find(ALIASES.cacheWrite), reasoning: find(ALIASES.reasoning) };
  if (Object.values(usage).every((count) => count === null)) return null;
  // The names of Anthropic's own API, whose input is what was not cached.
  const anthropic = Object.hasOwn(value, 'input_tokens') && (Object.hasOwn(value, 'cache_read_input_tokens') || Object.hasOwn(value, 'cache_creation_input_tokens'));
  return { ...usage, ...(anthropic ? { inputExcludesCache: true } : {}) };
}
