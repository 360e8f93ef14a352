import { isObject } from '../../json.ts';
import type { SpanKind } from '../model.ts';
import type { SpanView } from './span-view.ts';

export interface KindDecision {
  readonly kind: SpanKind;
  /** The attribute that decided; none when it was the span's name, or nothing. */
  readonly from: readonly string[];
}

type Rule = (view: SpanView) => KindDecision | null;

/** A rule that looks a text up; what it does not know is left to the next rule. */
function byValue(key: string, kinds: Readonly<Record<string, SpanKind>>): Rule {
  const known = new Map(Object.entries(kinds));
  return (view) => {
    // MLflow writes its texts as JSON, in quotes
    const kind = known.get(view.text(key)?.toLowerCase().replace(/^"|"$/g, '') ?? '');
    return kind === undefined ? null : { kind, from: [key] };
  };
}

function byPresence(kind: SpanKind, ...keys: string[]): Rule {
  return (view) => {
    const key = keys.find((name) => view.has(name));
    return key === undefined ? null : { kind, from: [key] };
  };
}

const OPERATIONS: ReadonlyMap<string, SpanKind> = new Map(Object.entries({
  chat: 'llm', completion: 'llm', text_completion: 'llm', generate_content: 'llm', generate_live_content: 'llm', responses: 'llm',
  embeddings: 'embedding',
  invoke_agent: 'agent', create_agent: 'agent',
  execute_tool: 'tool',
  retrieval: 'retriever',
  rerank: 'reranker',
  invoke_workflow: 'chain', plan: 'chain', agent_step: 'chain', handle_conversation_turn: 'chain',
  content_event: 'event',
  execute_hook: 'other',
} satisfies Record<string, SpanKind>));

const operation: Rule = (view) => {
  // LangSmith's exporter derives the operation from its own kind, and calls retrievers `embeddings`.
  if (view.has('langsmith.span.kind')) return null;
  const value = view.text('gen_ai.operation.name');
  if (value === null) return null;
  const kind = OPERATIONS.get(value) ?? (/_memory(_store)?$|^memory_operation$/.test(value) ? 'memory' : null);
  return kind === null ? null : { kind, from: ['gen_ai.operation.name'] };
};

/** The Vercel AI SDK: `ai.….do…` is the call itself, the same name without it the wrapper around one or more. */
const vercel: Rule = (view) => {
  const from = view.has('ai.operationId') ? 'ai.operationId' : 'operation.name';
  const id = view.text(from)?.split(' ')[0] ?? '';
  const kind = /^ai\.(generate|stream)(Text|Object)\.do(Generate|Stream)$/.test(id) ? 'llm'
    : /^ai\.(generate|stream)(Text|Object)$/.test(id) ? 'chain'
      : /^ai\.embed(Many)?(\.doEmbed)?$/.test(id) ? 'embedding'
        : id === 'ai.toolCall' ? 'tool'
          : id.startsWith('ai.rerank') ? 'reranker' : null;
  return kind === null ? null : { kind, from: [from] };
};

const claudeCode: Rule = (view) => {
  const type = view.text('span.type') ?? (view.scope.includes('claude_code') || view.span.name.startsWith('claude_code.') ? view.span.name.replace('claude_code.', '') : null);
  const kind = type === null ? undefined : new Map<string, SpanKind>([['interaction', 'agent'], ['llm_request', 'llm'], ['tool', 'tool'], ['tool.execution', 'other'], ['tool.blocked_on_user', 'other'], ['hook', 'other']]).get(type);
  return kind === undefined ? null : { kind, from: view.has('span.type') ? ['span.type'] : [] };
};

const genkit: Rule = (view) => {
  const kinds = new Map<string, SpanKind>([['model', 'llm'], ['background-model', 'llm'], ['tool', 'tool'], ['embedder', 'embedding'], ['retriever', 'retriever'], ['reranker', 'reranker'], ['flow', 'chain'], ['flowstep', 'chain'], ['indexer', 'chain'], ['evaluator', 'evaluator'], ['agent', 'agent'], ['prompt', 'prompt'], ['executable-prompt', 'prompt'], ['action', 'chain'], ['util', 'chain'], ['helper', 'chain']]);
  for (const key of ['genkit:metadata:subtype', 'genkit:type']) {
    const kind = kinds.get(view.text(key)?.toLowerCase() ?? '');
    if (kind) return { kind, from: [key] };
  }
  return null;
};

/** Pydantic AI before it had operation names. */
const pydanticNames: Rule = (view) => {
  if (!view.scope.startsWith('pydantic') && !view.hasPrefix('logfire.')) return null;
  const { name } = view.span;
  if (/^(agent run|.+ run)$/.test(name) && (view.has('agent_name') || view.has('gen_ai.agent.name'))) return { kind: 'agent', from: [] };
  if (name.startsWith('running tool') && view.has('gen_ai.tool.name')) return { kind: 'tool', from: [] };
  return /^running \d+ tools?$/.test(name) ? { kind: 'chain', from: [] } : null;
};

const adk: Rule = (view) => {
  if (!view.hasPrefix('gcp.vertex.agent.')) return null;
  const { name } = view.span;
  if (name === 'call_llm') return { kind: 'llm', from: [] };
  if (name.startsWith('execute_tool')) return { kind: 'tool', from: [] };
  if (name.startsWith('agent_run') || name.startsWith('invoke_agent')) return { kind: 'agent', from: [] };
  return name.startsWith('invocation') ? { kind: 'chain', from: [] } : null;
};

/** Codex's spans are functions of its own; these two are a turn of the agent and a request to the model. */
const codex: Rule = (view) => {
  if (!view.scope.startsWith('codex')) return null;
  const [usage] = view.keys('codex.turn.token_usage.');
  if (usage !== undefined) return { kind: 'agent', from: [usage] };
  return /(^|\.)(stream_request|stream_responses(_api)?|responses_http)$/.test(view.span.name) ? { kind: 'llm', from: [] } : null;
};

/** LangChain's agents are chains to LangSmith; only their root says what it is. */
const langchainAgent: Rule = (view) => {
  const isRoot = view.has('langsmith.metadata.ls_agent_type') && !view.has('langsmith.metadata.langgraph_node');
  return isRoot && view.text('langsmith.span.kind') === 'chain' ? { kind: 'agent', from: ['langsmith.metadata.ls_agent_type'] } : null;
};

/** The Agents SDK's own steps are custom spans; their data says which. */
const openaiAgents: Rule = (view) => {
  const data = view.text('openai_agents.span.type') === 'custom' ? view.json('openai_agents.data') : undefined;
  return isObject(data) && (data['sdk_span_type'] === 'turn' || data['sdk_span_type'] === 'task') ? { kind: 'chain', from: ['openai_agents.data'] } : null;
};

const mcpTool: Rule = (view) => (view.text('mcp.method.name') === 'tools/call' ? { kind: 'tool', from: ['mcp.method.name'] } : null);

const VECTOR_STORES = /^(pinecone|weaviate|chroma|chromadb|qdrant|milvus|marqo|lancedb|azure[._ ]?(ai[._ ]?)?search)$/i;

/** A query to a vector store is a retrieval; anything else said to it is a database's business. */
const vectorStore: Rule = (view) => {
  const from = ['db.system.name', 'db.system'].find((key) => VECTOR_STORES.test(view.text(key) ?? ''));
  const results = view.events.some((event) => event.name === 'db.query.result' || event.name === 'db.search.result');
  if (from === undefined && !results) return null;
  const said = view.text('db.operation.name') ?? view.text('db.operation') ?? view.span.name;
  // What asks for documents, and not for a schema, an index or a number of them
  const asks = /query|search|retrieve|near|hybrid|bm25|\bget\b|get_document\b|fetch|peek|suggest|autocomplete/i.test(said.replace(/^azure_search\./, ''));
  const isOther = /^(up(load|sert)|merge|delete|create|index_documents)|\.schema\.|^(weaviate|chroma|qdrant|pinecone)\.(up|delete|create)/i.test(said.replace(/^azure_search\./, '')) || view.hasPrefix('db.weaviate.schema.');
  if (results || (asks && !isOther)) return { kind: 'retriever', from: from === undefined ? [] : [from] };
  return { kind: 'db', from: from === undefined ? [] : [from] };
};

const RULES: readonly Rule[] = [
  // `span` is what Langfuse's SDK says when nobody said more: other conventions may know better.
  byValue('langfuse.observation.type', { generation: 'llm', agent: 'agent', tool: 'tool', chain: 'chain', retriever: 'retriever', evaluator: 'evaluator', embedding: 'embedding', guardrail: 'guardrail', event: 'event' }),
  byValue('openinference.span.kind', { llm: 'llm', embedding: 'embedding', chain: 'chain', retriever: 'retriever', reranker: 'reranker', tool: 'tool', agent: 'agent', guardrail: 'guardrail', evaluator: 'evaluator', prompt: 'prompt' }),
  operation,
  langchainAgent,
  byValue('langsmith.span.kind', { llm: 'llm', chain: 'chain', tool: 'tool', retriever: 'retriever', embedding: 'embedding', prompt: 'prompt', parser: 'chain' }),
  byValue('traceloop.span.kind', { workflow: 'chain', task: 'chain', agent: 'agent', tool: 'tool' }),
  byValue('llm.request.type', { chat: 'llm', completion: 'llm', embedding: 'embedding', rerank: 'reranker' }),
  byValue('agentops.span.kind', { llm: 'llm', agent: 'agent', tool: 'tool', workflow: 'chain', task: 'chain', operation: 'chain', chain: 'chain', guardrail: 'guardrail', session: 'chain', 'agent.action': 'agent' }),
  byValue('opik.span.type', { llm: 'llm', tool: 'tool', guardrail: 'guardrail' }),
  byValue('openai_agents.span.type', { guardrail: 'guardrail', transcription: 'llm', speech: 'llm' }),
  openaiAgents,
  genkit,
  byValue('mlflow.spanType', { llm: 'llm', chat_model: 'llm', embedding: 'embedding', agent: 'agent', tool: 'tool', chain: 'chain', workflow: 'chain', task: 'chain', retriever: 'retriever', reranker: 'reranker', parser: 'chain', guardrail: 'guardrail', evaluator: 'evaluator', memory: 'memory' }),
  vercel,
  claudeCode,
  codex,
  mcpTool,
  byPresence('memory', 'gen_ai.memory.operation'),
  byPresence('tool', 'gen_ai.tool.call.id'),
  byPresence('tool', 'gen_ai.tool.name'),
  byValue('logfire.span_type', { log: 'event' }),
  pydanticNames,
  adk,
  vectorStore,
  byPresence('llm', 'gen_ai.request.model', 'gen_ai.response.model', 'llm.model_name', 'llm.request.model', 'llm.request.model_name', 'langfuse.observation.model.name'),
  byPresence('db', 'db.system.name', 'db.system', 'db.statement', 'db.query.text'),
  byPresence('http', 'http.request.method', 'http.method'),
];

/** The canonical kind: the first rule that knows decides. */
export function kindOf(view: SpanView): KindDecision {
  for (const rule of RULES) {
    const decision = rule(view);
    if (decision) return decision;
  }
  return { kind: 'other', from: [] };
}
