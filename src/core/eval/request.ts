import type { Case } from '../dataset/model.ts';
import type { ModelRequest } from '../model/model.ts';
import type { PromptDocument } from '../prompt/model.ts';

/** What was rendered for one case, the same for every model and repeat. */
export type RenderedRequest = Pick<ModelRequest, 'messages' | 'promptText'>;

/** One request of a prompt: runs, estimates and *Run Once* ask for the same. */
export function modelRequest(prompt: PromptDocument, rendered: RenderedRequest, item: Case, repeat: number): ModelRequest {
  return {
    messages: rendered.messages,
    promptText: rendered.promptText,
    parameters: prompt.parameters,
    ...(prompt.tools.length > 0 ? { tools: prompt.tools } : {}),
    ...(prompt.toolChoice === undefined ? {} : { toolChoice: prompt.toolChoice }),
    ...(prompt.responseFormat === undefined ? {} : { responseFormat: prompt.responseFormat }),
    case: { id: item.id, vars: item.vars, ...(item.expected === undefined ? {} : { expected: item.expected }), metadata: item.metadata, ...(item.place.index === undefined ? {} : { index: item.place.index }) },
    repeat,
  };
}
