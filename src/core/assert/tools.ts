import { isObject, type JsonObject } from '../json.ts';
import type { AssertionSpec, ScoreContext } from './model.ts';
import { binary, CheckError, figure, type Evaluate } from './outcome.ts';
import { schemaErrors } from './structure/json-schema.ts';
import { textList } from './text/list.ts';

interface Call {
  readonly name: string;
  readonly arguments: unknown;
}

/** Every call names a tool that the request declared, with arguments that fit the tool's schema. */
export const isValidToolsCall: Evaluate = async (_spec, context) => {
  const calls = callsOf(context);
  if (calls.length === 0) return binary(false, 'The output has no tool call.');
  const declared = declaredTools(context);
  for (const call of calls) {
    const flaw = await callFlaw(call, declared);
    if (flaw !== null) return binary(false, flaw);
  }
  return binary(true, `${calls.map((call) => call.name).join(', ')}: declared, with arguments that fit.`);
};

/** As above, for the single call of the older function-calling form. */
export const isValidFunctionCall: Evaluate = async (spec, context, resources) => {
  if (callsOf(context).length > 1) return binary(false, 'The output has more than one function call.');
  return await isValidToolsCall(spec, context, resources);
};

/** F1 of the sets of names, called and expected. Order and repetition do not count. */
export const toolCallF1: Evaluate = (spec, context) => {
  const expected = new Set(textList(spec));
  if (expected.size === 0) throw new CheckError('tool-call-f1 needs at least one tool name.');
  const called = new Set(callsOf(context).map((call) => call.name));
  const shared = [...called].filter((name) => expected.has(name)).length;
  const score = shared === 0 ? 0 : (2 * shared) / (called.size + expected.size);
  const threshold = spec.threshold ?? 1;
  const reason = `F1 ${figure(score)} of called ${[...called].join(', ') || 'nothing'} against ${[...expected].join(', ')}; at least ${threshold} asked for.`;
  return { pass: score >= threshold, score, reason };
};

/** Skills that the model's metadata lists under `skillCalls`, `skills` or `skillsUsed`, as names or objects with a name. `*` in a name stands for any text. */
export const skillUsed: Evaluate = (spec, context) => {
  const used = skillsOf(context);
  const missing = skillNames(spec).filter((name) => !used.some((skill) => globMatches(name, skill)));
  return binary(missing.length === 0, missing.length === 0 ? `Used ${used.join(', ')}.` : `Did not use ${missing.join(', ')}; used ${used.join(', ') || 'no skill'}.`);
};

/** The endpoint's own content filter: it fails an output that was stopped by it. */
export const guardrails: Evaluate = (_spec, context) => {
  const flagged = context.finishReason === 'content_filter' || reportedFlag(context);
  return binary(!flagged, flagged ? 'The endpoint’s content filter stopped the prompt or the output.' : 'The endpoint’s content filter did not object.');
};

function reportedFlag({ data, metadata }: ScoreContext): boolean {
  const reports = [isObject(data) ? data['guardrails'] : undefined, metadata['guardrails']];
  return reports.some((report) => isObject(report) && report['flagged'] === true);
}

/** Calls that the model made, or that the output itself describes in OpenAI's form (recorded and `exec:` outputs). */
function callsOf(context: ScoreContext): Call[] {
  if (context.toolCalls.length > 0) return context.toolCalls.map((call) => ({ name: call.name, arguments: call.arguments }));
  const data = context.data ?? parsed(context.output);
  const listed: unknown = isObject(data) ? (data['tool_calls'] ?? data['toolCalls'] ?? data) : data;
  return (Array.isArray(listed) ? listed : [listed]).flatMap(readCall);
}

function readCall(value: unknown): Call[] {
  if (!isObject(value)) return [];
  const inner = [value['function'], value['function_call'], value].find((part) => isObject(part) && typeof part['name'] === 'string');
  if (!isObject(inner)) return [];
  return [{ name: String(inner['name']), arguments: inner['arguments'] ?? inner['input'] ?? inner['args'] }];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function declaredTools({ tools }: ScoreContext): ReadonlyMap<string, JsonObject | undefined> {
  if (tools.length === 0) throw new CheckError('The prompt declares no tools to check the call against.');
  return new Map(tools.map((tool) => [tool.name, tool.parameters]));
}

async function callFlaw(call: Call, declared: ReadonlyMap<string, JsonObject | undefined>): Promise<string | null> {
  if (!declared.has(call.name)) return `${call.name} is not a declared tool.`;
  const args = typeof call.arguments === 'string' ? parsed(call.arguments === '' ? '{}' : call.arguments) : (call.arguments ?? {});
  if (args === undefined) return `The arguments of ${call.name} are not JSON.`;
  const schema = declared.get(call.name);
  const errors = schema === undefined ? null : await schemaErrors(schema, args);
  return errors === null ? null : `The arguments of ${call.name} do not fit: ${errors}.`;
}

function skillNames(spec: AssertionSpec): string[] {
  const { value } = spec;
  if (isObject(value)) {
    const name = value['name'] ?? value['pattern'];
    if (typeof name === 'string') return [name];
  }
  return textList(spec);
}

function skillsOf({ data, metadata }: ScoreContext): string[] {
  const sources = [metadata, isObject(data) && isObject(data['metadata']) ? data['metadata'] : {}];
  return sources
    .flatMap((source) => [source['skillCalls'], source['skills'], source['skillsUsed']])
    .flatMap((list): unknown[] => (Array.isArray(list) ? list : []))
    .flatMap((item: unknown) => (typeof item === 'string' ? [item] : isObject(item) && typeof item['name'] === 'string' ? [item['name']] : []));
}

function globMatches(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === text;
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const found = index === 0 ? (text.startsWith(part) ? 0 : -1) : index === parts.length - 1 ? (text.endsWith(part) ? text.length - part.length : -1) : text.indexOf(part, at);
    if (found < at) return false;
    at = found + part.length;
  }
  return true;
}
