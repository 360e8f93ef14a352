import type { Dialect } from '../dialect.ts';

/** AgentOps. */
export const agentOps: Dialect = {
  name: 'agentops',
  detect: (view) => view.hasPrefix('agentops.'),
  read(draft) {
    const kind = draft.get('kind');
    if (kind === 'tool') {
      draft.text('toolName', 'agentops.entity.name', 'tool.name');
      draft.json('toolArguments', 'agentops.entity.input');
      draft.json('toolResult', 'agentops.entity.output');
    }
    if (kind === 'agent') draft.text('agentName', 'agent.name', 'agentops.entity.name');
    draft.contentOf('input', 'agentops.entity.input');
    draft.contentOf('output', 'agentops.entity.output');
  },
};
