import { hashJson } from '../../hash.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { partsOf } from '../normalise/parts.ts';
import type { RawSpan } from '../model.ts';
import { asText, itemsOf, makeEvent, makeResource, makeScope, readItems, sample } from './build.ts';
import { Conversation, History, Sequence, type Message } from './conversation.ts';
import type { ReadOptions, TraceFormat } from './format.ts';

/** Results of tau-bench: conversations between a simulated user and an agent with tools, and their reward. No times. */
export const tauBench: TraceFormat = {
  name: 'tau-bench',
  sniff(value) {
    const run = sample(value);
    return run !== null && Array.isArray(run['traj']) && 'reward' in run && 'task_id' in run;
  },
  read: (documents, options) => readItems(itemsOf(documents), (run) => readRun(run, options)),
};

function readRun(run: JsonObject, { baseNs = '0' }: ReadOptions): RawSpan[] {
  const talk = new Conversation('tau-bench', hashJson(run).slice(0, 32), makeScope('tau-bench'), makeResource({ 'service.name': 'tau-bench' }));
  const time = new Sequence(baseNs);
  const history = new History();
  const root = talk.spanId('run');
  const begin = time.next();
  const messages = (Array.isArray(run['traj']) ? (run['traj'] as unknown[]) : []).filter(isObject);
  const results = new Map(messages.filter((message) => message['role'] === 'tool').map((message) => [asText(message['tool_call_id']) ?? '', message]));
  for (const [index, message] of messages.entries()) {
    if (message['role'] !== 'assistant') {
      history.add(messageOf(message));
      continue;
    }
    const at = time.next();
    talk.call({ id: `message ${index}`, parent: root, name: 'chat', startNs: at, endNs: at, attributes: { 'tau_bench.message': index } }, history, messageOf(message));
    for (const [number, call] of (Array.isArray(message['tool_calls']) ? (message['tool_calls'] as unknown[]) : []).filter(isObject).entries()) {
      const inner = isObject(call['function']) ? call['function'] : {};
      const name = asText(inner['name']) ?? 'tool';
      const moment = time.next();
      talk.tool({ id: `message ${index} call ${number}`, parent: root, name: `execute_tool ${name}`, startNs: moment, endNs: moment, tool: name, callId: asText(call['id']) ?? null, arguments: inner['arguments'], result: results.get(asText(call['id']) ?? '')?.['content'], attributes: {} });
    }
  }
  const info = isObject(run['info']) ? run['info'] : {};
  const task = isObject(info['task']) ? info['task'] : {};
  const end = time.next();
  talk.agent({
    id: 'run', parent: null, name: `tau-bench task ${asText(run['task_id']) ?? '?'}, trial ${asText(run['trial']) ?? '0'}`, startNs: begin, endNs: end,
    attributes: {
      'gen_ai.agent.name': 'tau-bench agent',
      'gen_ai.input.messages': asText(task['instruction']) === undefined ? undefined : JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: task['instruction'] }] }]),
      'user.id': task['user_id'],
      'tau_bench.task_id': run['task_id'],
      'tau_bench.trial': run['trial'],
      'tau_bench.reward': run['reward'],
      'tau_bench.info': JSON.stringify(info),
    },
    events: [makeEvent('gen_ai.evaluation.result', end, { 'gen_ai.evaluation.name': 'reward', 'gen_ai.evaluation.score.value': run['reward'] })],
  });
  return talk.spans;
}

function messageOf(message: JsonObject): Message {
  const role = asText(message['role']) ?? 'user';
  if (role === 'tool') return { role, parts: [{ type: 'tool_call_response', id: message['tool_call_id'], name: message['name'], response: message['content'] }] };
  const calls = Array.isArray(message['tool_calls']) ? (message['tool_calls'] as unknown[]).filter(isObject).flatMap((call) => partsOf({ ...call, type: 'tool_call' })) : [];
  return { role, parts: [...(asText(message['content']) === undefined ? [] : [{ type: 'text', content: asText(message['content']) }]), ...calls.map((part) => ({ ...part }))] };
}
