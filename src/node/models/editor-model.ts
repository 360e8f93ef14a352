import { errorMessage, TouchstoneError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { ModelError, type CallContext, type ChatMessage, type Model, type ModelRef, type ModelReply, type ModelRequest, type ToolCall } from '../../core/model/model.ts';
import { cancelledError } from './http-errors.ts';

/** The editor's own language models, behind the extension. */
export interface EditorModels {
  list(): Promise<readonly { readonly id: string; readonly name: string; readonly maxInputTokens: number }[]>;
  /** @throws any error; its message is shown */
  generate(request: EditorRequest): Promise<{ readonly text: string; readonly toolCalls: readonly ToolCall[]; readonly notes: readonly string[]; readonly inputTokens: number | null }>;
}

export interface EditorRequest {
  /** What follows `vscode:`: an id, a family, or `vendor/family`. */
  readonly id: string;
  readonly messages: readonly ChatMessage[];
  readonly options: JsonObject;
  readonly signal: AbortSignal;
  readonly onText?: (delta: string) => void;
}

const FOLDED = 'The editor\'s models know no system role: the system message was sent as the first user message.';

/** `vscode:…`: one of the models that VS Code offers to extensions. */
export class EditorModel implements Model {
  readonly ref: ModelRef;
  readonly endpoint: string;
  readonly kind = 'editor' as const;
  readonly identity: JsonObject;
  readonly cacheable = true;
  readonly #selector: string;
  readonly #models: EditorModels;

  constructor(ref: ModelRef, selector: string, models: EditorModels) {
    this.ref = ref;
    this.#selector = selector;
    this.#models = models;
    this.endpoint = `vscode:${selector}`;
    this.identity = { adapter: 'vscode', selector };
  }

  async ready(): Promise<void> {
    if ((await this.#models.list()).length > 0) return;
    throw new TouchstoneError('unknown-model', `The model "${this.ref.id}" cannot be used: there are no language models of VS Code here. In the terminal there never are; in VS Code, sign in to an extension that has some.`);
  }

  async generate(request: ModelRequest, { signal, onText }: CallContext): Promise<ModelReply> {
    if (signal.aborted) throw cancelledError();
    const { temperature, topP, maxTokens, stop, seed, extra } = request.parameters;
    const options: JsonObject = {
      ...extra,
      ...(temperature === undefined ? {} : { temperature }),
      ...(topP === undefined ? {} : { top_p: topP }),
      ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
      ...(stop === undefined ? {} : { stop }),
      ...(seed === undefined ? {} : { seed }),
      ...(request.tools === undefined || request.tools.length === 0 ? {} : { tools: request.tools }),
    };
    const aborted = whenAborted(signal);
    try {
      const asked = this.#models.generate({ id: this.#selector, messages: request.messages, options, signal, ...(onText === undefined ? {} : { onText }) });
      const reply = await Promise.race([asked, aborted.promise]);
      const folded = request.messages.some((message) => message.role === 'system' || message.role === 'developer');
      const notes = reply.notes.length === 0 && folded ? [FOLDED] : reply.notes;
      return {
        text: reply.text,
        toolCalls: reply.toolCalls,
        finishReason: null,
        usage: reply.inputTokens === null ? null : { input: reply.inputTokens, cachedInput: null, output: null, reasoning: null },
        reportedCost: null,
        ...(notes.length === 0 ? {} : { metadata: { notes } }),
      };
    } catch (error) {
      if (signal.aborted) throw cancelledError();
      if (error instanceof TouchstoneError) throw error;
      throw new ModelError('model-request', `The editor's model ${this.#selector} failed: ${errorMessage(error)}`, { transient: false });
    } finally {
      aborted.dispose();
    }
  }
}

/** Rejects when the signal is aborted: the extension may take its time to stop. */
function whenAborted(signal: AbortSignal): { readonly promise: Promise<never>; dispose(): void } {
  let onAbort: () => void = () => undefined;
  const promise = new Promise<never>((_, reject) => {
    onAbort = (): void => reject(cancelledError());
    signal.addEventListener('abort', onAbort, { once: true });
  });
  promise.catch(() => undefined);
  return { promise, dispose: () => signal.removeEventListener('abort', onAbort) };
}
