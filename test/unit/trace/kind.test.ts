import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { read, type SpanSketch } from './spans.ts';

const CASES: readonly (readonly [kind: string, attributes: JsonObject, sketch?: SpanSketch])[] = [
  ['llm', { 'langfuse.observation.type': 'generation', 'openinference.span.kind': 'CHAIN' }],
  ['tool', { 'langfuse.observation.type': 'span', 'openinference.span.kind': 'TOOL' }],
  ['other', { 'langfuse.observation.type': 'span' }],
  ['guardrail', { 'langfuse.observation.type': 'guardrail' }],
  ['llm', { 'openinference.span.kind': 'LLM', 'gen_ai.operation.name': 'invoke_agent' }],
  ['reranker', { 'openinference.span.kind': 'reranker' }],
  ['prompt', { 'openinference.span.kind': 'PROMPT' }],
  ['llm', { 'openinference.span.kind': 'UNKNOWN', 'gen_ai.operation.name': 'chat' }],
  ['agent', { 'openinference.span.kind': 'None', 'gen_ai.operation.name': 'create_agent' }],
  ['llm', { 'gen_ai.operation.name': 'text_completion' }],
  ['llm', { 'gen_ai.operation.name': 'generate_content' }],
  ['embedding', { 'gen_ai.operation.name': 'embeddings' }],
  ['tool', { 'gen_ai.operation.name': 'execute_tool' }],
  ['retriever', { 'gen_ai.operation.name': 'retrieval' }],
  ['reranker', { 'gen_ai.operation.name': 'rerank' }],
  ['chain', { 'gen_ai.operation.name': 'invoke_workflow' }],
  ['chain', { 'gen_ai.operation.name': 'agent_step' }],
  ['memory', { 'gen_ai.operation.name': 'search_memory' }],
  ['memory', { 'gen_ai.operation.name': 'create_memory_store' }],
  ['event', { 'gen_ai.operation.name': 'content_event' }],
  ['other', { 'gen_ai.operation.name': 'execute_hook' }],
  ['retriever', { 'langsmith.span.kind': 'retriever', 'gen_ai.operation.name': 'embeddings' }],
  ['chain', { 'langsmith.span.kind': 'parser' }],
  ['chain', { 'traceloop.span.kind': 'task' }],
  ['agent', { 'traceloop.span.kind': 'agent' }],
  ['embedding', { 'llm.request.type': 'embedding' }],
  ['agent', { 'agentops.span.kind': 'agent' }],
  ['llm', { 'genkit:type': 'action', 'genkit:metadata:subtype': 'model' }],
  ['chain', { 'genkit:type': 'flow' }],
  ['llm', { 'ai.operationId': 'ai.streamText.doStream' }],
  ['chain', { 'ai.operationId': 'ai.streamText' }],
  ['llm', { 'operation.name': 'ai.generateObject.doGenerate my-function' }],
  ['embedding', { 'ai.operationId': 'ai.embedMany.doEmbed' }],
  ['tool', { 'ai.operationId': 'ai.toolCall' }],
  ['reranker', { 'ai.operationId': 'ai.rerank' }],
  ['agent', { 'span.type': 'interaction' }],
  ['llm', {}, { name: 'claude_code.llm_request', scope: 'com.anthropic.claude_code.tracing' }],
  ['other', {}, { name: 'claude_code.tool.execution', scope: 'com.anthropic.claude_code.tracing' }],
  ['tool', { 'mcp.method.name': 'tools/call' }],
  ['tool', { 'gen_ai.tool.call.id': 'c1' }],
  ['event', { 'logfire.span_type': 'log' }],
  ['agent', { agent_name: 'a', 'logfire.msg': 'a run' }, { name: 'agent run' }],
  ['llm', { 'gcp.vertex.agent.llm_request': '{}' }, { name: 'call_llm' }],
  ['tool', { 'mlflow.spanType': '"TOOL"' }],
  ['llm', { 'mlflow.spanType': 'CHAT_MODEL' }],
  ['retriever', { 'db.system': 'qdrant', 'db.operation': 'search' }],
  ['db', { 'db.system': 'qdrant', 'db.operation': 'upsert' }],
  ['llm', { 'gen_ai.response.model': 'm' }],
  ['db', { 'db.system.name': 'postgresql' }],
  ['http', { 'http.request.method': 'GET' }],
  ['other', { anything: 1 }],
];

describe('the kind of a span', () => {
  it.each(CASES.map(([kind, attributes, sketch]) => ({ kind, attributes, sketch })))('is $kind for $attributes', ({ kind, attributes, sketch }) => {
    expect(read(attributes, sketch).kind).toBe(kind);
  });

  it('names the attribute that decided', () => {
    expect(read({ 'openinference.span.kind': 'TOOL' }).sources.kind).toEqual(['openinference.span.kind']);
  });
});
