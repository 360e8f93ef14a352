import type { JsonObject } from '../../core/json.ts';
import { isObject } from '../../core/json.ts';
import { ModelError, type CallContext, type Model, type ModelRef, type ModelReply, type ModelRequest } from '../../core/model/model.ts';
import type { Redactor } from '../../core/model/redact.ts';
import { commandEnvironment } from '../process/environment.ts';
import { runCommand } from '../process/run-command.ts';
import { cancelledError } from './http-errors.ts';
import { programReply, programRequest, ProgramError } from './program-answer.ts';
import type { Secrets } from './secrets.ts';

const OUTPUT_LIMIT = 16 * 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 300_000;

export interface ExecContext {
  readonly secrets: Secrets;
  readonly redactor: Redactor;
  readonly settings: JsonObject;
  readonly cwd: string;
  /** Variables that lead the program's spans to the receiver, while there is one. */
  readonly tracing?: () => Readonly<Record<string, string>>;
}

/** Any program as a model: the request as JSON on standard input, the answer on standard output as a text or as `{output, …}`. */
export class ExecModel implements Model {
  readonly ref: ModelRef;
  readonly endpoint: string;
  readonly kind = 'code' as const;
  readonly identity: JsonObject;
  /** A program may read anything: only a person knows whether yesterday's answer still holds. */
  readonly cacheable = false;
  readonly #command: string;
  readonly #context: ExecContext;

  constructor(ref: ModelRef, command: string, context: ExecContext) {
    this.ref = ref;
    this.#command = command;
    this.#context = context;
    this.endpoint = `exec:${command}`;
    this.identity = { adapter: 'exec', command, cwd: context.cwd, settings: context.settings };
  }

  async ready(): Promise<void> {
    await this.#environment();
  }

  async generate(request: ModelRequest, { signal, onText, traceparent }: CallContext): Promise<ModelReply> {
    if (signal.aborted) throw cancelledError();
    const { settings, cwd, redactor } = this.#context;
    const given = await this.#environment();
    const timeoutMs = typeof settings['timeoutMs'] === 'number' ? settings['timeoutMs'] : DEFAULT_TIMEOUT_MS;
    const result = await runCommand({
      command: this.#command,
      input: `${JSON.stringify(programRequest(request, settings))}\n`,
      cwd,
      environment: commandEnvironment({ ...this.#context.tracing?.(), ...(traceparent === undefined ? {} : { TRACEPARENT: traceparent() }), ...given }),
      signal,
      timeoutMs,
      outputLimit: OUTPUT_LIMIT,
    });
    const said = lastLines(redactor.redact(result.errors));
    const tail = said === '' ? '' : `: ${said}`;
    switch (result.ended) {
      case 'aborted':
        throw cancelledError();
      case 'timeout':
        throw new ModelError('timeout', `The command \`${this.#command}\` did not end within ${timeoutMs / 1000} s${tail}`, { transient: false });
      case 'output-limit':
        throw new ModelError('model-response', `The command \`${this.#command}\` wrote more than 16 MB.`, { transient: false });
      case 'not-started':
        throw new ModelError('code-failed', `The command \`${this.#command}\` could not be started in ${cwd}${tail}`, { transient: false });
      case 'exit':
    }
    if (result.exitCode !== 0) {
      throw new ModelError('code-failed', `The command \`${this.#command}\` ended with ${result.exitCode === null ? `signal ${result.signal}` : `exit code ${result.exitCode}`}${tail}`, { transient: false });
    }
    try {
      const reply = programReply(parse(result.output));
      if (reply.text !== '') onText?.(reply.text);
      return reply;
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      throw new ModelError('code-failed', `The command \`${this.#command}\` reports: ${redactor.redact(error.message)}`, { transient: false });
    }
  }

  /** `env` of the settings: values that may name secrets of the store. */
  async #environment(): Promise<Record<string, string>> {
    const given: Record<string, string> = {};
    const { env } = this.#context.settings;
    if (!isObject(env)) return given;
    for (const [name, value] of Object.entries(env)) {
      const { text, missing } = await this.#context.secrets.fill(String(value));
      if (missing.length > 0) throw new ModelError('missing-secret', `The command \`${this.#command}\` needs ${missing.join(', ')}: set it with "Touchstone: Set API Key" or in the environment.`, { transient: false });
      given[name] = text;
    }
    return given;
  }
}

/** JSON objects with an `output` (or `error`) are an answer in parts; every other output is the text, without the last line's end. */
function parse(output: string): unknown {
  const text = output.replace(/\r?\n$/, '');
  if (!/^\s*\{/.test(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && ('output' in value || 'error' in value) ? value : text;
  } catch {
    return text;
  }
}

function lastLines(text: string): string {
  return text.split('\n').slice(-12).join('\n').slice(-1_000).trim();
}
