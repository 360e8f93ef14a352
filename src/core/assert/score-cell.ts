import { errorMessage, TouchstoneError } from '../errors.ts';
import { aggregate } from './aggregate.ts';
import { needsCode } from './code.ts';
import { evaluatorOf } from './evaluators.ts';
import { loadFileValue } from './file-value.ts';
import { finish, finishError } from './finish.ts';
import { evaluateByJudge } from './judge/evaluate.ts';
import type { AssertionResult, AssertionSpec, CellScore, ScoreContext } from './model.ts';
import { CheckError } from './outcome.ts';
import { withOutput } from './output.ts';
import type { ScoreOptions, ScorePorts } from './ports.ts';
import { isQuickRegex } from './text/regex-steps.ts';
import { parseType, placeOfType, type CheckPlace } from './types.ts';
import { unknownType } from './unknown-type.ts';
import { fillSpec, isGithubType, needsEngine, templateVariables } from './values.ts';

/**
 * Scores one output by its checks. Those that compare outputs with each other are left to `scoreGroup`.
 * A check that cannot be made is a failed result with `error`.
 * @throws TouchstoneError 'cancelled'
 */
export async function scoreCell(
  specs: readonly AssertionSpec[],
  context: ScoreContext,
  ports: ScorePorts,
  options: ScoreOptions = {},
): Promise<CellScore> {
  const own = specs.filter((spec) => parseType(spec.type)?.info.place !== 'group');
  if (options.transform === undefined) return aggregate(await scoreAll(own, context, ports, options), options.threshold);
  let output: unknown;
  try {
    output = await ports.scorer.transform(options.transform, context, ports.signal, options.baseDir);
  } catch (error) {
    throwIfCancelled(error);
    const reason = `The transform of the output failed: ${errorMessage(error)}`;
    return { pass: false, score: 0, reason, assertions: own.map((spec) => finishError(spec, new CheckError(reason))), namedScores: {} };
  }
  const results = await scoreAll(own, withOutput(context, output), ports, options);
  return { ...aggregate(results, options.threshold), output };
}

/** Evaluates the checks and the members of sets side by side, then puts the sets together. */
async function scoreAll(
  specs: readonly AssertionSpec[],
  context: ScoreContext,
  ports: ScorePorts,
  options: ScoreOptions,
): Promise<AssertionResult[]> {
  const results = await scoreLeaves(specs.flatMap((spec) => membersOf(spec) ?? [spec]), context, ports, options);
  const queue = results.values();
  const take = (): AssertionResult => {
    const next = queue.next();
    if (next.done) throw new TouchstoneError('internal', 'A check has no result.');
    return next.value;
  };
  return specs.map((spec) => {
    const members = membersOf(spec);
    if (members === null) return take();
    const components = members.map(take);
    const { pass, score, reason, namedScores } = aggregate(components, spec.threshold);
    return finish(spec, { pass, score, reason, components, namedScores });
  });
}

/** Members of an assert-set; `null` for a plain check. */
function membersOf(spec: AssertionSpec): readonly AssertionSpec[] | null {
  return spec.type === 'assert-set' ? (spec.assert ?? []) : null;
}

async function scoreLeaves(
  specs: readonly AssertionSpec[],
  context: ScoreContext,
  ports: ScorePorts,
  options: ScoreOptions,
): Promise<AssertionResult[]> {
  const sent: AssertionSpec[] = [];
  const results: (AssertionResult | Promise<AssertionResult> | number)[] = [];
  for (const written of specs) {
    try {
      const spec = await loadFileValue(written, ports);
      const place = placeOf(spec);
      if (place === 'here' || (place === 'worker' && (await isQuickCheck(spec, context)))) results.push(await evaluateHere(spec, context));
      else if (place === 'judge') results.push(handled(evaluateByJudge(spec, context, ports, options)));
      else results.push(sent.push(spec) - 1);
    } catch (error) {
      throwIfCancelled(error);
      results.push(finishError(written, error));
    }
  }
  const scored = sent.length === 0 ? [] : ports.scorer.score(sent, context, ports.signal);
  const [fromScorer, ...settled] = await Promise.all([scored, ...results]);
  return settled.map((result) => {
    const settledResult = typeof result === 'number' ? fromScorer[result] : result;
    if (settledResult === undefined) throw new TouchstoneError('internal', 'The scorer left out a check.');
    return settledResult;
  });
}

/** A regular expression that cannot take long on this output needs no thread with a time limit. */
async function isQuickCheck(spec: AssertionSpec, context: ScoreContext): Promise<boolean> {
  if (parseType(spec.type)?.name !== 'regex' || needsElsewhere(spec)) return false;
  const { value } = fillSpec(spec, templateVariables(context));
  return typeof value === 'string' && isQuickRegex(value, context.output.length);
}

/** Checks that stay in this thread move to the worker when a transform, a template's logic or a code file comes with them. */
function placeOf(spec: AssertionSpec): CheckPlace {
  const place = placeOfType(spec);
  if (place === null) throw new CheckError(unknownType(spec.type));
  if (place === 'set' || place === 'group') throw new CheckError(`${spec.type} cannot be a member of an assert-set.`);
  if (place !== 'here') return place;
  return needsElsewhere(spec) ? 'worker' : 'here';
}

function needsElsewhere(spec: AssertionSpec): boolean {
  return needsCode(spec) || (!isGithubType(spec.type) && (needsEngine(spec.value) || needsEngine(spec.metric)));
}

async function evaluateHere(written: AssertionSpec, context: ScoreContext): Promise<AssertionResult> {
  const spec = fillSpec(written, templateVariables(context));
  const name = parseType(spec.type)?.name;
  const evaluate = name === undefined ? undefined : evaluatorOf(name);
  if (evaluate === undefined) throw new CheckError(unknownType(spec.type));
  try {
    return finish(spec, await evaluate(spec, context, {}));
  } catch (error) {
    return finishError(spec, error);
  }
}

/** It is awaited below; until then, its failure must not count as one that nobody handles. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

function throwIfCancelled(error: unknown): void {
  if (error instanceof TouchstoneError && error.code === 'cancelled') throw error;
}
