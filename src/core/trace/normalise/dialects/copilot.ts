import { isObject } from '../../../json.ts';
import type { Dialect } from '../dialect.ts';
import { usageOf } from '../tokens.ts';

/** GitHub Copilot Chat: OTel's conventions and some attributes of its own. */
export const copilot: Dialect = {
  name: 'copilot-chat',
  detect: (view) => view.hasPrefix('copilot_chat.') || view.hasPrefix('github.copilot.'),
  read(draft) {
    const { view } = draft;
    draft.text('session', 'copilot_chat.chat_session_id', 'gen_ai.conversation.id', 'copilot_chat.session_id');
    draft.number('timeToFirstTokenMs', 1, 'copilot_chat.time_to_first_token');
    const usage = view.json('copilot_chat.usage');
    if (isObject(usage)) draft.tokens(usageOf(usage), 'copilot_chat.usage');
    draft.contentOf('input', 'copilot_chat.user_request');
    draft.contentOf('output', 'copilot_chat.markdown_content');
  },
};
