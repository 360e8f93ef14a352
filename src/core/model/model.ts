import { TouchstoneError, type ErrorCode } from '../errors.ts';
import type { JsonObject } from '../json.ts';

export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool';

export type ContentPart =
  | { readonly type: 'text'; readonly text: string }
  /** A `data:` or `https:` address; never fetched by Touchstone itself. */
  | { readonly type: 'image'; readonly url: string };

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** The arguments as the model wrote them: usually JSON, not always. */
  readonly arguments: string;
}

export interface ChatMessage {
  readonly role: Role;
  readonly content: string | readonly ContentPart[];
  readonly name?: string;
  readonly toolCalls?: readonly ToolCall[];
  readonly toolCallId?: string;
}

export interface Tool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments. */
  readonly parameters?: JsonObject;
  readonly strict?: boolean;
}

export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | { readonly type: 'json_schema'; readonly name: string; readonly schema: JsonObject; readonly strict?: boolean };

/** The parameters that Touchstone knows by name; every other key travels to the endpoint as it stands in `extra`. */
export interface ModelParameters {
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxTokens?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly reasoningEffort?: string;
  readonly extra?: JsonObject;
}

/** A model as a prompt file, a config or the command line names it. */
export interface ModelRef {
  /** `openai/gpt-5-mini`, `openai:chat:gpt-4o-mini`, `local:labels`, `exec:python agent.py`, `vscode:copilot/gpt-5`, … */
  readonly id: string;
  /** How it is shown; the id where absent. */
  readonly label?: string;
  /** The provider's settings as written (promptfoo's `config`, or ours under `models:` in touchstone.yml). */
  readonly config?: JsonObject;
  /** Folder against which relative paths of `file:` and `exec:` are taken, absolute. */
  readonly baseDir?: string;
}

export interface ModelRequest {
  readonly messages: readonly ChatMessage[];
  readonly parameters: ModelParameters;
  readonly tools?: readonly Tool[];
  readonly toolChoice?: unknown;
  readonly responseFormat?: ResponseFormat;
  /** The prompt as one text, for models that take a text (`echo`, `exec:`, `file:`, completions). */
  readonly promptText: string;
  /** What the messages were rendered from; models that run a command or replay a recording go by it. */
  readonly case: {
    readonly id: string;
    /** Zero-based position in the whole dataset, before any filter. */
    readonly index?: number;
    readonly vars: JsonObject;
    readonly expected?: unknown;
    readonly metadata?: JsonObject;
  };
  /** Zero-based. */
  readonly repeat: number;
}

/** Tokens as the endpoint reported them. `null`: not reported, never 0. */
export interface TokenUsage {
  /** All input tokens, those read from the endpoint's cache included. */
  readonly input: number | null;
  /** Of `input`: read from the endpoint's prompt cache. */
  readonly cachedInput: number | null;
  /** All output tokens, reasoning included. */
  readonly output: number | null;
  /** Of `output`: reasoning. */
  readonly reasoning: number | null;
}

export interface ModelReply {
  readonly text: string;
  /** Where the model answers with data instead of text (`exec:`, `http:`, `file:`, replay); the text is then its JSON. */
  readonly data?: unknown;
  readonly toolCalls: readonly ToolCall[];
  /** `stop`, `length`, `tool_calls`, `content_filter`, …; `null` when not reported. */
  readonly finishReason: string | null;
  readonly refusal?: string;
  readonly reasoning?: string;
  readonly usage: TokenUsage | null;
  /** US dollars, where the endpoint itself reports a cost (OpenRouter, exec:). */
  readonly reportedCost: number | null;
  /** Natural logarithms of the chosen tokens' probabilities. */
  readonly logprobs?: readonly number[];
  /** The model that answered, as the endpoint names it. */
  readonly servedBy?: string;
  readonly metadata?: JsonObject;
  /** Replayed recordings carry the latency of the recording. */
  readonly latencyMs?: number;
}

/** What the endpoint said about its limits in an answer's headers. `null`: not said. */
export interface RateLimitStatus {
  readonly limitRequests: number | null;
  readonly remainingRequests: number | null;
  readonly resetRequestsMs: number | null;
  readonly limitTokens: number | null;
  readonly remainingTokens: number | null;
  readonly resetTokensMs: number | null;
}

export interface CallContext {
  readonly signal: AbortSignal;
  /** Called with each piece of text as it arrives. Its presence asks for streaming. */
  readonly onText?: (delta: string) => void;
  readonly onRateLimit?: (status: RateLimitStatus) => void;
  /** The value of W3C's `traceparent` by which a program's own spans join the trace of the cell that it answers. */
  readonly traceparent?: () => string;
}

/**
 * One model behind one endpoint. The port that every adapter of `node/models` implements and the contract test checks.
 * `generate` makes exactly one attempt: retries, rate limits, budget and the journal are the run's business.
 */
export interface Model {
  readonly ref: ModelRef;
  /** Requests to the same endpoint share one rate limit, for example `https://api.openai.com/v1#gpt-5-mini`. */
  readonly endpoint: string;
  /** `local`: costs nothing and leaves the machine never; `code`: runs a user's program. */
  readonly kind: 'remote' | 'local' | 'code' | 'editor' | 'replay';
  /** The name under which the price table is asked; absent when a price makes no sense (local, replay: free). */
  readonly priceName?: string;
  /** Everything beside the request that shapes the output (base URL, API kind, model name, file contents): part of the cache key. */
  readonly identity: JsonObject;
  /** `false`: never cached, because the answer is already on this machine or must be fresh. */
  readonly cacheable: boolean;
  /**
   * Whether a request could be sent at all, without sending one: a run asks before it begins. Absent: there is nothing to check.
   * @throws ModelError 'missing-secret' that names the keys which nobody has set; TouchstoneError 'unknown-model'
   */
  ready?(): Promise<void>;
  /** @throws ModelError, or TouchstoneError 'cancelled' when the signal was aborted */
  generate(request: ModelRequest, context: CallContext): Promise<ModelReply>;
}

export interface EmbeddingModel {
  readonly id: string;
  /** Unit-length vectors, one for each text, in order. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]>;
}

/** A failed attempt. `transient` failures are tried again after `retryAfterMs` (as the endpoint asked) or a back-off. */
export class ModelError extends TouchstoneError {
  override readonly name = 'ModelError';
  readonly transient: boolean;
  readonly retryAfterMs: number | null;
  readonly status: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: { transient: boolean; retryAfterMs?: number | null; status?: number | null; cause?: unknown },
  ) {
    super(code, message, options.cause === undefined ? {} : { cause: options.cause });
    this.transient = options.transient;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.status = options.status ?? null;
  }
}

export interface ModelInfo {
  readonly id: string;
  /** Its name, or what it does, behind the id. */
  readonly label: string;
  readonly kind: Model['kind'];
  /** What is missing before it can be used, in words; `null` when it is ready. */
  readonly problem: string | null;
  readonly contextWindow?: number;
  readonly price: ModelPrice | null;
}

/** US dollars per million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly cachedInput?: number;
  readonly cacheWrite?: number;
  readonly output: number;
  /** ISO date on which the row was taken. */
  readonly date: string;
  readonly source: 'table' | 'touchstone.yml' | 'free';
}

export interface ModelCatalog {
  /** @throws TouchstoneError 'unknown-model' that names the id and what would be accepted */
  resolve(ref: ModelRef): Promise<Model>;
  embedding(id?: string): Promise<EmbeddingModel>;
  list(): Promise<ModelInfo[]>;
  price(model: Model): ModelPrice | null;
  dispose(): Promise<void>;
}
