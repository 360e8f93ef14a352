import type { Judge, JudgeRequest } from '../assert/ports.ts';
import { TouchstoneError } from '../errors.ts';
import { canonicalJson } from '../json.ts';
import type { Model, ModelReply, ModelRequest } from '../model/model.ts';
import type { Budget } from './budget.ts';
import { callModel, type CallPorts } from './call.ts';

export interface JudgePorts extends CallPorts {
  /** SHA-256, hex. */
  readonly hash: (text: string) => string;
  findReply(replyKey: string): ModelReply | undefined;
  keepReply(replyKey: string, reply: ModelReply): Promise<void>;
}

export interface JudgeOptions {
  readonly budget: Budget;
  readonly maxRetries: number;
  readonly timeoutMs: number | undefined;
  readonly noCache: boolean;
}

/** A model as judge: rate limits, retries, the response cache and the run's budget are those of every other request. */
export function modelJudge(model: Model, ports: JudgePorts, options: JudgeOptions): Judge {
  return {
    id: model.ref.id,
    async ask(asked: JudgeRequest, signal: AbortSignal) {
      const request: ModelRequest = {
        messages: asked.messages,
        promptText: asked.messages.map((message) => (typeof message.content === 'string' ? message.content : '')).join('\n\n'),
        parameters: {},
        ...(asked.responseFormat === undefined ? {} : { responseFormat: asked.responseFormat }),
        case: { id: 'judge', vars: {} },
        repeat: 0,
      };
      const shared = model.cacheable && !options.noCache;
      const key = shared ? ports.hash(canonicalJson({ judge: model.identity, messages: request.messages, responseFormat: request.responseFormat })) : undefined;
      const known = key === undefined ? undefined : ports.findReply(key);
      if (known !== undefined) return { text: known.text, cost: 0 };
      const called = await callModel(model, request, ports, { ...options, largestOutput: 0, firstAttempt: 1, signal });
      if ('reply' in called) {
        if (key !== undefined) void ports.keepReply(key, { ...called.reply, latencyMs: called.latencyMs });
        return { text: called.reply.text, cost: called.cost };
      }
      if ('stopped' in called) throw new TouchstoneError('cancelled', 'Cancelled.');
      if ('overBudget' in called) throw new TouchstoneError('budget-exceeded', called.overBudget);
      throw new TouchstoneError(called.error.code, `The judge ${model.ref.id} did not answer: ${called.error.message}`);
    },
  };
}
