import { isObject } from '../../../json.ts';
import type { Dialect } from '../dialect.ts';
import type { Draft } from '../draft.ts';
import { messagesOf } from '../messages.ts';
import { textOf } from '../span-view.ts';
import { countOf, usageOf } from '../tokens.ts';

/** Pydantic's Logfire and Pydantic AI. */
export const logfire: Dialect = {
  name: 'logfire',
  detect: (view) => view.hasPrefix('logfire.') || view.scope.startsWith('pydantic-ai') || view.scope.startsWith('logfire') || view.hasPrefix('pydantic_ai.') || view.has('all_messages_events') || view.has('model_request_parameters'),
  read(draft) {
    const { view } = draft;
    draft.text('modelRequested', 'model_name');
    const parameters = view.json('model_request_parameters');
    if (isObject(parameters)) {
      draft.tools(parameters, 'model_request_parameters');
      draft.merge('parameters', parameters, 'model_request_parameters');
    }
    readContent(draft);
    draft.json('toolArguments', 'tool_arguments');
    draft.json('toolResult', 'tool_response');
    draft.text('toolName', 'gen_ai.tool.name');
    readAggregated(draft);
    draft.number('costReported', 1, 'operation.cost');
    draft.text('agentName', 'gen_ai.agent.name', 'agent_name');
    draft.addTags(view.json('logfire.tags'), 'logfire.tags');
    const level = view.number('logfire.level_num');
    // 17 is `error`; Logfire's own library sets the status too, instrumentations through it do not always
    if (level !== null && level >= 17) draft.set('error', { type: null, message: view.text('logfire.msg'), stack: null }, 'logfire.level_num', 'logfire.msg');
  },
};

function readContent(draft: Draft): void {
  const { view } = draft;
  const all = ['pydantic_ai.all_messages', 'all_messages', 'all_messages_events'].find((key) => view.has(key));
  if (all !== undefined) readConversation(draft, all);
  const events = view.json('events');
  if (Array.isArray(events)) readEvents(draft, events);
  const request = view.json('request_data');
  if (isObject(request)) {
    draft.content('input', request, 'request_data');
    draft.text('modelRequested', 'gen_ai.request.model');
    draft.set('modelRequested', textOf(request['model']), 'request_data');
    draft.tools(request['tools'], 'request_data');
  }
  const response = view.json('response_data');
  if (isObject(response)) {
    draft.content('output', isObject(response['message']) ? { message: response['message'] } : (response['combined_chunk_content'] ?? response), 'response_data');
    draft.tokens(usageOf(response['usage']), 'response_data');
  }
  draft.contentOf('output', 'final_result');
}

/** The whole conversation of an agent: what was said last is its output, everything before its input. */
function readConversation(draft: Draft, key: string): void {
  const messages = messagesOf(eventsAsMessages(draft.view.json(key)));
  if (!messages) return;
  const last = messages.at(-1)!;
  const answered = last.role === 'assistant';
  draft.messages('input', answered ? messages.slice(0, -1) : messages, key);
  if (answered) draft.messages('output', [last], key);
}

/** One attribute with the events of OTel 1.28: `[{"event.name": "gen_ai.user.message", content, role}, …]`. */
function readEvents(draft: Draft, events: readonly unknown[]): void {
  const isChoice = (event: unknown): boolean => isObject(event) && event['event.name'] === 'gen_ai.choice';
  draft.messages('input', messagesOf(eventsAsMessages(events.filter((event) => !isChoice(event)))), 'events');
  draft.messages('output', messagesOf(eventsAsMessages(events.filter(isChoice)), 'assistant'), 'events');
}

function eventsAsMessages(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((event: unknown) => {
    if (!isObject(event) || typeof event['event.name'] !== 'string') return event;
    const role = /^gen_ai\.(system|user|assistant|tool)\.message$/.exec(event['event.name'])?.[1] ?? 'assistant';
    return event['event.name'] === 'gen_ai.choice' ? event : { role, ...event, tool_call_id: event['id'] };
  });
}

/** Newer versions give an agent's sums a name of their own, so that nobody counts them twice. */
function readAggregated(draft: Draft): void {
  const count = (name: string): number | null => countOf(draft.view.plain(`gen_ai.aggregated_usage.${name}`));
  draft.tokens({ input: count('input_tokens'), output: count('output_tokens'), cacheRead: count('cache_read.input_tokens') ?? count('details.cache_read_tokens'), cacheWrite: count('cache_write.input_tokens') ?? count('details.cache_write_tokens'), reasoning: count('details.reasoning_tokens') }, 'gen_ai.aggregated_usage.*');
}
