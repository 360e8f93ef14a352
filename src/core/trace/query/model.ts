import { TouchstoneError } from '../../errors.ts';

/** A query over traces. Everything it says is about a trace: that some span of it has this model, that its text holds that word. */
export type Query =
  | { readonly type: 'every' }
  | { readonly type: 'and' | 'or'; readonly terms: readonly Query[] }
  | { readonly type: 'not'; readonly term: Query }
  /** Words in a row. `prefix`: the last one may go on. */
  | { readonly type: 'text'; readonly text: string; readonly prefix: boolean }
  /** One of the patterns fits. */
  | { readonly type: 'match'; readonly field: TextField; readonly patterns: readonly Pattern[] }
  | { readonly type: 'compare'; readonly field: NumberField; readonly comparison: Comparison; readonly value: number }
  /** From and to, both included. */
  | { readonly type: 'between'; readonly field: NumberField; readonly from: number; readonly to: number }
  | { readonly type: 'time'; readonly field: TimeField; readonly moment: Moment };

/** The texts between the stars: `gpt-5*` is `['gpt-5', '']`, a text without a star is itself alone. Compared without regard to case. */
export type Pattern = readonly string[];

export const COMPARISONS = ['>=', '<=', '>', '<', '='] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** A point in time: so many milliseconds ago, days before today's midnight, or a date, in the zone of whoever asks unless it names one. */
export type Moment =
  | { readonly ago: number }
  | { readonly midnight: number }
  | { readonly date: readonly [year: number, month: number, day: number, hour: number, minute: number, second: number]; readonly zoneMinutes: number | null };

export type Unit = 'duration' | 'dollars' | 'count';

export interface Field {
  readonly type: 'text' | 'number' | 'time';
  readonly about: string;
  /** The only values there are. */
  readonly values?: readonly string[];
  /** Numbers: what is counted. Durations are in milliseconds. */
  readonly unit?: Unit;
  /** What a completion offers where there are no values to know. */
  readonly examples?: readonly string[];
}

const KINDS = ['llm', 'embedding', 'agent', 'tool', 'retriever', 'reranker', 'chain', 'guardrail', 'evaluator', 'prompt', 'memory', 'http', 'db', 'event', 'other'];

export const FIELDS = {
  status: { type: 'text', about: 'whether a span failed, or is still running', values: ['ok', 'error', 'running'] },
  kind: { type: 'text', about: 'kind of a span', values: KINDS },
  model: { type: 'text', about: 'model of a call' },
  provider: { type: 'text', about: 'provider of a model' },
  name: { type: 'text', about: 'name of the trace or of a span' },
  tool: { type: 'text', about: 'tool that was called' },
  agent: { type: 'text', about: 'name of an agent' },
  prompt: { type: 'text', about: 'name of a prompt' },
  error: { type: 'text', about: 'type of an error' },
  tag: { type: 'text', about: 'tag of a span' },
  service: { type: 'text', about: 'service that sent it' },
  environment: { type: 'text', about: 'environment it ran in' },
  user: { type: 'text', about: 'user' },
  session: { type: 'text', about: 'session, conversation or thread' },
  project: { type: 'text', about: 'project that the sender named' },
  origin: { type: 'text', about: 'how it came', values: ['received', 'imported', 'tailed', 'eval', 'fetched'] },
  id: { type: 'text', about: 'id of the trace, or how it begins' },
  duration: { type: 'number', unit: 'duration', about: 'from the first start to the last end', examples: ['>2s', '<300ms', '1s..5s'] },
  cost: { type: 'number', unit: 'dollars', about: 'US dollars', examples: ['>0.01', '>1'] },
  tokens: { type: 'number', unit: 'count', about: 'tokens of all calls', examples: ['>1000', '>=100k'] },
  spans: { type: 'number', unit: 'count', about: 'number of spans', examples: ['>100'] },
  errors: { type: 'number', unit: 'count', about: 'number of spans that failed', examples: ['>0', '0'] },
  calls: { type: 'number', unit: 'count', about: 'number of model calls', examples: ['>10'] },
  after: { type: 'time', about: 'started at this time or later', examples: ['-1h', '-7d', 'today', '2026-11-20'] },
  before: { type: 'time', about: 'started before this time', examples: ['-1h', 'today', '2026-11-20'] },
} as const satisfies Readonly<Record<string, Field>>;

/** Other words for a field. */
export const ALIASES: Readonly<Record<string, FieldName>> = { env: 'environment', trace: 'id', is: 'status', type: 'kind', tags: 'tag', since: 'after', until: 'before' };

export type FieldName = keyof typeof FIELDS;
type FieldOf<T extends Field['type']> = { [F in FieldName]: (typeof FIELDS)[F]['type'] extends T ? F : never }[FieldName];
export type TextField = FieldOf<'text'>;
export type NumberField = FieldOf<'number'>;
export type TimeField = FieldOf<'time'>;

/** A query that cannot be understood; the message names the column. `from`, `to`: the part that is wrong, zero-based. */
export class QueryError extends TouchstoneError {
  override readonly name = 'QueryError';
  readonly from: number;
  readonly to: number;

  constructor(message: string, from: number, to: number) {
    super('usage', `The query, column ${from + 1}: ${message}`);
    this.from = from;
    this.to = to;
  }
}

/** Whether the query says anything of a field, other than by the word itself. */
export function names(query: Query, field: FieldName): boolean {
  switch (query.type) {
    case 'and': case 'or': return query.terms.some((term) => names(term, field));
    case 'not': return names(query.term, field);
    case 'match': case 'compare': case 'between': case 'time': return query.field === field;
    case 'every': case 'text': return false;
  }
}
