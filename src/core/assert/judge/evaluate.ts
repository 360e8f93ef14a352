import { TouchstoneError } from '../../errors.ts';
import { needsCode } from '../code.ts';
import { finish, finishError } from '../finish.ts';
import type { AssertionResult, AssertionSpec, ScoreContext } from '../model.ts';
import { CheckError, failedCheck, type Outcome } from '../outcome.ts';
import { withOutput } from '../output.ts';
import type { ScoreOptions, ScorePorts } from '../ports.ts';
import { parseType, type ASSERTION_TYPES, type AssertionTypeName } from '../types.ts';
import { fillSpec, isGithubType, needsEngine, templateVariables } from '../values.ts';
import { judgeSetting, Spending, type JudgeSetting } from './ask.ts';
import { closedQa } from './closed-qa.ts';
import { factuality } from './factuality.ts';
import { gEval } from './g-eval.ts';
import { GITHUB_JUDGE, githubLlm, githubModel, githubUses } from './github.ts';
import { answerRelevance, contextFaithfulness, contextRecall, contextRelevance, conversationRelevance } from './retrieval.ts';
import { llmRubric } from './rubric.ts';
import { similar } from './similar.ts';

type Judged = {
  [Name in AssertionTypeName]: (typeof ASSERTION_TYPES)[Name]['place'] extends 'judge' ? Name : never;
}[AssertionTypeName];

const JUDGES: Readonly<Record<Judged, (setting: JudgeSetting) => Promise<Outcome>>> = {
  similar,
  'similar:cosine': similar,
  'similar:dot': similar,
  'similar:euclidean': similar,
  'llm-rubric': llmRubric,
  'g-eval': gEval,
  factuality,
  'model-graded-factuality': factuality,
  'model-graded-closedqa': closedQa,
  'answer-relevance': answerRelevance,
  'context-recall': contextRecall,
  'context-relevance': contextRelevance,
  'context-faithfulness': contextFaithfulness,
  'conversation-relevance': conversationRelevance,
  'github:llm': githubLlm,
  'github:uses': githubUses,
};

/** One check that a model or embeddings decide. Only cancellation throws; what was spent before a failure is reported too. */
export async function evaluateByJudge(written: AssertionSpec, context: ScoreContext, ports: ScorePorts, options: ScoreOptions): Promise<AssertionResult> {
  const spending = new Spending();
  const spent = (outcome: Outcome): Outcome => ({
    ...outcome,
    ...(spending.usd === undefined ? {} : { cost: spending.usd }),
    ...(spending.reply === undefined ? {} : { judgeOutput: spending.reply }),
  });
  let spec = written;
  try {
    const ready = await prepared(written, context, ports);
    spec = withGithubJudge(ready.spec);
    const name = parseType(spec.type)?.name;
    if (!isJudged(name)) throw new CheckError(`${spec.type} has no judge.`);
    return finish(spec, spent(await JUDGES[name](judgeSetting(spec, ready.context, ports, options, spending))));
  } catch (error) {
    if (ports.signal.aborted || (error instanceof TouchstoneError && (error.code === 'cancelled' || error.code === 'budget-exceeded'))) throw error;
    return finish(spec, spent(failedCheck(finishError(spec, error).reason)));
  }
}

function isJudged(name: AssertionTypeName | undefined): name is Judged {
  return name !== undefined && Object.hasOwn(JUDGES, name);
}

/** Values with logic, code files and transforms are made ready in the worker. GitHub's prompts are filled together with the output. */
async function prepared(spec: AssertionSpec, context: ScoreContext, ports: ScorePorts): Promise<{ spec: AssertionSpec; context: ScoreContext }> {
  if (isGithubType(spec.type)) {
    const output = spec.transform === undefined ? undefined : await ports.scorer.transform(spec.transform, context, ports.signal, spec.baseDir);
    return { spec, context: output === undefined ? context : withOutput(context, output) };
  }
  if (needsCode(spec) || needsEngine(spec.value) || needsEngine(spec.metric)) {
    return await ports.scorer.prepare(spec, context, ports.signal);
  }
  return { spec: fillSpec(spec, templateVariables(context)), context };
}

function withGithubJudge(spec: AssertionSpec): AssertionSpec {
  if (spec.type === 'github:llm') return { ...spec, model: githubModel(spec.value) ?? spec.model };
  if (spec.type === 'github:uses') return { ...spec, model: spec.model ?? GITHUB_JUDGE };
  return spec;
}
