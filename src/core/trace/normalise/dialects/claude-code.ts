import type { Dialect } from '../dialect.ts';
import type { Draft } from '../draft.ts';
import { textOf, type ViewEvent } from '../span-view.ts';
import { countOf } from '../tokens.ts';

/** Claude Code's traces. Costs, prompts and the outcome of tools are in its log events, which are joined by request, tool use or span. */
export const claudeCode: Dialect = {
  name: 'claude-code',
  detect: (view) => view.scope.startsWith('com.anthropic.claude_code') || view.span.name.startsWith('claude_code.'),
  read(draft) {
    const { view } = draft;
    draft.set('provider', draft.get('kind') === 'llm' ? 'anthropic' : null);
    draft.text('modelRequested', 'gen_ai.request.model', 'model');
    draft.text('responseId', 'gen_ai.response.id', 'request_id');
    draft.number('timeToFirstTokenMs', 1, 'ttft_ms');
    const stop = view.text('stop_reason');
    if (stop !== null) draft.set('finishReasons', [stop], 'stop_reason');
    readUsage(draft);
    draft.text('toolName', 'tool_name');
    draft.text('toolCallId', 'tool_use_id');
    draft.json('toolArguments', 'tool_input', 'tool_parameters');
    draft.json('toolResult', 'tool_result', 'tool_output');
    draft.text('agentId', 'agent_id');
    draft.text('agentName', 'subagent_type', 'agent.name', 'agent_name');
    draft.text('session', 'session.id');
    draft.text('user', 'user.id', 'user.account_uuid');
    draft.number('costReported', 1, 'cost_usd');
    for (const event of view.events) readEvent(draft, event);
    draft.contentOf('input', 'user_prompt', 'new_context', 'prompt');
    draft.contentOf('output', 'response.model_output', 'response');
    if (view.text('success') === 'false' || view.has('error')) draft.set('error', { type: view.text('error.type'), message: view.text('error'), stack: null }, view.has('error') ? 'error' : 'success');
  },
};

/** Anthropic's numbers as they are: the input leaves out what was cached. */
function readUsage(draft: Draft): void {
  const count = (key: string): number | null => countOf(draft.view.plain(key));
  draft.tokens({ input: count('input_tokens'), output: count('output_tokens'), cacheRead: count('cache_read_tokens'), cacheWrite: count('cache_creation_tokens'), reasoning: null, inputExcludesCache: true }, 'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_creation_tokens');
}

function readEvent(draft: Draft, event: ViewEvent): void {
  const { attributes } = event;
  switch (event.name.replace('claude_code.', '')) {
    case 'api_request': {
      const cost = Number(attributes['cost_usd'] ?? NaN);
      if (Number.isFinite(cost) && cost >= 0) draft.set('costReported', cost, `${event.source} cost_usd`);
      break;
    }
    case 'api_error':
      draft.set('error', { type: textOf(attributes['status_code']), message: textOf(attributes['error']), stack: null }, event.source);
      break;
    case 'tool_result':
      // The text "false", as its SDK writes booleans of logs
      if (textOf(attributes['success']) === 'false') draft.set('error', { type: textOf(attributes['error_type']), message: textOf(attributes['error']) ?? 'the tool failed', stack: null }, event.source);
      draft.set('toolArguments', attributes['tool_parameters'] ?? attributes['tool_input'], event.source);
      break;
    case 'tool.output':
      draft.set('toolResult', attributes['content'] ?? attributes['output'], event.source);
      break;
    case 'user_prompt':
      draft.content('input', attributes['prompt'], event.source);
      break;
    default:
  }
}
