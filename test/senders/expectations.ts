import { expect } from 'vitest';
import { isObject } from '../../src/core/json.ts';
import type { Message, Span, TokenBuckets } from '../../src/core/trace/model.ts';
import { rollUp } from '../../src/core/trace/roll-up.ts';
import type { TraceTree } from '../../src/core/trace/tree.ts';
import type { TraceRow } from '../../src/protocol/traces.ts';
import { AGENT_TURNS, type ScriptedTurn } from '../fixtures/servers/agent-model.ts';
import type { Sends } from './senders.ts';
import { MODEL, OPENAI_TOOLS, SESSION, USER } from './task.mjs';

/** A request that the model got: what the trace must show of a call. */
export interface AskedModel {
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asserts everything that a trace of the task's agent must show, but for what its SDK does not send. */
export function expectAgentRun({ spans, tree }: { readonly spans: readonly Span[]; readonly tree: TraceTree }, asked: readonly AskedModel[], sends: Sends): void {
  const ordered = [...tree.order].map((index) => spans[index]!);
  expect(tree.missing).toEqual([]);
  expect(tree.running).toEqual([]);
  expect([...tree.skew.values()]).toEqual([]);
  expect(tree.roots.map((index) => spans[index]!.kind)).toEqual([sends.root]);
  expect(spans.flatMap(({ error }) => (error ? [error] : []))).toEqual([]);
  expect(asked).toHaveLength(AGENT_TURNS.length);

  const calls = ordered.filter((span) => span.kind === 'llm' && (sends.conversationIn === undefined || span.dialects.includes(sends.conversationIn)));
  expect(calls.length, `calls of the model among ${ordered.map(({ kind, name }) => `${kind} ${name}`).join(', ')}`).toBe(AGENT_TURNS.length);
  AGENT_TURNS.forEach((turn, index) => expectCall(calls[index]!, turn, asked[index]!, sends));
  expectTokens(ordered, sends);
  expectTools(ordered, sends);
  expectPeople(ordered, calls, sends);

  const [root] = tree.roots;
  expect(known(rollUp(spans, tree)[root!]!.tokens!)).toEqual(sum(AGENT_TURNS.map((turn) => bucketsOf(turn, sends))));
}

/** Asserts what the list of traces says of it. */
export function expectRow(row: TraceRow, sends: Sends): void {
  const total = sum(AGENT_TURNS.map((turn) => bucketsOf(turn, sends)));
  const input = (total.input ?? 0) + (total.cacheRead ?? 0);
  const output = (total.output ?? 0) + (total.reasoning ?? 0);
  expect(row).toMatchObject({
    running: 0, errors: 0, tokens: input + output, inputTokens: input, outputTokens: output, origin: 'received',
    toolCalls: AGENT_TURNS.filter(({ call }) => call !== null).length,
    ...(sends.session === 'none' ? {} : { session: SESSION }),
    ...(sends.session === undefined ? { user: USER } : {}),
    ...(sends.conversation === 'id' ? {} : { models: [MODEL] }),
  });
}

function expectCall(span: Span, turn: ScriptedTurn, { body }: AskedModel, sends: Sends): void {
  expect(span.endNs).not.toBeNull();
  if (sends.conversation === 'id') {
    expect(span.responseId).toMatch(/^answer-\d$/);
    expect(span).toMatchObject({ input: null, output: null });
    expect(span.contentHint).toContain('Agents SDK');
    return;
  }
  expect(span.model).toBe(MODEL);
  expect(span.inputForm).toBe('messages');
  expect(simplified(span.input)).toEqual(messagesOfRequest(body));
  expect(simplified(span.output)).toEqual([answerOf(turn)]);
  if (sends.reasons) expect(span.finishReasons).toEqual([sends.reasons[turn.call === null ? 1 : 0]]);
  if (sends.offered === 'names') return;
  const tools = OPENAI_TOOLS.map(({ function: { name, description, parameters } }) => ({ name, description, parameters }));
  expect(span.tools).toEqual(sends.ownSchemas === true ? tools.map((tool) => ({ ...tool, parameters: expect.objectContaining({ properties: tool.parameters.properties, required: tool.parameters.required }) as unknown })) : tools);
}

function expectTokens(spans: readonly Span[], sends: Sends): void {
  const counted = spans.filter((span) => span.usageRole === 'leaf' && span.tokens !== null);
  expect(counted.map(({ kind }) => kind)).toEqual(AGENT_TURNS.map(() => sends.usageIn ?? 'llm'));
  expect(counted.map(({ tokens }) => known(tokens!))).toEqual(AGENT_TURNS.map((turn) => known(bucketsOf(turn, sends))));
}

function expectTools(spans: readonly Span[], sends: Sends): void {
  const wanted = AGENT_TURNS.flatMap(({ call }) => (call ? [call] : []));
  if (sends.offered === 'names') {
    const agents = spans.filter(({ kind }) => kind === 'agent');
    expect(agents.map((agent) => agent.tools)).toEqual([wanted.map(({ name }) => ({ name }))]);
  }
  const tools = spans.filter(({ kind }) => kind === 'tool');
  expect(tools.map((tool) => [tool.toolName, tool.toolArguments, tool.toolResult])).toEqual(wanted.map((call) => [call.name, call.arguments, call.result]));
  if (sends.callIds === true) expect(tools.map(({ toolCallId }) => toolCallId)).toEqual(wanted.map(({ id }) => id));
}

/** Whoever says the session says it at the root; most say it on every call. */
function expectPeople(spans: readonly Span[], calls: readonly Span[], sends: Sends): void {
  if (sends.session === 'none') return;
  expect(spans[0]!.session).toBe(SESSION);
  if (sends.session === 'session') return;
  expect(spans[0]!.user).toBe(USER);
  for (const call of calls) expect([null, SESSION]).toContain(call.session);
}

/** Reads the request by itself, so that the readers of traces are not measured by themselves: chat API, or responses API. */
function messagesOfRequest(body: AskedModel['body']): unknown[] {
  if (Array.isArray(body['input'])) return messagesOfItems(body['input'] as readonly Readonly<Record<string, unknown>>[]);
  return (body['messages'] as readonly Readonly<Record<string, unknown>>[]).map((message) => {
    const content = textOfContent(message['content']);
    if (message['role'] === 'tool') return { role: 'tool', parts: [{ type: 'tool_result', id: message['tool_call_id'], result: jsonOr(content) }] };
    const called = (message['tool_calls'] ?? []) as readonly { readonly id: string; readonly function: { readonly name: string; readonly arguments: string } }[];
    return {
      role: message['role'],
      parts: [...(content === '' ? [] : [{ type: 'text', text: content }]), ...called.map((call) => ({ type: 'tool_call', id: call.id, name: call.function.name, arguments: JSON.parse(call.function.arguments) as unknown }))],
    };
  });
}

/** Items of the responses API: messages, calls and their results stand one after the other. */
function messagesOfItems(items: readonly Readonly<Record<string, unknown>>[]): unknown[] {
  return items.map((item) => {
    if (item['type'] === 'function_call') return { role: 'assistant', parts: [{ type: 'tool_call', id: item['call_id'], name: item['name'], arguments: jsonOr(String(item['arguments'])) }] };
    if (item['type'] === 'function_call_output') return { role: 'tool', parts: [{ type: 'tool_result', id: item['call_id'], result: jsonOr(String(item['output'])) }] };
    return { role: item['role'], parts: [{ type: 'text', text: textOfContent(item['content']) }] };
  });
}

function textOfContent(content: unknown): string {
  if (Array.isArray(content)) return (content as readonly { readonly text?: string }[]).map(({ text }) => text ?? '').join('');
  return typeof content === 'string' ? content : '';
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function answerOf({ call, text }: ScriptedTurn): object {
  return { role: 'assistant', parts: call ? [{ type: 'tool_call', id: call.id, name: call.name, arguments: call.arguments }] : [{ type: 'text', text }] };
}

/** Messages without what only some SDKs add: names, reasons, the name of the tool beside its result. */
function simplified(messages: unknown): unknown[] {
  return (messages as readonly Message[]).map(({ role, parts }) => ({
    role,
    parts: parts.map((part) => (part.type === 'tool_result' ? { type: part.type, id: part.id, result: part.result } : isObject(part) ? part : null)),
  }));
}

function bucketsOf({ usage }: ScriptedTurn, sends: Sends): TokenBuckets {
  if (sends.tokens === 'sums') return { input: usage.input, cacheRead: null, cacheWrite: null, output: usage.output, reasoning: null };
  if (sends.tokens === 'cached') return { input: usage.input - usage.cached, cacheRead: usage.cached, cacheWrite: null, output: usage.output, reasoning: null };
  return { input: usage.input - usage.cached, cacheRead: usage.cached, cacheWrite: null, output: usage.output - usage.reasoning, reasoning: usage.reasoning };
}

/** A count of zero that one SDK sends and another leaves out is the same. */
function known(tokens: TokenBuckets): TokenBuckets {
  return { ...tokens, cacheWrite: tokens.cacheWrite === 0 ? null : tokens.cacheWrite };
}

function sum(list: readonly TokenBuckets[]): TokenBuckets {
  const keys = ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning'] as const;
  return Object.fromEntries(keys.map((key) => [key, list.some((tokens) => tokens[key] !== null) ? list.reduce((total, tokens) => total + (tokens[key] ?? 0), 0) : null])) as unknown as TokenBuckets;
}
