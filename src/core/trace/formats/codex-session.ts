import { isObject, type JsonObject } from '../../json.ts';
import { hashText } from '../../hash.ts';
import { traceIdFor } from '../ids.ts';
import type { RawSpan, Rejection } from '../model.ts';
import { nanosOf } from '../time.ts';
import { partsOf } from '../normalise/parts.ts';
import { asText, makeResource, makeScope } from './build.ts';
import { Conversation, History } from './conversation.ts';
import type { TraceDocument, TraceFormat } from './format.ts';

const TYPES = new Set(['session_meta', 'response_item', 'event_msg', 'turn_context', 'compacted']);

/** A rollout file of Codex: what went to the model and came from it, one item a line, with counts of tokens between. */
export const codexSession: TraceFormat = {
  name: 'codex-session',
  isSpread: true,
  sniff: (value) => isObject(value) && TYPES.has(String(value['type'])) && isObject(value['payload']),
  read(documents) {
    const rejected: Rejection[] = [];
    const lines = documents.flatMap(({ where, value }) => {
      const line = value as JsonObject;
      if (nanosOf(line['timestamp']) !== null) return [line];
      rejected.push({ where, reason: 'the line has no timestamp', value });
      return [];
    });
    return { spans: lines.length === 0 ? [] : new Rollout(lines, documents).read(), logs: [], rejected };
  },
};

class Rollout {
  readonly #lines: readonly JsonObject[];
  readonly #talk: Conversation;
  readonly #root: string;
  readonly #session: string;
  readonly #history = new History();
  /** Output items of function calls by their call's id. */
  readonly #outputs = new Map<string, { payload: JsonObject; timeNs: string }>();
  #model: string | undefined;
  #parent: string;
  #lastNs: string;
  /** When the model's last input was there: its next answer begins then. */
  #inputNs: string;
  #turn: { id: string; startNs: string; prompt: string } | null = null;
  /** What the model has answered since its last input, and when the last item of it came. */
  #answer: { parts: JsonObject[]; tools: JsonObject[]; endNs: string } | null = null;
  #calls = 0;
  /** Position of the last call among the spans, for the counts of tokens that follow it. */
  #lastCall: number | null = null;

  constructor(lines: readonly JsonObject[], documents: readonly TraceDocument[]) {
    this.#lines = lines;
    const meta = lines.find((line) => line['type'] === 'session_meta')?.['payload'] as JsonObject | undefined;
    this.#session = asText(meta?.['id']) ?? hashText(JSON.stringify(documents[0]!.value)).slice(0, 32);
    this.#talk = new Conversation('codex-session', traceIdFor('codex', this.#session), makeScope('codex-session', asText(meta?.['cli_version']) ?? ''), makeResource({ 'service.name': 'codex', 'service.version': meta?.['cli_version'] }));
    this.#root = this.#talk.spanId('session');
    this.#parent = this.#root;
    this.#lastNs = nanosOf(lines[0]!['timestamp'])!;
    this.#inputNs = this.#lastNs;
    if (typeof meta?.['instructions'] === 'string') this.#history.add({ role: 'system', parts: [{ type: 'text', content: meta['instructions'] }] });
    for (const line of lines) {
      const payload = line['payload'] as JsonObject;
      if (/_call_output$/.test(String(payload['type']))) this.#outputs.set(asText(payload['call_id']) ?? '', { payload, timeNs: nanosOf(line['timestamp'])! });
    }
  }

  read(): RawSpan[] {
    const begin = this.#lastNs;
    for (const line of this.#lines) this.#line(line['type'], line['payload'] as JsonObject, nanosOf(line['timestamp'])!);
    this.#finishAnswer();
    this.#closeTurn();
    this.#talk.agent({ id: 'session', parent: null, name: 'Codex session', startNs: begin, endNs: this.#lastNs, attributes: { 'gen_ai.agent.name': 'Codex', 'session.id': this.#session } });
    return this.#talk.spans;
  }

  #line(type: unknown, payload: JsonObject, timeNs: string): void {
    if (type === 'turn_context') this.#model = asText(payload['model']) ?? this.#model;
    else if (type === 'response_item') this.#item(payload, timeNs);
    else if (type === 'compacted') this.#compacted(payload);
    else if (type === 'event_msg' && payload['type'] === 'token_count') this.#count(payload);
    else if (type === 'event_msg' && payload['type'] === 'user_message') this.#openTurn(asText(payload['message']) ?? '', timeNs);
    else if (type === 'event_msg' && payload['type'] === 'turn_aborted') this.#finishAnswer();
    if (type === 'response_item') this.#lastNs = timeNs;
  }

  /** A summary takes the place of what was said before; newer versions say what else stays. */
  #compacted(payload: JsonObject): void {
    this.#finishAnswer();
    this.#history.clear();
    const kept = payload['replacement_history'];
    if (Array.isArray(kept)) for (const item of (kept as unknown[]).filter(isObject)) this.#history.add({ role: asText(item['role']) ?? 'user', parts: otelParts(item['content']) });
    else if (typeof payload['message'] === 'string') this.#history.add({ role: 'user', parts: [{ type: 'text', content: payload['message'] }] });
  }

  #item(payload: JsonObject, timeNs: string): void {
    const type = String(payload['type']);
    const role = asText(payload['role']);
    if (type === 'message' && role !== 'assistant') {
      this.#finishAnswer();
      this.#inputNs = timeNs;
      this.#history.add({ role: role ?? 'user', parts: otelParts(payload['content']) });
    } else if (/_call_output$/.test(type)) {
      this.#finishAnswer();
      this.#inputNs = timeNs;
      this.#history.add({ role: 'tool', parts: [{ type: 'tool_call_response', id: payload['call_id'], response: outputOf(payload['output']) }] });
    } else {
      this.#answer ??= { parts: [], tools: [], endNs: timeNs };
      this.#answer.endNs = timeNs;
      if (type === 'message') this.#answer.parts.push(...otelParts(payload['content']));
      else if (type === 'reasoning') this.#answer.parts.push(...otelParts([payload]));
      else if (/_call$/.test(type)) {
        const call = callOf(payload);
        this.#answer.parts.push({ type: 'tool_call', ...call });
        this.#answer.tools.push({ ...call, status: payload['status'] });
      } else this.#answer.parts.push(payload);
    }
  }

  #finishAnswer(): void {
    const answer = this.#answer;
    if (!answer) return;
    this.#answer = null;
    this.#calls++;
    this.#lastCall = this.#talk.spans.length;
    this.#talk.call({ id: `call ${this.#calls}`, parent: this.#parent, name: this.#model === undefined ? 'chat' : `chat ${this.#model}`, startNs: this.#inputNs, endNs: answer.endNs, attributes: { 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': this.#model, 'session.id': this.#session } }, this.#history, { role: 'assistant', parts: answer.parts });
    this.#inputNs = answer.endNs;
    for (const call of answer.tools) {
      const id = asText(call['id']) ?? '';
      const output = this.#outputs.get(id);
      const name = asText(call['name']) ?? 'tool';
      this.#talk.tool({ id: `tool ${id} ${this.#calls}`, parent: this.#parent, name: `execute_tool ${name}`, startNs: answer.endNs, endNs: output?.timeNs ?? null, tool: name, callId: id, arguments: call['arguments'], result: output ? outputOf(output.payload['output']) : undefined, attributes: { 'session.id': this.#session } });
    }
  }

  /** Counts come after the answer they belong to, and again with every change of the rate limits. */
  #count(payload: JsonObject): void {
    this.#finishAnswer();
    const info = isObject(payload['info']) ? payload['info'] : {};
    const usage = info['last_token_usage'];
    if (this.#lastCall === null || !isObject(usage)) return;
    const position = this.#lastCall;
    const call = this.#talk.spans[position]!;
    this.#lastCall = null;
    const counts = [['input_tokens', 'gen_ai.usage.input_tokens'], ['output_tokens', 'gen_ai.usage.output_tokens'], ['cached_input_tokens', 'gen_ai.usage.cache_read.input_tokens'], ['reasoning_output_tokens', 'gen_ai.usage.reasoning.output_tokens']] as const;
    const attributes = counts.flatMap(([key, name]) => (Number.isSafeInteger(usage[key]) ? [{ key: name, value: { intValue: String(usage[key]) } }] : []));
    this.#talk.spans[position] = { ...call, attributes: [...call.attributes, ...attributes] };
  }

  #openTurn(prompt: string, timeNs: string): void {
    this.#finishAnswer();
    this.#closeTurn();
    this.#turn = { id: `turn ${timeNs}`, startNs: timeNs, prompt };
    this.#parent = this.#talk.spanId(this.#turn.id);
    this.#inputNs = timeNs;
  }

  #closeTurn(): void {
    const turn = this.#turn;
    if (!turn) return;
    this.#turn = null;
    this.#talk.agent({ id: turn.id, parent: this.#root, name: 'turn', startNs: turn.startNs, endNs: this.#lastNs, attributes: { 'gen_ai.agent.name': 'Codex', 'session.id': this.#session, 'gen_ai.input.messages': JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: turn.prompt }] }]) } });
  }
}

function callOf(payload: JsonObject): { id: unknown; name: unknown; arguments: unknown } {
  const action = isObject(payload['action']) ? payload['action'] : undefined;
  return { id: payload['call_id'] ?? payload['id'], name: payload['name'] ?? String(payload['type']).replace(/_call$/, ''), arguments: payload['arguments'] ?? payload['input'] ?? action };
}

/** The output is a text, or JSON around one with the exit code. */
function outputOf(output: unknown): unknown {
  return isObject(output) && 'content' in output ? output['content'] : output;
}

function otelParts(content: unknown): JsonObject[] {
  return partsOf(content).map((part) => (part.type === 'text' || part.type === 'reasoning' ? { type: part.type, content: part.text } : part.type === 'json' ? (part.value as JsonObject) : { ...part }));
}
