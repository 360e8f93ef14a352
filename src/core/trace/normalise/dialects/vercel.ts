import { isObject } from '../../../json.ts';
import type { Part } from '../../model.ts';
import type { Dialect } from '../dialect.ts';
import type { Draft } from '../draft.ts';
import { partsOf } from '../parts.ts';
import { textOf } from '../span-view.ts';
import { countOf } from '../tokens.ts';
import { parsed } from '../json-text.ts';
import { systemMessage } from '../messages.ts';

/** The Vercel AI SDK, versions 4 to 6, and the extras of 7, whose spans are plain `gen_ai.*`. */
export const vercel: Dialect = {
  name: 'vercel-ai',
  detect: (view) => view.scope === 'ai' || view.has('ai.operationId') || view.hasPrefix('ai.model.') || view.hasPrefix('ai.usage.') || view.hasPrefix('ai.toolCall.') || view.has('ai.prompt.messages'),
  read(draft) {
    const { view } = draft;
    draft.text('operation', 'ai.operationId', 'operation.name');
    // `openai.chat`, `anthropic.messages`: the provider is the first part
    const provider = view.text('ai.model.provider');
    draft.set('provider', provider?.replace(/\.(chat|responses|messages|completion|embedding|generative-ai|image)$/, ''), 'ai.model.provider');
    draft.text('modelRequested', 'ai.model.id');
    draft.text('modelServed', 'ai.response.model');
    draft.text('responseId', 'ai.response.id');
    draft.mergeUnder('parameters', 'ai.settings.');
    const choice = view.json('ai.prompt.toolChoice');
    if (choice !== undefined) draft.merge('parameters', { toolChoice: choice }, 'ai.prompt.toolChoice');
    const reason = view.text('ai.response.finishReason') ?? view.text('ai.finishReason');
    if (reason !== null) draft.set('finishReasons', [reason], view.has('ai.response.finishReason') ? 'ai.response.finishReason' : 'ai.finishReason');
    draft.number('timeToFirstTokenMs', 1, 'ai.response.msToFirstChunk', 'ai.stream.msToFirstChunk');
    readInput(draft);
    readOutput(draft);
    draft.tools(view.json('ai.prompt.tools'), 'ai.prompt.tools');
    draft.text('toolName', 'ai.toolCall.name');
    draft.text('toolCallId', 'ai.toolCall.id');
    draft.json('toolArguments', 'ai.toolCall.args', 'ai.toolCall.input');
    draft.json('toolResult', 'ai.toolCall.result', 'ai.toolCall.output');
    readTokens(draft);
    readCost(draft);
    draft.text('session', 'ai.telemetry.metadata.sessionId', 'ai.telemetry.metadata.threadId', 'ai.settings.context.sessionId');
    draft.text('user', 'ai.telemetry.metadata.userId', 'ai.settings.context.userId');
    draft.addTags(view.json('ai.telemetry.metadata.tags'), 'ai.telemetry.metadata.tags');
    draft.mergeUnder('metadata', 'ai.telemetry.metadata.');
    const prompt = view.json('ai.telemetry.metadata.langfusePrompt');
    if (isObject(prompt)) {
      draft.set('promptName', textOf(prompt['name']), 'ai.telemetry.metadata.langfusePrompt');
      draft.set('promptVersion', textOf(prompt['version']), 'ai.telemetry.metadata.langfusePrompt');
    }
    draft.text('agentName', 'ai.telemetry.functionId');
  },
};

function readInput(draft: Draft): void {
  const { view } = draft;
  draft.contentOf('input', 'ai.prompt.messages');
  const prompt = view.json('ai.prompt');
  if (isObject(prompt) && typeof prompt['prompt'] === 'string') {
    draft.messages('input', [...systemMessage(prompt['system']), { role: 'user', parts: [{ type: 'text', text: prompt['prompt'] }] }], 'ai.prompt');
  }
  draft.content('input', prompt, 'ai.prompt');
  draft.contentOf('input', 'ai.value', 'ai.values');
}

/** Text, reasoning, calls and files are attributes of their own: together they are the answer. v4 before 3.4 said `ai.result`. */
function readOutput(draft: Draft): void {
  const { view } = draft;
  const parts: Part[] = [];
  const from: string[] = [];
  const take = (key: string, read: (value: unknown) => Part[]): void => {
    const value = view.plain(key);
    if (value === undefined || value === '') return;
    parts.push(...read(value));
    from.push(key);
  };
  take('ai.response.reasoning', (value) => [{ type: 'reasoning', text: textOf(value) ?? JSON.stringify(value) }]);
  take(view.has('ai.response.text') ? 'ai.response.text' : 'ai.result.text', (value) => [{ type: 'text', text: textOf(value) ?? JSON.stringify(value) }]);
  take(view.has('ai.response.object') ? 'ai.response.object' : 'ai.result.object', (value) => [{ type: 'json', value: parsed(value) }]);
  take(view.has('ai.response.toolCalls') ? 'ai.response.toolCalls' : 'ai.result.toolCalls', (value) => {
    const calls = parsed(value);
    return Array.isArray(calls) ? calls.flatMap((call) => partsOf(isObject(call) ? { ...call, type: 'tool-call' } : call)) : [{ type: 'json', value: calls }];
  });
  take('ai.response.files', (value) => {
    const files = parsed(value);
    return Array.isArray(files) ? files.flatMap((file) => partsOf(isObject(file) ? { ...file, type: 'file' } : file)) : [{ type: 'json', value: files }];
  });
  if (parts.length > 0) draft.messages('output', [{ role: 'assistant', parts }], ...from);
}

function readTokens(draft: Draft): void {
  const { view } = draft;
  const used: string[] = [];
  const count = (...keys: string[]): number | null => {
    const key = keys.map((name) => `ai.usage.${name}`).find((name) => countOf(view.plain(name)) !== null);
    if (key === undefined) return null;
    used.push(key);
    return countOf(view.plain(key));
  };
  // Version 7 reports its totals as gen_ai.usage.*, and only the details under its own names.
  const plain = (name: string): number | null => {
    const value = countOf(view.plain(`gen_ai.usage.${name}`));
    if (value !== null) used.push(`gen_ai.usage.${name}`);
    return value;
  };
  const metadata = view.json('ai.response.providerMetadata');
  const provider = isObject(metadata) ? metadata : {};
  const anthropic = isObject(provider['anthropic']) ? provider['anthropic'] : {};
  const openai = isObject(provider['openai']) ? provider['openai'] : {};
  const usage = {
    input: count('inputTokens', 'promptTokens', 'tokens') ?? plain('input_tokens'),
    output: count('outputTokens', 'completionTokens') ?? plain('output_tokens'),
    cacheRead: count('inputTokenDetails.cacheReadTokens', 'cachedInputTokens') ?? plain('cache_read.input_tokens') ?? countOf(anthropic['cacheReadInputTokens']) ?? countOf(openai['cachedPromptTokens']),
    cacheWrite: count('inputTokenDetails.cacheWriteTokens') ?? plain('cache_creation.input_tokens') ?? countOf(anthropic['cacheCreationInputTokens']),
    reasoning: count('outputTokenDetails.reasoningTokens', 'reasoningTokens') ?? countOf(openai['reasoningTokens']),
  };
  if (usage.input !== null || usage.output !== null) draft.tokens(usage, ...used);
}

/** The AI gateway says what a call cost. */
function readCost(draft: Draft): void {
  const metadata = draft.view.json('ai.response.providerMetadata');
  const gateway = isObject(metadata) && isObject(metadata['gateway']) ? metadata['gateway'] : {};
  const cost = Number(textOf(gateway['cost']) ?? NaN);
  if (Number.isFinite(cost) && cost >= 0) draft.set('costReported', cost, 'ai.response.providerMetadata');
}
