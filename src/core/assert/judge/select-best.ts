import type { CellResult } from '../../eval/model.ts';
import type { AssertionSpec } from '../model.ts';
import { CheckError, type Outcome } from '../outcome.ts';
import type { ScoreOptions, ScorePorts } from '../ports.ts';
import { askJudge, question, readVerdict, textValue, type Spending } from './ask.ts';

const INSTRUCTIONS = `You compare several outputs for the same task and choose the one that meets the criterion best. Their order means nothing.
Answer with one JSON object and nothing else: {"reason": one sentence, "best": the number of the output}.`;

/** The judge's choice passes, the others fail. */
export async function selectBest(spec: AssertionSpec, cells: readonly CellResult[], ports: ScorePorts, options: ScoreOptions, spending: Spending): Promise<Outcome[]> {
  if (cells.length < 2) throw new CheckError('select-best needs at least two outputs of a case: run it with two models or more.');
  const outputs = cells.map(({ output }, position) => [`OUTPUT ${position}`, typeof output === 'string' ? output : (JSON.stringify(output) ?? '')] as const);
  const reply = await askJudge(spec, ports, options, spending, question(INSTRUCTIONS, [['CRITERION', textValue(spec)], ...outputs]));
  const { best, reason } = readChoice(reply, cells.length);
  return cells.map((_, position) => {
    const pass = position === best;
    return { pass, score: pass ? 1 : 0, reason: `${pass ? `Chosen from ${cells.length} outputs.` : `Output ${best} was chosen.`} ${reason}`.trim() };
  });
}

/** A judge that answers with nothing but the number is understood too. */
function readChoice(reply: string, count: number): { best: number; reason: string } {
  const number = /^\s*(\d+)\s*\.?\s*$/u.exec(reply)?.[1];
  const chosen =
    number === undefined
      ? readVerdict(reply, (object) => {
          const best = typeof object['best'] === 'string' ? Number(object['best']) : object['best'];
          return typeof best === 'number' && Number.isInteger(best) ? { best, reason: typeof object['reason'] === 'string' ? object['reason'] : '' } : null;
        })
      : { best: Number(number), reason: '' };
  if (chosen.best < 0 || chosen.best >= count) throw new CheckError(`The judge chose output ${chosen.best}, and there are ${count}, counted from 0.`);
  return chosen;
}
