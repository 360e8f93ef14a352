import type { Scorer } from '../../core/assert/model.ts';
import { TouchstoneError } from '../../core/errors.ts';
import type { RenderedRequest } from '../../core/eval/request.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { promptTextOf, readChat } from '../../core/prompt/messages.ts';
import { messagesFromText } from '../../core/prompt/render.ts';
import type { PromptFunction } from '../../core/prompt/model.ts';
import { commandEnvironment } from '../process/environment.ts';
import { runCommand } from '../process/run-command.ts';

const TIME_LIMIT_MS = 10_000;
const OUTPUT_LIMIT = 10 * 1024 * 1024;
const PYTHON = ['python3', 'python'];

/** Loads the file as a module and prints what its function returns, as one line of JSON; its own prints go to standard error. */
const PYTHON_CALL = String.raw`
import importlib.util, json, os, sys
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
request = json.load(sys.stdin)
sys.path.insert(0, os.path.dirname(os.path.abspath(request["file"])))
spec = importlib.util.spec_from_file_location("touchstone_prompt", request["file"])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
answers.write(json.dumps(getattr(module, request["function"])(request["context"])))
answers.flush()
`;

/**
 * The messages of a prompt that is a program (promptfoo's `file://prompt.js[:fn]`, `file://prompt.py[:fn]`, `exec:`). It is given
 * `{vars, config}` and returns a text, a chat, or `{prompt}` with either.
 * @throws TouchstoneError 'code-failed' | 'timeout' | 'cancelled'
 */
export async function callPromptFunction(source: PromptFunction, vars: JsonObject, scorer: Scorer, signal: AbortSignal): Promise<RenderedRequest> {
  const context = { vars, config: source.config ?? {}, provider: {} };
  const returned = source.language === 'javascript' ? await scorer.call(fileValue(source), [context], signal, source.baseDir) : await runProgram(source, context, signal);
  const prompt = isObject(returned) && 'prompt' in returned ? returned['prompt'] : returned;
  if (typeof prompt === 'string') {
    return { messages: messagesFromText(prompt), promptText: prompt };
  }
  const messages = readChat(prompt);
  if (messages === null) throw new TouchstoneError('code-failed', `${source.file} returned neither a text nor a list of messages.`);
  return { messages, promptText: promptTextOf(messages) };
}

function fileValue({ file, export: name }: PromptFunction): string {
  return `file://${file}${name === undefined ? '' : `:${name}`}`;
}

async function runProgram(source: PromptFunction, context: JsonObject, signal: AbortSignal): Promise<unknown> {
  if (source.language === 'command') {
    // promptfoo hands the context to a command as its last argument.
    const words = source.file.split(' ').filter((word) => word !== '');
    const result = await run(words[0] ?? '', [...words.slice(1), JSON.stringify(context)], '', source, signal);
    return result === null ? failed(source, 'it cannot be started') : result;
  }
  const request = JSON.stringify({ file: source.file, function: source.export ?? 'get_prompt', context });
  for (const python of PYTHON) {
    const result = await run(python, ['-c', PYTHON_CALL], request, source, signal);
    if (result !== null) return parsed(result);
  }
  return failed(source, `none of ${PYTHON.join(', ')} is a program here`);
}

/** Standard output; `null` when the program cannot be started. */
async function run(command: string, args: string[], input: string, source: PromptFunction, signal: AbortSignal): Promise<string | null> {
  const result = await runCommand({ command, args, input, cwd: source.baseDir, environment: commandEnvironment(), signal, timeoutMs: TIME_LIMIT_MS, outputLimit: OUTPUT_LIMIT });
  if (result.ended === 'not-started') return null;
  if (result.ended === 'aborted') throw new TouchstoneError('cancelled', 'Cancelled.');
  if (result.ended === 'timeout') throw new TouchstoneError('timeout', `The prompt ${source.file} was stopped after ${TIME_LIMIT_MS / 1000} s, its time limit.`);
  if (result.ended === 'output-limit') return failed(source, 'it returned more than 10 MB');
  if (result.exitCode !== 0) return failed(source, result.errors.trim().split('\n').at(-1) ?? `it ended with ${result.exitCode}`);
  return result.output;
}

function failed(source: PromptFunction, why: string): never {
  throw new TouchstoneError('code-failed', `The prompt ${source.file} failed: ${why}.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
