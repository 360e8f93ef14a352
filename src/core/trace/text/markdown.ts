import { formatDuration, formatTokens, formatUsd } from '../../text/format.ts';
import type { Message, Part, Span } from '../model.ts';
import { totalOf } from '../normalise/tokens.ts';
import { SPAN_FLAGS, SPAN_KINDS, type TraceSkeleton } from '../skeleton.ts';
import { titleLine, visible, type TraceTitle } from './tree-lines.ts';

const LLM = SPAN_KINDS.indexOf('llm');
const TOOL = SPAN_KINDS.indexOf('tool');
/** Longer texts end here: a conversation is pasted into an issue, not archived. */
const LONGEST_TEXT = 20_000;

/**
 * A trace as a conversation to paste: each message once, though every call carries those before it; tools with what they were asked and
 * what they answered where no message tells it.
 */
export function* markdownOf(title: TraceTitle, from: number, to: number, spanAt: (position: number) => Span, skeleton: TraceSkeleton): Generator<string> {
  yield `# ${visible(title.name)}\n\n${visible(titleLine(title))}\n\n`;
  const said = new Set<string>();
  const answered = new Set<string>();
  for (let at = from; at < to; at++) {
    const kind = skeleton.kinds[at];
    if ((kind !== LLM && kind !== TOOL) || (skeleton.flags[at]! & SPAN_FLAGS.duplicate) !== 0) continue;
    const span = spanAt(at);
    if (kind === LLM) yield* callOf(span, said, answered);
    else if (span.toolCallId === null || !answered.has(span.toolCallId)) yield toolOf(span, answered);
  }
}

function* callOf(span: Span, said: Set<string>, answered: Set<string>): Generator<string> {
  for (const message of messagesOf(span.input, span.inputForm, 'user')) yield* once(message, said, answered);
  yield `*${[visible(span.model ?? span.name), durationOf(span), usageOf(span)].filter((text) => text !== '').join(' · ')}*\n\n`;
  for (const message of messagesOf(span.output, span.outputForm, 'assistant')) yield* once(message, said, answered);
  if (span.error !== null) yield `**Error:** ${inline(span.error.message ?? span.error.type ?? 'failed')}\n\n`;
}

function* once(message: Message, said: Set<string>, answered: Set<string>): Generator<string> {
  const key = JSON.stringify([message.role, message.parts]);
  if (said.has(key)) return;
  said.add(key);
  for (const part of message.parts) if (part.type === 'tool_result' && part.id !== null) answered.add(part.id);
  yield `## ${visible(message.role)}${message.name === undefined ? '' : ` (${visible(message.name)})`}\n\n${message.parts.map(partOf).join('\n\n')}\n\n`;
}

function messagesOf(value: unknown, form: Span['inputForm'], role: string): readonly Message[] {
  if (form === null || value === null) return [];
  return form === 'messages' ? (value as readonly Message[]) : [{ role, parts: [typeof value === 'string' ? { type: 'text', text: value } : { type: 'json', value }] }];
}

function partOf(part: Part): string {
  switch (part.type) {
    case 'text': return cut(part.text);
    case 'reasoning': return cut(part.text).split('\n').map((line) => `> ${line}`).join('\n');
    case 'tool_call': return `**${visible(part.name)}**\n\n${fenced(part.arguments)}`;
    case 'tool_result': return `${part.isError === true ? '**Error** ' : ''}${part.name === null ? 'Result' : `Result of **${visible(part.name)}**`}\n\n${fenced(part.result)}`;
    case 'image': return `*image${part.mimeType === null ? '' : `, ${visible(part.mimeType)}`}*`;
    case 'file': return `*file${part.name === null ? '' : ` ${visible(part.name)}`}*`;
    case 'json': return fenced(part.value);
  }
}

function toolOf(span: Span, answered: Set<string>): string {
  if (span.toolCallId !== null) answered.add(span.toolCallId);
  const failed = span.error === null ? '' : `**Error:** ${inline(span.error.message ?? span.error.type ?? 'failed')}\n\n`;
  const given = span.toolArguments ?? span.input;
  const result = span.toolResult ?? span.output;
  return `## tool\n\n**${visible(span.toolName ?? span.name)}** · ${durationOf(span)}\n\n${given === null ? '' : `${fenced(given)}\n\n`}${failed}${result === null ? '' : `Result\n\n${fenced(result)}\n\n`}`;
}

function durationOf(span: Span): string {
  return span.endNs === null ? 'running' : formatDuration(Number(BigInt(span.endNs) - BigInt(span.startNs)) / 1e6);
}

function usageOf(span: Span): string {
  const tokens = span.tokens === null ? null : totalOf(span.tokens);
  return [tokens === null ? '' : `${formatTokens(tokens)} tokens`, span.cost === null ? '' : formatUsd(span.cost)].filter((text) => text !== '').join(' · ');
}

/** A block whose fence is longer than any run of backquotes in it: nothing in the text ends it. */
function fenced(value: unknown): string {
  const isText = typeof value === 'string';
  const text = cut(isText ? value : (JSON.stringify(value, null, 2) ?? ''));
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${isText ? '' : 'json'}\n${text}\n${fence}`;
}

function inline(text: string): string {
  return visible(text).replaceAll('`', 'ˋ');
}

function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;
}
