import { finish, finishError } from '../../core/assert/finish.ts';
import type { AssertionResult, AssertionSpec, ScoreContext } from '../../core/assert/model.ts';
import { CheckError, quote, type Outcome } from '../../core/assert/outcome.ts';
import { outputValue } from '../../core/assert/output.ts';
import { errorMessage, TouchstoneError } from '../../core/errors.ts';
import { isObject } from '../../core/json.ts';

const LARGEST_ANSWER = 1024 * 1024;

/** Sends output, prompt and variables to the server that the value names, and reads `{pass, score?, reason?}`. Only cancellation throws. */
export async function scoreByWebhook(spec: AssertionSpec, context: ScoreContext, limitMs: number, signal: AbortSignal, fetch: typeof globalThis.fetch): Promise<AssertionResult> {
  try {
    return finish(spec, await ask(spec, context, limitMs, signal, fetch));
  } catch (error) {
    if (signal.aborted) throw new TouchstoneError('cancelled', 'Scoring was cancelled.');
    return finishError(spec, error);
  }
}

async function ask(spec: AssertionSpec, context: ScoreContext, limitMs: number, signal: AbortSignal, fetch: typeof globalThis.fetch): Promise<Outcome> {
  const url = readUrl(spec.value);
  const limit = AbortSignal.timeout(limitMs);
  let text: string;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ output: outputValue(context), context: { prompt: context.promptText, vars: context.vars } }),
      signal: AbortSignal.any([limit, signal]),
      redirect: 'error',
    });
    if (!response.ok) throw new CheckError(`${url.host} answered with status ${response.status}.`);
    text = await readLimited(response);
  } catch (error) {
    if (limit.aborted) throw new CheckError(`${url.host} did not answer within ${limitMs / 1000} s.`);
    if (error instanceof CheckError) throw error;
    throw new CheckError(`${url.host} cannot be reached: ${errorMessage(error)}.`);
  }
  return readAnswer(text, url.host, spec.threshold);
}

function readUrl(value: unknown): URL {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw new CheckError('webhook needs an address that begins with http:// or https://.');
  return url;
}

async function readLimited(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > LARGEST_ANSWER) throw new CheckError('The webhook answered with more than 1 MB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readAnswer(text: string, host: string, threshold: number | undefined): Outcome {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = undefined;
  }
  if (!isObject(answer) || typeof answer['pass'] !== 'boolean') throw new CheckError(`${host} did not answer {pass, score, reason}: ${quote(text)}.`);
  const score = typeof answer['score'] === 'number' && !Number.isNaN(answer['score']) ? answer['score'] : answer['pass'] ? 1 : 0;
  const pass = answer['pass'] && (threshold === undefined || score >= threshold);
  return { pass, score, reason: typeof answer['reason'] === 'string' && answer['reason'] !== '' ? answer['reason'] : `${host} answered ${answer['pass'] ? 'pass' : 'fail'}.` };
}
