import type { VersionContent } from './model.ts';
import { contentText } from '../prompt/messages.ts';

/** What is searched of a version or a working copy. */
export interface Searchable {
  readonly promptId: string;
  readonly name: string;
  /** Within its config. */
  readonly label?: string;
  readonly content: VersionContent;
  /** With which it was saved; empty for a working copy. */
  readonly message: string;
  readonly useCase: string | null;
  readonly tags: readonly string[];
}

export interface TextMatch {
  /** 0..1: the mean over the words of where each was found; in the name 1, a tag .9, the words of its author .8, what is sent .6. */
  readonly fit: number;
  /** At most 200 characters around the first word. */
  readonly excerpt: string;
}

const LONGEST_EXCERPT = 200;

/** Cosine below which a prompt is not like a description of it by the embedded model. Above it much is so only loosely: whoever lists it shows the cosine or the order. */
export const ALIKE = 0.25;

/** `null`: a word is nowhere. Without words everything fits. Words are found inside others, whatever their case. */
export function matchText(item: Searchable, query: string): TextMatch | null {
  const sent = textOf(item.content);
  const fields: readonly (readonly [text: string, weight: number])[] = [[`${item.name} ${item.label ?? ''} ${item.promptId}`, 1], [item.tags.join(' '), 0.9], [[item.message, item.useCase ?? ''].join(' '), 0.8], [sent, 0.6]];
  const lower = fields.map(([text, weight]) => [text.toLowerCase(), weight] as const);
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== '');
  let sum = 0;
  for (const word of words) {
    const found = lower.find(([text]) => text.includes(word));
    if (found === undefined) return null;
    sum += found[1];
  }
  const [first] = words;
  const at = first === undefined ? 0 : Math.max(0, sent.toLowerCase().indexOf(first));
  return { fit: words.length === 0 ? 1 : sum / words.length, excerpt: excerptOf(sent, at) };
}

/** Everything that is sent, as one text. */
export function textOf({ messages, template, source }: VersionContent): string {
  if (template !== undefined) return template;
  const texts = (messages ?? []).map(({ content }) => contentText(content));
  return texts.length > 0 || source === undefined ? texts.join('\n') : JSON.stringify(source);
}

function excerptOf(text: string, at: number): string {
  const start = Math.max(0, at - LONGEST_EXCERPT / 4);
  const piece = text.slice(start, start + LONGEST_EXCERPT - 2).replace(/\s+/g, ' ').trim();
  return `${start > 0 ? '…' : ''}${piece}${start + LONGEST_EXCERPT - 2 < text.length ? '…' : ''}`;
}
