import { isObject, type JsonObject } from '../../../json.ts';
import type { Message, Score } from '../../model.ts';
import { documentsOf } from '../documents.ts';
import type { Dialect } from '../dialect.ts';
import { membersUnder, type Draft } from '../draft.ts';
import { parsed } from '../json-text.ts';
import { messagesOf } from '../messages.ts';
import { numberOf, textOf, type SpanView, type ViewEvent } from '../span-view.ts';
import { countOf } from '../tokens.ts';

const EVENTS = /^gen_ai\.(system|user|assistant|tool)\.message$|^gen_ai\.choice$|^gen_ai\.content\.(prompt|completion)$|^gen_ai\.client\.inference\.operation\.details$|^gen_ai\.evaluation\.result$/;

/** OTel's conventions for generative AI, every version since 1.26: attributes, and the events that held messages before 1.37. */
export const semconv: Dialect = {
  name: 'otel-genai',
  detect: (view) => view.hasPrefix('gen_ai.') || view.has('mcp.method.name') || view.events.some((event) => EVENTS.test(event.name)),
  read(draft) {
    const { view } = draft;
    draft.text('operation', 'gen_ai.operation.name');
    draft.text('provider', 'gen_ai.provider.name', 'gen_ai.system');
    draft.text('modelRequested', 'gen_ai.request.model', 'llm.request.model');
    draft.text('modelServed', 'gen_ai.response.model');
    readParameters(draft);
    draft.text('responseId', 'gen_ai.response.id');
    readFinishReasons(draft);
    draft.number('timeToFirstTokenMs', 1000, 'gen_ai.response.time_to_first_chunk', 'gen_ai.client.operation.time_to_first_chunk');
    readContent(draft);
    draft.tools(view.json('gen_ai.tool.definitions'), 'gen_ai.tool.definitions');
    draft.text('toolName', 'gen_ai.tool.name');
    draft.text('toolCallId', 'gen_ai.tool.call.id');
    draft.json('toolArguments', 'gen_ai.tool.call.arguments', 'mcp.request.argument');
    draft.json('toolResult', 'gen_ai.tool.call.result', 'mcp.response.value');
    readTokens(draft);
    draft.number('costReported', 1, 'gen_ai.usage.cost', 'gen_ai.client.operation.cost', 'operation.cost', 'llm.cost.total');
    draft.text('agentName', 'gen_ai.agent.name', 'gen_ai.workflow.name', 'agent_name');
    draft.text('agentId', 'gen_ai.agent.id');
    draft.text('session', 'gen_ai.conversation.id', 'session.id', 'gen_ai.live_session.id', 'mcp.session.id');
    draft.text('user', 'user.id', 'enduser.id');
    draft.text('promptName', 'gen_ai.prompt.name');
    draft.text('promptVersion', 'gen_ai.prompt.version');
    draft.mergeUnder('promptVariables', 'gen_ai.prompt.variable.');
    readRetrieval(draft);
    for (const event of view.events) if (event.name === 'gen_ai.evaluation.result') draft.addScores(scoreOf(event.attributes), event.source);
    if (view.has('gen_ai.evaluation.name')) draft.addScores(scoreOf(membersUnder(view, '')), 'gen_ai.evaluation.*');
  },
};

function readParameters(draft: Draft): void {
  if (!draft.readsContent) return;
  const { view } = draft;
  for (const prefix of ['gen_ai.request.', 'openai.request.', 'gen_ai.openai.request.']) draft.mergeUnder('parameters', prefix, ['gen_ai.request.model']);
  const type = view.text('gen_ai.output.type');
  if (type !== null) draft.merge('parameters', { output_type: type }, 'gen_ai.output.type');
}

function readFinishReasons(draft: Draft): void {
  const reasons = draft.view.json('gen_ai.response.finish_reasons');
  const list = (Array.isArray(reasons) ? reasons : [reasons]).map(textOf).filter((reason) => reason !== null);
  if (list.length > 0) draft.set('finishReasons', list, 'gen_ai.response.finish_reasons');
}

function readContent(draft: Draft): void {
  if (!draft.readsContent) return;
  const { view } = draft;
  const details = view.events.find((event) => event.name === 'gen_ai.client.inference.operation.details');
  const both = (key: string): [unknown, string] => (view.has(key) ? [view.plain(key), key] : [details && payloadOf(details)[key], details?.source ?? key]);
  draft.content('input', ...both('gen_ai.input.messages'));
  draft.content('output', ...both('gen_ai.output.messages'));
  const [prompts, answers] = messagesOfEvents(view.events);
  draft.messages('input', prompts.messages, ...prompts.sources);
  draft.messages('output', answers.messages, ...answers.sources);
  for (const event of view.events) {
    if (event.name === 'gen_ai.content.prompt') draft.content('input', event.attributes['gen_ai.prompt'], event.source);
    if (event.name === 'gen_ai.content.completion') draft.content('output', event.attributes['gen_ai.completion'], event.source);
  }
  draft.contentOf('input', 'gen_ai.prompt');
  draft.contentOf('output', 'gen_ai.completion');
  const [system, from] = both('gen_ai.system_instructions');
  draft.system(system, from);
}

interface Collected {
  readonly messages: Message[];
  readonly sources: string[];
}

/** The events of 1.28 to 1.36: one for each message, one for each choice. Their payload is in attributes or in a log's body. */
function messagesOfEvents(events: readonly ViewEvent[]): [input: Collected, output: Collected] {
  const input: Collected = { messages: [], sources: [] };
  const output: Collected = { messages: [], sources: [] };
  for (const event of events) {
    const message = messageOfEvent(event);
    if (!message) continue;
    const side = event.name === 'gen_ai.choice' ? output : input;
    side.messages.push(...message);
    if (!side.sources.includes(event.source)) side.sources.push(event.source);
  }
  return [input, output];
}

function messageOfEvent(event: ViewEvent): Message[] | null {
  const payload = payloadOf(event);
  if (event.name === 'gen_ai.choice') {
    const inner = parsed(payload['message']);
    const message = isObject(inner) ? inner : { content: inner ?? payload['content'], tool_calls: parsed(payload['tool_calls']) };
    return messagesOf([{ role: 'assistant', ...message, finish_reason: payload['finish_reason'] }], 'assistant');
  }
  const role = /^gen_ai\.(system|user|assistant|tool)\.message$/.exec(event.name)?.[1];
  if (role === undefined) return null;
  return messagesOf([{ ...payload, role: textOf(payload['role']) ?? role, content: parsed(payload['content']) ?? null, tool_calls: parsed(payload['tool_calls']), tool_call_id: payload['id'] }], role);
}

function payloadOf(event: ViewEvent): JsonObject {
  return isObject(event.body) ? { ...event.attributes, ...event.body } : event.attributes;
}

/** OpenLLMetry for JavaScript copies Anthropic's numbers, whose input leaves cached tokens out; for Python it adds them up. */
function excludesCache(view: SpanView): boolean {
  return view.scope === '@traceloop/instrumentation-anthropic';
}

/** Keys by which the buckets are sent, whole: putting them together for each span took longer than looking them up. */
const USAGE = {
  input: usageKeys('input_tokens', 'prompt_tokens'),
  output: usageKeys('output_tokens', 'completion_tokens'),
  cacheRead: usageKeys('cache_read.input_tokens', 'cache_read_input_tokens', 'details.cache_read_tokens', 'details.cached_tokens', 'details.cache_read_input_tokens', 'input_tokens.cached'),
  cacheWrite: usageKeys('cache_write.input_tokens', 'cache_creation.input_tokens', 'cache_creation_input_tokens', 'details.cache_write_tokens', 'details.cache_creation_input_tokens'),
  reasoning: usageKeys('reasoning.output_tokens', 'reasoning_tokens', 'details.reasoning_tokens'),
} as const;

function usageKeys(...keys: string[]): readonly string[] {
  return keys.map((key) => `gen_ai.usage.${key}`);
}

function readTokens(draft: Draft): void {
  const { view } = draft;
  if (!view.hasPrefix('gen_ai.usage.')) return;
  const used: string[] = [];
  const count = (keys: readonly string[]): number | null => {
    for (const key of keys) {
      const value = countOf(view.plain(key));
      if (value === null) continue;
      used.push(key);
      return value;
    }
    return null;
  };
  draft.tokens({
    input: count(USAGE.input),
    output: count(USAGE.output),
    cacheRead: count(USAGE.cacheRead),
    cacheWrite: count(USAGE.cacheWrite),
    reasoning: count(USAGE.reasoning),
    inputExcludesCache: excludesCache(view),
  }, ...used);
}

function readRetrieval(draft: Draft): void {
  const { view } = draft;
  const documents = documentsOf(view.json('gen_ai.retrieval.documents'));
  const query = view.text('gen_ai.retrieval.query.text');
  if (documents === null && query === null) return;
  draft.set('retrieval', { query, documents: documents ?? [], topK: view.number('gen_ai.retrieval.top_k') ?? view.number('gen_ai.request.top_k'), source: view.text('gen_ai.data_source.id') }, ...['gen_ai.retrieval.query.text', 'gen_ai.retrieval.documents'].filter((key) => view.has(key)));
}

function scoreOf(attributes: JsonObject): Score[] {
  const name = textOf(attributes['gen_ai.evaluation.name']);
  if (name === null) return [];
  return [{ name, value: numberOf(attributes['gen_ai.evaluation.score.value']), label: textOf(attributes['gen_ai.evaluation.score.label']), explanation: textOf(attributes['gen_ai.evaluation.explanation']) }];
}
