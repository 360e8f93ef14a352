import { isMap, parseDocument } from 'yaml';
import { TouchstoneError } from '../../core/errors.ts';

/**
 * The text of a prompt file under a new name, with `metadata: from:` saying which prompt or version it was made from. Everything else,
 * comments included, stays. A config of promptfoo has a `description` in place of the name, and no place for metadata: there a comment says it.
 * @throws TouchstoneError 'invalid-prompt' where the text is no mapping
 */
export function copyPrompt(text: string, { name, from }: { readonly name: string; readonly from: string }): string {
  const document = parseDocument(text);
  if (!isMap(document.contents) || document.errors.length > 0) throw new TouchstoneError('invalid-prompt', `${from} is not a prompt file that can be copied.`);
  if (document.has('prompts')) {
    document.set('description', name);
    document.commentBefore = [` Made from ${from}.`, document.commentBefore].filter((line) => line != null && line !== '').join('\n');
  } else {
    document.set('name', name);
    if (isMap(document.get('metadata', true)) || !document.has('metadata')) document.setIn(['metadata', 'from'], from);
  }
  return document.toString({ lineWidth: 0 });
}
