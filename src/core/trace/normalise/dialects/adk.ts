import { isObject } from '../../../json.ts';
import type { Dialect } from '../dialect.ts';
import { agentInName, textOf } from '../span-view.ts';
import { usageOf } from '../tokens.ts';

const PREFIX = 'gcp.vertex.agent.';

/** Google's Agent Development Kit: requests and answers of Gemini as JSON. */
export const adk: Dialect = {
  name: 'google-adk',
  detect: (view) => view.hasPrefix(PREFIX) || view.scope === 'gcp.vertex.agent',
  read(draft) {
    const { view } = draft;
    const request = view.json(`${PREFIX}llm_request`);
    const response = view.json(`${PREFIX}llm_response`);
    if (isObject(request)) {
      draft.set('modelRequested', textOf(request['model']), `${PREFIX}llm_request`);
      if (isObject(request['config'])) {
        draft.tools(request['config']['tools'], `${PREFIX}llm_request`);
        draft.merge('parameters', request['config'], `${PREFIX}llm_request`);
      }
      draft.content('input', request, `${PREFIX}llm_request`);
    }
    if (isObject(response)) {
      draft.content('output', response, `${PREFIX}llm_response`);
      draft.tokens(usageOf(response['usage_metadata'] ?? response['usageMetadata']), `${PREFIX}llm_response`);
    }
    draft.json('toolArguments', `${PREFIX}tool_call_args`);
    draft.set('toolResult', unwrapped(view.json(`${PREFIX}tool_response`)), `${PREFIX}tool_response`);
    draft.text('session', `${PREFIX}session_id`);
    if (draft.get('kind') === 'agent') draft.set('agentName', agentInName(view.span.name));
  },
};

/** A function response of Gemini: `{id, name, response}`. */
function unwrapped(value: unknown): unknown {
  return isObject(value) && 'name' in value && 'response' in value ? value['response'] : value;
}
