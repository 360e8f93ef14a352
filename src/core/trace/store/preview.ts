import type { Message } from '../model.ts';
import type { SpanOpening } from '../normalise/normalise-span.ts';

/** Characters of a preview, at most. */
const LONGEST = 80;
/** What is looked at of a text: also one that begins with many spaces and line breaks has its words there. */
const LOOKED_AT = 400;
/** Members that a preview of arguments names. */
const MEMBERS = 3;

/**
 * By what a person tells a trace from others of its name: the beginning of what the user said last, where the span has messages;
 * else of its text or arguments (`city: Rome, days: 3`). One line. `null`: the span says nothing of that kind.
 */
export function previewOfSpan(span: SpanOpening): string | null {
  if (span.inputForm === 'messages') return fromUser(span.input as readonly Message[]);
  if (span.kind === 'llm') return typeof span.input === 'string' ? oneLine(span.input) : null;
  return ofValue(span.input) ?? ofValue(span.toolArguments);
}

function fromUser(messages: readonly Message[]): string | null {
  const last = messages.findLast(({ role, parts }) => role === 'user' && parts.some((part) => part.type === 'text'));
  for (const part of last?.parts ?? []) {
    const text = part.type === 'text' ? oneLine(part.text) : null;
    if (text !== null) return text;
  }
  return null;
}

/** Only what stands at the top: an input can be large. */
function ofValue(value: unknown): string | null {
  if (typeof value === 'string') return oneLine(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (members.length === MEMBERS) break;
    if (typeof member === 'string') members.push(`${key}: ${member.slice(0, LOOKED_AT)}`);
    else if (typeof member === 'number' || typeof member === 'boolean') members.push(`${key}: ${member}`);
  }
  return oneLine(members.join(', '));
}

function oneLine(text: string): string | null {
  const line = text.slice(0, LOOKED_AT).replaceAll(/\s+/g, ' ').trim();
  if (line === '') return null;
  // Not through the middle of a character
  const cut = line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1).replace(/[\uD800-\uDBFF]$/, '').trimEnd()}…`;
  return cut.replace(/[\uD800-\uDBFF]$/, '');
}
