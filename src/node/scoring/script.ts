import { codeContext, parseCodeFile, readGrading, templateInCode } from '../../core/assert/code.ts';
import { finish, finishError } from '../../core/assert/finish.ts';
import type { AssertionResult, AssertionSpec, ScoreContext } from '../../core/assert/model.ts';
import { CheckError, shorten } from '../../core/assert/outcome.ts';
import { outputValue } from '../../core/assert/output.ts';
import { TouchstoneError } from '../../core/errors.ts';
import { isObject } from '../../core/json.ts';
import { isAbsolutePath, joinPath } from '../../core/text/path.ts';
import { commandEnvironment } from '../process/environment.ts';
import { runCommand, type CommandResult } from '../process/run-command.ts';
import { PYTHON_HARNESS, RUBY_HARNESS } from './harness.ts';

export type ScriptLanguage = 'python' | 'ruby';

export interface ScriptOptions {
  /** Programs to try, in order: the first that can be started runs the check. */
  readonly interpreters: Readonly<Record<ScriptLanguage, readonly string[]>>;
  /** For the start of the interpreter and the check together. */
  readonly limitMs: number;
}

const HARNESS: Readonly<Record<ScriptLanguage, readonly string[]>> = { python: ['-c', PYTHON_HARNESS], ruby: ['-e', RUBY_HARNESS] };
const SETTING: Readonly<Record<ScriptLanguage, string>> = { python: 'Python', ruby: 'Ruby' };
const OUTPUT_LIMIT = 10 * 1024 * 1024;

/** A check in Python or Ruby: one process, the case on its standard input as JSON, no shell. Only cancellation throws. */
export async function scoreByScript(spec: AssertionSpec, context: ScoreContext, language: ScriptLanguage, options: ScriptOptions, signal: AbortSignal): Promise<AssertionResult> {
  try {
    return finish(spec, readGrading(await runScript(spec, context, language, options, signal), spec));
  } catch (error) {
    if (error instanceof TouchstoneError && error.code === 'cancelled') throw error;
    return finishError(spec, error);
  }
}

/** What the script returned. @throws CheckError, TouchstoneError 'cancelled' */
export async function runScript(spec: AssertionSpec, context: ScoreContext, language: ScriptLanguage, options: ScriptOptions, signal: AbortSignal): Promise<unknown> {
  const request = { ...codeOf(spec), output: outputValue(context), context: codeContext(context, spec.config) };
  for (const program of options.interpreters[language]) {
    const result = await runCommand({
      command: program,
      args: HARNESS[language],
      input: JSON.stringify(request),
      cwd: spec.baseDir ?? process.cwd(),
      environment: commandEnvironment(language === 'python' ? { PYTHONIOENCODING: 'utf-8' } : {}),
      signal,
      timeoutMs: options.limitMs,
      outputLimit: OUTPUT_LIMIT,
    });
    if (result.ended === 'aborted') throw new TouchstoneError('cancelled', 'Scoring was cancelled.');
    if (result.ended !== 'not-started') return readResult(result, options.limitMs);
  }
  throw new CheckError(`${SETTING[language]} cannot be started: none of ${options.interpreters[language].join(', ')} is a program here.`);
}

function codeOf({ type, value, baseDir }: AssertionSpec): { code: string } | { file: string; function?: string } {
  if (typeof value !== 'string') throw new CheckError(`${type} needs code as text, or a file.`);
  const mistake = templateInCode(value);
  if (mistake !== null) throw new CheckError(mistake);
  const file = parseCodeFile(value);
  if (file === null) return { code: value };
  if (baseDir === undefined && !isAbsolutePath(file.path)) throw new CheckError(`${file.path} is relative, and its folder is not known.`);
  return { file: joinPath(baseDir ?? '', file.path), ...(file.export === undefined ? {} : { function: file.export }) };
}

/** The harness writes one JSON object, `{result}` or `{error}`; what the user's code prints goes to standard error. */
function readResult({ ended, exitCode, signal, output, errors }: CommandResult, limitMs: number): unknown {
  if (ended === 'timeout') throw new CheckError(`Stopped after ${limitMs / 1000} s, its time limit.`);
  if (ended === 'output-limit') throw new CheckError('The code returned more than 10 MB.');
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    answer = undefined;
  }
  if (isObject(answer) && 'result' in answer) return answer['result'];
  if (isObject(answer) && typeof answer['error'] === 'string') throw new CheckError(answer['error']);
  const how = signal === null ? `exit code ${exitCode}` : `signal ${signal}`;
  throw new CheckError(`The code ended (${how}) without a result${errors === '' ? '' : `: ${shorten(errors.split('\n').slice(-3).join(' '), 300)}`}.`);
}
