import type * as Sdk from 'openai';
import type * as Streaming from 'openai/streaming';
import type { JsonObject } from '../../core/json.ts';
import type { OpenAiTarget } from '../../core/model/ids.ts';
import { ModelError, type CallContext, type Model, type ModelParameters, type ModelRef, type ModelReply, type ModelRequest } from '../../core/model/model.ts';
import { mergeParameters } from '../../core/model/parameters.ts';
import { rateLimitStatus } from '../../core/model/rate-limit-headers.ts';
import type { Redactor } from '../../core/model/redact.ts';
import type { Fetch } from '../http/fetch.ts';
import type { LeanResponse } from '../http/lean-response.ts';
import { AnswerError, ReportedError } from './answer-errors.ts';
import { brokenAnswer, cancelledError, missingSecret, networkError, statusError, type ErrorSubject } from './http-errors.ts';
import { chatBody, readChat, readChatStream } from './openai-chat.ts';
import { completionBody, readCompletion, readCompletionStream } from './openai-completions.ts';
import { readResponse, readResponseStream, responsesBody } from './openai-responses.ts';
import type { Secrets } from './secrets.ts';

export interface OpenAiContext {
  readonly fetch: Fetch;
  readonly secrets: Secrets;
  readonly redactor: Redactor;
}

/** The settings' own tools, choice and format: used where the prompt has none. */
export interface ModelDefaults {
  readonly parameters: ModelParameters;
  readonly tools: NonNullable<ModelRequest['tools']>;
  readonly toolChoice: unknown;
  readonly responseFormat: ModelRequest['responseFormat'];
}

/** How one of OpenAI's interfaces is asked and read. */
export interface OpenAiProtocol {
  /** Below the base URL. */
  readonly path: string;
  body(target: OpenAiTarget, request: ModelRequest): JsonObject;
  /** @throws an error with a message that completes "The endpoint …" */
  read(answer: JsonObject): ModelReply;
  readStream(events: AsyncIterable<unknown>, onText: (delta: string) => void): Promise<ModelReply>;
}

const PROTOCOLS: Readonly<Record<'chat' | 'responses' | 'completions', OpenAiProtocol>> = {
  chat: { path: '/chat/completions', body: chatBody, read: readChat, readStream: readChatStream },
  responses: { path: '/responses', body: responsesBody, read: readResponse, readStream: readResponseStream },
  completions: { path: '/completions', body: completionBody, read: readCompletion, readStream: readCompletionStream },
};

/** OpenAI, Azure OpenAI and every endpoint that speaks their protocol, by the `openai` package; exactly one attempt. */
export class OpenAiModel implements Model {
  readonly ref: ModelRef;
  readonly endpoint: string;
  readonly kind = 'remote' as const;
  readonly priceName?: string;
  readonly identity: JsonObject;
  readonly cacheable = true;
  readonly #target: OpenAiTarget;
  readonly #defaults: ModelDefaults;
  readonly #protocol: OpenAiProtocol;
  readonly #clients: OpenAiClients;

  constructor(ref: ModelRef, target: OpenAiTarget, defaults: ModelDefaults, context: OpenAiContext) {
    if (target.api === 'embeddings') throw new TypeError('An embedding model answers no prompts.');
    this.ref = ref;
    this.#target = target;
    this.#defaults = defaults;
    this.#protocol = PROTOCOLS[target.api];
    this.#clients = new OpenAiClients(target, context);
    this.endpoint = `${target.baseUrl}#${target.model}`;
    if (target.priceName !== null) this.priceName = target.priceName;
    this.identity = {
      adapter: 'openai',
      api: target.api,
      baseUrl: target.baseUrl,
      model: target.model,
      apiVersion: target.azure?.apiVersion ?? null,
      headers: target.headers,
      defaults: { ...defaults },
    };
  }

  ready(): Promise<void> {
    return this.#clients.ready();
  }

  async generate(request: ModelRequest, context: CallContext): Promise<ModelReply> {
    const filled: ModelRequest = {
      ...request,
      parameters: mergeParameters(this.#defaults.parameters, request.parameters),
      tools: request.tools !== undefined && request.tools.length > 0 ? request.tools : this.#defaults.tools,
      toolChoice: request.toolChoice ?? this.#defaults.toolChoice,
      responseFormat: request.responseFormat ?? this.#defaults.responseFormat,
    };
    const body = this.#protocol.body(this.#target, filled);
    const { onText } = context;
    if (onText === undefined) {
      return this.#clients.exchange(this.#protocol.path, body, context, async (response) => this.#protocol.read(await readJson(response)));
    }
    return this.#clients.exchange(this.#protocol.path, { ...body, stream: true, ...streamOptions(this.#target) }, context, async (response, stream) => {
      // Some servers and proxies ignore `stream` and send the whole answer.
      if (!/\bevent-stream\b/.test(response.headers.get('content-type') ?? '')) {
        const reply = this.#protocol.read(await readJson(response));
        if (reply.text !== '') onText(reply.text);
        return reply;
      }
      return this.#protocol.readStream(stream(), onText);
    });
  }
}

/** Without it the last chunk of a chat stream carries no usage; the responses API always sends it. */
function streamOptions(target: OpenAiTarget): JsonObject {
  return target.api === 'responses' ? {} : { stream_options: { include_usage: true } };
}

/** The package, once something is asked: it takes longer to read than the rest of a small run. */
let loading: Promise<[typeof Sdk, typeof Streaming]> | null = null;

function loadSdk(): Promise<[typeof Sdk, typeof Streaming]> {
  return (loading ??= Promise.all([import('openai'), import('openai/streaming')]));
}

type Read<T> = (response: LeanResponse, stream: () => AsyncIterable<unknown>) => Promise<T>;

/** Where an exchange goes and what goes with it: all of a request but its body. */
interface Route {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One SDK client and what it has made so far, for as long as its key and headers stay the same. */
interface Connection {
  readonly key: string;
  readonly client: Sdk.OpenAI;
  readonly routes: Map<string, Route>;
}

/** The SDK tells its endpoint about the machine; nothing leaves it that the request does not need. */
const LEFT_OUT = 'x-stainless-';

/**
 * One endpoint by the SDK, which says where a request goes and how it is signed, reads streams and is made anew when its key changes.
 * Address and headers are the same for every request of a key, so the SDK makes them once: for a short exchange that costs it more
 * than sending does. Its retries, time limits and logging are not used. Turns every failure into a ModelError.
 */
export class OpenAiClients {
  readonly #target: OpenAiTarget;
  readonly #context: OpenAiContext;
  #connection: Connection | null = null;

  constructor(target: OpenAiTarget, context: OpenAiContext) {
    this.#target = target;
    this.#context = context;
  }

  /** Loads the package, too: otherwise that time would count as the first answers' latency. @throws ModelError 'missing-secret' */
  async ready(): Promise<void> {
    const { key, subject } = await this.#key();
    const [sdk] = await loadSdk();
    await this.#connect(sdk, key?.value ?? null, subject);
  }

  /** Posts once and reads the answer. `body.model` is the same for all bodies of a path: Azure's address names it. */
  async exchange<T>(path: string, body: JsonObject, context: Pick<CallContext, 'signal' | 'onRateLimit'>, read: Read<T>): Promise<T> {
    const { signal } = context;
    if (signal.aborted) throw cancelledError();
    const { key, subject } = await this.#key();
    const [sdk, { Stream }] = await loadSdk();
    const connection = await this.#connect(sdk, key?.value ?? null, subject);
    let response: LeanResponse | undefined;
    let complete = false;
    try {
      const { url, headers } = connection.routes.get(path) ?? (await makeRoute(connection, path, body));
      const received = await this.#context.fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal });
      response = received;
      const header = (name: string): string | null => received.headers.get(name);
      const status = rateLimitStatus(header, Date.now());
      if (status !== null) context.onRateLimit?.(status);
      if (!received.ok) {
        if ((received.status === 401 || received.status === 403) && key !== null) this.#context.secrets.forget(key.name);
        throw statusError(received.status, await errorBody(received), header, subject);
      }
      const answer = await read(received, () => Stream.fromSSEResponse<unknown>(received, new AbortController(), connection.client, undefined, 'events'));
      complete = true;
      return answer;
    } catch (error) {
      if (signal.aborted) throw cancelledError();
      throw toModelError(error, subject);
    } finally {
      if (!complete) response?.destroy();
    }
  }

  async #key(): Promise<{ key: { readonly name: string; readonly value: string } | null; subject: ErrorSubject }> {
    const target = this.#target;
    const key = target.keys.length === 0 ? null : await this.#context.secrets.first(target.keys);
    const subject: ErrorSubject = {
      vendor: target.vendor,
      url: target.baseUrl,
      model: target.model,
      keyName: key?.name ?? target.keys[0] ?? null,
      redactor: this.#context.redactor,
    };
    if (key === null && target.keys.length > 0 && !target.keyOptional) throw missingSecret(subject, target.keys);
    return { key, subject };
  }

  async #headers(subject: ErrorSubject): Promise<Record<string, string | null>> {
    const headers: Record<string, string | null> = {};
    for (const [name, template] of Object.entries(this.#target.headers)) {
      const { text, missing } = await this.#context.secrets.fill(template);
      if (missing.length > 0) throw missingSecret(subject, missing);
      headers[name] = text;
    }
    return headers;
  }

  async #connect(sdk: typeof Sdk, key: string | null, subject: ErrorSubject): Promise<Connection> {
    const target = this.#target;
    const headers = await this.#headers(subject);
    const cacheKey = JSON.stringify([key, headers]);
    if (this.#connection?.key === cacheKey) return this.#connection;
    // A variable for OpenAI's own endpoint: the SDK would send it to every vendor.
    if (target.vendor !== 'OpenAI') for (const line of (process.env['OPENAI_CUSTOM_HEADERS'] ?? '').split('\n')) if (line.includes(':')) headers[line.slice(0, line.indexOf(':')).trim()] ??= null;
    const common = {
      apiKey: key ?? 'none',
      adminAPIKey: null,
      organization: target.organization,
      project: target.project,
      defaultHeaders: key === null ? { authorization: null, 'api-key': null, ...headers } : headers,
      logLevel: 'off' as const,
    };
    const client = target.azure === null ? new sdk.OpenAI({ ...common, baseURL: target.baseUrl }) : new sdk.AzureOpenAI({ ...common, baseURL: `${target.baseUrl}/openai`, apiVersion: target.azure.apiVersion });
    this.#connection = { key: cacheKey, client, routes: new Map() };
    return this.#connection;
  }
}

async function makeRoute({ client, routes }: Connection, path: string, body: JsonObject): Promise<Route> {
  const { url, req } = await client.buildRequest({ method: 'post', path, body });
  const headers: Record<string, string> = {};
  for (const [name, value] of new Headers(req.headers)) if (!name.startsWith(LEFT_OUT)) headers[name] = value;
  const route = { url, headers };
  routes.set(path, route);
  return route;
}

export async function readJson(response: LeanResponse): Promise<JsonObject> {
  const text = await response.text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const type = response.headers.get('content-type')?.split(';')[0] ?? 'no content type';
    throw new AnswerError(/json/.test(type) ? 'sent an answer that is not valid JSON' : `answered with ${type} in place of JSON`, { cause: text });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new AnswerError('sent JSON that is not an object', { cause: text });
  const { error } = value as JsonObject;
  // Gateways report an upstream failure inside a 200.
  if (typeof error === 'object' && error !== null && !('choices' in value) && !('output' in value) && !('data' in value)) {
    const { code } = error as JsonObject;
    throw new ReportedError(typeof code === 'number' && code >= 400 && code < 600 ? code : 502, value);
  }
  return value as JsonObject;
}

/** What came with a refusal. Where it breaks off, the status and its headers still say whether and when to try again. */
async function errorBody(response: LeanResponse): Promise<unknown> {
  const text = await response.text().catch(() => '');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function toModelError(error: unknown, subject: ErrorSubject): Error {
  if (error instanceof ModelError) return error;
  if (error instanceof AnswerError) return brokenAnswer(subject, error.message, typeof error.cause === 'string' ? error.cause : undefined);
  if (error instanceof ReportedError) return statusError(error.status, error.body, () => null, subject);
  if (error instanceof SyntaxError) return brokenAnswer(subject, 'sent a stream with an event that is not valid JSON');
  return networkError(error, subject);
}
