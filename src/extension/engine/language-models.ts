import * as vscode from 'vscode';
import { textOf } from '../../core/dataset/edit-text.ts';
import { errorMessage, TouchstoneError } from '../../core/errors.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import type { ChatMessage } from '../../core/model/model.ts';
import type { HostMethods } from '../../protocol/engine.ts';

type GenerateParams = HostMethods['lm/generate'][0];
type GenerateResult = HostMethods['lm/generate'][1];

/** Ids are `vendor/id`; `vendor/family` is understood, too, because that is what people write. */
export async function listLanguageModels(): Promise<HostMethods['lm/list'][1]> {
  const models = await vscode.lm.selectChatModels();
  return { models: models.map((model) => ({ id: `${model.vendor}/${model.id}`, name: model.name, maxInputTokens: model.maxInputTokens })) };
}

/**
 * One answer of one of VS Code's language models. Reached only through a run that a person started; VS Code itself asks
 * for consent the first time.
 * @throws TouchstoneError 'unknown-model' | 'unauthorized' | 'model-request' | 'cancelled' | 'model-server'
 */
export async function generate(params: GenerateParams, signal: AbortSignal, onText: (text: string) => void): Promise<GenerateResult> {
  const model = await findModel(params.id);
  const notes: string[] = [];
  const messages = toMessages(params.messages, notes);
  const cancellation = new vscode.CancellationTokenSource();
  const cancel = (): void => cancellation.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    const inputTokens = await countTokens(model, messages, cancellation.token);
    const response = await model.sendRequest(messages, requestOptions(params.options), cancellation.token);
    let text = '';
    const toolCalls: { id: string; name: string; arguments: string }[] = [];
    for await (const part of response.stream) {
      if (part instanceof vscode.LanguageModelTextPart) {
        text += part.value;
        onText(part.value);
      } else if (part instanceof vscode.LanguageModelToolCallPart) {
        toolCalls.push({ id: part.callId, name: part.name, arguments: JSON.stringify(part.input) });
      }
    }
    // A cancelled stream ends without an error; half an answer must not count as one.
    if (signal.aborted) throw new TouchstoneError('cancelled', 'Cancelled.');
    return { text, toolCalls, notes, inputTokens };
  } catch (error) {
    throw toTouchstoneError(error, params.id, signal);
  } finally {
    signal.removeEventListener('abort', cancel);
    cancellation.dispose();
  }
}

async function findModel(id: string): Promise<vscode.LanguageModelChat> {
  const slash = id.indexOf('/');
  const vendor = slash < 0 ? undefined : id.slice(0, slash);
  const name = slash < 0 ? id : id.slice(slash + 1);
  const candidates = await vscode.lm.selectChatModels(vendor === undefined ? {} : { vendor });
  const found = candidates.find((model) => model.id === name) ?? candidates.find((model) => model.family === name);
  if (found) return found;
  const known = (await vscode.lm.selectChatModels()).map((model) => `vscode:${model.vendor}/${model.id}`);
  throw new TouchstoneError('unknown-model', known.length === 0
    ? `VS Code offers no language model here, so "vscode:${id}" cannot be used. Install an extension that provides one, or name another model.`
    : `VS Code has no language model "vscode:${id}". It offers ${known.join(', ')}.`);
}

/** Roles are User and Assistant only: what a system or developer message says is folded into the next user message. */
function toMessages(messages: readonly ChatMessage[], notes: string[]): vscode.LanguageModelChatMessage[] {
  const result: vscode.LanguageModelChatMessage[] = [];
  const instructions: string[] = [];
  const user = (text: string): vscode.LanguageModelChatMessage => vscode.LanguageModelChatMessage.User([...instructions.splice(0), text].join('\n\n'));
  for (const message of messages) {
    const text = messageText(message, notes);
    switch (message.role) {
      case 'system':
      case 'developer':
        instructions.push(text);
        break;
      case 'user':
        if (instructions.length > 0) notes.push('The system message was folded into the user message.');
        result.push(user(text));
        break;
      case 'assistant': {
        const calls = (message.toolCalls ?? []).map((call) => new vscode.LanguageModelToolCallPart(call.id, call.name, parseArguments(call.arguments)));
        result.push(vscode.LanguageModelChatMessage.Assistant([...(text === '' ? [] : [new vscode.LanguageModelTextPart(text)]), ...calls]));
        break;
      }
      case 'tool':
        result.push(vscode.LanguageModelChatMessage.User([new vscode.LanguageModelToolResultPart(message.toolCallId ?? '', [new vscode.LanguageModelTextPart(text)])]));
    }
  }
  if (instructions.length > 0) {
    notes.push('The system message was sent as a user message.');
    result.push(vscode.LanguageModelChatMessage.User(instructions.join('\n\n')));
  }
  return result;
}

function messageText(message: ChatMessage, notes: string[]): string {
  if (typeof message.content === 'string') return message.content;
  if (message.content.some((part) => part.type === 'image')) notes.push('Images were left out: VS Code\'s language models take text.');
  return message.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
}

function parseArguments(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : { value };
  } catch {
    return { value: text };
  }
}

function requestOptions(options: JsonObject): vscode.LanguageModelChatRequestOptions {
  const { tools, ...modelOptions } = options;
  const chatTools = Array.isArray(tools)
    ? tools.filter(isObject).map((tool): vscode.LanguageModelChatTool => ({ name: textOf(tool['name']), description: textOf(tool['description'] ?? ''), ...(isObject(tool['parameters']) ? { inputSchema: tool['parameters'] } : {}) }))
    : [];
  return {
    justification: vscode.l10n.t('Touchstone evaluates one of your prompts with this model.'),
    modelOptions,
    ...(chatTools.length > 0 ? { tools: chatTools } : {}),
  };
}

async function countTokens(model: vscode.LanguageModelChat, messages: readonly vscode.LanguageModelChatMessage[], token: vscode.CancellationToken): Promise<number | null> {
  try {
    const counts = await Promise.all(messages.map((message) => model.countTokens(message, token)));
    return counts.reduce((sum, count) => sum + count, 0);
  } catch {
    return null; // Unknown, never 0. The request itself says what is wrong.
  }
}

function toTouchstoneError(error: unknown, id: string, signal: AbortSignal): TouchstoneError {
  if (error instanceof TouchstoneError) return error;
  if (signal.aborted || error instanceof vscode.CancellationError) return new TouchstoneError('cancelled', 'Cancelled.');
  if (error instanceof vscode.LanguageModelError) {
    switch (error.code) {
      case vscode.LanguageModelError.NoPermissions.name:
        return new TouchstoneError('unauthorized', `VS Code did not allow Touchstone to use "vscode:${id}": ${error.message}`, { cause: error });
      case vscode.LanguageModelError.NotFound.name:
        return new TouchstoneError('unknown-model', `The language model "vscode:${id}" is gone: ${error.message}`, { cause: error });
      case vscode.LanguageModelError.Blocked.name:
        return new TouchstoneError('model-request', `"vscode:${id}" refused the request: ${error.message}`, { cause: error });
      default:
        break;
    }
  }
  return new TouchstoneError('model-server', `"vscode:${id}" failed: ${errorMessage(error)}`, { cause: error });
}
