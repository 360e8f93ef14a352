import { hashJson } from '../../hash.ts';
import { isObject, type JsonObject } from '../../json.ts';
import type { RawEvent, RawSpan } from '../model.ts';
import { asText, itemsOf, makeEvent, makeResource, makeScope, readItems, sample } from './build.ts';
import { Conversation, Sequence } from './conversation.ts';
import type { ReadOptions, TraceFormat } from './format.ts';

/**
 * Failures of multi-agent systems from the Who&When data set, annotated with who went wrong and when. Every entry of the history is
 * a span: a turn of an agent, or what a terminal answered. No times.
 */
export const whoWhen: TraceFormat = {
  name: 'whowhen',
  sniff(value) {
    const run = sample(value);
    return run !== null && Array.isArray(run['history']) && 'mistake_agent' in run && 'mistake_step' in run;
  },
  read: (documents, options) => readItems(itemsOf(documents), (run) => readRun(run, options)),
};

function readRun(run: JsonObject, { baseNs = '0' }: ReadOptions): RawSpan[] {
  const talk = new Conversation('whowhen', hashJson(run).slice(0, 32), makeScope('whowhen'), makeResource({ 'service.name': 'whowhen' }));
  const time = new Sequence(baseNs);
  const root = talk.spanId('run');
  const begin = time.next();
  const mistake = Number(run['mistake_step']);
  const prompts = isObject(run['system_prompt']) ? run['system_prompt'] : {};
  for (const [step, entry] of (run['history'] as unknown[]).filter(isObject).entries()) {
    const at = time.next();
    const events = step === mistake ? [mistakeEvent(run, at)] : [];
    addTurn(talk, { step, entry, at, root, prompts, events });
  }
  talk.agent({
    id: 'run', parent: null, name: asText(run['question']) ?? 'Who&When', startNs: begin, endNs: time.next(),
    attributes: {
      'gen_ai.input.messages': JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: asText(run['question']) ?? '' }] }]),
      ...Object.fromEntries(['question_ID', 'level', 'ground_truth', 'is_correct', 'is_corrected', 'mistake_agent', 'mistake_step', 'mistake_reason'].map((key) => [`whowhen.${key}`, run[key]])),
    },
  });
  return talk.spans;
}

interface Turn {
  readonly step: number;
  readonly entry: JsonObject;
  readonly at: string;
  readonly root: string;
  readonly prompts: JsonObject;
  readonly events: readonly RawEvent[];
}

function addTurn(talk: Conversation, { step, entry, at, root, prompts, events }: Turn): void {
  const content = asText(entry['content']) ?? '';
  const { agent, target, thought } = speakerOf(entry);
  const shared = { id: `step ${step}`, parent: root, startNs: at, endNs: at, events };
  const attributes: JsonObject = { 'whowhen.step': step, 'whowhen.role': entry['role'], 'gen_ai.transfer.target.name': target };
  if (agent === 'Computer_terminal') {
    talk.tool({ ...shared, name: `execute_tool ${agent}`, tool: agent, callId: null, arguments: undefined, result: content, attributes });
    return;
  }
  const message = JSON.stringify([{ role: agent === 'human' ? 'user' : 'assistant', name: agent, parts: [{ type: thought ? 'reasoning' : 'text', content }] }]);
  if (agent === 'human') talk.span({ ...shared, name: 'human', attributes: { ...attributes, 'gen_ai.operation.name': 'content_event', 'gen_ai.input.messages': message } });
  else talk.agent({ ...shared, name: `invoke_agent ${agent}`, attributes: { ...attributes, 'gen_ai.agent.name': agent, 'gen_ai.system_instructions': asText(prompts[agent]) === undefined ? undefined : JSON.stringify([{ type: 'text', content: prompts[agent] }]), 'gen_ai.output.messages': message } });
}

/** `name` in generated systems; in hand-made ones the role: `Orchestrator (thought)`, `Orchestrator (-> WebSurfer)`, `WebSurfer`. */
function speakerOf(entry: JsonObject): { agent: string; target: string | undefined; thought: boolean } {
  const name = asText(entry['name']);
  if (name !== undefined) return { agent: name, target: undefined, thought: false };
  const [, agent = '', note] = /^(.*?)(?:\s*\((.*)\))?$/s.exec(asText(entry['role']) ?? '') ?? [];
  return { agent: agent === '' ? 'unknown' : agent, target: note?.startsWith('->') ? note.slice(2).trim() : undefined, thought: note === 'thought' };
}

function mistakeEvent(run: JsonObject, at: string): RawEvent {
  return makeEvent('gen_ai.evaluation.result', at, { 'gen_ai.evaluation.name': 'mistake', 'gen_ai.evaluation.score.label': run['mistake_agent'], 'gen_ai.evaluation.explanation': run['mistake_reason'] });
}
