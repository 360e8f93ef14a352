/** What `touchstone/runtime` gives to apps: its declarations are these, so nothing is imported here. */

/** Where to look for a prompt, and which version of it. */
export interface PromptOptions {
  /** The version that this environment points to; default `production`. */
  readonly environment?: string;
  /** This version: `v7`, `7`, its hash or the first 4 digits or more of it. */
  readonly version?: string | number;
  /** The folder with `.touchstone` in it, or one below it; default the current folder. */
  readonly folder?: string;
}

export interface PromptMessage {
  role: 'system' | 'developer' | 'user' | 'assistant' | 'tool';
  content: string | PromptContentPart[];
}

/** Part of a message as OpenAI's endpoints take it. */
export type PromptContentPart = { type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string } };

/** A tool that the model may call. */
export interface PromptTool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly strict?: boolean;
}

export type PromptResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | { readonly type: 'json_schema'; readonly name: string; readonly schema: Readonly<Record<string, unknown>>; readonly strict?: boolean };

export interface PromptParameters {
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxTokens?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly reasoningEffort?: string;
  /** What only the endpoint knows, as the prompt file has it. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A span of OpenTelemetry, or whatever takes attributes as one does. */
export interface AttributeSink {
  setAttribute(key: string, value: string): unknown;
}

/** One version of a prompt, ready to be asked. */
export interface Prompt {
  /** By which the prompt is found, such as `prompts/support/triage`. */
  readonly id: string;
  /** As people see it: `v7 · 3f9a1c2e`. */
  readonly version: string;
  readonly number: number;
  /** SHA-256 of the content, 64 hex digits. */
  readonly hash: string;
  /** The environment that led to it; `null`: the version was named. */
  readonly environment: string | null;
  /** The first model that the prompt names; `null`: none. */
  readonly model: string | null;
  readonly models: readonly string[];
  readonly parameters: PromptParameters;
  readonly tools: readonly PromptTool[];
  readonly toolChoice: unknown;
  readonly responseFormat: PromptResponseFormat | null;
  /** For the span of the request: `gen_ai.prompt.name` and `gen_ai.prompt.version`. */
  readonly attributes: { readonly 'gen_ai.prompt.name': string; readonly 'gen_ai.prompt.version': string };
  /**
   * The messages with their variables filled in. Values are inert: what one holds is never expanded. Data is written as JSON.
   * @throws PromptError 'missing-variable' | 'unsupported'
   */
  messages(variables?: Readonly<Record<string, unknown>>): PromptMessage[];
  /** Sets the attributes on a span, and gives it back. */
  annotate<S extends AttributeSink>(span: S): S;
}

export type PromptErrorCode = 'not-found' | 'ambiguous' | 'damaged' | 'diverged' | 'missing-variable' | 'unsupported';

export class PromptError extends Error {
  override readonly name: string = 'PromptError';
  readonly code: PromptErrorCode;

  constructor(code: PromptErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
