import { isObject, type JsonObject } from '../../../json.ts';
import type { Score } from '../../model.ts';
import { documentsOf } from '../documents.ts';
import type { Dialect } from '../dialect.ts';
import type { Draft } from '../draft.ts';
import { parsed } from '../json-text.ts';
import { numberOf, textOf } from '../span-view.ts';
import { countOf } from '../tokens.ts';

/** Arize's OpenInference: https://github.com/Arize-ai/openinference/tree/main/spec. Lists are spread over numbered keys. */
export const openInference: Dialect = {
  name: 'openinference',
  detect: (view) => view.has('openinference.span.kind') || view.scope.startsWith('openinference.') || view.scope.startsWith('@arizeai/openinference') || view.hasPrefix('llm.input_messages.') || view.hasPrefix('llm.token_count.'),
  read(draft) {
    const { view } = draft;
    draft.text('provider', 'llm.provider', 'llm.system');
    draft.text('modelRequested', 'llm.request.model_name', 'llm.model_name', 'embedding.model_name', 'reranker.model_name');
    draft.text('modelServed', 'llm.response.model_name', 'llm.model_name');
    const parameters = view.json('llm.invocation_parameters');
    if (isObject(parameters)) draft.merge('parameters', parameters, 'llm.invocation_parameters');
    readContent(draft);
    draft.tools(view.flattened('llm.tools.') ?? view.json('llm.tools'), 'llm.tools.*');
    if (draft.get('kind') === 'tool') {
      draft.text('toolName', 'tool.name');
      draft.set('toolArguments', crewArguments(view.json('input.value')), 'input.value');
      draft.json('toolArguments', 'input.value');
      draft.json('toolResult', 'output.value');
    }
    draft.text('toolCallId', 'tool_call.id', 'tool.id');
    readTokens(draft);
    draft.number('costReported', 1, 'llm.cost.total');
    draft.text('session', 'session.id');
    draft.text('user', 'user.id');
    draft.text('agentName', 'agent.name', 'graph.node.name', 'graph.node.id');
    draft.text('promptName', 'prompt.id', 'llm.prompt_template.name');
    draft.text('promptVersion', 'llm.prompt_template.version');
    const variables = view.json('llm.prompt_template.variables');
    if (isObject(variables)) draft.merge('promptVariables', variables, 'llm.prompt_template.variables');
    draft.addTags(view.json('tag.tags'), 'tag.tags');
    const metadata = view.json('metadata');
    if (isObject(metadata)) draft.merge('metadata', metadata, 'metadata');
    readRetrieval(draft);
    for (const prefix of ['annotations.', 'evaluations.']) readScores(draft, prefix);
  },
};

/** CrewAI's tools are wrapped where it decides about a call: `{tool_string, tool, calling: {tool_name, arguments}}`. */
function crewArguments(value: unknown): unknown {
  if (!isObject(value) || !('tool_string' in value) || !('calling' in value)) return undefined;
  const calling = parsed(value['calling']);
  return isObject(calling) && 'arguments' in calling ? calling['arguments'] : parsed(value['tool_string']);
}

/** The flattened messages hold more than `input.value`, which is often the request as one text. */
function readContent(draft: Draft): void {
  const { view } = draft;
  const input = view.flattened('llm.input_messages.');
  const output = view.flattened('llm.output_messages.');
  draft.content('input', input ?? view.json('llm.input_messages'), 'llm.input_messages.*');
  draft.content('output', output ?? view.json('llm.output_messages'), 'llm.output_messages.*');
  const prompts = textsOf(view.flattened('llm.prompts.') ?? view.json('llm.prompts'), 'prompt');
  const choices = textsOf(view.flattened('llm.choices.'), 'completion');
  if (prompts !== null) draft.messages('input', [{ role: 'user', parts: [{ type: 'text', text: prompts }] }], 'llm.prompts.*');
  if (choices !== null) draft.messages('output', [{ role: 'assistant', parts: [{ type: 'text', text: choices }] }], 'llm.choices.*');
  draft.contentOf('input', 'input.value');
  draft.contentOf('output', 'output.value');
}

/** `[{prompt: {text}}]` and `[{completion: {text}}]` as one text. */
function textsOf(value: unknown, member: string): string | null {
  if (!Array.isArray(value)) return null;
  const texts = value.flatMap((item: unknown) => {
    const inner = isObject(item) ? item[member] : item;
    const text = isObject(inner) ? textOf(inner['text']) : textOf(inner);
    return text === null ? [] : [text];
  });
  return texts.length === 0 ? null : texts.join('\n');
}

function readTokens(draft: Draft): void {
  const { view } = draft;
  const used: string[] = [];
  const count = (...keys: string[]): number | null => {
    const key = keys.find((name) => countOf(view.plain(`llm.token_count.${name}`)) !== null);
    if (key === undefined) return null;
    used.push(`llm.token_count.${key}`);
    return countOf(view.plain(`llm.token_count.${key}`));
  };
  draft.tokens({
    input: count('prompt'),
    output: count('completion'),
    cacheRead: count('prompt_details.cache_read', 'prompt_details.cache_input'),
    cacheWrite: count('prompt_details.cache_write'),
    reasoning: count('completion_details.reasoning'),
  }, ...used);
}

function readRetrieval(draft: Draft): void {
  const { view } = draft;
  const reranked = view.flattened('reranker.output_documents.');
  const found = view.flattened('retrieval.documents.') ?? view.json('retrieval.documents') ?? reranked;
  const documents = documentsOf(found);
  if (documents === null && !view.hasPrefix('reranker.')) return;
  const from = reranked === found ? 'reranker.output_documents.*' : 'retrieval.documents.*';
  draft.set('retrieval', { query: view.text('reranker.query') ?? view.text('input.value'), topK: view.number('reranker.top_k'), source: null, documents: documents ?? [] }, from);
}

function readScores(draft: Draft, prefix: string): void {
  const list = draft.view.flattened(prefix);
  if (!Array.isArray(list)) return;
  const scores = list.flatMap((item): Score[] => {
    const inner: JsonObject | undefined = isObject(item) ? [item['annotation'], item['evaluation'], item].find(isObject) : undefined;
    const name = textOf(inner?.['name']);
    return inner && name !== null ? [{ name, value: numberOf(inner['score']), label: textOf(inner['label']), explanation: textOf(inner['explanation']) }] : [];
  });
  draft.addScores(scores, `${prefix}*`);
}
