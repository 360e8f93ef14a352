import type { PriceOverrides } from '../../model/prices.ts';
import { jsonOfAttributes } from '../any-value.ts';
import type { RawLog, RawSpan, Span, SpanKind } from '../model.ts';
import { contentHint } from './content-hint.ts';
import { costOfTokens, priceOfModel } from './cost.ts';
import type { Dialect } from './dialect.ts';
import { DIALECTS } from './dialects/index.ts';
import { documentsOf } from './documents.ts';
import { Draft } from './draft.ts';
import { kindOf } from './kind.ts';
import { codeLocationOf } from './source-location.ts';
import { errorOf } from './span-error.ts';
import { agentInName, SpanView, textOf } from './span-view.ts';

export interface NormaliseOptions {
  /** Prices of touchstone.yml. */
  readonly prices?: PriceOverrides;
  readonly pending?: boolean;
}

/**
 * What a span means, read by every convention it speaks. `logs`: the log records that belong to it. The role of its usage depends
 * on the rest of its trace (see normaliseTrace): here a span that has usage is a leaf.
 */
export function normaliseSpan(span: RawSpan, logs: readonly RawLog[] = [], options: NormaliseOptions = {}): Span {
  const draft = new Draft(new SpanView(span, logs));
  const dialects = readDialects(draft);
  complete(draft);
  completeContent(draft);
  return assemble(span, draft, dialects.map((dialect) => dialect.name), options);
}

/** What a span is found, filtered and counted by: a `Span` without what was said. */
export type SpanFacts = Pick<Span, 'name' | 'kind' | 'startNs' | 'endNs' | 'status' | 'statusMessage' | 'operation' | 'provider' | 'model' | 'modelRequested' | 'modelServed' | 'toolName' | 'toolResult' | 'tokens' | 'cost' | 'costSource' | 'costComputed' | 'session' | 'user' | 'agentName' | 'promptName' | 'promptVersion' | 'tags' | 'scores' | 'error' | 'service' | 'environment' | 'pending' | 'timeToFirstTokenMs'>;

/** With what a span began. */
export type SpanOpening = Pick<Span, 'kind' | 'input' | 'inputForm' | 'toolArguments'>;

/**
 * The same as the members of `normaliseSpan`, for a third of its time: messages are not read, except with what a span of a kind that is
 * asked for began.
 */
export function factsOfSpan(span: RawSpan, logs: readonly RawLog[] = [], options: NormaliseOptions = {}, withOpening: (kind: SpanKind) => boolean = never): { readonly facts: SpanFacts; readonly opening: SpanOpening | null } {
  const view = new SpanView(span, logs);
  const decision = kindOf(view);
  const isAsked = withOpening(decision.kind);
  const draft = new Draft(view, isAsked ? 'input' : 'none');
  readDialects(draft, decision);
  const input = draft.get('input');
  const opening = isAsked ? { kind: decision.kind, input: input?.value ?? null, inputForm: input?.form ?? null, toolArguments: draft.get('toolArguments') } : null;
  complete(draft);
  return { facts: facts(span, draft, options), opening };
}

function never(): boolean {
  return false;
}

function readDialects(draft: Draft, { kind, from } = kindOf(draft.view)): readonly Dialect[] {
  const { view } = draft;
  draft.set('kind', kind, ...from);
  const dialects = DIALECTS.filter((dialect) => dialect.detect(view));
  for (const dialect of dialects) dialect.read(draft);
  return dialects;
}

/** What no convention says and follows from what they said. */
function complete(draft: Draft): void {
  const { view } = draft;
  const error = errorOf(view);
  if (error) draft.set('error', error.error, ...error.from);
  if (draft.get('environment') === null) {
    const key = ['deployment.environment.name', 'deployment.environment'].find((name) => view.resource(name) !== null);
    if (key !== undefined) draft.set('environment', view.resource(key), `resource ${key}`);
    else draft.text('environment', 'deployment.environment.name', 'deployment.environment');
  }
  draft.text('session', 'session.id');
  draft.text('user', 'user.id', 'enduser.id');
  const kind = draft.get('kind');
  // Langfuse's SDK has no other name for an agent than that of its span; conventions that it carries on may have one.
  if (view.text('langfuse.observation.type')?.toLowerCase() === 'agent') draft.set('agentName', agentInName(view.span.name) ?? view.span.name);
  if (kind === 'tool') {
    draft.set('toolName', view.span.name.replace(/^(?:execute_tool|tools\/call|running tool:?)\s+/, '') || null);
  }
  firstToken(draft);
}

/** The same of what was said, and of where in the program. */
function completeContent(draft: Draft): void {
  const { view } = draft;
  const code = codeLocationOf(view, draft.get('error'));
  if (code) draft.set('code', code.location, ...code.from);
  if (draft.get('kind') === 'retriever') {
    const output = draft.get('output');
    const documents = output ? documentsOf(output.value) : null;
    const input = draft.get('input');
    if (documents && output?.form !== 'messages') draft.set('retrieval', { query: textOf(input?.value), topK: null, source: null, documents }, ...(draft.sources.output ?? []));
  }
  draft.withoutHistory();
  const output = draft.get('output');
  if (output?.form === 'messages') {
    const reasons = (output.value as { finishReason?: string }[]).flatMap((message) => (message.finishReason === undefined ? [] : [message.finishReason]));
    if (reasons.length > 0) draft.set('finishReasons', reasons, ...(draft.sources.output ?? []));
  }
}

const FIRST_TOKEN_EVENTS = new Set(['ai.stream.firstChunk', 'new_token', 'llm.content.completion.chunk', 'gen_ai.content.chunk', 'first_token']);

/** Some SDKs say when the first token came by an event alone. */
function firstToken(draft: Draft): void {
  const event = draft.view.events.find(({ name }) => FIRST_TOKEN_EVENTS.has(name));
  if (!event) return;
  const ns = BigInt(event.timeNs) - BigInt(draft.view.span.startTimeUnixNano);
  if (ns >= 0n) draft.set('timeToFirstTokenMs', Number(ns) / 1e6, event.source);
}

function facts(span: RawSpan, draft: Draft, options: NormaliseOptions): SpanFacts {
  const error = draft.get('error');
  const modelRequested = draft.get('modelRequested');
  const modelServed = draft.get('modelServed');
  const provider = providerName(draft.get('provider'));
  const tokens = draft.get('tokens');
  const reported = draft.get('costReported');
  const computed = tokens === null ? null : computedCost(provider, modelServed, modelRequested, tokens, options.prices ?? NO_PRICES);
  return {
    name: span.name,
    kind: draft.get('kind') ?? 'other',
    startNs: span.startTimeUnixNano,
    endNs: span.endTimeUnixNano,
    status: error !== null || span.status.code === 2 ? 'error' : span.status.code === 1 ? 'ok' : 'unset',
    statusMessage: span.status.message !== '' ? span.status.message : (error?.message ?? null),
    operation: draft.get('operation'),
    provider,
    model: modelServed ?? modelRequested,
    modelRequested,
    modelServed,
    toolName: draft.get('toolName'),
    toolResult: draft.get('toolResult'),
    tokens,
    cost: reported ?? computed,
    costSource: reported !== null ? 'reported' : computed !== null ? 'computed' : null,
    costComputed: computed,
    session: draft.get('session'),
    user: draft.get('user'),
    agentName: draft.get('agentName'),
    promptName: draft.get('promptName'),
    promptVersion: draft.get('promptVersion'),
    tags: draft.get('tags') ?? [],
    scores: draft.get('scores') ?? [],
    error,
    service: draft.view.resource('service.name'),
    environment: draft.get('environment'),
    pending: options.pending ?? false,
    timeToFirstTokenMs: draft.get('timeToFirstTokenMs'),
  };
}

const NO_PRICES: PriceOverrides = {};

function assemble(span: RawSpan, draft: Draft, dialects: readonly string[], options: NormaliseOptions): Span {
  const { view } = draft;
  const read = facts(span, draft, options);
  const { kind, error, tokens, toolResult } = read;
  const input = draft.get('input');
  const output = draft.get('output');
  const code = draft.get('code');
  const toolArguments = draft.get('toolArguments');
  const spoken = { input: input?.value ?? null, inputForm: input?.form ?? null, output: output?.value ?? null, outputForm: output?.form ?? null, toolArguments, toolResult };
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentId: span.parentSpanId,
    name: span.name,
    kind,
    otelKind: span.kind,
    startNs: span.startTimeUnixNano,
    endNs: span.endTimeUnixNano,
    status: read.status,
    statusMessage: read.statusMessage,
    dialects,
    operation: read.operation,
    provider: read.provider,
    model: read.model,
    modelRequested: read.modelRequested,
    modelServed: read.modelServed,
    parameters: draft.get('parameters'),
    responseId: draft.get('responseId'),
    finishReasons: draft.get('finishReasons') ?? [],
    timeToFirstTokenMs: read.timeToFirstTokenMs,
    ...spoken,
    tools: draft.get('tools'),
    toolName: read.toolName,
    toolCallId: draft.get('toolCallId'),
    tokens,
    cost: read.cost,
    costSource: read.costSource,
    costComputed: read.costComputed,
    usageRole: tokens !== null || read.costSource === 'reported' ? 'leaf' : null,
    usageReason: null,
    session: read.session,
    user: read.user,
    agentName: read.agentName,
    agentId: draft.get('agentId'),
    promptName: read.promptName,
    promptVersion: read.promptVersion,
    promptVariables: draft.get('promptVariables'),
    tags: read.tags,
    metadata: draft.get('metadata'),
    scores: read.scores,
    error,
    retrieval: draft.get('retrieval'),
    memory: draft.get('memory'),
    codeFile: code?.file ?? null,
    codeLine: code?.line ?? null,
    codeColumn: code?.column ?? null,
    codeFunction: code?.function ?? null,
    service: read.service,
    environment: read.environment,
    resource: view.members,
    scope: { name: span.scope.name, version: span.scope.version },
    pending: read.pending,
    contentHint: contentHint({ ...spoken, kind, dialects, running: span.endTimeUnixNano === null, failed: error !== null }),
    sources: draft.sources,
    attributes: jsonOfAttributes(span.attributes),
    events: span.events.map((event) => ({ timeNs: event.timeUnixNano, name: event.name, attributes: jsonOfAttributes(event.attributes) })),
    links: span.links.map((link) => ({ traceId: link.traceId, spanId: link.spanId, attributes: jsonOfAttributes(link.attributes) })),
  };
}

/** Names of before semantic conventions 1.37, in today's. */
const PROVIDERS: ReadonlyMap<string, string> = new Map([['az.ai.openai', 'azure.ai.openai'], ['az.ai.inference', 'azure.ai.inference'], ['vertex_ai', 'gcp.vertex_ai'], ['bedrock', 'aws.bedrock'], ['xai', 'x_ai']]);

function providerName(said: string | null): string | null {
  const name = said?.toLowerCase() ?? null;
  return name === null ? null : (PROVIDERS.get(name) ?? name);
}

function computedCost(provider: string | null, served: string | null, requested: string | null, tokens: NonNullable<Span['tokens']>, prices: PriceOverrides): number | null {
  const price = (served === null ? null : priceOfModel(provider, served, prices)) ?? (requested === null ? null : priceOfModel(provider, requested, prices));
  return price === null ? null : costOfTokens(tokens, price);
}
