import { randomBytes } from 'node:crypto';
import type { Case } from '../../core/dataset/model.ts';
import { TouchstoneError } from '../../core/errors.ts';
import { Budget } from '../../core/eval/budget.ts';
import { callModel, type CallPorts } from '../../core/eval/call.ts';
import type { RunVersion } from '../../core/eval/model.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ChatMessage, Model, ModelCatalog, ModelReply, ModelRequest } from '../../core/model/model.ts';
import { valuesIn, valuesOfCase } from '../../core/match/values-of-case.ts';
import { promptTextOf } from '../../core/prompt/messages.ts';
import type { PromptDocument } from '../../core/prompt/model.ts';
import { lookUp } from '../../core/prompt/placeholders.ts';
import { replayAgent } from '../../core/replay/agent.ts';
import { recordedAnswer, recordedCall, type RecordedCall } from '../../core/replay/recorded-call.ts';
import { RecordedTools } from '../../core/replay/recorded-tools.ts';
import { spansOfReplay, type ReplayStep } from '../../core/replay/replay-trace.ts';
import { EMPTY_RANGE } from '../../core/text/position.ts';
import type { Span } from '../../core/trace/model.ts';
import { SPAN_KINDS } from '../../core/trace/skeleton.ts';
import { createScorer } from '../../node/scoring/index.ts';
import type { PromptOfReplay, PromptOrigin, Replay, ReplayOutput, ReplayRequest, ReplayVariables, SpanMethods, SpanNotifications, SpanPrompt, SpanRef } from '../../protocol/spans.ts';
import { goneIsNone } from '../origin/gone.ts';
import { checkBudget, readPrompts } from '../prepare.ts';
import type { VersionRegistry } from '../registry/version-registry.ts';
import { callPorts, renderCase, type Limiters } from '../run-ports.ts';
import type { Traces } from '../traces/traces.ts';
import type { Workspace } from '../workspace.ts';

export interface ReplayPorts {
  readonly workspace: Workspace;
  readonly traces: Traces;
  readonly registry: Pick<VersionRegistry, 'inPlaceOf'>;
  readonly limiters: Limiters;
  span(ref: SpanRef, signal: AbortSignal): Promise<Span>;
  promptOf(ref: SpanRef, overlays: ReplayRequest['overlays'], signal: AbortSignal): Promise<SpanPrompt>;
  onProgress(progress: SpanNotifications['replay/progress']): void;
}

/** What will be asked, however often. */
interface Prepared {
  readonly messages: readonly ChatMessage[];
  readonly settings: Pick<ModelRequest, 'parameters' | 'tools' | 'toolChoice' | 'responseFormat'>;
  readonly vars: JsonObject;
  readonly model: Model;
  readonly prompt: { readonly name: string; readonly version: string } | null;
  readonly notes: readonly string[];
}

/** How often one call is replayed at most. */
const MOST_TIMES = 100;
/** What an agent does at most: each step sends everything before it again. */
const MOST_STEPS = 200;
/** Calls of a recorded run whose answers are looked up: of tools, and the last ones of models, whose histories tell of the tools that have no spans. */
const MOST_TOOL_SPANS = 2000;
const MOST_CALL_SPANS = 100;

/**
 * Asks a model again what a recorded call asked, as it was or as a prompt's version would ask it now. Tools are never called: they answer
 * what they answered then. What was answered becomes a trace of its own; whatever was finished is kept when it is cancelled.
 */
export async function replay(request: ReplayRequest, ports: ReplayPorts, signal: AbortSignal): Promise<Replay> {
  const { workspace } = ports;
  workspace.requireTrust();
  if (!Number.isInteger(request.times) || request.times < 1 || request.times > MOST_TIMES) throw new TouchstoneError('usage', `A call is replayed 1 to ${MOST_TIMES} times, not ${request.times}.`);
  const steps = request.agent?.maxSteps ?? 1;
  if (!Number.isInteger(steps) || steps < 1 || steps > MOST_STEPS) throw new TouchstoneError('usage', `An agent is replayed for 1 to ${MOST_STEPS} steps, not ${steps}.`);
  const span = await ports.span(request.span, signal);
  const call = recordedCall(span);
  if (call === null) throw new TouchstoneError('usage', `${span.name} holds no messages that could be sent again.${span.contentHint === null ? '' : ` ${span.contentHint}`}`);
  const config = await workspace.usableConfig(workspace.files(request.overlays));
  const catalog = workspace.catalog(config);
  try {
    const prepared = await prepare(request, span, call, catalog, ports, signal);
    await prepared.model.ready?.();
    const budgetUsd = request.budgetUsd ?? config.budgetUsd ?? workspace.settings.defaultBudgetUsd;
    checkBudget({ models: [prepared.model], budgetUsd }, catalog);
    const asking = new Asking(prepared, callPorts({ limiters: ports.limiters, catalog, config, concurrency: workspace.settings.concurrency }), new Budget(budgetUsd), workspace.settings.maxRetries, signal);
    const outputs: ReplayOutput[] = [];
    for (let done = 0; done < request.times && !signal.aborted; done++) {
      const tell = (text: string): void => ports.onProgress({ stream: request.stream, done, of: request.times, text });
      outputs.push(await one(request, span, prepared, asking, ports, tell));
      ports.onProgress({ stream: request.stream, done: done + 1, of: request.times, text: '' });
    }
    if (outputs.length === 0) throw new TouchstoneError('cancelled', 'Cancelled.');
    return { recorded: recordedOf(span), outputs, model: prepared.model.ref.label ?? prepared.model.ref.id, notes: prepared.notes };
  } finally {
    await catalog.dispose();
  }
}

async function prepare(request: ReplayRequest, span: Span, call: RecordedCall, catalog: ModelCatalog, ports: ReplayPorts, signal: AbortSignal): Promise<Prepared> {
  if (request.with.kind === 'recorded') {
    const { messages, tools, parameters, notes } = call;
    return { messages, settings: { parameters, ...(tools.length === 0 ? {} : { tools }) }, vars: {}, model: await modelOf(request.model, span, null, catalog), prompt: await knownPrompt(request, ports, signal), notes };
  }
  const { document, version, origin, vars, missing } = await filledIn(request, request.with, ports, signal);
  const given = request.with.vars ?? {};
  const { workspace } = ports;
  if (missing.length > 0) throw new TouchstoneError('usage', `${document.name} needs ${missing.join(', ')}, which the recorded call does not tell. Give ${missing.length === 1 ? 'its value' : 'their values'}.`);
  const item: Case = { id: 'replay', vars, tags: [], assertions: [], metadata: {}, options: {}, place: { file: document.path, range: EMPTY_RANGE } };
  const scorer = createScorer({ allowCode: workspace.settings.trusted });
  try {
    const rendered = await renderCase(document, item, { scorer, signal });
    const since = origin === undefined || origin.end === 0 ? [] : call.messages.slice(origin.end);
    return {
      messages: [...rendered.messages, ...since],
      settings: settingsOf(document, call),
      vars,
      model: await modelOf(request.model, span, document, catalog),
      prompt: { name: document.name, version: version?.hash.slice(0, 12) ?? 'working' },
      notes: [...(since.length > 0 ? call.notes : []), ...(origin?.variables ?? []).filter(({ name, doubtful }) => doubtful && !Object.hasOwn(given, name)).map(({ name }) => `The value of ${name} is doubtful: the recorded text could have come about with another one.`)],
    };
  } finally {
    await scorer.dispose();
  }
}

type VariablePorts = Pick<ReplayPorts, 'workspace' | 'registry' | 'promptOf'>;

interface FilledIn extends ReplayVariables {
  readonly document: PromptDocument;
  readonly version: RunVersion | null;
  /** The prompt as the call shows it; `undefined`: it does not. */
  readonly origin: PromptOrigin | undefined;
}

/** The prompt of a replay, and the values for its variables. @throws TouchstoneError 'not-found' */
async function filledIn({ span, overlays }: Pick<ReplayRequest, 'span' | 'overlays'>, { path, ref, prompt: id, vars: given }: PromptOfReplay, ports: VariablePorts, signal: AbortSignal): Promise<FilledIn> {
  const { workspace } = ports;
  const files = workspace.files(overlays);
  const [found] = await readPrompts({ targets: [path], ...(id === undefined ? {} : { prompts: [id] }) }, { workspace, files, config: await workspace.usableConfig(files) });
  if (found === undefined) throw new TouchstoneError('not-found', `There is no prompt ${id ?? ''} in ${path}.`);
  const { prompt: document, version } = await ports.registry.inPlaceOf(found.prompt, ref, overlays, signal);
  const origin = (await ports.promptOf(span, overlays, signal)).origins.find((one) => one.path === path && (id === undefined || one.promptId === id));
  const vars = valuesOfCase([...(origin?.variables ?? []), ...valuesIn(given ?? {})], document.syntax);
  return { document, version, origin, name: document.name, vars, missing: document.variables.filter(({ name }) => lookUp(vars, name) === undefined).map(({ name }) => name) };
}

/** Which values a replay would take from the call, and which somebody has to give. @throws TouchstoneError 'not-found' */
export async function replayVariables(request: SpanMethods['replay/variables'][0], ports: VariablePorts, signal: AbortSignal): Promise<ReplayVariables> {
  const { name, vars, missing } = await filledIn(request, request.with, ports, signal);
  return { name, vars, missing };
}

/** The prompt of a call that is asked again as it was, where there is no doubt about it. */
async function knownPrompt(request: ReplayRequest, ports: ReplayPorts, signal: AbortSignal): Promise<Prepared['prompt']> {
  const { certain, origins: [origin] } = await ports.promptOf(request.span, request.overlays, signal);
  return origin === undefined || !certain ? null : { name: origin.name, version: origin.versions[0]?.ref.slice(0, 12) ?? 'working' };
}

/** A prompt that declares no tools leaves them to the app: the recorded ones are what it had. */
function settingsOf(document: PromptDocument, call: RecordedCall): Prepared['settings'] {
  const tools = document.tools.length > 0 ? document.tools : call.tools;
  return {
    parameters: document.parameters,
    ...(tools.length === 0 ? {} : { tools }),
    ...(document.toolChoice === undefined ? {} : { toolChoice: document.toolChoice }),
    ...(document.responseFormat === undefined ? {} : { responseFormat: document.responseFormat }),
  };
}

/** The model that was asked for; else the prompt's; else the one that answered then, under the name that this workspace has for it. */
async function modelOf(wanted: string | undefined, span: Span, document: PromptDocument | null, catalog: ModelCatalog): Promise<Model> {
  if (wanted !== undefined) return catalog.resolve({ id: wanted });
  const [first] = document?.models ?? [];
  if (first !== undefined) return catalog.resolve(first);
  const names = [span.modelRequested, span.model].filter((name) => name !== null);
  const candidates = names.flatMap((name) => [...(span.provider === null ? [] : [`${span.provider}/${name}`]), name]);
  for (const id of candidates) {
    try {
      return await catalog.resolve({ id });
    } catch (error) {
      if (!(error instanceof TouchstoneError) || error.code !== 'unknown-model') throw error;
    }
  }
  throw new TouchstoneError('unknown-model', `The recorded call asked ${names[0] ?? 'a model without a name'}, which is no model of this workspace. Name one, or give it an entry under "models:" in touchstone.yml.`);
}

/** Asks the model of a replay, and writes down what was asked and answered. */
class Asking {
  readonly #prepared: Prepared;
  readonly #ports: CallPorts;
  readonly #budget: Budget;
  readonly #maxRetries: number;
  readonly signal: AbortSignal;

  constructor(prepared: Prepared, ports: CallPorts, budget: Budget, maxRetries: number, signal: AbortSignal) {
    this.#prepared = prepared;
    this.#ports = ports;
    this.#budget = budget;
    this.#maxRetries = maxRetries;
    this.signal = signal;
  }

  async ask(messages: readonly ChatMessage[], steps: ReplayStep[], onText: (text: string) => void): Promise<{ reply: ModelReply; latencyMs: number; cost: number | null } | { error: { code: TouchstoneError['code']; message: string } }> {
    const { model, settings, vars } = this.#prepared;
    const request: ModelRequest = { ...settings, messages, promptText: promptTextOf(messages), case: { id: 'replay', vars }, repeat: 0 };
    const { tools, responseFormat, parameters } = settings;
    const asked = { messages, parameters: { ...parameters, ...(tools === undefined ? {} : { tools }), ...(responseFormat === undefined ? {} : { responseFormat }) } as JsonObject };
    const startMs = Date.now();
    const streaming = withText(model, onText);
    const called = await callModel(streaming, request, this.#ports, { budget: this.#budget, largestOutput: 0, maxRetries: this.#maxRetries, timeoutMs: undefined, firstAttempt: 1, signal: this.signal });
    if ('reply' in called) {
      const { reply, latencyMs, cost } = called;
      steps.push({ kind: 'call', request: asked, startMs, endMs: startMs + latencyMs, answer: { text: reply.text, toolCalls: reply.toolCalls, usage: reply.usage, cost, finishReason: reply.finishReason }, error: null });
      return { reply, latencyMs, cost };
    }
    const error = 'error' in called ? called.error : 'overBudget' in called ? { code: 'budget-exceeded' as const, message: called.overBudget } : { code: 'cancelled' as const, message: 'Cancelled.' };
    steps.push({ kind: 'call', request: asked, startMs, endMs: Date.now(), answer: null, error });
    return { error };
  }
}

/** The same model, telling its text as it comes. Its methods live on its prototype: what is asked of them is asked of it. */
function withText(model: Model, onText: (text: string) => void): Model {
  return new Proxy(model, {
    get(target, key) {
      if (key === 'generate') return ((asked, context) => target.generate(asked, { ...context, onText })) satisfies Model['generate'];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
}

async function one(request: ReplayRequest, span: Span, prepared: Prepared, asking: Asking, ports: ReplayPorts, tell: (text: string) => void): Promise<ReplayOutput> {
  const steps: ReplayStep[] = [];
  const result = request.agent === undefined ? await single(prepared, asking, steps, tell) : await agent(request.agent.maxSteps, request, prepared, asking, ports, steps, tell);
  const traceId = randomBytes(16).toString('hex');
  const spans = spansOfReplay({
    traceId,
    spanIds: Array.from({ length: steps.length + 1 }, () => randomBytes(8).toString('hex')),
    of: { traceId: span.traceId, spanId: span.spanId, name: span.name },
    model: prepared.model.ref.id,
    prompt: prepared.prompt,
    steps,
    output: result.output,
    stopped: result.stopped,
  });
  const sink = await ports.traces.sink();
  await sink.ingest({ spans, logs: [], rejected: [], origin: { kind: 'eval', place: 'replay' } });
  return { ...result, traceId };
}

type Answered = Omit<ReplayOutput, 'traceId'>;

async function single(prepared: Prepared, asking: Asking, steps: ReplayStep[], tell: (text: string) => void): Promise<Answered> {
  const asked = await asking.ask(prepared.messages, steps, tell);
  if ('error' in asked) return { output: '', toolCalls: [], messages: [], latencyMs: null, usage: null, cost: null, error: asked.error, stopped: null };
  const { reply, latencyMs, cost } = asked;
  return { output: reply.text, toolCalls: reply.toolCalls, messages: [], latencyMs, usage: reply.usage, cost, error: null, stopped: null };
}

async function agent(maxSteps: number, request: ReplayRequest, prepared: Prepared, asking: Asking, ports: ReplayPorts, steps: ReplayStep[], tell: (text: string) => void): Promise<Answered> {
  const tools = await recordedTools(request.span, ports, asking.signal);
  const sums = new Sums();
  try {
    const done = await replayAgent(prepared.messages, tools, async (messages) => {
      const asked = await asking.ask(messages, steps, tell);
      if ('error' in asked) throw new TouchstoneError(asked.error.code, asked.error.message);
      sums.add(asked);
      return { text: asked.reply.text, toolCalls: asked.reply.toolCalls };
    }, maxSteps, (call, result) => void steps.push({ kind: 'tool', call, result: result.text, similar: result.how === 'similar', atMs: Date.now() }));
    const last = done.messages.at(-1);
    return {
      output: done.output, toolCalls: last?.toolCalls ?? [], messages: done.messages, ...sums.total(), error: null,
      stopped: [done.stopped, ...done.notes].filter((note) => note !== null).join(' ') || null,
    };
  } catch (error) {
    if (!(error instanceof TouchstoneError)) throw error;
    // What was asked before it failed was paid for.
    return { output: '', toolCalls: [], messages: [], ...sums.total(), error: { code: error.code, message: error.message }, stopped: null };
  }
}

/** What the calls of an agent took together; what one of them does not say, nobody knows of all. */
class Sums {
  #calls = 0;
  #latencyMs = 0;
  #cost: number | null = 0;
  #input: number | null = 0;
  #output: number | null = 0;

  add({ reply, latencyMs, cost }: { readonly reply: ModelReply; readonly latencyMs: number; readonly cost: number | null }): void {
    this.#calls++;
    this.#latencyMs += latencyMs;
    this.#cost = sumOf(this.#cost, cost);
    this.#input = sumOf(this.#input, reply.usage?.input ?? null);
    this.#output = sumOf(this.#output, reply.usage?.output ?? null);
  }

  total(): Pick<ReplayOutput, 'latencyMs' | 'cost' | 'usage'> {
    if (this.#calls === 0) return { latencyMs: null, cost: null, usage: null };
    const usage = this.#input === null && this.#output === null ? null : { input: this.#input, cachedInput: null, output: this.#output, reasoning: null };
    return { latencyMs: this.#latencyMs, cost: this.#cost, usage };
  }
}

function sumOf(sum: number | null, one: number | null): number | null {
  return sum === null || one === null ? null : sum + one;
}

/** What the tools of the whole trace answered, in the order of time. Only their spans are read, however many others the trace has. */
async function recordedTools({ traceId }: SpanRef, ports: ReplayPorts, signal: AbortSignal): Promise<RecordedTools> {
  const skeleton = await ports.traces.read('traces/skeleton', { traceId }, signal);
  if (skeleton === null) return new RecordedTools([]);
  const ofKind = (kind: Span['kind']): number[] => Array.from(skeleton.kinds.keys()).filter((at) => SPAN_KINDS[skeleton.kinds[at] ?? -1] === kind).sort((a, b) => (skeleton.starts[a] ?? 0) - (skeleton.starts[b] ?? 0));
  const spans: Span[] = [];
  for (const at of [...ofKind('tool').slice(0, MOST_TOOL_SPANS), ...ofKind('llm').slice(-MOST_CALL_SPANS)]) {
    const span = await ports.span({ traceId, spanId: Buffer.from(skeleton.spanIds.subarray(at * 8, at * 8 + 8)).toString('hex') }, signal).catch(goneIsNone);
    if (span !== null) spans.push(span);
  }
  return new RecordedTools(spans);
}

function recordedOf(span: Span): Replay['recorded'] {
  const { tokens } = span;
  const latencyMs = span.endNs === null ? null : Number(BigInt(span.endNs) - BigInt(span.startNs)) / 1e6;
  const input = tokens === null || tokens.input === null ? null : tokens.input + (tokens.cacheRead ?? 0) + (tokens.cacheWrite ?? 0);
  const usage = tokens === null ? null : { input, cachedInput: tokens.cacheRead, output: tokens.output === null ? null : tokens.output + (tokens.reasoning ?? 0), reasoning: tokens.reasoning };
  return { ...recordedAnswer(span), latencyMs, usage, cost: span.cost, model: span.model };
}
