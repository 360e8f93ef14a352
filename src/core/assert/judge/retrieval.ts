import { isObject } from '../../json.ts';
import { CheckError, figure, type Outcome } from '../outcome.ts';
import { neededVariable, question, readVerdict, textValue, type JudgeSetting } from './ask.ts';
import { cosine } from './similar.ts';

/** The measures of RAGAS (Es et al. 2023, arXiv 2309.15217) and their kin: shares that a judge's yes and no give. */

const SUPPORT = `You check which statements a source supports. Split the TEXT into its separate factual statements; for each, say whether the SOURCE supports it. Use nothing but the SOURCE.
Answer with one JSON object and nothing else: {"statements": [{"statement": text, "supported": true or false}]}.`;

const NEEDED = `You find out how much of a source is needed to answer a question. The SOURCE is given as numbered sentences; list the numbers of those that help to answer the QUESTION.
Answer with one JSON object and nothing else: {"needed": [numbers]}.`;

const QUESTIONS = `You are given an answer. Write three different questions that it would answer fully, and say whether it is evasive (commits to nothing, for example "I don't know").
Answer with one JSON object and nothing else: {"questions": [three texts], "evasive": true or false}.`;

const CONVERSATION = `You read a conversation and judge its last reply: does it fit what was said before it?
Answer with one JSON object and nothing else: {"reason": one sentence, "relevant": true or false}.`;

const QUERY_NAMES = ['query', 'question', 'input'];
/** Replies of a conversation are judged with so many turns before them. */
const WINDOW = 5;

/** Share of the statements of the expected answer (the value) that the context supports. */
export async function contextRecall(setting: JudgeSetting): Promise<Outcome> {
  return await supportedShare(setting, textValue(setting.spec), 'of the expected answer’s statements are in the context');
}

/** Share of the output's statements that the context supports. */
export async function contextFaithfulness(setting: JudgeSetting): Promise<Outcome> {
  return await supportedShare(setting, setting.context.output, 'of the output’s statements are supported by the context');
}

/** Share of the context's sentences that the query needs. */
export async function contextRelevance(setting: JudgeSetting): Promise<Outcome> {
  const { spec, context } = setting;
  const query = neededVariable(context, spec.type, QUERY_NAMES);
  const sentences = sentencesOf(await contextText(setting));
  const source = sentences.map((sentence, i) => `${i + 1}. ${sentence}`).join('\n');
  const needed = readVerdict(await setting.ask(question(NEEDED, [['QUESTION', query], ['SOURCE', source]])), (object) => {
    const list = object['needed'];
    return Array.isArray(list) && list.every((item) => Number.isInteger(item)) ? (list as number[]) : null;
  });
  const count = new Set(needed.filter((number) => number >= 1 && number <= sentences.length)).size;
  return share(setting, count, sentences.length, 'of the context’s sentences are needed for the query');
}

/** Mean cosine similarity of questions derived from the output with the one asked; 0 for an evasive output. */
export async function answerRelevance(setting: JudgeSetting): Promise<Outcome> {
  const { spec, context } = setting;
  const asked = Object.hasOwn(context.vars, 'query') ? neededVariable(context, spec.type, QUERY_NAMES) : context.promptText;
  const derived = readVerdict(await setting.ask(question(QUESTIONS, [['ANSWER', context.output]])), (object) => {
    const list = object['questions'];
    if (!Array.isArray(list) || list.length === 0 || !list.every((item) => typeof item === 'string' && item !== '')) return null;
    return { questions: list as string[], evasive: object['evasive'] === true };
  });
  const threshold = spec.threshold ?? 0;
  if (derived.evasive) return { pass: false, score: 0, reason: 'The answer commits to nothing.' };
  const [target, ...vectors] = await setting.embed([asked, ...derived.questions]);
  if (target === undefined) throw new CheckError('The embedding model gave no vector.');
  const score = vectors.reduce((sum, vector) => sum + cosine(target, vector), 0) / vectors.length;
  return { pass: score >= threshold, score, reason: `Relevance ${figure(score)}; at least ${threshold} asked for.` };
}

/** Share of the assistant's replies that fit what was said before, the output being the last of them. */
export async function conversationRelevance(setting: JudgeSetting): Promise<Outcome> {
  const { context, spec } = setting;
  const turns = [...conversationOf(context.vars['messages'] ?? context.vars['conversation'], context.promptText), { role: 'assistant', content: context.output }];
  const replies = turns.flatMap((turn, index) => (turn.role === 'assistant' ? [index] : []));
  const verdicts = await Promise.all(
    replies.map(async (index) => {
      const text = turns.slice(Math.max(0, index - WINDOW), index + 1).map(({ role, content }) => `${role}: ${content}`).join('\n');
      return readVerdict(await setting.ask(question(CONVERSATION, [['CONVERSATION', text]])), (object) =>
        typeof object['relevant'] === 'boolean' ? { relevant: object['relevant'], reason: typeof object['reason'] === 'string' ? object['reason'] : '' } : null,
      );
    }),
  );
  const relevant = verdicts.filter((verdict) => verdict.relevant).length;
  const outcome = share(setting, relevant, verdicts.length, 'replies fit the conversation', spec.threshold ?? 0.5);
  const first = verdicts.find((verdict) => !verdict.relevant);
  return first === undefined ? outcome : { ...outcome, reason: `${outcome.reason} ${first.reason}`.trim() };
}

async function supportedShare(setting: JudgeSetting, text: string, what: string): Promise<Outcome> {
  const statements = readVerdict(await setting.ask(question(SUPPORT, [['SOURCE', await contextText(setting)], ['TEXT', text]])), (object) => {
    const list = object['statements'];
    if (!Array.isArray(list) || list.length === 0) return null;
    const read = list.map((item: unknown) => (isObject(item) && typeof item['supported'] === 'boolean' ? { statement: item['statement'], supported: item['supported'] } : null));
    return read.some((item) => item === null) ? null : read.filter((item) => item !== null);
  });
  const supported = statements.filter((item) => item.supported).length;
  const outcome = share(setting, supported, statements.length, what);
  const missing = statements.find((item) => !item.supported && typeof item.statement === 'string');
  return missing === undefined ? outcome : { ...outcome, reason: `${outcome.reason} Not supported: ${String(missing.statement)}` };
}

/** The case's variable `context`, or what `contextTransform` takes from the output. */
async function contextText({ spec, context, ports }: JudgeSetting): Promise<string> {
  const transform = spec.config?.['contextTransform'];
  if (typeof transform !== 'string') return neededVariable(context, spec.type, ['context']);
  const found = await ports.scorer.transform(transform, context, ports.signal, spec.baseDir);
  return Array.isArray(found) ? found.join('\n\n') : typeof found === 'string' ? found : JSON.stringify(found);
}

function share({ spec }: JudgeSetting, count: number, total: number, what: string, threshold = spec.threshold ?? 0): Outcome {
  const score = total === 0 ? 0 : count / total;
  return { pass: score >= threshold, score, reason: `${count} of ${total} ${what}; a share of at least ${threshold} asked for.` };
}

function sentencesOf(text: string): string[] {
  return [...new Intl.Segmenter('en', { granularity: 'sentence' }).segment(text)].map(({ segment }) => segment.trim()).filter((sentence) => sentence !== '');
}

function conversationOf(value: unknown, prompt: string): { role: string; content: string }[] {
  if (!Array.isArray(value)) return [{ role: 'user', content: prompt }];
  return value.flatMap((turn: unknown) =>
    isObject(turn) && typeof turn['content'] === 'string' ? [{ role: turn['role'] === 'assistant' ? 'assistant' : 'user', content: turn['content'] }] : [],
  );
}
