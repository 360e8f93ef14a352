import { isObject, type JsonObject } from '../../../json.ts';
import { documentsOf } from '../documents.ts';
import type { Dialect } from '../dialect.ts';
import { membersUnder, type Draft } from '../draft.ts';
import { parsed } from '../json-text.ts';
import { messagesOf } from '../messages.ts';
import { numberOf, textOf } from '../span-view.ts';
import { usageOf } from '../tokens.ts';

/** LangSmith over OpenTelemetry, and its runs, whose members are read under the names of its own exporter. */
export const langsmith: Dialect = {
  name: 'langsmith',
  detect: (view) => view.hasPrefix('langsmith.'),
  read(draft) {
    const { view } = draft;
    draft.text('provider', 'langsmith.metadata.ls_provider');
    draft.text('modelRequested', 'gen_ai.request.model', 'langsmith.metadata.ls_model_name');
    const inputs = unwrapped(view.json(inputsKey(draft)), 'input');
    const outputs = unwrapped(view.json(outputsKey(draft)), 'output', 'outputs');
    readContent(draft, inputs, outputs);
    readUsage(draft, outputs);
    draft.text('session', 'langsmith.metadata.session_id', 'langsmith.metadata.thread_id', 'langsmith.metadata.conversation_id');
    draft.text('user', 'langsmith.metadata.user_id');
    draft.firstTokenAt('langsmith.run.first_token_time');
    draft.addTags(view.json('langsmith.span.tags'), 'langsmith.span.tags');
    const metadata = membersUnder(view, 'langsmith.metadata.');
    draft.merge('metadata', metadata, 'langsmith.metadata.*');
    draft.text('promptName', 'langsmith.metadata.lc_hub_repo', 'langsmith.metadata.prompt_name');
    draft.text('promptVersion', 'langsmith.metadata.lc_hub_commit_hash', 'langsmith.metadata.prompt_version');
    draft.text('agentName', 'langsmith.metadata.lc_agent_name', 'langsmith.metadata.langgraph_node');
    const error = view.text('langsmith.run.error');
    if (error !== null) draft.set('error', { type: /^(\w+(?:Error|Exception))\b/.exec(error)?.[1] ?? null, message: error.split('\n')[0] ?? null, stack: error.includes('\n') ? error : null }, 'langsmith.run.error');
    const params = view.json('langsmith.metadata.invocation_params');
    if (isObject(params)) draft.merge('parameters', params, 'langsmith.metadata.invocation_params');
  },
};

function inputsKey({ view }: Draft): string {
  return view.has('gen_ai.prompt') ? 'gen_ai.prompt' : 'inputs';
}

function outputsKey({ view }: Draft): string {
  return view.has('gen_ai.completion') ? 'gen_ai.completion' : 'outputs';
}

function readContent(draft: Draft, inputs: unknown, outputs: unknown): void {
  const kind = draft.get('kind');
  if (kind === 'tool') {
    draft.set('toolName', draft.view.text('langsmith.trace.name'), 'langsmith.trace.name');
    draft.set('toolArguments', parsed(inputs), inputsKey(draft));
    const answer = messagesOf(outputs, 'tool')?.flatMap(({ parts }) => parts).find((part) => part.type === 'tool_result');
    draft.text('toolCallId', 'langsmith.extra.tool_call_id');
    draft.set('toolCallId', answer?.id, outputsKey(draft));
    draft.set('toolResult', answer ? answer.result : outputs, outputsKey(draft));
    if (answer?.isError === true) draft.set('error', { type: null, message: textOf(answer.result) ?? 'the tool failed', stack: null }, outputsKey(draft));
  }
  if (kind === 'retriever') {
    const documents = documentsOf(outputs);
    if (documents) draft.set('retrieval', { query: isObject(inputs) ? textOf(inputs['query']) ?? textOf(inputs['input']) : textOf(inputs), topK: null, source: null, documents }, outputsKey(draft));
  }
  // Wrappers of provider clients pass the whole request on: the model and the tools are in it.
  const params = isObject(inputs) ? inputs : {};
  draft.tools(params['tools'] ?? (isObject(params['invocation_params']) ? params['invocation_params']['tools'] : undefined), inputsKey(draft));
  const invocation = draft.view.json('langsmith.metadata.invocation_params');
  if (isObject(invocation)) draft.tools(invocation['tools'], 'langsmith.metadata.invocation_params');
  draft.set('modelRequested', textOf(params['model']), inputsKey(draft));
  draft.content('input', inputs, inputsKey(draft));
  draft.content('output', updatesOf(outputs) ?? outputs, outputsKey(draft));
  if (isObject(outputs)) {
    const output = isObject(outputs['llm_output']) ? outputs['llm_output'] : outputs;
    draft.set('modelServed', textOf(output['model']) ?? textOf(output['model_name']), outputsKey(draft));
    draft.set('responseId', kind === 'llm' ? textOf(outputs['id']) : null, outputsKey(draft));
    const message = kind === 'llm' ? generatedMessage(outputs) : null;
    const answered = isObject(message?.['response_metadata']) ? message['response_metadata'] : {};
    draft.set('modelServed', textOf(answered['model_name']) ?? textOf(answered['model']), outputsKey(draft));
    draft.set('responseId', textOf(message?.['id']), outputsKey(draft));
  }
}

/** What the SDK wraps around a function's only value: `{input: …}`, `{output: …}`, `{outputs: …}`. */
function unwrapped(value: unknown, ...names: string[]): unknown {
  const [name, ...others] = isObject(value) ? Object.keys(value) : [];
  return name !== undefined && others.length === 0 && names.includes(name) ? (value as JsonObject)[name] : value;
}

/** A step of LangGraph answers with commands: what they say is in their updates of the state. */
function updatesOf(outputs: unknown): unknown {
  const commands = (Array.isArray(outputs) ? (outputs as unknown[]) : [outputs]).filter((item) => isObject(item) && item['lg_name'] === 'Command');
  const messages = commands.flatMap((command) => {
    const update = (command as JsonObject)['update'];
    return isObject(update) && Array.isArray(update['messages']) ? (update['messages'] as unknown[]) : [];
  });
  return messages.length === 0 ? undefined : messages;
}

function readUsage(draft: Draft, outputs: unknown): void {
  const { view } = draft;
  const own = view.json('langsmith.usage_metadata');
  const inner = isObject(outputs) ? (outputs['usage_metadata'] ?? generationUsage(outputs)) : undefined;
  const found = isObject(own) ? own : isObject(inner) ? inner : undefined;
  const from = isObject(own) ? 'langsmith.usage_metadata' : outputsKey(draft);
  draft.tokens(usageOf(found), from);
  draft.tokens(usageOf({ input_tokens: view.plain('gen_ai.usage.input_tokens'), output_tokens: view.plain('gen_ai.usage.output_tokens'), input_token_details: view.json('gen_ai.usage.input_token_details'), output_token_details: view.json('gen_ai.usage.output_token_details') }), 'gen_ai.usage.*');
  draft.tokens(isObject(outputs) ? usageOf(outputs['usage']) : null, outputsKey(draft));
  draft.set('costReported', numberOf(found?.['total_cost']) ?? view.number('langsmith.run.total_cost'), found?.['total_cost'] === undefined ? 'langsmith.run.total_cost' : from);
}

/** LangChain keeps it in the message of the first generation. */
function generationUsage(outputs: JsonObject): JsonObject | undefined {
  const usage = generatedMessage(outputs)?.['usage_metadata'];
  return isObject(usage) ? usage : undefined;
}

function generatedMessage(outputs: JsonObject): JsonObject | null {
  let value = outputs['generations'];
  while (Array.isArray(value)) value = (value as unknown[])[0];
  const message = isObject(value) ? value['message'] : outputs['message'];
  const members = isObject(message) && isObject(message['kwargs']) ? message['kwargs'] : message;
  return isObject(members) ? members : null;
}
