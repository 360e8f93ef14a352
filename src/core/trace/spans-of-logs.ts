import type { JsonObject } from '../json.ts';
import { jsonOfAttributes } from './any-value.ts';
import { Conversation } from './formats/conversation.ts';
import { traceIdFor } from './ids.ts';
import type { RawLog, RawSpan } from './model.ts';
import { countOf } from './normalise/tokens.ts';
import { logName, textOf } from './normalise/span-view.ts';
import { compareNanos } from './time.ts';

/** A program that says what it does in log events, and in spans only when told to. */
interface Emitter {
  readonly prefix: string;
  readonly agent: string;
  readonly session: string;
  readonly scope: string;
}

const EMITTERS: readonly Emitter[] = [
  { prefix: 'codex.', agent: 'Codex', session: 'conversation.id', scope: 'codex-logs' },
  { prefix: 'claude_code.', agent: 'Claude Code', session: 'session.id', scope: 'com.anthropic.claude_code.events' },
];

interface Entry {
  readonly name: string;
  readonly timeNs: string;
  readonly attributes: JsonObject;
  readonly log: RawLog;
}

/**
 * Spans for the sessions of Codex and Claude Code that come as log events alone: the session, its turns, calls of the model, calls
 * of tools. `known`: sessions that sent spans themselves, whose logs belong to those. The same logs give the same ids.
 */
export function spansOfLogs(logs: readonly RawLog[], known: ReadonlySet<string> = new Set()): RawSpan[] {
  const sessions = new Map<string, { emitter: Emitter; entries: Entry[] }>();
  for (const log of logs) {
    const name = logName(log);
    const emitter = EMITTERS.find(({ prefix }) => name.startsWith(prefix));
    if (!emitter) continue;
    const attributes = jsonOfAttributes(log.attributes);
    const session = textOf(attributes[emitter.session]);
    if (session === null || known.has(session)) continue;
    const entry: Entry = { name: name.slice(emitter.prefix.length), timeNs: log.timeUnixNano === '0' ? log.observedTimeUnixNano : log.timeUnixNano, attributes, log };
    const found = sessions.get(`${emitter.prefix}${session}`);
    if (found) found.entries.push(entry);
    else sessions.set(`${emitter.prefix}${session}`, { emitter, entries: [entry] });
  }
  return [...sessions.values()].flatMap(({ emitter, entries }) => spansOfSession(emitter, entries.sort((a, b) => compareNanos(a.timeNs, b.timeNs))));
}

function spansOfSession(emitter: Emitter, entries: readonly Entry[]): RawSpan[] {
  const session = textOf(entries[0]!.attributes[emitter.session])!;
  const talk = new Conversation('logs', traceIdFor(emitter.prefix, session), { ...entries[0]!.log.scope, name: emitter.scope }, entries[0]!.log.resource);
  const root = talk.spanId('session');
  const shared = { 'session.id': session };
  let turn: { id: string; startNs: string; prompt: unknown } | null = null;
  let lastNs = entries[0]!.timeNs;
  /** When the request was sent whose answer is awaited (Codex tells them apart). */
  let requestNs: string | null = null;
  const closeTurn = (): void => {
    if (turn) talk.agent({ id: turn.id, parent: root, name: 'turn', startNs: turn.startNs, endNs: lastNs, attributes: { ...shared, 'gen_ai.agent.name': emitter.agent, 'gen_ai.prompt': turn.prompt } });
    turn = null;
  };
  for (const entry of entries) {
    const { name, timeNs, attributes } = entry;
    if (name === 'user_prompt') {
      closeTurn();
      turn = { id: `turn ${timeNs}`, startNs: timeNs, prompt: attributes['prompt'] };
    }
    const parent = turn ? talk.spanId(turn.id) : root;
    lastNs = timeNs;
    const id = `${name} ${timeNs} ${textOf(attributes['request_id']) ?? textOf(attributes['call_id']) ?? textOf(attributes['tool_use_id']) ?? ''}`;
    const model = textOf(attributes['model']);
    const call = { id, parent, name: model === null ? 'chat' : `chat ${model}`, kind: 3, endNs: timeNs };
    if (emitter.prefix === 'claude_code.' && (name === 'api_request' || name === 'api_error')) {
      talk.span({ ...call, startNs: begin(entry), error: name === 'api_error' ? (textOf(attributes['error']) ?? 'the request failed') : null, attributes: { ...attributes, 'gen_ai.operation.name': 'chat' } });
    } else if (name === 'api_request') {
      const error = textOf(attributes['error.message']);
      requestNs = begin(entry);
      if (error !== null) talk.span({ ...call, startNs: requestNs, error, attributes: { ...attributes, ...shared, ...codexCall(attributes) } });
    } else if ((name === 'sse_event' || name === 'websocket_event') && attributes['event.kind'] === 'response.completed') {
      talk.span({ ...call, startNs: requestNs ?? begin(entry), attributes: { ...attributes, ...shared, ...codexCall(attributes) } });
      requestNs = null;
    } else if (name === 'tool_result') {
      const tool = textOf(attributes['tool_name']) ?? textOf(attributes['tool']) ?? 'tool';
      talk.tool({
        id, parent, name: `execute_tool ${tool}`, startNs: begin(entry), endNs: timeNs, tool, callId: textOf(attributes['call_id']) ?? textOf(attributes['tool_use_id']),
        arguments: attributes['arguments'] ?? attributes['tool_parameters'] ?? attributes['tool_input'], result: attributes['output'],
        error: textOf(attributes['success']) === 'false' ? (textOf(attributes['error']) ?? textOf(attributes['output']) ?? 'the tool failed') : null,
        attributes: { ...attributes, ...shared },
      });
    }
  }
  closeTurn();
  const startNs = talk.spans.reduce((first, span) => (compareNanos(span.startTimeUnixNano, first) < 0 ? span.startTimeUnixNano : first), entries[0]!.timeNs);
  talk.agent({ id: 'session', parent: null, name: `${emitter.agent} session`, startNs, endNs: lastNs, attributes: { ...shared, 'gen_ai.agent.name': emitter.agent } });
  return talk.spans;
}

/** These events are written at the end and say how long it took. */
function begin({ timeNs, attributes }: Entry): string {
  const duration = BigInt(countOf(attributes['duration_ms']) ?? 0) * 1_000_000n;
  const start = BigInt(timeNs) - duration;
  return start > 0n ? start.toString() : timeNs;
}

function codexCall(attributes: JsonObject): JsonObject {
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': attributes['model'],
    'gen_ai.usage.input_tokens': countOf(attributes['input_token_count']),
    'gen_ai.usage.output_tokens': countOf(attributes['output_token_count']),
    'gen_ai.usage.cache_read.input_tokens': countOf(attributes['cached_token_count']),
    'gen_ai.usage.cache_write.input_tokens': countOf(attributes['cache_write_token_count']),
    'gen_ai.usage.reasoning.output_tokens': countOf(attributes['reasoning_token_count']),
  };
}
