import { isObject } from '../../../json.ts';
import type { Dialect } from '../dialect.ts';
import { textOf } from '../span-view.ts';
import { usageOf } from '../tokens.ts';

/** OpenAI's Agents SDK: what its own exporter says beside the names of OTel, which the reader of its format gives. */
export const openaiAgents: Dialect = {
  name: 'openai-agents',
  detect: (view) => view.hasPrefix('openai_agents.'),
  read(draft) {
    const data = draft.view.json('openai_agents.data');
    if (!isObject(data)) return;
    draft.set('agentName', textOf(data['agent_name']), 'openai_agents.data');
    // Of the responses API a model's usage is on the turn alone. The task repeats the sum of its turns.
    if (data['sdk_span_type'] === 'turn') draft.tokens(usageOf(data['usage']), 'openai_agents.data');
  },
};
