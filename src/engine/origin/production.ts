import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { quantileSorted } from '../../core/stats/quantile.ts';
import type { Span } from '../../core/trace/model.ts';
import { isoOfNanos } from '../../core/trace/time.ts';
import { CallPrompts, MOST_TRACES, type CallPrompt, type CallUse, type Feedback, type UnmatchedTrace } from '../../node/sqlite/call-prompts.ts';
import { MOST_OLDER, type ProductionUse, type SpanMethods, type SpanPrompt, type SpanRef } from '../../protocol/spans.ts';
import { aborted } from '../aborted.ts';
import { goneIsNone } from './gone.ts';
import type { Template, Templates } from './templates.ts';

export interface ProductionPorts {
  database(): Promise<ConstructorParameters<typeof CallPrompts>[0]>;
  span(ref: SpanRef, signal: AbortSignal): Promise<Span>;
  templates(): Promise<Templates>;
  prompt(span: Span, templates: Templates): SpanPrompt;
  changed(): void;
  log(message: string): void;
}

/** Traces that are read of the store at once. */
const AT_ONCE = 20;
/** Between two looks at the prompts, which walk through the workspace. */
const LOOK_AGAIN_MS = 2000;
/** Calls of one trace that are looked at: an agent that made more repeats itself. */
const MOST_CALLS = 500;
const MOST_SCORES = 20;
const BUSY_MS = 100;
/** With `BUSY_MS` a minute: after that the next trace that comes begins anew. */
const MOST_TRIES = 600;

/** What production says of the prompts: finds out, in the background, which calls of the store they rendered. */
export class Production {
  readonly #ports: ProductionPorts;
  readonly #end = new AbortController();
  #working: Promise<void> | undefined;
  /** Somebody was told how many are still to be looked at. */
  #isAwaited = false;

  constructor(ports: ProductionPorts) {
    this.#ports = ports;
  }

  /** Looks at what came since the last time, or was changed. One look at a time. */
  nudge(): void {
    if (this.#end.signal.aborted) return;
    this.#working ??= this.#work()
      .catch((error: unknown) => {
        if (!this.#end.signal.aborted) this.#ports.log(`The prompts of calls could not be found: ${error instanceof Error ? error.message : String(error)}`);
      })
      .finally(() => {
        this.#working = undefined;
      });
  }

  /** For whoever cannot leave it to the background: waits for so long, or until everything was looked at, or nobody waits any more. */
  async match(forMs: number, signal: AbortSignal): Promise<SpanMethods['calls/match'][1]> {
    const calls = new CallPrompts(await this.#ports.database());
    const state = async (): Promise<SpanMethods['calls/match'][1]> => {
      const templates = await this.#ports.templates();
      const isWorking = this.#working !== undefined;
      // Without prompts there is nothing to find out.
      if (templates.byKey.size === 0) return { pending: 0, isWorking, newest: MOST_TRACES, older: 0 };
      const identity = identityOf(templates);
      const pending = this.#pending(calls, identity);
      // Counted once, at the end: who waits asks again and again.
      return { pending, isWorking, newest: MOST_TRACES, older: pending > 0 && isWorking ? 0 : calls.older(identity, MOST_OLDER) };
    };
    const before = await state();
    if (before.pending === 0 || signal.aborted) return before;
    this.nudge();
    const waited = new AbortController();
    await Promise.race([this.#working, sleep(forMs, undefined, { signal: waited.signal }).catch(() => undefined), aborted(signal)]);
    waited.abort();
    return state();
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#working;
  }

  async uses(path: string, days: number): Promise<ProductionUse[]> {
    const templates = await this.#ports.templates();
    const calls = new CallPrompts(await this.#ports.database());
    const since = `${Date.now() - days * 86_400_000}000000`;
    const pending = this.#pending(calls, identityOf(templates));
    if (pending > 0) this.nudge();
    const here = [...templates.byKey.values()].filter((template) => template.path === path);
    return [...new Set(here.map(({ promptId }) => promptId))].map((promptId) => useOf(promptId, here, calls.uses(promptId, since), calls.feedback(promptId, since), pending));
  }

  #pending(calls: CallPrompts, identity: string): number {
    const pending = calls.pending(identity);
    if (pending > 0) this.#isAwaited = true;
    return pending;
  }

  async #work(): Promise<void> {
    const { signal } = this.#end;
    const calls = new CallPrompts(await this.#ports.database());
    let found = 0;
    let templates = await this.#ports.templates();
    let looked = performance.now();
    for (;;) {
      if (performance.now() - looked > LOOK_AGAIN_MS) {
        templates = await this.#ports.templates();
        looked = performance.now();
      }
      const identity = identityOf(templates);
      const traces = templates.byKey.size === 0 ? [] : calls.unmatched(identity, AT_ONCE);
      for (const trace of traces) {
        if (signal.aborted) return;
        found += await this.#look(trace, calls, templates, identity);
        await nextTurn();
      }
      if (traces.length < AT_ONCE) break;
    }
    for (let pruned = AT_ONCE; pruned > 0 && !signal.aborted; ) {
      await this.#keep(() => { pruned = calls.prune(AT_ONCE); });
      await nextTurn();
    }
    // What is left by now came meanwhile, and is looked at with what comes next.
    const isKnown = this.#isAwaited && calls.pending(identityOf(templates)) === 0;
    if (isKnown) this.#isAwaited = false;
    if (found > 0 || isKnown) this.#ports.changed();
  }

  async #look(trace: UnmatchedTrace, calls: CallPrompts, templates: Templates, identity: string): Promise<number> {
    const found: CallPrompt[] = [];
    for (const { n, spanId } of calls.calls(trace.trace, MOST_CALLS)) {
      const span = await this.#ports.span({ traceId: trace.traceId, spanId }, this.#end.signal).catch(goneIsNone);
      if (span === null) continue;
      const prompt = this.#ports.prompt(span, templates);
      const [origin] = prompt.origins;
      // A guess is shown to whoever asks about one call. Counted is what is known.
      if (origin === undefined || !(prompt.how === 'said' || (prompt.how === 'matched' && origin.exact && (prompt.certain || prompt.origins.length === 1)))) continue;
      const [version] = origin.versions.length === 1 ? origin.versions : [];
      found.push({ span: n, promptId: origin.promptId, version: version?.ref ?? '', versionName: /^v\d+/.exec(version?.label ?? '')?.[0] ?? null, said: prompt.how === 'said' && span.promptName === origin.promptId, scores: scoresOf(span) });
    }
    await this.#keep(() => calls.keep(trace, identity, found));
    return found.length;
  }

  /** Traces that are written go first: whoever holds the store is waited for without holding up the engine. */
  async #keep(write: () => void): Promise<void> {
    for (let tries = 1; ; tries++) {
      this.#end.signal.throwIfAborted();
      try {
        return write();
      } catch (error) {
        if (!isBusy(error) || tries === MOST_TRIES) throw error;
      }
      await sleep(BUSY_MS, undefined, { signal: this.#end.signal });
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('SQLITE_BUSY');
}

/** Scores with a number, each name once. */
function scoresOf({ scores }: Span): CallPrompt['scores'] {
  return [...new Map(scores.flatMap(({ name, value }) => (value === null ? [] : [[name, { name, value }] as const]))).values()].slice(0, MOST_SCORES);
}

/** Names what prompts there are: with others, calls are matched again. */
function identityOf({ byKey }: Templates): string {
  // Versions never change, and the working copy is named by its hash.
  let hash = 0;
  for (const [key, template] of byKey) {
    let one = 0;
    for (const text of [key, template.hash, template.label]) for (let i = 0; i < text.length; i++) one = (Math.imul(one, 31) + text.charCodeAt(i)) | 0;
    // Whatever the order.
    hash = (hash + Math.imul(one, 0x9e3779b1)) | 0;
  }
  return `${byKey.size}-${(hash >>> 0).toString(16)}`;
}

function useOf(promptId: string, templates: readonly Template[], uses: readonly CallUse[], feedback: readonly Feedback[], pending: number): ProductionUse {
  const durations = Float64Array.from(uses.flatMap(({ durationMs }) => (durationMs === null ? [] : [durationMs]))).sort();
  const costs = uses.flatMap(({ cost }) => (cost === null ? [] : [cost]));
  const oldest = uses.at(-1);
  const byVersion = Map.groupBy(uses, ({ version }) => version);
  return {
    promptId,
    calls: uses.length,
    errors: uses.filter(({ failed }) => failed).length,
    p50Ms: quantileSorted(durations, 0.5),
    p95Ms: quantileSorted(durations, 0.95),
    costPerCall: costs.length === 0 ? null : costs.reduce((sum, cost) => sum + cost, 0) / costs.length,
    feedback,
    versions: [...byVersion].map(([ref, calls]) => ({
      ref,
      label: templates.find((template) => template.promptId === promptId && template.ref === ref)?.label ?? (ref === '' ? 'not known which' : ref.slice(0, 8)),
      calls: calls.length,
      errors: calls.filter(({ failed }) => failed).length,
    })),
    since: oldest === undefined ? null : isoOfNanos(oldest.startNs),
    query: `prompt:${/[\s":()]/.test(promptId) ? JSON.stringify(promptId) : promptId}`,
    pending,
  };
}
