import { contentText } from '../prompt/messages.ts';
import type { PromptDocument } from '../prompt/model.ts';
import { messagesFromText } from '../prompt/render.ts';
import type { VersionContent } from '../registry/model.ts';
import type { IndexedPrompt } from './prompt-index.ts';

/** A prompt's texts for the index; `null`: a program makes them, and nobody can know them before. */
export function indexedPrompt(content: Pick<VersionContent, 'syntax' | 'messages' | 'template'> & { readonly source?: VersionContent['source'] | PromptDocument['source'] }): IndexedPrompt | null {
  if (content.source !== undefined) return null;
  const messages = content.template === undefined ? (content.messages ?? []) : messagesFromText(content.template);
  return { syntax: content.syntax, messages: messages.map(({ role, content: parts }) => ({ role, text: contentText(parts) })) };
}
