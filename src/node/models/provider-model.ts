import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { TouchstoneError } from '../../core/errors.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { ModelError, type CallContext, type Model, type ModelRef, type ModelReply, type ModelRequest } from '../../core/model/model.ts';
import type { Redactor } from '../../core/model/redact.ts';
import { cancelledError } from './http-errors.ts';
import { ProgramError, programReply } from './program-answer.ts';
import type { ProviderProcess } from './provider-process.ts';
import type { Secrets } from './secrets.ts';

const DEFAULT_TIMEOUT_MS = 300_000;

export interface ProviderContext {
  readonly path: string;
  readonly settings: JsonObject;
  readonly secrets: Secrets;
  readonly redactor: Redactor;
}

/** A promptfoo custom provider (`callApi(prompt, context)`, `call_api(prompt, options, context)`) in a process of its own. */
export class ProviderModel implements Model {
  readonly ref: ModelRef;
  readonly endpoint: string;
  readonly kind = 'code' as const;
  readonly identity: JsonObject;
  readonly cacheable = false;
  readonly #process: ProviderProcess;
  readonly #context: ProviderContext;

  /** @throws TouchstoneError 'not-found' */
  constructor(ref: ModelRef, process: ProviderProcess, context: ProviderContext) {
    this.ref = ref;
    this.#process = process;
    this.#context = context;
    this.endpoint = `file:${context.path}`;
    let source: string;
    try {
      source = readFileSync(context.path, 'utf8');
    } catch {
      throw new TouchstoneError('not-found', `The provider ${context.path} does not exist.`, { place: { file: context.path } });
    }
    this.identity = { adapter: 'provider', path: context.path, source: createHash('sha256').update(source).digest('hex'), settings: context.settings };
  }

  async ready(): Promise<void> {
    await this.#environment();
  }

  async generate(request: ModelRequest, { signal, onText }: CallContext): Promise<ModelReply> {
    if (signal.aborted) throw cancelledError();
    const { path, settings, redactor } = this.#context;
    const timeoutMs = typeof settings['timeoutMs'] === 'number' ? settings['timeoutMs'] : typeof settings['timeout'] === 'number' ? settings['timeout'] : DEFAULT_TIMEOUT_MS;
    const result = await this.#process.call({
      prompt: promptOf(request),
      context: { vars: request.case.vars, prompt: { raw: promptOf(request), label: this.ref.label ?? this.ref.id }, test: { vars: request.case.vars, metadata: request.case.metadata ?? {} }, repeatIndex: request.repeat, caseId: request.case.id },
      environment: await this.#environment(),
      signal,
      timeoutMs,
    });
    switch (result.kind) {
      case 'aborted':
        throw cancelledError();
      case 'timeout':
        throw new ModelError('timeout', `The provider ${path} did not answer within ${timeoutMs / 1000} s.`, { transient: false });
      case 'crashed':
      case 'threw':
        throw new ModelError('code-failed', `The provider ${path} failed: ${redactor.redact(result.message).slice(-1_000)}`, { transient: false });
      case 'answer':
    }
    try {
      const reply = programReply(result.value);
      if (reply.text !== '') onText?.(reply.text);
      return reply;
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      throw new ModelError('code-failed', `The provider ${path} reports: ${redactor.redact(error.message).slice(0, 1_000)}`, { transient: false });
    }
  }

  async #environment(): Promise<Record<string, string>> {
    const given: Record<string, string> = {};
    const { env } = this.#context.settings;
    for (const [name, value] of Object.entries(isObject(env) ? env : {})) {
      const { text, missing } = await this.#context.secrets.fill(String(value));
      if (missing.length > 0) throw new ModelError('missing-secret', `The provider ${this.#context.path} needs ${missing.join(', ')}: set it with "Touchstone: Set API Key" or in the environment.`, { transient: false });
      given[name] = text;
    }
    return given;
  }
}

/** As promptfoo hands it over: one user message is its text, a conversation its JSON. */
function promptOf(request: ModelRequest): string {
  const [only, ...others] = request.messages;
  if (only === undefined || (others.length === 0 && only.role === 'user')) return request.promptText;
  return JSON.stringify(request.messages.map(({ role, content }) => ({ role, content })));
}
