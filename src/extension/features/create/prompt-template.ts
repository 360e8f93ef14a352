import { stringify } from 'yaml';

export interface NewPromptOptions {
  readonly name: string;
  readonly model: string;
  /** The dataset's file name; `null`: none. */
  readonly golden: string | null;
}

const INSTRUCTIONS = [
  'Sort a message of a customer into exactly one group:',
  '- praise: thanks, or says that something is good',
  '- problem: something is broken, missing or wrong',
  '- question: asks how something works or what it costs',
  '',
  'Answer with the name of the group and nothing else.',
].join('\n');

const START_CASES = [
  { id: 'thanks', message: 'The new export is wonderful, thank you!', expected: 'praise' },
  { id: 'login', message: 'Since this morning I cannot log in any more.', expected: 'problem' },
  { id: 'price', message: 'What does the plan for ten people cost?', expected: 'question' },
] as const;

/** A small prompt that works with every model, the embedded one included, and reads as what it is: a place to begin. */
export function promptText({ name, model, golden }: NewPromptOptions): string {
  const prompt = {
    name,
    model,
    messages: [{ role: 'system', content: INSTRUCTIONS }, { role: 'user', content: '{{message}}' }],
    ...(golden === null ? {} : { golden, assert: [{ type: 'equals', value: '{{expected}}' }] }),
  };
  return stringify(prompt, { lineWidth: 0, blockQuote: 'literal' });
}

export function startCases(): string {
  return START_CASES.map((start) => `${JSON.stringify(start)}\n`).join('');
}
