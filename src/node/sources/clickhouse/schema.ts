import { isObject } from '../../../core/json.ts';
import { SourceError, type SourceSubject } from '../errors.ts';
import type { ClickhouseQueries } from './queries.ts';

/** The collector's exporter keeps attributes as maps of texts, or (`json: true`) in columns of ClickHouse's JSON type. */
export type AttributeForm = 'map' | 'json';

export interface Schema {
  /** `database.table`, quoted. */
  readonly table: string;
  readonly form: AttributeForm;
  /** When each trace began and ended, by its id; `null`: the table is not there. */
  readonly times: string | null;
  readonly logs: string | null;
}

const NEEDED = ['Timestamp', 'TraceId', 'SpanId', 'ParentSpanId', 'SpanName', 'SpanKind', 'ServiceName', 'ResourceAttributes', 'SpanAttributes', 'Duration', 'StatusCode'];

function quotedName(...parts: readonly string[]): string {
  return parts.map((part) => `\`${part.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``).join('.');
}

/** Looks which tables there are and how they keep attributes. @throws SourceError when they are not the collector's */
export async function readSchema(queries: ClickhouseQueries, names: { readonly database: string; readonly table: string; readonly logsTable: string }, subject: SourceSubject, signal: AbortSignal): Promise<Schema> {
  const { database, table, logsTable } = names;
  const found = await queries.rows(`SELECT table, name, type FROM system.columns WHERE database = {database:String} AND table IN ({table:String}, {times:String}, {logs:String}) LIMIT 1000`, { database, table, times: `${table}_trace_id_ts`, logs: logsTable }, signal);
  const columns = new Map<string, Map<string, string>>();
  for (const row of found) {
    if (!isObject(row) || typeof row['table'] !== 'string' || typeof row['name'] !== 'string') continue;
    const of = columns.get(row['table']) ?? new Map<string, string>();
    columns.set(row['table'], of.set(row['name'], String(row['type'])));
  }
  const own = columns.get(table);
  if (own === undefined) throw new SourceError('not-found', `${subject.vendor} at ${subject.host} (source "${subject.name}") has no table ${database}.${table}, or its user may not see it: name it with "database" and "table" in touchstone.yml.`);
  const missing = NEEDED.filter((name) => !own.has(name));
  const type = own.get('SpanAttributes') ?? '';
  const form: AttributeForm | null = type.startsWith('Map(') ? 'map' : type.startsWith('JSON') || type.startsWith('Object(') ? 'json' : null;
  if (missing.length > 0 || form === null) throw new SourceError('source-request', `The table ${database}.${table} of source "${subject.name}" is not one of the OpenTelemetry collector’s exporter: ${missing.length > 0 ? `it has no ${missing.join(', ')}` : `its SpanAttributes are ${type}`}. Tables of SigNoz, Langfuse or HyperDX are others.`);
  return { table: quotedName(database, table), form, times: columns.has(`${table}_trace_id_ts`) ? quotedName(database, `${table}_trace_id_ts`) : null, logs: columns.has(logsTable) ? quotedName(database, logsTable) : null };
}

/** Columns that reading a whole span takes, with times as texts: a double does not hold nanoseconds. */
export const SPAN_COLUMNS = `TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind, ServiceName, ResourceAttributes, ScopeName, ScopeVersion, SpanAttributes, toString(Duration) AS DurationNs, StatusCode, StatusMessage,
  toString(toUnixTimestamp64Nano(Timestamp)) AS StartNs, arrayMap(t -> toString(toUnixTimestamp64Nano(t)), \`Events.Timestamp\`) AS EventNs, \`Events.Name\`, \`Events.Attributes\`, \`Links.TraceId\`, \`Links.SpanId\`, \`Links.TraceState\`, \`Links.Attributes\``;

/** The text of an attribute; empty where a span has none. The name is ours, never a person's. */
function attribute({ form }: Pick<Schema, 'form'>, column: 'SpanAttributes' | 'ResourceAttributes', name: string): string {
  if (form === 'map') return `${column}['${name}']`;
  return `ifNull(toString(${[column, ...name.split('.').map((part) => `\`${part}\``)].join('.')}), '')`;
}

/** The first of several attributes that a span has, as conventions have named the same thing differently. */
export function firstOf(schema: Pick<Schema, 'form'>, column: 'SpanAttributes' | 'ResourceAttributes', names: readonly string[]): string {
  const texts = names.map((name) => attribute(schema, column, name));
  return texts.length === 1 ? texts[0]! : `coalesce(${texts.map((text) => `nullIf(${text}, '')`).join(', ')}, '')`;
}

/** Whether a span has one of the attributes. For maps it is put so that the exporter's index over keys leaves out what has none. */
export function hasOne(schema: Pick<Schema, 'form'>, names: readonly string[]): string {
  if (schema.form === 'json') return `(${names.map((name) => `${attribute(schema, 'SpanAttributes', name)} <> ''`).join(' OR ')})`;
  return names.length === 1 ? `mapContains(SpanAttributes, '${names[0]!}')` : `(${names.map((name) => `mapContains(SpanAttributes, '${name}')`).join(' OR ')})`;
}

/** Names of one thing in the conventions, newest first. */
export const NAMES = {
  model: ['gen_ai.request.model', 'gen_ai.response.model', 'llm.model_name', 'langfuse.observation.model.name', 'ai.model.id'],
  provider: ['gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system'],
  tool: ['gen_ai.tool.name', 'tool.name', 'ai.toolCall.name'],
  agent: ['gen_ai.agent.name', 'agent.name'],
  prompt: ['gen_ai.prompt.name', 'langfuse.observation.prompt.name', 'prompt.id'],
  user: ['user.id', 'enduser.id', 'langfuse.user.id'],
  session: ['session.id', 'gen_ai.conversation.id', 'langfuse.session.id'],
  tag: ['tag.tags', 'langfuse.trace.tags', 'logfire.tags'],
  errorType: ['error.type', 'exception.type'],
  input: ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens', 'llm.token_count.prompt'],
  output: ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens', 'llm.token_count.completion'],
  cost: ['gen_ai.usage.cost', 'llm.cost.total', 'operation.cost'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export const ENVIRONMENT = ['deployment.environment.name', 'deployment.environment'];
export const PROJECT = ['openinference.project.name', 'project.name'];

export const IS_ERROR = "StatusCode IN ('Error', 'STATUS_CODE_ERROR')";

const KIND_NAMES: Readonly<Record<string, { readonly operations: readonly string[]; readonly openInference: string | null; readonly langfuse: string | null }>> = {
  llm: { operations: ['chat', 'completion', 'text_completion', 'generate_content', 'generate_live_content'], openInference: 'LLM', langfuse: 'generation' },
  embedding: { operations: ['embeddings'], openInference: 'EMBEDDING', langfuse: 'embedding' },
  agent: { operations: ['invoke_agent', 'create_agent'], openInference: 'AGENT', langfuse: 'agent' },
  tool: { operations: ['execute_tool'], openInference: 'TOOL', langfuse: 'tool' },
  retriever: { operations: ['retrieval'], openInference: 'RETRIEVER', langfuse: 'retriever' },
  reranker: { operations: ['rerank'], openInference: 'RERANKER', langfuse: null },
  chain: { operations: ['invoke_workflow', 'plan', 'agent_step'], openInference: 'CHAIN', langfuse: 'chain' },
  guardrail: { operations: [], openInference: 'GUARDRAIL', langfuse: 'guardrail' },
  evaluator: { operations: [], openInference: 'EVALUATOR', langfuse: 'evaluator' },
};

/** Whether a span is of a kind, by what it says of itself; `null`: the table cannot tell. */
export function isOfKind(schema: Pick<Schema, 'form'>, kind: string): string | null {
  const names = Object.hasOwn(KIND_NAMES, kind) ? KIND_NAMES[kind] : undefined;
  if (names === undefined) return kind === 'db' ? `${attribute(schema, 'SpanAttributes', 'db.system')} <> ''` : kind === 'http' ? `${firstOf(schema, 'SpanAttributes', ['http.request.method', 'http.method'])} <> ''` : null;
  const tests = [
    ...(names.operations.length === 0 ? [] : [`${attribute(schema, 'SpanAttributes', 'gen_ai.operation.name')} IN (${names.operations.map((name) => `'${name}'`).join(', ')})`]),
    ...(names.openInference === null ? [] : [`upper(${attribute(schema, 'SpanAttributes', 'openinference.span.kind')}) = '${names.openInference}'`]),
    ...(names.langfuse === null ? [] : [`${attribute(schema, 'SpanAttributes', 'langfuse.observation.type')} = '${names.langfuse}'`]),
  ];
  return `(${tests.join(' OR ')})`;
}

/** Attributes by which calls of models are found. */
export const CALL_NAMES = [...NAMES.input, ...NAMES.output];
