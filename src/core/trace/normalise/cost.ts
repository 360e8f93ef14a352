import type { ModelPrice } from '../../model/model.ts';
import { priceOf, type PriceOverrides } from '../../model/prices.ts';
import type { TokenBuckets } from '../model.ts';

/** Providers as emitters name them, by the price table's names. */
const VENDORS: ReadonlyMap<string, string> = new Map([
  ...['openai', 'azure.ai.openai', 'az.ai.openai', 'azure', 'azure-openai', 'azure_openai'].map((name): [string, string] => [name, 'openai']),
  ['anthropic', 'anthropic'],
  ...['google', 'gemini', 'gcp.gemini', 'gcp.gen_ai', 'gcp.vertex_ai', 'vertex_ai', 'vertexai', 'googleai', 'google_genai', 'google.generative-ai', 'google.vertex'].map((name): [string, string] => [name, 'google']),
  ...['mistral', 'mistral_ai', 'mistralai'].map((name): [string, string] => [name, 'mistral']),
  ['groq', 'groq'],
  ['deepseek', 'deepseek'],
  ...['xai', 'x_ai'].map((name): [string, string] => [name, 'xai']),
]);

/** A model's own name says its vendor where the provider is a gateway, or none was named. */
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/^(gpt-|chatgpt-|o[134](-|$)|text-embedding-)/, 'openai'],
  [/^claude-/, 'anthropic'],
  [/^gemini-/, 'google'],
  [/^(mistral|ministral|codestral)-/, 'mistral'],
  [/^deepseek-/, 'deepseek'],
  [/^grok-/, 'xai'],
];

/** The price of a model as a span names it; `null`: unknown. */
export function priceOfModel(provider: string | null, model: string, overrides: PriceOverrides): ModelPrice | null {
  const name = model.replace(/^models\//, '').replace(/^([a-z-]+)\/(?=[^/]+$)/, (prefix: string, vendor: string) => (VENDORS.has(vendor) ? '' : prefix));
  const vendor = VENDORS.get(provider?.toLowerCase() ?? '') ?? FAMILIES.find(([pattern]) => pattern.test(name))?.[1];
  return priceOf({ ref: { id: model }, kind: 'remote', ...(vendor === undefined ? {} : { priceName: `${vendor}/${name}` }) }, overrides);
}

/**
 * US dollars of the tokens: the sum of bucket × price. Cached input without a price of its own costs what input costs; reasoning
 * costs what output costs. `null` when the price, or a count that it needs, is unknown.
 */
export function costOfTokens(tokens: TokenBuckets, price: ModelPrice | null): number | null {
  if (price === null || (tokens.input === null && price.input !== 0)) return null;
  if (tokens.output === null && price.output !== 0) return null;
  const dollars = (tokens.input ?? 0) * price.input + (tokens.cacheRead ?? 0) * (price.cachedInput ?? price.input) + (tokens.cacheWrite ?? 0) * (price.cacheWrite ?? price.input) + ((tokens.output ?? 0) + (tokens.reasoning ?? 0)) * price.output;
  return dollars / 1_000_000;
}
