import { isObject, type JsonObject } from '../../core/json.ts';
import { valueAt } from '../../core/model/dot-path.ts';
import { ModelError, type CallContext, type Model, type ModelRef, type ModelReply, type ModelRequest } from '../../core/model/model.ts';
import { rateLimitStatus, retryAfterMs } from '../../core/model/rate-limit-headers.ts';
import type { Redactor } from '../../core/model/redact.ts';
import { errorMessage } from '../../core/errors.ts';
import type { Fetch } from '../http/fetch.ts';
import { brokenAnswer, cancelledError, missingSecret, networkError, statusError, type ErrorSubject } from './http-errors.ts';
import { ProgramError, programReply, programRequest } from './program-answer.ts';
import type { Secrets } from './secrets.ts';

/** Evaluates a user's JavaScript expression outside the engine's process; absent where code may not run. */
export type Evaluate = (expression: string, variables: JsonObject, signal: AbortSignal) => Promise<unknown>;

export interface HttpContext {
  readonly fetch: Fetch;
  readonly secrets: Secrets;
  readonly redactor: Redactor;
  /** promptfoo's http settings: `method`, `headers`, `queryParams`, `body`, `transformResponse`. */
  readonly settings: JsonObject;
  readonly evaluate?: Evaluate;
}

/** A path into the answer, such as `json.choices[0].message.content`. */
const PATH = /^(?:json|text)(?:\??\.[\w$]+|\??\.?\[(?:\d+|"[^"]*"|'[^']*')\])*$/;

/** An HTTP endpoint of one's own: our JSON by POST, or whatever promptfoo's http settings describe. */
export class HttpModel implements Model {
  readonly ref: ModelRef;
  readonly endpoint: string;
  readonly kind = 'remote' as const;
  readonly identity: JsonObject;
  readonly cacheable = true;
  readonly #url: string;
  readonly #context: HttpContext;

  constructor(ref: ModelRef, url: string, context: HttpContext) {
    this.ref = ref;
    this.#url = url;
    this.#context = context;
    this.endpoint = url;
    this.identity = { adapter: 'http', url, settings: context.settings };
  }

  async ready(): Promise<void> {
    await this.#secretTexts();
  }

  async generate(request: ModelRequest, { signal, onText, onRateLimit, traceparent }: CallContext): Promise<ModelReply> {
    if (signal.aborted) throw cancelledError();
    const { fetch, redactor, settings } = this.#context;
    const subject = this.#subject();
    const { url, init } = await this.#build(request, traceparent === undefined ? {} : { traceparent: traceparent() });
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, { ...init, signal });
      // A refusal that breaks off is a refusal: its status says whether to try again.
      text = response.ok ? await response.text() : await response.text().catch(() => '');
    } catch (error) {
      if (signal.aborted) throw cancelledError();
      throw networkError(error, subject);
    }
    if (signal.aborted) throw cancelledError();
    const header = (name: string): string | null => response.headers.get(name);
    const status = rateLimitStatus(header, Date.now());
    if (status !== null) onRateLimit?.(status);
    const json = tryJson(text);
    if (!response.ok) throw statusError(response.status, json ?? text, header, subject);
    const transform = settings['transformResponse'] ?? settings['responseParser'];
    try {
      const answer = transform === undefined ? plainAnswer(response, json, text, subject) : await this.#transform(transform, json, text, subject, signal);
      const reply = programReply(answer);
      if (reply.text !== '') onText?.(reply.text);
      return reply;
    } catch (error) {
      if (signal.aborted) throw cancelledError();
      if (error instanceof ProgramError) throw new ModelError('model-server', `${subject.vendor} reports: ${redactor.redact(error.message).slice(0, 400)}`, { transient: false, retryAfterMs: retryAfterMs(header, Date.now()) });
      throw error;
    }
  }

  #subject(): ErrorSubject {
    return { vendor: new URL(this.#url).host, url: this.#url, model: this.ref.id, keyName: null, redactor: this.#context.redactor };
  }

  /**
   * The headers and parameters with their secrets, before any case's value is put in: that never decides which secret is sent.
   * @throws ModelError 'missing-secret'
   */
  async #secretTexts(): Promise<{ headers: [string, string][]; queryParams: [string, string][] }> {
    const missing: string[] = [];
    const filled = async (settings: unknown): Promise<[string, string][]> => {
      const texts: [string, string][] = [];
      for (const [name, template] of Object.entries(isObject(settings) ? settings : {})) {
        const one = await this.#context.secrets.fill(String(template));
        missing.push(...one.missing);
        texts.push([name, one.text]);
      }
      return texts;
    };
    const { settings } = this.#context;
    const texts = { headers: await filled(settings['headers']), queryParams: await filled(settings['queryParams']) };
    if (missing.length > 0) throw missingSecret(this.#subject(), [...new Set(missing)]);
    return texts;
  }

  async #build(request: ModelRequest, tracing: Readonly<Record<string, string>>): Promise<{ url: string; init: RequestInit }> {
    const { settings } = this.#context;
    const values: JsonObject = { ...request.case.vars, prompt: request.promptText, vars: request.case.vars, messages: request.messages };
    const texts = await this.#secretTexts();
    const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json, text/plain;q=0.9, */*;q=0.5', ...tracing };
    for (const [name, text] of texts.headers) headers[name.toLowerCase()] = oneLine(placeholders(text, values));
    const url = new URL(this.#url);
    for (const [name, text] of texts.queryParams) url.searchParams.set(name, placeholders(text, values));
    const template = settings['body'];
    const method = typeof settings['method'] === 'string' ? settings['method'].toUpperCase() : template === undefined && settings['queryParams'] !== undefined ? 'GET' : 'POST';
    if (method === 'GET' || method === 'HEAD') return { url: url.href, init: { method, headers } };
    const body = template === undefined ? JSON.stringify(programRequest(request, withoutTransport(settings))) : bodyText(template, values);
    return { url: url.href, init: { method, headers, body } };
  }

  async #transform(transform: unknown, json: unknown, text: string, subject: ErrorSubject, signal: AbortSignal): Promise<unknown> {
    const expression = typeof transform === 'string' ? transform.trim() : '';
    if (expression === '') throw new ModelError('invalid-config', `\`transformResponse\` of ${subject.vendor} must be a path such as \`json.answer\`, or an expression.`, { transient: false });
    if (PATH.test(expression)) {
      const value = valueAt({ json, text }, expression.replaceAll('?.', '.'));
      if (value === undefined) throw brokenAnswer(subject, `sent an answer without \`${expression}\``, text);
      return value;
    }
    const { evaluate } = this.#context;
    if (evaluate === undefined) throw new ModelError('invalid-config', `\`transformResponse: ${expression.slice(0, 80)}\` is code, which does not run here. A path such as \`json.answer\` does.`, { transient: false });
    try {
      return await evaluate(expression, { json, text }, signal);
    } catch (error) {
      throw new ModelError('code-failed', `\`transformResponse\` failed: ${this.#context.redactor.redact(errorMessage(error))}`, { transient: false });
    }
  }
}

/** Our own form where the answer has it, else JSON as data, else the text; a web page is no answer. */
function plainAnswer(response: Response, json: unknown, text: string, subject: ErrorSubject): unknown {
  const type = response.headers.get('content-type') ?? '';
  if (json !== undefined) return json;
  if (/json/.test(type)) throw brokenAnswer(subject, 'sent an answer that is not valid JSON', text);
  if (/html/.test(type)) throw brokenAnswer(subject, `answered with ${type.split(';')[0]}`, text);
  return text;
}

function withoutTransport(settings: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !['headers', 'queryParams', 'method', 'url', 'body', 'transformResponse', 'responseParser'].includes(key)));
}

/** A JSON template keeps its form whatever the values hold: they are put into its strings, not into its text. */
function bodyText(template: unknown, values: JsonObject): string {
  if (typeof template !== 'string') return JSON.stringify(fill(template, values));
  const parsed = tryJson(template);
  return parsed === undefined ? placeholders(template, values) : JSON.stringify(fill(parsed, values));
}

function fill(template: unknown, values: JsonObject): unknown {
  if (typeof template === 'string') {
    const whole = /^\{\{\s*([\w.$]+)\s*(?:\|\s*(?:dump|safe)\s*)?\}\}$/.exec(template)?.[1];
    const value = whole === undefined ? undefined : valueAt(values, whole);
    // `"{{messages}}"` alone stands for the value itself.
    if (value !== undefined && typeof value === 'object') return value;
    return placeholders(template, values);
  }
  if (Array.isArray(template)) return template.map((item) => fill(item, values));
  if (isObject(template)) return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fill(value, values)]));
  return template;
}

/** One pass: text inside a value is never expanded. */
function placeholders(template: string, values: JsonObject): string {
  return template.replace(/\{\{\s*([\w.$]+)\s*(?:\|\s*(\w+)\s*)?\}\}/g, (_, path: string, filter: string | undefined) => {
    const value = valueAt(values, path);
    if (filter === 'dump') return JSON.stringify(value ?? null);
    return value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  });
}

function oneLine(header: string): string {
  return header.replace(/[\r\n\0]+/g, ' ');
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
