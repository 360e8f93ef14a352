import type { TokenUsage } from './model.ts';

/** Nothing was used, and that is known: local models and echoes. */
export const NO_USAGE: TokenUsage = { input: 0, cachedInput: 0, output: 0, reasoning: 0 };

/** Rough count for endpoints that report none and for estimates: about four characters a token in English, one for each CJK character. */
export function estimateTokens(text: string): number {
  let wide = 0;
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0x2e7f) wide += 1;
  return Math.ceil((text.length - wide) / 4) + wide;
}
