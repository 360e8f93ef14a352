import { codeContext, parseCodeFile, readGrading, templateInCode } from '../../core/assert/code.ts';
import { evaluatorOf } from '../../core/assert/evaluators.ts';
import { finish, finishError } from '../../core/assert/finish.ts';
import type { AssertionResult, AssertionSpec, ScoreContext } from '../../core/assert/model.ts';
import { CheckError } from '../../core/assert/outcome.ts';
import { outputValue, withOutput } from '../../core/assert/output.ts';
import { parseType } from '../../core/assert/types.ts';
import { unknownType } from '../../core/assert/unknown-type.ts';
import { renderSpec, templateVariables } from '../../core/assert/values.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { runCode } from './code-runtime.ts';
import type { Prepared } from './messages.ts';
import { findSynonyms } from './wordnet.ts';

/** One check: its transform, its templates, the check itself. Never throws. */
export async function evaluateCheck(written: AssertionSpec, context: ScoreContext, wordnet?: string): Promise<AssertionResult> {
  let spec = written;
  try {
    const type = parseType(written.type);
    if (type === null) throw new CheckError(unknownType(written.type));
    const ready = await prepareCheck(written, context);
    spec = ready.spec;
    if (type.name === 'javascript') return finish(spec, readGrading(await runCheck(spec, ready.context), spec));
    const evaluate = evaluatorOf(type.name);
    if (evaluate === undefined) throw new CheckError(`${written.type} is not made in the worker.`);
    return finish(spec, await evaluate(spec, ready.context, { synonyms: findSynonyms(type.name, wordnet) }));
  } catch (error) {
    return finishError(spec, error);
  }
}

/** The spec with its value computed and rendered, the context with the spec's transform applied. Code stays as written. */
export async function prepareCheck(written: AssertionSpec, context: ScoreContext): Promise<Prepared> {
  const transformed = written.transform === undefined ? context : withOutput(context, await runTransform(written.transform, context, written.baseDir));
  const variables = templateVariables(context);
  if (parseType(written.type)?.info.code === true) {
    const { value, ...rest } = written;
    return { spec: { ...(await renderSpec(rest, variables)), value }, context: transformed };
  }
  const file = parseCodeFile(written.value);
  if (file === null) return { spec: await renderSpec(written, variables), context: transformed };
  const value = await runCode('', file, [], [outputValue(transformed), codeContext(transformed, written.config)], written.baseDir);
  return { spec: { ...(await renderSpec({ ...written, value: undefined }, variables)), value }, context: transformed };
}

/** What the output becomes. Inline code sees `output`, `context` and, for short, `vars`. */
export async function runTransform(code: string, context: ScoreContext, baseDir?: string): Promise<unknown> {
  refuseTemplate(code);
  const args = [outputValue(context), codeContext(context), context.vars];
  const output = await runCode(code, parseCodeFile(code), ['output', 'context', 'vars'], args, baseDir);
  if (output === undefined || output === null) throw new CheckError('The transform returned nothing.');
  return output;
}

/** The variables that the code adds or changes. Inline code sees `vars` and `context`. */
export async function runTransformVars(code: string, context: ScoreContext, baseDir?: string): Promise<JsonObject> {
  refuseTemplate(code);
  const returned = await runCode(code, parseCodeFile(code), ['vars', 'context'], [context.vars, codeContext(context)], baseDir);
  if (!isObject(returned)) throw new CheckError('transformVars must return an object of variables.');
  return returned;
}

/** What a file's function returns: a prompt that is code. `file` as in `file://x.js:name`. */
export async function callFile(file: string, args: readonly unknown[], baseDir: string): Promise<unknown> {
  return await runCode('', parseCodeFile(file), [], args, baseDir);
}

async function runCheck(spec: AssertionSpec, context: ScoreContext): Promise<unknown> {
  if (typeof spec.value !== 'string') throw new CheckError('javascript needs code as text, or a file.');
  refuseTemplate(spec.value);
  const args = [outputValue(context), codeContext(context, spec.config)];
  return await runCode(spec.value, parseCodeFile(spec.value), ['output', 'context'], args, spec.baseDir);
}

function refuseTemplate(code: string): void {
  const mistake = templateInCode(code);
  if (mistake !== null) throw new CheckError(mistake);
}
