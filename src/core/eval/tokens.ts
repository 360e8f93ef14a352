import type { ModelRequest } from '../model/model.ts';
import type { ModelPrice } from '../model/model.ts';

/** English prose has about four characters a token in the common tokenizers; other scripts have fewer, so this is "about". */
export const CHARACTERS_PER_TOKEN = 4;
/** What a chat message's frame costs. */
const TOKENS_PER_MESSAGE = 4;
/** Assumed output of a request without a limit, before there is a run to learn from. */
export const ASSUMED_OUTPUT_TOKENS = 150;
/** Reserved output of a request without a limit: a generous answer. */
const RESERVED_OUTPUT_TOKENS = 2048;

function approximateTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

/** Roughly, without a tokenizer: for estimates and rate limits, never shown as a measurement. */
export function approximateRequestTokens(request: ModelRequest): number {
  let tokens = 0;
  for (const message of request.messages) {
    tokens += TOKENS_PER_MESSAGE;
    if (typeof message.content === 'string') tokens += approximateTokens(message.content);
    else for (const part of message.content) tokens += part.type === 'text' ? approximateTokens(part.text) : 1000;
  }
  if (request.messages.length === 0) tokens += approximateTokens(request.promptText);
  if (request.tools !== undefined && request.tools.length > 0) tokens += approximateTokens(JSON.stringify(request.tools));
  if (request.responseFormat?.type === 'json_schema') tokens += approximateTokens(JSON.stringify(request.responseFormat.schema));
  return tokens;
}

/** The highest likely cost of one request, US dollars: what a budget reserves. `largestOutput`: the most tokens any answer of this run had. */
export function reservation(request: ModelRequest, price: ModelPrice, largestOutput: number): number {
  const input = approximateRequestTokens(request) * 1.3;
  const output = request.parameters.maxTokens ?? Math.max(RESERVED_OUTPUT_TOKENS, largestOutput * 1.5);
  return (input * price.input + output * price.output) / 1e6;
}
