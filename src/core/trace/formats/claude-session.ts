import { isObject, type JsonObject } from '../../json.ts';
import { traceIdFor } from '../ids.ts';
import type { Decoded, RawSpan, Rejection } from '../model.ts';
import { compareNanos, nanosOf } from '../time.ts';
import { asText, makeResource, makeScope } from './build.ts';
import { Conversation, History, type Message } from './conversation.ts';
import type { TraceFormat } from './format.ts';

/**
 * A transcript of Claude Code: one line for each block of a message. Lines of one answer share the message's id and repeat its
 * usage. Each prompt of the user begins an interaction; calls of tools end with the line that holds their result.
 */
export const claudeSession: TraceFormat = {
  name: 'claude-code-session',
  isSpread: true,
  sniff: (value) => isObject(value) && typeof value['sessionId'] === 'string' && (typeof value['uuid'] === 'string' || value['type'] === 'summary' || 'leafUuid' in value) && typeof value['type'] === 'string',
  read(documents) {
    const sessions = new Map<string, JsonObject[]>();
    const rejected: Rejection[] = [];
    for (const { where, value } of documents) {
      const line = value as JsonObject;
      if (!isSpoken(line)) continue;
      if (nanosOf(line['timestamp']) === null) {
        rejected.push({ where, reason: 'the line has no timestamp', value });
        continue;
      }
      const id = line['sessionId'] as string;
      const session = sessions.get(id);
      if (session) session.push(line);
      else sessions.set(id, [line]);
    }
    return { spans: [...sessions].flatMap(([id, lines]) => new Session(id, lines).read()), logs: [], rejected } satisfies Decoded;
  },
};

function isSpoken(line: JsonObject): boolean {
  return (line['type'] === 'user' || line['type'] === 'assistant') && isObject(line['message']);
}

/** One line of thought: the session itself, or a sub-agent's side chain. */
interface Thread {
  readonly history: History;
  /** The span under which calls go. */
  parent: string;
  lastNs: string;
  /** Span, and where the interaction is open, how to close it. */
  interaction: { readonly id: string; readonly startNs: string; readonly prompt: string } | null;
}

class Session {
  readonly #id: string;
  readonly #lines: readonly JsonObject[];
  readonly #talk: Conversation;
  readonly #root: string;
  readonly #threads = new Map<string, Thread>();
  /** Results by the id of the tool use, and the line that holds each. */
  readonly #results = new Map<string, { block: JsonObject; line: JsonObject }>();
  /** Tool uses that start a sub-agent, by its prompt. */
  readonly #tasks = new Map<string, string>();
  /** The lines of each answer, by its message's id. */
  readonly #answers = new Map<string, JsonObject[]>();

  constructor(id: string, lines: readonly JsonObject[]) {
    this.#id = id;
    this.#lines = lines;
    const first = lines[0]!;
    this.#talk = new Conversation('claude-code-session', traceIdFor('claude-code', id), makeScope('claude-code-session', asText(first['version']) ?? ''), makeResource({ 'service.name': 'claude-code', 'service.version': first['version'] }));
    this.#root = this.#talk.spanId('session');
    for (const line of lines) {
      if (line['type'] !== 'assistant') continue;
      const answer = this.#answers.get(answerId(line));
      if (answer) answer.push(line);
      else this.#answers.set(answerId(line), [line]);
    }
    for (const line of lines) for (const block of blocksOf(line)) if (block['type'] === 'tool_result') this.#results.set(asText(block['tool_use_id']) ?? '', { block, line });
  }

  read(): RawSpan[] {
    const times = this.#lines.map((line) => nanosOf(line['timestamp'])!);
    const begin = times.reduce((a, b) => (compareNanos(a, b) <= 0 ? a : b));
    const end = times.reduce((a, b) => (compareNanos(a, b) >= 0 ? a : b));
    for (const line of this.#lines) {
      if (line['type'] === 'user') this.#user(line);
      else this.#assistant(line);
    }
    for (const thread of this.#threads.values()) this.#closeInteraction(thread);
    const first = this.#lines[0]!;
    this.#talk.agent({ id: 'session', parent: null, name: 'Claude Code session', startNs: begin, endNs: end, attributes: { 'gen_ai.agent.name': 'Claude Code', 'session.id': this.#id, 'claude_code.cwd': first['cwd'], 'claude_code.git_branch': first['gitBranch'], 'claude_code.version': first['version'] } });
    return this.#talk.spans;
  }

  /** Side chains are told apart by their first line, which has no parent; their other lines name the one before. */
  #threadOf(line: JsonObject): Thread {
    const key = line['isSidechain'] === true ? `agent ${asText(line['agentId']) ?? 'side'}` : 'main';
    let thread = this.#threads.get(key);
    const text = promptOf(line);
    if (!thread || (key !== 'main' && text !== null && this.#tasks.has(text))) {
      thread = { history: new History(), parent: (text === null ? undefined : this.#tasks.get(text)) ?? this.#root, lastNs: nanosOf(line['timestamp'])!, interaction: null };
      this.#threads.set(key, thread);
    }
    return thread;
  }

  #user(line: JsonObject): void {
    const thread = this.#threadOf(line);
    const prompt = promptOf(line);
    if (prompt !== null && line['isSidechain'] !== true && line['isMeta'] !== true) {
      this.#closeInteraction(thread);
      thread.interaction = { id: `interaction ${asText(line['uuid']) ?? ''}`, startNs: nanosOf(line['timestamp'])!, prompt };
      thread.parent = this.#talk.spanId(thread.interaction.id);
    }
    // From here on the model sees the summary of what was said before.
    if (line['isCompactSummary'] === true) thread.history.clear();
    thread.history.add(messageOf(line));
    thread.lastNs = nanosOf(line['timestamp'])!;
  }

  #closeInteraction(thread: Thread): void {
    const { interaction } = thread;
    if (!interaction) return;
    thread.interaction = null;
    this.#talk.agent({ id: interaction.id, parent: this.#root, name: 'interaction', startNs: interaction.startNs, endNs: thread.lastNs, attributes: { 'gen_ai.agent.name': 'Claude Code', 'session.id': this.#id, 'gen_ai.input.messages': JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: interaction.prompt }] }]) } });
  }

  #assistant(line: JsonObject): void {
    const thread = this.#threadOf(line);
    const message = line['message'] as JsonObject;
    const id = answerId(line);
    const lines = this.#answers.get(id)!;
    if (lines[0] !== line) return;
    const last = lines.at(-1)!;
    const usage = isObject((last['message'] as JsonObject)['usage']) ? ((last['message'] as JsonObject)['usage'] as JsonObject) : {};
    const endNs = nanosOf(last['timestamp'])!;
    const parts = lines.flatMap(partsOfLine);
    const model = asText(message['model']);
    this.#talk.call({
      id: `call ${id}`, parent: thread.parent, name: model === undefined ? 'chat' : `chat ${model}`, startNs: thread.lastNs, endNs,
      error: line['isApiErrorMessage'] === true ? (parts.map((part) => asText(part['content']) ?? '').join(' ') || 'the request failed') : null,
      attributes: {
        'gen_ai.provider.name': 'anthropic', 'gen_ai.request.model': model, 'gen_ai.response.id': asText(message['id']), 'gen_ai.response.finish_reasons': asText((last['message'] as JsonObject)['stop_reason']) === undefined ? undefined : [(last['message'] as JsonObject)['stop_reason']],
        ...usageAttributes(usage), 'session.id': this.#id, request_id: line['requestId'],
      },
    }, thread.history, { role: 'assistant', parts });
    for (const use of lines.flatMap(blocksOf)) if (use['type'] === 'tool_use') this.#tool(use, thread, endNs);
    thread.lastNs = endNs;
  }

  #tool(use: JsonObject, thread: Thread, startNs: string): void {
    const id = asText(use['id']) ?? '';
    const name = asText(use['name']) ?? 'tool';
    const result = this.#results.get(id);
    const spanId = this.#talk.tool({
      id: `tool ${id}`, parent: thread.parent, name: `execute_tool ${name}`, startNs, endNs: result ? nanosOf(result.line['timestamp']) : null,
      tool: name, callId: id, arguments: use['input'], result: result ? resultText(result.block['content']) : undefined,
      error: result?.block['is_error'] === true ? (asText(resultText(result.block['content'])) ?? '').slice(0, 500) : null,
      attributes: { 'session.id': this.#id },
    });
    const prompt = isObject(use['input']) ? asText(use['input']['prompt']) : undefined;
    if (prompt !== undefined && (name === 'Task' || name === 'Agent')) this.#tasks.set(prompt, spanId);
  }
}

function answerId(line: JsonObject): string {
  const message = line['message'] as JsonObject;
  return asText(message['id']) ?? asText(line['requestId']) ?? asText(line['uuid']) ?? '';
}

/** Anthropic counts cached tokens beside the input, OTel within. */
function usageAttributes(usage: JsonObject): JsonObject {
  const count = (key: string): number | undefined => (typeof usage[key] === 'number' ? usage[key] : undefined);
  const input = count('input_tokens');
  const [read, written] = [count('cache_read_input_tokens'), count('cache_creation_input_tokens')];
  return { 'gen_ai.usage.input_tokens': input === undefined ? undefined : input + (read ?? 0) + (written ?? 0), 'gen_ai.usage.output_tokens': count('output_tokens'), 'gen_ai.usage.cache_read.input_tokens': read, 'gen_ai.usage.cache_write.input_tokens': written };
}

function blocksOf(line: JsonObject): JsonObject[] {
  const content = isObject(line['message']) ? line['message']['content'] : undefined;
  return Array.isArray(content) ? (content as unknown[]).filter(isObject) : [];
}

/** What a user typed; `null` for lines that hold results of tools. */
function promptOf(line: JsonObject): string | null {
  if (line['type'] !== 'user') return null;
  const content = isObject(line['message']) ? line['message']['content'] : undefined;
  if (typeof content === 'string') return content;
  const blocks = blocksOf(line);
  if (blocks.some((block) => block['type'] === 'tool_result')) return null;
  const texts = blocks.flatMap((block) => (block['type'] === 'text' && typeof block['text'] === 'string' ? [block['text']] : []));
  return texts.length === 0 ? null : texts.join('\n');
}

function messageOf(line: JsonObject): Message {
  const message = line['message'] as JsonObject;
  return { role: blocksOf(line).some((block) => block['type'] === 'tool_result') ? 'tool' : 'user', parts: typeof message['content'] === 'string' ? [{ type: 'text', content: message['content'] }] : partsOfLine(line) };
}

function partsOfLine(line: JsonObject): JsonObject[] {
  const content = isObject(line['message']) ? line['message']['content'] : undefined;
  if (typeof content === 'string') return [{ type: 'text', content }];
  return blocksOf(line).map((block) => {
    switch (block['type']) {
      case 'text': return { type: 'text', content: block['text'] };
      case 'thinking': return { type: 'reasoning', content: block['thinking'] };
      case 'tool_use': return { type: 'tool_call', id: block['id'], name: block['name'], arguments: block['input'] };
      case 'tool_result': return { type: 'tool_call_response', id: block['tool_use_id'], response: resultText(block['content']), ...(block['is_error'] === true ? { is_error: true } : {}) };
      default: return block;
    }
  });
}

function resultText(content: unknown): unknown {
  if (!Array.isArray(content) || !content.every((block) => isObject(block) && block['type'] === 'text')) return content;
  return (content as JsonObject[]).map((block) => asText(block['text']) ?? '').join('\n');
}
