import type { Outcome } from '../outcome.ts';
import { question, readVerdict, textValue, type JudgeSetting } from './ask.ts';

const INSTRUCTIONS = `You decide whether a submission to a task meets one criterion. Think about the criterion step by step, then decide.
Answer with one JSON object and nothing else: {"reason": your reasoning in one or two sentences, "meets": "Y" or "N"}.`;

/** A yes or no to one criterion. */
export async function closedQa(setting: JudgeSetting): Promise<Outcome> {
  const { spec, context } = setting;
  const parts = [['TASK', context.promptText], ['CRITERION', textValue(spec)], ['SUBMISSION', context.output]] as const;
  const { meets, reason } = readVerdict(await setting.ask(question(INSTRUCTIONS, parts)), (object) => {
    const answer = typeof object['meets'] === 'string' ? object['meets'].trim().toUpperCase() : '';
    if (answer !== 'Y' && answer !== 'N') return null;
    return { meets: answer === 'Y', reason: typeof object['reason'] === 'string' ? object['reason'] : '' };
  });
  return { pass: meets, score: meets ? 1 : 0, reason: `${meets ? 'Meets' : 'Does not meet'} the criterion. ${reason}`.trim() };
}
