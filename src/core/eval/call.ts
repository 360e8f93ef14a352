import { TouchstoneError, errorMessage } from '../errors.ts';
import { backoffMs } from '../model/backoff.ts';
import type { Permit } from '../model/limits.ts';
import { ModelError, type Model, type ModelPrice, type ModelReply, type ModelRequest, type RateLimitStatus } from '../model/model.ts';
import type { Random } from '../stats/random.ts';
import type { Budget } from './budget.ts';
import { approximateRequestTokens, reservation } from './tokens.ts';

/** What a call needs from outside. */
export interface CallPorts {
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  /** Rejects when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: Random;
  acquire(model: Model, tokens: number, signal: AbortSignal): Promise<Permit>;
  price(model: Model): ModelPrice | null;
  /** US dollars of an answer, `null` unknown. */
  cost(model: Model, reply: ModelReply): number | null;
}

export interface CallOptions {
  readonly budget: Budget;
  /** The most output tokens that an answer of this run had so far. */
  readonly largestOutput: number;
  readonly maxRetries: number;
  /** Limit on one attempt as a whole. */
  readonly timeoutMs: number | undefined;
  readonly firstAttempt: number;
  readonly signal: AbortSignal;
  /** Before the request is sent; `startedAt` is of the monotonic clock. */
  readonly onStart?: (number: number, startedAt: number) => void;
  readonly onEnd?: (number: number, end: AttemptOutcome) => void;
  readonly traceparent?: (number: number) => string;
}

export type AttemptOutcome = { readonly reply: ModelReply; readonly latencyMs: number } | { readonly error: TouchstoneError } | { readonly stopped: true; readonly sent: boolean };

export type CallResult =
  /** `cost`, US dollars, of all attempts: refused ones cost 0; `null` when one was cut and may have been charged, or the price is unknown. */
  | { readonly reply: ModelReply; readonly latencyMs: number; readonly attempts: number; readonly cost: number | null }
  | { readonly error: { readonly code: TouchstoneError['code']; readonly message: string }; readonly attempts: number; readonly cost: number | null }
  | { readonly overBudget: string }
  | { readonly stopped: true };

/**
 * Asks a model until it answers or cannot: waits for the endpoint's rate limit, reserves its cost from the budget, tries again
 * what is transient with exponential back-off and full jitter (or after as long as the endpoint asked for). After a complete
 * answer nothing is sent again.
 */
export async function callModel(model: Model, request: ModelRequest, ports: CallPorts, options: CallOptions): Promise<CallResult> {
  const { budget, signal } = options;
  const price = ports.price(model);
  // A limit that nobody can watch is none. Models of a plan are looked at before; which judges a run will ask is known only now.
  if (budget.limited && price === null) return { overBudget: unpriced(model) };
  const free = price !== null && price.input === 0 && price.output === 0;
  let cut = false;
  for (let retry = 0; ; retry++) {
    const attempts = options.firstAttempt + retry;
    const reserved = price === null ? 0 : reservation(request, price, options.largestOutput);
    const allowed = await budget.reserve(reserved);
    if (signal.aborted) {
      if (allowed) budget.settle(reserved, 0);
      return { stopped: true };
    }
    if (!allowed) return { overBudget: budget.explain(reserved) };
    const outcome = await attempt(model, request, ports, options, attempts);
    if ('stopped' in outcome) {
      // What was on its way may be charged all the same.
      budget.settle(reserved, outcome.sent ? null : 0);
      return { stopped: true };
    }
    if ('reply' in outcome) {
      const cost = ports.cost(model, outcome.reply);
      budget.settle(reserved, cost);
      return { ...outcome, attempts, cost: cut && !free ? null : cost };
    }
    const { error } = outcome;
    const refused = isRefusal(error);
    cut ||= !refused;
    budget.settle(reserved, refused ? 0 : null);
    if (!(error instanceof ModelError && error.transient && retry < options.maxRetries)) {
      const tries = retry === 0 ? '' : ` (after ${retry} ${retry === 1 ? 'retry' : 'retries'})`;
      return { error: { code: error.code, message: `${error.message}${tries}` }, attempts, cost: cut && !free ? null : 0 };
    }
    try {
      await ports.sleep(backoffMs(retry, ports.random, error.retryAfterMs), signal);
    } catch {
      return { stopped: true };
    }
  }
}

function unpriced(model: Model): string {
  return `The run has a budget and the price of ${model.ref.id} is not known. Set it under "prices:" in touchstone.yml (US dollars per million tokens), or run without a budget.`;
}

async function attempt(model: Model, request: ModelRequest, ports: CallPorts, options: CallOptions, number: number): Promise<AttemptOutcome> {
  let permit: Permit;
  try {
    permit = await ports.acquire(model, approximateRequestTokens(request), options.signal);
  } catch (error) {
    return options.signal.aborted ? { stopped: true, sent: false } : { error: toTouchstoneError(error) };
  }
  const { traceparent } = options;
  const startedAt = ports.monotonic();
  options.onStart?.(number, startedAt);
  let limits: RateLimitStatus | null = null;
  const timeout = options.timeoutMs === undefined ? undefined : AbortSignal.timeout(options.timeoutMs);
  const signal = timeout === undefined ? options.signal : AbortSignal.any([options.signal, timeout]);
  let outcome: AttemptOutcome;
  try {
    const reply = await model.generate(request, { signal, onRateLimit: (status) => void (limits = status), ...(traceparent === undefined ? {} : { traceparent: () => traceparent(number) }) });
    const { usage } = reply;
    permit.release({ outcome: 'ok', status: limits, tokens: usage === null || usage.input === null || usage.output === null ? null : usage.input + usage.output });
    outcome = { reply, latencyMs: reply.latencyMs ?? ports.monotonic() - startedAt };
  } catch (cause) {
    const stopped = options.signal.aborted;
    const error =
      timeout?.aborted === true && !stopped
        ? new ModelError('timeout', `No complete answer within ${options.timeoutMs} ms (timeoutMs).`, { transient: true, cause })
        : toTouchstoneError(cause);
    permit.release({
      outcome: error.code === 'rate-limited' ? 'rate-limited' : 'failed',
      retryAfterMs: error instanceof ModelError ? error.retryAfterMs : null,
      status: limits,
    });
    outcome = stopped ? { stopped: true, sent: true } : { error };
  }
  options.onEnd?.(number, outcome);
  return outcome;
}

/** The endpoint answered with an error instead of a completion: nothing was produced, nothing is charged. What was cut may be charged: nobody tells. */
function isRefusal(error: TouchstoneError): boolean {
  return ['rate-limited', 'unauthorized', 'model-request', 'model-server', 'missing-secret'].includes(error.code);
}

export function toTouchstoneError(error: unknown): TouchstoneError {
  return error instanceof TouchstoneError ? error : new TouchstoneError('internal', errorMessage(error), { cause: error });
}
