import { isObject } from '../../json.ts';
import { CheckError, figure, type Outcome } from '../outcome.ts';
import { finiteScore, question, readVerdict, type JudgeSetting } from './ask.ts';

const TOP = 10;

const STEPS = `You prepare the evaluation of a text. Derive from the criteria three to five short steps that a person can follow to judge a text by them.
Answer with one JSON object and nothing else: {"steps": [texts]}.`;

const SCORE = `You evaluate a model's reply to a task by the given criteria, following the given steps one after the other.
Answer with one JSON object and nothing else: {"reason": one or two sentences, "score": a whole number from 0 (not at all) to ${TOP} (fully)}.`;

/**
 * G-Eval (Liu et al. 2023, arXiv 2303.16634) without token probabilities: the judge derives steps from the criteria, then
 * scores by them from 0 to 10. Several criteria are averaged.
 */
export async function gEval(setting: JudgeSetting): Promise<Outcome> {
  const criteria = criteriaOf(setting.spec.value);
  const graded = await Promise.all(criteria.map((criterion) => grade(setting, criterion)));
  const score = graded.reduce((sum, one) => sum + one.score, 0) / graded.length;
  const threshold = setting.spec.threshold ?? 0.7;
  const reasons = graded.map((one) => one.reason).join(' ');
  return { pass: score >= threshold, score, reason: `${reasons} (score ${figure(score)}; at least ${threshold} asked for)` };
}

async function grade(setting: JudgeSetting, criterion: string): Promise<{ score: number; reason: string }> {
  const { context } = setting;
  const steps = readVerdict(await setting.ask(question(STEPS, [['CRITERIA', criterion]])), (object) => {
    const list = object['steps'];
    return Array.isArray(list) && list.length > 0 && list.every((step) => typeof step === 'string') ? list : null;
  });
  const parts = [['CRITERIA', criterion], ['STEPS', steps.join('\n')], ['TASK', context.promptText], ['REPLY', context.output]] as const;
  return readVerdict(await setting.ask(question(SCORE, parts)), (object) => {
    const score = isObject(object) ? finiteScore(object['score']) : null;
    if (score === null || score < 0 || score > TOP) return null;
    return { score: score / TOP, reason: typeof object['reason'] === 'string' ? object['reason'] : '' };
  });
}

function criteriaOf(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length > 0 && list.every((item) => typeof item === 'string' && item.trim() !== '')) return list as string[];
  throw new CheckError('g-eval needs criteria: a text, or a list of texts.');
}
