import { isObject } from '../../json.ts';
import { CheckError, type Outcome } from '../outcome.ts';
import { clampScore } from '../finish.ts';
import { finiteScore, question, readVerdict, textValue, type JudgeSetting } from './ask.ts';

const RELATIONS = {
  A: { key: 'subset', text: 'the answer says a part of what the reference says, and nothing against it' },
  B: { key: 'superset', text: 'the answer says all of the reference and more, and nothing against it' },
  C: { key: 'agree', text: 'the answer says the same as the reference' },
  D: { key: 'disagree', text: 'the answer contradicts the reference' },
  E: { key: 'differButFactual', text: 'the answer differs from the reference in ways that do not matter for its facts' },
} as const;
type Letter = keyof typeof RELATIONS;

const INSTRUCTIONS = `You compare the facts of an answer with those of a reference answer that is known to be right. Style, order and wording do not matter.
Choose one letter:
${Object.entries(RELATIONS).map(([letter, { text }]) => `${letter}: ${text}`).join('\n')}
Answer with one JSON object and nothing else: {"reason": one sentence, "category": the letter}.`;

/** Passes unless the answer contradicts the reference (D). `config` may give each relation another score, from 0 (fails) to 1. */
export async function factuality(setting: JudgeSetting): Promise<Outcome> {
  const { spec, context } = setting;
  const parts = [['QUESTION', context.promptText], ['REFERENCE', textValue(spec)], ['ANSWER', context.output]] as const;
  const verdict = readVerdict(await setting.ask(question(INSTRUCTIONS, parts)), (object) => {
    const letter = typeof object['category'] === 'string' ? object['category'].trim().replace(/^\(?([A-E])\b.*$/su, '$1') : '';
    return isLetter(letter) ? { letter, reason: typeof object['reason'] === 'string' ? object['reason'] : '' } : null;
  });
  const relation = RELATIONS[verdict.letter];
  const score = scoreOf(spec.config, relation.key);
  const pass = spec.threshold === undefined ? score > 0 : score >= spec.threshold;
  return { pass, score, reason: `${verdict.letter}: ${relation.text}. ${verdict.reason}`.trim() };
}

function isLetter(text: string): text is Letter {
  return Object.hasOwn(RELATIONS, text);
}

/** promptfoo's `factuality: {subset, superset, agree, disagree, differButFactual}`, here or at the top of `config`. */
function scoreOf(config: unknown, key: (typeof RELATIONS)[Letter]['key']): number {
  const standard = key === 'disagree' ? 0 : 1;
  if (!isObject(config)) return standard;
  const table = isObject(config['factuality']) ? config['factuality'] : config;
  if (table[key] === undefined) return standard;
  const score = finiteScore(table[key]);
  if (score === null) throw new CheckError(`The score of ${key} is not a number.`);
  return clampScore(score);
}
