import { isObject, type JsonObject } from '../../json.ts';
import type { ChatMessage } from '../../model/model.ts';
import { CheckError, type Outcome } from '../outcome.ts';
import { clampScore } from '../finish.ts';
import { fenced, finiteScore, question, readVerdict, textValue, type JudgeSetting } from './ask.ts';

const INSTRUCTIONS = `You grade the output of a language model by a rubric. Judge only what the rubric asks for.
Answer with one JSON object and nothing else: {"reason": one or two sentences, "pass": true or false, "score": a number from 0 to 1}.`;

interface RubricVerdict {
  readonly pass: boolean | null;
  readonly score: number | null;
  readonly reason: string;
}

/** A judge's grade by a rubric. With a threshold the score must reach it too. */
export async function llmRubric(setting: JudgeSetting): Promise<Outcome> {
  const { spec, context, options } = setting;
  const rubric = textValue(spec);
  const own: unknown = spec.rubricPrompt ?? options.rubricPrompt;
  const messages =
    own === undefined ? question(INSTRUCTIONS, [['RUBRIC', rubric], ['OUTPUT', context.output]]) : await customQuestion(setting, own, rubric);
  const verdict = readVerdict(await setting.ask(messages), readRubricVerdict);
  const score = clampScore(verdict.score ?? (verdict.pass === false ? 0 : 1));
  const pass = (verdict.pass ?? score > 0) && (spec.threshold === undefined || score >= spec.threshold);
  const asked = spec.threshold !== undefined && score < spec.threshold ? ` (score ${score}; at least ${spec.threshold} asked for)` : '';
  return { pass, score, reason: `${verdict.reason}${asked}` };
}

/** `score` alone decides where there is no `pass`, and the other way round; with neither there is no verdict. */
function readRubricVerdict(object: JsonObject): RubricVerdict | null {
  const pass = typeof object['pass'] === 'boolean' ? object['pass'] : null;
  const score = finiteScore(object['score']);
  if (pass === null && score === null) return null;
  return { pass, score, reason: typeof object['reason'] === 'string' && object['reason'] !== '' ? object['reason'] : 'The judge gave no reason.' };
}

/** The user's own prompt: a text or a list of messages, templates over the case's variables, `output` and `rubric`. */
async function customQuestion({ spec, context, ports }: JudgeSetting, prompt: unknown, rubric: string): Promise<ChatMessage[]> {
  const vars = { ...context.vars, output: fenced('OUTPUT', context.output), rubric };
  const { spec: rendered } = await ports.scorer.prepare({ type: spec.type, value: prompt, baseDir: spec.baseDir }, { ...context, vars }, ports.signal);
  return readMessages(rendered.value);
}

function readMessages(value: unknown): ChatMessage[] {
  const data = typeof value === 'string' ? (parsedList(value) ?? value) : value;
  if (typeof data === 'string' && data.trim() !== '') return [{ role: 'user', content: data }];
  if (Array.isArray(data) && data.length > 0) return data.map(readMessage);
  throw new CheckError('rubricPrompt is a text, or a list of messages with role and content.');
}

function readMessage(value: unknown): ChatMessage {
  const role = isObject(value) ? value['role'] : undefined;
  const content = isObject(value) ? value['content'] : undefined;
  if ((role === 'system' || role === 'user' || role === 'assistant') && typeof content === 'string') return { role, content };
  throw new CheckError('Every message of rubricPrompt has a role (system, user, assistant) and a content.');
}

function parsedList(text: string): unknown {
  if (!text.trimStart().startsWith('[')) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
