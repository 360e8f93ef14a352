import { isObject, type JsonObject } from '../../core/json.ts';
import type { OpenAiTarget } from '../../core/model/ids.ts';
import type { ModelReply, ModelRequest } from '../../core/model/model.ts';
import { chatUsage, optional, reportedCost, set, text, throwIfReported } from './openai-chat.ts';
import { AnswerError } from './answer-errors.ts';

/** The body of POST /completions: the prompt as one text, for base models. */
export function completionBody(target: OpenAiTarget, request: ModelRequest): JsonObject {
  const { parameters: p } = request;
  const body: JsonObject = { model: target.model, prompt: request.promptText, ...p.extra };
  set(body, 'temperature', p.temperature);
  set(body, 'top_p', p.topP);
  set(body, 'max_tokens', p.maxTokens);
  set(body, 'stop', p.stop);
  set(body, 'seed', p.seed);
  set(body, 'frequency_penalty', p.frequencyPenalty);
  set(body, 'presence_penalty', p.presencePenalty);
  return body;
}

export function readCompletion(answer: JsonObject): ModelReply {
  const choice = Array.isArray(answer['choices']) ? (answer['choices'] as unknown[])[0] : undefined;
  if (!isObject(choice) || typeof choice['text'] !== 'string') throw new AnswerError('sent JSON without an answer (`choices[0].text`)', { cause: JSON.stringify(answer) });
  return {
    text: choice['text'],
    toolCalls: [],
    finishReason: text(choice['finish_reason']),
    usage: chatUsage(answer['usage']),
    reportedCost: reportedCost(answer['usage']),
    ...optional('servedBy', text(answer['model'])),
  };
}

export async function readCompletionStream(events: AsyncIterable<unknown>, onText: (delta: string) => void): Promise<ModelReply> {
  let answer = '';
  let finishReason: string | null = null;
  let usage: unknown;
  let servedBy: string | null = null;
  for await (const event of events) {
    if (!isObject(event)) throw new AnswerError('sent a stream event that is not an object');
    throwIfReported(event);
    servedBy ??= text(event['model']);
    if (isObject(event['usage'])) usage = event['usage'];
    const choice = Array.isArray(event['choices']) ? (event['choices'] as unknown[])[0] : undefined;
    if (!isObject(choice)) continue;
    finishReason = text(choice['finish_reason']) ?? finishReason;
    const piece = text(choice['text']) ?? '';
    if (piece !== '') {
      answer += piece;
      onText(piece);
    }
  }
  if (finishReason === null) throw new AnswerError('broke off before the end of its answer');
  return { text: answer, toolCalls: [], finishReason, usage: chatUsage(usage), reportedCost: reportedCost(usage), ...optional('servedBy', servedBy) };
}
