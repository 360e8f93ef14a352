import { hiddenErrorOf } from '../findings/result-error.ts';
import type { RawSpan } from '../model.ts';
import type { SpanFacts } from '../normalise/normalise-span.ts';
import { totalOf } from '../normalise/tokens.ts';
import { FAILED, SPAN_FLAGS, SPAN_KINDS } from '../skeleton.ts';
import { FACETS, type Facet } from './facets.ts';
import { STORED_FLAGS } from './numbers.ts';

/** What the narrow columns of a span hold, with texts in place of their numbers. */
export interface SpanRow {
  /** Position in SPAN_KINDS. */
  readonly kind: number;
  /** Bits of SPAN_FLAGS and STORED_FLAGS, without those that the rest of its trace decides. */
  readonly flags: number;
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number;
  readonly name: string;
  readonly model: string | null;
  readonly tool: string | null;
  readonly service: string | null;
  readonly error: string | null;
  /** Input, cache read, cache write, output, reasoning. */
  readonly tokens: readonly (number | null)[];
  readonly cost: number | null;
  /** Nanoseconds after the start. */
  readonly firstTokenNs: number | null;
}

/** What a span says about its trace. */
export interface TraceShare {
  readonly session: string | null;
  readonly user: string | null;
  readonly environment: string | null;
  readonly service: string | null;
  readonly tags: readonly string[];
  /** Positions in FACETS, each with a value. */
  readonly facets: readonly (readonly [key: number, value: string])[];
}

const STATUS = { unset: 0, ok: 1, error: 2 } as const;
const LONGEST_ERROR = 200;
/** Longer values are nobody's filter; the text is found by searching. */
const LONGEST_FACET = 300;

const LLM = SPAN_KINDS.indexOf('llm');
const EMBEDDING = SPAN_KINDS.indexOf('embedding');
const TOOL = SPAN_KINDS.indexOf('tool');

export function rowOfSpan(span: SpanFacts, raw: Pick<RawSpan, 'events'>): SpanRow {
  const tokens = span.tokens;
  const hidden = hiddenErrorOf(span);
  let flags = 0;
  if (span.status === 'error') flags |= SPAN_FLAGS.error;
  if (span.endNs === null) flags |= SPAN_FLAGS.running;
  if (span.pending) flags |= SPAN_FLAGS.pending;
  if (raw.events.length > 0) flags |= SPAN_FLAGS.hasEvents;
  if (hidden !== null) flags |= SPAN_FLAGS.hiddenError;
  if (tokens !== null || span.costSource === 'reported') flags |= STORED_FLAGS.carriesUsage;
  if (span.costSource === 'reported') flags |= STORED_FLAGS.costReported;
  return {
    kind: SPAN_KINDS.indexOf(span.kind),
    flags,
    status: STATUS[span.status],
    name: span.name,
    model: span.model,
    tool: span.toolName,
    service: span.service,
    error: span.status === 'error' ? firstLine(span.error?.message ?? span.statusMessage ?? span.error?.type ?? '') : hidden === null ? null : firstLine(hidden),
    tokens: tokens === null ? NO_TOKENS : [tokens.input, tokens.cacheRead, tokens.cacheWrite, tokens.output, tokens.reasoning].map(whole),
    cost: span.cost,
    firstTokenNs: span.timeToFirstTokenMs === null ? null : whole(span.timeToFirstTokenMs * 1e6),
  };
}

const NO_TOKENS = [null, null, null, null, null];

/** A column of whole numbers takes no share of one; what a program computes is not always one. */
function whole(count: number | null): number | null {
  return count === null || !Number.isFinite(count) ? null : Math.min(Math.max(Math.round(count), -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

function firstLine(text: string): string {
  const trimmed = text.trimStart();
  const end = trimmed.indexOf('\n');
  return trimmed.slice(0, Math.min(LONGEST_ERROR, end < 0 ? LONGEST_ERROR : end)).trimEnd();
}

const KEYS = Object.fromEntries(FACETS.map((facet, index) => [facet, index])) as Record<Facet, number>;

/** `project`: named by whoever sent the batch. */
export function shareOfSpan(span: SpanFacts, raw: RawSpan, project: string | undefined): TraceShare {
  const facets: [number, string][] = [];
  const add = (facet: Facet, value: string | null | undefined): void => {
    if (value !== null && value !== undefined && value !== '' && value.length <= LONGEST_FACET) facets.push([KEYS[facet], value]);
  };
  add('kind', span.kind);
  add('name', span.name);
  add('model', span.modelRequested);
  if (span.modelServed !== span.modelRequested) add('model', span.modelServed);
  add('provider', span.provider);
  add('tool', span.toolName);
  add('agent', span.agentName);
  add('service', span.service);
  add('environment', span.environment);
  add('user', span.user);
  add('session', span.session);
  for (const tag of span.tags.slice(0, 50)) add('tag', tag);
  add('prompt', span.promptName);
  if (span.promptName !== null && span.promptVersion !== null) add('prompt', `${span.promptName}@${span.promptVersion}`);
  if (span.status === 'error') add('error', span.error?.type ?? 'error');
  add('operation', span.operation);
  add('project', project);
  add('scope', raw.scope.name);
  for (const score of span.scores.slice(0, 20)) add('score', score.name);
  return { session: span.session, user: span.user, environment: span.environment, service: span.service, tags: span.tags, facets };
}

/** What a span adds to the sums of its trace. */
export interface Contribution {
  readonly running: number;
  readonly errors: number;
  /** Of the errors those that only a result or a verdict tells. */
  readonly hiddenErrors: number;
  readonly llmCalls: number;
  readonly toolCalls: number;
  readonly tokens: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cost: number | null;
  readonly unpriced: number;
}

/** The columns that decide what a span adds. `flags`: with `callBelow`, as it stands now. */
export type CountedColumns = Pick<SpanRow, 'kind' | 'flags' | 'tokens' | 'cost'>;

export function contributionOf({ kind, flags, tokens, cost }: CountedColumns): Contribution {
  const repeats = (flags & STORED_FLAGS.callBelow) !== 0;
  const counts = (flags & STORED_FLAGS.carriesUsage) !== 0 && !repeats;
  const [input = null, cacheRead = null, cacheWrite = null, output = null, reasoning = null] = counts ? tokens : [];
  const total = totalOf({ input, cacheRead, cacheWrite, output, reasoning });
  return {
    running: (flags & SPAN_FLAGS.running) === 0 ? 0 : 1,
    errors: (flags & FAILED) === 0 ? 0 : 1,
    hiddenErrors: (flags & SPAN_FLAGS.hiddenError) === 0 ? 0 : 1,
    llmCalls: kind === LLM && !repeats ? 1 : 0,
    toolCalls: kind === TOOL ? 1 : 0,
    tokens: total,
    inputTokens: sum(input, cacheRead, cacheWrite),
    outputTokens: sum(output, reasoning),
    cost: counts ? cost : null,
    unpriced: total !== null && cost === null ? 1 : 0,
  };
}

function sum(...counts: (number | null)[]): number | null {
  let total: number | null = null;
  for (const count of counts) if (count !== null) total = (total ?? 0) + count;
  return total;
}

/** Whether the usage of everything above is a repetition of this span's. */
export function isCountedCall({ kind, flags }: Pick<SpanRow, 'kind' | 'flags'>): boolean {
  return (flags & STORED_FLAGS.carriesUsage) !== 0 && (kind === LLM || kind === EMBEDDING);
}
