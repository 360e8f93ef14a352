import { isObject, type JsonObject } from '../../../json.ts';
import { documentsOf } from '../documents.ts';
import type { Dialect } from '../dialect.ts';
import { membersUnder, type Draft } from '../draft.ts';
import { numberOf, textOf } from '../span-view.ts';
import { usageOf, type ReportedTokens } from '../tokens.ts';

/** LangSmith over OpenTelemetry, and its runs, whose members are read under the names of its own exporter. */
export const langsmith: Dialect = {
  name: 'langsmith',
  detect: (view) => view.hasPrefix('langsmith.'),
  read(draft) {
    const { view } = draft;
    draft.text('provider', 'langsmith.metadata.ls_provider');
    draft.text('modelRequested', 'gen_ai.request.model', 'langsmith.metadata.ls_model_name');
    const inputs = view.json(inputsKey(draft));
    const outputs = view.json(outputsKey(draft));
    readContent(draft, inputs, outputs);
    readUsage(draft, outputs);
    draft.text('session', 'langsmith.metadata.session_id', 'langsmith.metadata.thread_id', 'langsmith.metadata.conversation_id');
    draft.text('user', 'langsmith.metadata.user_id');
    draft.addTags(view.json('langsmith.span.tags'), 'langsmith.span.tags');
    const metadata = membersUnder(view, 'langsmith.metadata.');
    draft.merge('metadata', metadata, 'langsmith.metadata.*');
    draft.text('promptName', 'langsmith.metadata.lc_hub_repo', 'langsmith.metadata.prompt_name');
    draft.text('promptVersion', 'langsmith.metadata.lc_hub_commit_hash', 'langsmith.metadata.prompt_version');
    draft.text('agentName', 'langsmith.metadata.langgraph_node');
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
    draft.set('toolArguments', isObject(inputs) && Object.keys(inputs).length === 1 && typeof inputs['input'] === 'string' ? inputs['input'] : inputs, inputsKey(draft));
    draft.set('toolResult', isObject(outputs) && Object.keys(outputs).length === 1 ? (outputs['output'] ?? outputs) : outputs, outputsKey(draft));
  }
  if (kind === 'retriever') {
    const documents = documentsOf(outputs);
    if (documents) draft.set('retrieval', { query: isObject(inputs) ? textOf(inputs['query']) ?? textOf(inputs['input']) : textOf(inputs), topK: null, source: null, documents }, outputsKey(draft));
  }
  // Wrappers of provider clients pass the whole request on: the model and the tools are in it.
  const params = isObject(inputs) ? inputs : {};
  draft.tools(params['tools'] ?? (isObject(params['invocation_params']) ? params['invocation_params']['tools'] : undefined), inputsKey(draft));
  draft.set('modelRequested', textOf(params['model']), inputsKey(draft));
  draft.content('input', inputs, inputsKey(draft));
  draft.content('output', outputs, outputsKey(draft));
  if (isObject(outputs)) {
    const output = isObject(outputs['llm_output']) ? outputs['llm_output'] : outputs;
    draft.set('modelServed', textOf(output['model']) ?? textOf(output['model_name']), outputsKey(draft));
    draft.set('responseId', kind === 'llm' ? textOf(outputs['id']) : null, outputsKey(draft));
  }
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
function generationUsage(outputs: JsonObject): ReportedTokens | JsonObject | undefined {
  let value = outputs['generations'];
  while (Array.isArray(value)) value = (value as unknown[])[0];
  const message = isObject(value) ? value['message'] : outputs['message'];
  const kwargs = isObject(message) && isObject(message['kwargs']) ? message['kwargs'] : message;
  return isObject(kwargs) && isObject(kwargs['usage_metadata']) ? kwargs['usage_metadata'] : undefined;
}
