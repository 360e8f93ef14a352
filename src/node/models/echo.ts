import { TouchstoneError } from '../../core/errors.ts';
import type { CallContext, Model, ModelRef, ModelReply, ModelRequest } from '../../core/model/model.ts';
import { NO_USAGE } from '../../core/model/usage.ts';

/** Answers with the prompt: shows what would be sent, and tests assertions without a model. */
export class EchoModel implements Model {
  readonly ref: ModelRef;
  readonly endpoint = 'echo';
  readonly kind = 'local' as const;
  readonly identity = { adapter: 'echo' };
  readonly cacheable = false;

  constructor(ref: ModelRef) {
    this.ref = ref;
  }

  async generate(request: ModelRequest, { signal, onText }: CallContext): Promise<ModelReply> {
    if (signal.aborted) throw new TouchstoneError('cancelled', 'The request was cancelled.');
    const text = request.promptText;
    if (text !== '') onText?.(text);
    return { text, toolCalls: [], finishReason: 'stop', usage: NO_USAGE, reportedCost: 0 };
  }
}
