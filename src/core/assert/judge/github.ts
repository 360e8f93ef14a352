import { isObject, type JsonObject } from '../../json.ts';
import type { ChatMessage, ModelRef } from '../../model/model.ts';
import { fillPlaceholders, valueText } from '../../prompt/placeholders.ts';
import { CheckError, quote, type Outcome } from '../outcome.ts';
import { neededVariable, question, readVerdict, textValue, type JudgeSetting } from './ask.ts';

interface Choice {
  readonly choice: string;
  readonly score: number;
}

/**
 * GitHub Models' llm evaluator (gh-models, cmd/eval). In its own reading ("compat") the first choice that occurs anywhere
 * in the lower-cased reply wins, so that "not 1 but 5" gives 1. `mode: strict` takes the last choice that stands alone as a
 * word on the reply's last line, and says so when there is none.
 */
export async function githubLlm(setting: JudgeSetting): Promise<Outcome> {
  const { spec, context } = setting;
  const body = isObject(spec.value) ? spec.value : {};
  const choices = readChoices(body['choices']);
  const completion = context.output.trim();
  const prompt = fillCompletion(body['prompt'], setting, completion);
  const system = typeof body['systemPrompt'] === 'string' ? body['systemPrompt'] : '';
  const messages: ChatMessage[] = [...(system === '' ? [] : [{ role: 'system', content: system } as const]), { role: 'user', content: prompt }];
  const reply = await setting.ask(messages);
  const strict = (body['mode'] ?? spec.config?.['mode']) === 'strict';
  const chosen = strict ? strictChoice(reply, choices) : compatChoice(reply, choices);
  if (chosen === null) return { pass: false, score: 0, reason: `The judge’s reply has none of the choices: ${quote(reply, 120)}.` };
  return { pass: chosen.score > 0, score: chosen.score, reason: `The judge chose ${quote(chosen.choice)}.` };
}

/** The model that an llm evaluator names. */
export function githubModel(value: unknown): ModelRef | undefined {
  const id = isObject(value) ? value['modelId'] : undefined;
  return typeof id === 'string' && id !== '' ? { id } : undefined;
}

/** The built-in evaluators' own judge. */
export const GITHUB_JUDGE: ModelRef = { id: 'openai/gpt-4o' };

export function compatChoice(reply: string, choices: readonly Choice[]): Choice | null {
  const text = reply.trim().toLowerCase();
  return choices.find(({ choice }) => text.includes(choice.toLowerCase())) ?? null;
}

export function strictChoice(reply: string, choices: readonly Choice[]): Choice | null {
  const line = reply.trim().split('\n').at(-1)?.toLowerCase() ?? '';
  const found = choices.filter(({ choice }) => new RegExp(`(?<![\\p{L}\\p{N}.])${escapeRegExp(choice.toLowerCase())}(?![\\p{L}\\p{N}]|\\.\\d)`, 'u').test(line));
  if (found.length > 1 && new Set(found.map(({ score }) => score)).size > 1) {
    throw new CheckError(`The judge’s last line names several choices: ${quote(line, 120)}.`);
  }
  return found[0] ?? null;
}

function readChoices(value: unknown): Choice[] {
  const list = Array.isArray(value) ? value : [];
  const choices = list.flatMap((item: unknown) => {
    const score = isObject(item) ? item['score'] : undefined;
    return isObject(item) && item['choice'] !== undefined && typeof score === 'number' ? [{ choice: valueText(item['choice']), score }] : [];
  });
  if (choices.length === 0) throw new CheckError('An llm evaluator needs choices, each with a choice and a score.');
  return choices;
}

/** `{{completion}}` is the output; what the output itself holds in braces stays. */
function fillCompletion(template: unknown, { context }: JudgeSetting, completion: string): string {
  if (typeof template !== 'string' || template === '') throw new CheckError('An llm evaluator needs a prompt.');
  const values: JsonObject = { expected: context.expected, ...context.vars, completion };
  return fillPlaceholders(template, (name) => (Object.hasOwn(values, name) ? values[name] : undefined)).text;
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/gu, '\\$&');
}

const SCALE = 'Answer with one JSON object and nothing else: {"reason": one sentence, "score": a whole number from 1 (worst) to 5 (best)}.';

/** The five built-in judges, in our words; each gives 1 to 5, which is a score of 0, .25, .5, .75 or 1. */
const BUILT_IN: Readonly<Record<string, { readonly task: string; readonly parts: (setting: JudgeSetting) => [string, string][] }>> = {
  similarity: {
    task: 'Rate how close the RESPONSE is in meaning to the EXPECTED answer to the QUERY: 5 means they say the same, 1 that they have nothing in common.',
    parts: (setting) => [['QUERY', query(setting)], ['EXPECTED', expectedText(setting)]],
  },
  coherence: {
    task: 'Rate how coherent the RESPONSE to the QUERY is: 5 means that its sentences follow from each other and answer in a clear order, 1 that they do not connect.',
    parts: (setting) => [['QUERY', query(setting)]],
  },
  fluency: {
    task: 'Rate how fluent the RESPONSE is as a piece of language, whatever it says: 5 means faultless and natural, 1 barely understandable.',
    parts: () => [],
  },
  relevance: {
    task: 'Rate how well the RESPONSE answers the QUERY, given the CONTEXT if there is any: 5 means completely and to the point, 1 that it is about something else.',
    parts: (setting) => [['QUERY', query(setting)], ...optionalContext(setting)],
  },
  groundedness: {
    task: 'Rate how far the CONTEXT supports what the RESPONSE says: 5 means that every claim is in the context, 1 that the claims are not or are against it.',
    parts: (setting) => [['CONTEXT', neededVariable(setting.context, setting.spec.type, ['context'])]],
  },
};

/** `uses: github/similarity` and its sisters. */
export async function githubUses(setting: JudgeSetting): Promise<Outcome> {
  const name = textValue(setting.spec);
  const judge = name.startsWith('github/') ? name.slice('github/'.length) : '';
  const known = Object.hasOwn(BUILT_IN, judge) ? BUILT_IN[judge] : undefined;
  if (known === undefined) throw new CheckError(`Plugin evaluator '${name}' not found; there are ${Object.keys(BUILT_IN).map((key) => `github/${key}`).join(', ')}.`);
  const messages = question(`${known.task}\n${SCALE}`, [...known.parts(setting), ['RESPONSE', setting.context.output.trim()]]);
  const verdict = readVerdict(await setting.ask(messages), (object) => {
    const score = typeof object['score'] === 'string' ? Number(object['score']) : object['score'];
    if (typeof score !== 'number' || !Number.isInteger(score) || score < 1 || score > 5) return null;
    return { score, reason: typeof object['reason'] === 'string' ? object['reason'] : '' };
  });
  const score = (verdict.score - 1) / 4;
  return { pass: score > 0, score, reason: `${judge} ${verdict.score} of 5. ${verdict.reason}`.trim() };
}

function query({ context }: JudgeSetting): string {
  for (const name of ['query', 'question', 'input']) {
    const value = Object.hasOwn(context.vars, name) ? context.vars[name] : undefined;
    if (typeof value === 'string' && value !== '') return value;
  }
  return context.promptText;
}

function expectedText({ context }: JudgeSetting): string {
  if (context.expected === undefined || context.expected === null) throw new CheckError('github/similarity needs the case’s expected output.');
  return typeof context.expected === 'string' ? context.expected : JSON.stringify(context.expected);
}

function optionalContext({ context }: JudgeSetting): [string, string][] {
  const value = Object.hasOwn(context.vars, 'context') ? context.vars['context'] : undefined;
  return typeof value === 'string' && value !== '' ? [['CONTEXT', value]] : [];
}
