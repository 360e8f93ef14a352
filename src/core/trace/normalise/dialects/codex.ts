import type { Dialect } from '../dialect.ts';
import { parsed } from '../json-text.ts';
import type { Draft } from '../draft.ts';
import { textOf, type ViewEvent } from '../span-view.ts';
import { countOf } from '../tokens.ts';

const TURN = 'codex.turn.token_usage.';

/** OpenAI's Codex. Its spans are functions of its own code; what was said, called and used is in its log events. */
export const codex: Dialect = {
  name: 'codex',
  detect: (view) => view.scope.startsWith('codex') || view.hasPrefix('codex.') || view.events.some((event) => event.name.startsWith('codex.')),
  read(draft) {
    const { view } = draft;
    draft.text('modelRequested', 'model', 'slug');
    draft.set('provider', draft.get('modelRequested') === null ? null : 'openai');
    const effort = view.text('codex.turn.reasoning_effort');
    if (effort !== null) draft.merge('parameters', { reasoning_effort: effort }, 'codex.turn.reasoning_effort');
    const count = (key: string): number | null => countOf(view.plain(`${TURN}${key}`));
    draft.tokens({ input: count('input_tokens'), output: count('output_tokens'), cacheRead: count('cached_input_tokens'), cacheWrite: count('cache_write_input_tokens'), reasoning: count('reasoning_output_tokens') }, ...view.keys(TURN));
    draft.text('session', 'conversation.id', 'thread.id', 'session_id');
    draft.text('toolName', 'tool_name', 'tool.name');
    draft.text('toolCallId', 'call_id', 'call.id');
    for (const event of view.events) readEvent(draft, event);
  },
};

function readEvent(draft: Draft, event: ViewEvent): void {
  const { attributes } = event;
  draft.set('session', textOf(attributes['conversation.id']), `${event.source} conversation.id`);
  switch (event.name) {
    case 'codex.user_prompt':
      draft.content('input', attributes['prompt'], event.source);
      break;
    case 'codex.sse_event':
    case 'codex.websocket_event': {
      if (attributes['event.kind'] !== 'response.completed') break;
      const count = (key: string): number | null => countOf(attributes[key]);
      draft.tokens({ input: count('input_token_count'), output: count('output_token_count'), cacheRead: count('cached_token_count'), cacheWrite: count('cache_write_token_count'), reasoning: count('reasoning_token_count') }, event.source);
      const first = countOf(attributes['ttft_ms']);
      if (first !== null) draft.set('timeToFirstTokenMs', first, event.source);
      break;
    }
    case 'codex.tool_result':
      draft.set('toolName', textOf(attributes['tool_name']) ?? textOf(attributes['tool']), event.source);
      draft.set('toolCallId', textOf(attributes['call_id']), event.source);
      draft.set('toolArguments', parsed(attributes['arguments']), event.source);
      draft.set('toolResult', attributes['output'], event.source);
      if (textOf(attributes['success']) === 'false') draft.set('error', { type: null, message: textOf(attributes['output']) ?? 'the tool failed', stack: null }, event.source);
      break;
    case 'codex.api_request':
      if (attributes['error.message'] !== undefined) draft.set('error', { type: textOf(attributes['http.response.status_code']), message: textOf(attributes['error.message']), stack: null }, event.source);
      break;
    default:
  }
}
