import { hashJson } from '../../hash.ts';
import { isObject, type JsonObject } from '../../json.ts';
import type { Decoded, RawSpan } from '../model.ts';
import { asText, makeResource, makeScope } from './build.ts';
import { Conversation, History, Sequence, textPart } from './conversation.ts';
import type { ReadOptions, TraceFormat } from './format.ts';

/** A run of SWE-agent: steps of thought, action and observation. Only the duration of commands is recorded, in newer files. */
export const sweAgent: TraceFormat = {
  name: 'swe-agent',
  sniff: (value) => isObject(value) && Array.isArray(value['trajectory']) && isObject(value['info']) && 'history' in value,
  read: (documents, options) => ({ spans: documents.flatMap(({ value }) => readRun(value as JsonObject, options)), logs: [], rejected: [] }) satisfies Decoded,
};

function readRun(run: JsonObject, { baseNs = '0' }: ReadOptions): RawSpan[] {
  const id = hashJson(run);
  const info = run['info'] as JsonObject;
  const config = isObject(run['replay_config']) && isObject(run['replay_config']['agent']) ? run['replay_config']['agent'] : {};
  const model = isObject(config['model']) ? asText(config['model']['name']) : undefined;
  const stats = isObject(info['model_stats']) ? info['model_stats'] : {};
  const said = (Array.isArray(run['history']) ? (run['history'] as unknown[]) : []).filter(isObject);
  const talk = new Conversation('swe-agent', id.slice(0, 32), makeScope('swe-agent'), makeResource({ 'service.name': 'swe-agent' }));
  const time = new Sequence(baseNs);
  const history = new History();
  const root = talk.spanId('run');
  const begin = time.next();
  const first = said.findIndex((message) => message['role'] === 'assistant');
  const opening = first < 0 ? said : said.slice(0, first);
  for (const message of opening) history.add({ role: asText(message['role']) ?? 'user', parts: [textPart(message['content'])] });
  const answers = said.filter((message) => message['role'] === 'assistant');
  for (const [index, step] of (run['trajectory'] as unknown[]).filter(isObject).entries()) {
    const call = callOf(step, answers[index]);
    const parts = [textPart(asText(step['response']) ?? asText(step['thought']) ?? ''), ...(call.structured ? [{ type: 'tool_call', id: call.id, name: call.name, arguments: call.arguments }] : [])];
    const at = time.next();
    talk.call({ id: `step ${index}`, parent: root, name: model === undefined ? 'chat' : `chat ${model}`, startNs: at, endNs: at, attributes: { 'gen_ai.request.model': model, 'swe_agent.step': index, 'swe_agent.thought': step['thought'] } }, history, { role: 'assistant', parts });
    const action = asText(step['action']) ?? '';
    const observation = asText(step['observation']);
    if (action.trim() === '') continue;
    const start = time.next();
    talk.tool({
      id: `action ${index}`, parent: root, name: `execute_tool ${call.name}`, startNs: start, endNs: time.pass(Number(step['execution_time'])),
      tool: call.name, callId: call.id, arguments: call.arguments, result: observation, attributes: { 'swe_agent.step': index, 'swe_agent.action': action, 'swe_agent.state': asText(step['state']) },
    });
    history.add(call.structured ? { role: 'tool', parts: [{ type: 'tool_call_response', id: call.id, response: observation ?? null }] } : { role: 'user', parts: [textPart(observation ?? '')] });
  }
  talk.agent({
    id: 'run', parent: null, name: asText(config['name']) ?? asText(run['environment']) ?? 'SWE-agent', startNs: begin, endNs: time.next(),
    attributes: {
      'gen_ai.agent.name': 'SWE-agent',
      'gen_ai.request.model': model,
      'gen_ai.input.messages': JSON.stringify(opening.map((message) => ({ role: message['role'], parts: [textPart(message['content'])] }))),
      'gen_ai.output.messages': info['submission'] === undefined || info['submission'] === null ? undefined : JSON.stringify([{ role: 'assistant', parts: [textPart(info['submission'])], finish_reason: info['exit_status'] }]),
      ...usageOf(stats),
      'swe_agent.info': JSON.stringify(info),
      'swe_agent.replay_config': asText(run['replay_config']),
    },
  });
  return talk.spans;
}

/** Replays and local models count nothing: zeros there are no counts. */
function usageOf(stats: JsonObject): JsonObject {
  const sent = Number(stats['tokens_sent']);
  const cost = Number(stats['instance_cost'] ?? stats['total_cost']);
  return { ...(sent > 0 ? { 'gen_ai.usage.input_tokens': sent, 'gen_ai.usage.output_tokens': stats['tokens_received'] } : {}), ...(cost > 0 ? { 'gen_ai.usage.cost': cost } : {}) };
}

interface StepCall {
  readonly id: string | null;
  readonly name: string;
  readonly arguments: unknown;
  /** The model called a function; else it wrote a command. */
  readonly structured: boolean;
}

function callOf(step: JsonObject, answer: JsonObject | undefined): StepCall {
  const calls = [step['tool_calls'], answer?.['tool_calls']].find(Array.isArray) as unknown[] | undefined;
  const call = calls?.find(isObject);
  const inner = call && isObject(call['function']) ? call['function'] : undefined;
  if (call && inner) return { id: asText(call['id']) ?? null, name: asText(inner['name']) ?? 'tool', arguments: inner['arguments'], structured: true };
  const action = asText(step['action']) ?? '';
  return { id: null, name: /^\s*([\w./-]{1,60})/.exec(action)?.[1] ?? 'command', arguments: action, structured: false };
}
