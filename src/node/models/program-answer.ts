import { DEEPEST, isDeeperThan, isObject, type JsonObject } from '../../core/json.ts';
import type { ModelReply, ModelRequest, TokenUsage, ToolCall } from '../../core/model/model.ts';

/** What a program (`exec:`, `http:`, `file:`, `python:`) is told about one request. */
export function programRequest(request: ModelRequest, settings: JsonObject): JsonObject {
  const { messages, promptText, parameters, tools, responseFormat, repeat } = request;
  return {
    prompt: promptText,
    messages,
    case: { id: request.case.id, vars: request.case.vars, ...(request.case.expected === undefined ? {} : { expected: request.case.expected }), ...(request.case.metadata === undefined ? {} : { metadata: request.case.metadata }) },
    repeat,
    parameters,
    ...(tools === undefined || tools.length === 0 ? {} : { tools }),
    ...(responseFormat === undefined ? {} : { responseFormat }),
    config: settings,
  };
}

/** An answer that says by itself that it failed (promptfoo's `{error}`). */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
}

/**
 * A program's answer: `{output, usage?, cost?, toolCalls?, finishReason?, metadata?, …}`, in our words or promptfoo's
 * (`tokenUsage`, `cached`, `raw`); anything else is the output itself. An output that is no text is kept as data.
 */
export function programReply(answer: unknown): ModelReply {
  if (isDeeperThan(answer, DEEPEST)) throw new ProgramError(`an answer that is nested more than ${DEEPEST} levels deep`);
  if (!isObject(answer) || !('output' in answer || 'error' in answer)) return replyOf(answer, {});
  const { error } = answer;
  if (error !== undefined && error !== null && error !== '') throw new ProgramError(typeof error === 'string' ? error : JSON.stringify(error));
  return replyOf(answer['output'], answer);
}

function replyOf(output: unknown, told: JsonObject): ModelReply {
  const isText = typeof output === 'string';
  const logprobs = told['logProbs'] ?? told['logprobs'];
  return {
    text: isText ? output : output === undefined || output === null ? '' : JSON.stringify(output),
    ...(isText || output === undefined || output === null ? {} : { data: output }),
    toolCalls: toolCallsOf(told['toolCalls']),
    finishReason: typeof told['finishReason'] === 'string' ? told['finishReason'] : null,
    ...(typeof told['refusal'] === 'string' ? { refusal: told['refusal'] } : {}),
    usage: usageOf(told['usage'] ?? told['tokenUsage']),
    reportedCost: amount(told['cost']),
    ...(Array.isArray(logprobs) && logprobs.every((item) => typeof item === 'number') ? { logprobs } : {}),
    ...(isObject(told['metadata']) ? { metadata: told['metadata'] } : {}),
    ...(typeof told['latencyMs'] === 'number' && told['latencyMs'] >= 0 ? { latencyMs: told['latencyMs'] } : {}),
  };
}

/** Ours `{input, output, cachedInput, reasoning}`, promptfoo's `{prompt, completion, cached}`, or OpenAI's `prompt_tokens`… */
export function usageOf(value: unknown): TokenUsage | null {
  if (!isObject(value)) return null;
  const input = amount(value['input']) ?? amount(value['prompt']) ?? amount(value['prompt_tokens']) ?? amount(value['input_tokens']);
  const output = amount(value['output']) ?? amount(value['completion']) ?? amount(value['completion_tokens']) ?? amount(value['output_tokens']);
  if (input === null && output === null) return null;
  return { input, cachedInput: amount(value['cachedInput']) ?? amount(value['cached']), output, reasoning: amount(value['reasoning']) };
}

function toolCallsOf(value: unknown): ToolCall[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).flatMap((call, index): ToolCall[] => {
    const called = isObject(call['function']) ? call['function'] : call;
    const { name } = called;
    if (typeof name !== 'string') return [];
    const given = called['arguments'] ?? called['args'] ?? {};
    return [{ id: typeof call['id'] === 'string' ? call['id'] : `call_${index + 1}`, name, arguments: typeof given === 'string' ? given : JSON.stringify(given) }];
  });
}

function amount(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}
