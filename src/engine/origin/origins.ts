import { TouchstoneError } from '../../core/errors.ts';
import { promptOfCall } from '../../core/replay/prompt-of-call.ts';
import type { Message, Span } from '../../core/trace/model.ts';
import { SPAN_KINDS } from '../../core/trace/skeleton.ts';
import type { Database } from '../../node/sqlite/database.ts';
import type { SpanMethods, SpanRef } from '../../protocol/spans.ts';
import type { TextOverlay } from '../../protocol/text-overlay.ts';
import type { Traces } from '../traces/traces.ts';
import type { Workspace } from '../workspace.ts';
import { goneIsNone } from './gone.ts';
import { GoldenCases } from './golden.ts';
import { Production } from './production.ts';
import { promptOfSpan } from './span-prompt.ts';
import { PromptTemplates, type Histories, type Templates } from './templates.ts';

export interface OriginEvents {
  /** Traces can be found by their prompts that could not be before, or it is known by now that there are none. */
  changed(): void;
  log(message: string): void;
}

export interface OriginParts {
  readonly workspace: Workspace;
  readonly traces: Traces;
  readonly histories: Histories;
  database(): Promise<Database>;
  /** The name of the source that a trace was fetched from; `null`: it came another way. */
  fetchedFrom(traceId: string): Promise<string | null>;
}

/** Traces that a sample of calls is taken from. */
const MOST_TRACES = 2000;
const QUIET_MS = 3000;

/** From a call to its prompt, and to a golden case; from a prompt to its calls. */
export class Origins {
  readonly #parts: OriginParts;
  /** As the files are, and as editors with unsaved changes have them: what is kept of calls never comes from the second. */
  readonly #templates: PromptTemplates;
  readonly #unsaved: PromptTemplates;
  readonly #production: Production;
  #later: NodeJS.Timeout | undefined;

  constructor(parts: OriginParts, events: OriginEvents) {
    this.#parts = parts;
    this.#templates = new PromptTemplates(parts.workspace, parts.histories);
    this.#unsaved = new PromptTemplates(parts.workspace, parts.histories);
    this.#production = new Production({
      database: () => parts.database(),
      span: (ref, signal) => this.span(ref, signal),
      templates: () => this.#templates.current(),
      prompt: promptOfSpan,
      changed: () => events.changed(),
      log: (message) => events.log(message),
    });
  }

  async promptOf({ overlays, ...ref }: SpanMethods['spans/prompt'][0], signal: AbortSignal): Promise<SpanMethods['spans/prompt'][1]> {
    return promptOfSpan(await this.span(ref, signal), await this.#templatesWith(overlays));
  }

  async production({ path, days }: SpanMethods['prompts/production'][0]): Promise<SpanMethods['prompts/production'][1]> {
    return { uses: await this.#production.uses(path, days ?? 30) };
  }

  match(forMs: number, signal: AbortSignal): Promise<SpanMethods['calls/match'][1]> {
    return this.#production.match(forMs, signal);
  }

  async newPrompt({ name, ...ref }: SpanMethods['calls/new-prompt'][0], signal: AbortSignal): Promise<SpanMethods['calls/new-prompt'][1]> {
    const span = await this.span(ref, signal);
    const made = promptOfCall(span, name);
    if (made === null) throw new TouchstoneError('usage', `This call holds no message that a prompt could begin with.${span.contentHint === null ? '' : ` ${span.contentHint}`}`);
    return made;
  }

  /** Traces came, or prompts changed: whose calls they are is found out once nothing has come for a while. */
  nudge(): void {
    clearTimeout(this.#later);
    this.#later = setTimeout(() => this.#production.nudge(), QUIET_MS).unref();
  }

  async golden(overlays: SpanMethods['golden/propose'][0]['overlays']): Promise<GoldenCases> {
    const templates = await this.#templatesWith(overlays);
    return new GoldenCases(this.#parts.workspace, {
      span: (ref, signal) => this.span(ref, signal),
      prompt: (span) => promptOfSpan(span, templates),
      calls: (query, limit, signal) => this.#calls(query, limit, signal),
      fetchedFrom: (traceId) => this.#parts.fetchedFrom(traceId),
    });
  }

  #templatesWith(overlays: readonly TextOverlay[] = []): Promise<Templates> {
    return overlays.length === 0 ? this.#templates.current() : this.#unsaved.current(overlays);
  }

  close(): Promise<void> {
    clearTimeout(this.#later);
    return this.#production.close();
  }

  /** A span with nothing cut of what it asked and answered. */
  async span({ traceId, spanId }: SpanRef, signal?: AbortSignal): Promise<Span> {
    const { traces } = this.#parts;
    const { span, cut } = await traces.read('traces/span', { traceId, spanId }, signal);
    let whole = span;
    for (const member of ['input', 'output', 'toolArguments', 'toolResult'] as const) {
      if (!cut.some(({ pointer }) => pointer === `/${member}` || pointer.startsWith(`/${member}/`))) continue;
      const { value } = await traces.read('traces/value', { traceId, spanId, pointer: `/${member}` }, signal);
      whole = { ...whole, [member]: value as readonly Message[] };
    }
    return whole;
  }

  async #calls(query: string, limit: number, signal: AbortSignal): Promise<SpanRef[]> {
    const { traces } = this.#parts;
    const { traceIds } = await traces.read('ids', { query, limit: MOST_TRACES }, signal);
    const calls: SpanRef[] = [];
    for (const traceId of traceIds) {
      const skeleton = await traces.read('traces/skeleton', { traceId }, signal).catch(goneIsNone);
      for (let at = 0; skeleton !== null && at < skeleton.count && calls.length < limit; at++) {
        if (SPAN_KINDS[skeleton.kinds[at] ?? -1] === 'llm') calls.push({ traceId, spanId: Buffer.from(skeleton.spanIds.subarray(at * 8, at * 8 + 8)).toString('hex') });
      }
      if (calls.length >= limit) break;
    }
    return calls;
  }
}
