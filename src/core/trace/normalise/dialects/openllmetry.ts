import { isObject } from '../../../json.ts';
import type { Message } from '../../model.ts';
import type { Dialect } from '../dialect.ts';
import { parsed } from '../json-text.ts';
import { messagesOf } from '../messages.ts';

/** Traceloop's OpenLLMetry, and LiteLLM's proxy which follows it: messages spread over `gen_ai.prompt.N.…`. */
export const openLlmetry: Dialect = {
  name: 'openllmetry',
  detect: (view) => view.hasPrefix('traceloop.') || view.has('llm.request.type') || view.hasPrefix('gen_ai.prompt.0') || view.hasPrefix('gen_ai.completion.0') || view.scope.startsWith('@traceloop/'),
  read(draft) {
    const { view } = draft;
    draft.content('input', view.flattened('gen_ai.prompt.'), 'gen_ai.prompt.*');
    if (view.scope.startsWith('@traceloop/')) draft.messages('input', conversationInText(view.json('gen_ai.input.messages')), 'gen_ai.input.messages');
    draft.content('output', completions(view.flattened('gen_ai.completion.')), 'gen_ai.completion.*');
    draft.tools(view.flattened('llm.request.functions.'), 'llm.request.functions.*');
    const kind = draft.get('kind');
    if (kind === 'tool') {
      draft.text('toolName', 'traceloop.entity.name');
      draft.set('toolArguments', entityInput(view.json('traceloop.entity.input')), 'traceloop.entity.input');
      draft.json('toolResult', 'traceloop.entity.output');
    }
    draft.content('input', entityInput(view.json('traceloop.entity.input')), 'traceloop.entity.input');
    draft.contentOf('output', 'traceloop.entity.output');
    if (kind === 'agent') draft.text('agentName', 'traceloop.entity.name');
    draft.text('agentName', 'gen_ai.agent.name', 'traceloop.workflow.name');
    draft.text('session', 'traceloop.association.properties.session_id', 'traceloop.association.properties.thread_id');
    draft.text('user', 'traceloop.association.properties.user_id', 'llm.user');
    draft.mergeUnder('metadata', 'traceloop.association.properties.');
    draft.text('promptName', 'traceloop.prompt.key');
    draft.text('promptVersion', 'traceloop.prompt.version', 'traceloop.prompt.version_name');
    const variables = view.json('traceloop.prompt.template_variables');
    if (isObject(variables)) draft.merge('promptVariables', variables, 'traceloop.prompt.template_variables');
    const reason = view.text('llm.response.finish_reason') ?? view.text('llm.response.stop_reason');
    if (reason !== null) draft.set('finishReasons', [reason], 'llm.response.finish_reason');
    for (const name of ['temperature', 'top_p', 'top_k', 'frequency_penalty', 'presence_penalty', 'is_streaming']) {
      const value = view.plain(`llm.${name}`);
      if (value !== undefined) draft.merge('parameters', { [name]: value }, `llm.${name}`);
    }
  },
};

/** `{"inputs": …, "args": …, "kwargs": …}`: what it was called with, nothing when it was called without anything. */
function entityInput(value: unknown): unknown {
  if (!isObject(value)) return value;
  const inner = [value['inputs'], value['kwargs'], value['args']].find((part) => part !== undefined && part !== null && !(isObject(part) && Object.keys(part).length === 0) && !(Array.isArray(part) && part.length === 0));
  return 'inputs' in value || 'kwargs' in value ? inner : value;
}

/** Of the responses API the whole input comes as the text of one message. */
function conversationInText(value: unknown): Message[] | null {
  const messages = messagesOf(value);
  const [message, ...others] = messages ?? [];
  const [part, ...rest] = message?.parts ?? [];
  if (others.length > 0 || rest.length > 0 || part?.type !== 'text') return null;
  const inner = parsed(part.text);
  return Array.isArray(inner) ? messagesOf(inner) : null;
}

/** A completion says its role only sometimes. */
function completions(value: unknown): unknown {
  return Array.isArray(value) ? value.map((item: unknown) => (isObject(item) && !('role' in item) ? { role: 'assistant', ...item } : item)) : value;
}
