import { describe, expect, it } from 'vitest';
import { read, text } from './spans.ts';

const CALL = { type: 'tool_call', id: 'c1', name: 'weather', arguments: { city: 'Bern' } };

describe('OpenInference', () => {
  it('reads flattened messages, tools, tokens, cost, tags', () => {
    const span = read({
      'openinference.span.kind': 'LLM', 'llm.provider': 'openai', 'llm.model_name': 'gpt-4o', 'llm.invocation_parameters': '{"temperature":0.1}', 'input.value': '{"messages":"raw"}', 'output.value': 'raw',
      'llm.input_messages.10.message.role': 'user', 'llm.input_messages.10.message.content': 'last',
      'llm.input_messages.0.message.role': 'system', 'llm.input_messages.0.message.content': 'Be brief.',
      'llm.input_messages.1.message.role': 'user', 'llm.input_messages.1.message.contents.0.message_content.type': 'text', 'llm.input_messages.1.message.contents.0.message_content.text': 'What is this?',
      'llm.input_messages.1.message.contents.1.message_content.type': 'image', 'llm.input_messages.1.message.contents.1.message_content.image.image.url': 'data:image/png;base64,QUJD',
      'llm.input_messages.3.message.role': 'tool', 'llm.input_messages.3.message.tool_call_id': 'c0', 'llm.input_messages.3.message.content': '{"ok":true}',
      'llm.output_messages.0.message.role': 'assistant', 'llm.output_messages.0.message.tool_calls.0.tool_call.id': 'c1', 'llm.output_messages.0.message.tool_calls.0.tool_call.function.name': 'weather', 'llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments': '{"city":"Bern"}',
      'llm.tools.0.tool.json_schema': '{"type":"function","function":{"name":"weather","description":"d","parameters":{"type":"object"}}}',
      'llm.token_count.prompt': 100, 'llm.token_count.completion': 30, 'llm.token_count.prompt_details.cache_read': 40, 'llm.token_count.prompt_details.cache_write': 10, 'llm.token_count.completion_details.reasoning': 5, 'llm.token_count.total': 130,
      'llm.cost.total': 0.5, 'session.id': 's', 'user.id': 'u', 'tag.tags': ['a', 'b'], metadata: '{"team":"x"}', 'llm.prompt_template.version': 'v2', 'llm.prompt_template.variables': '{"q":1}', 'agent.name': 'n',
    });
    expect(span).toMatchObject({
      kind: 'llm', provider: 'openai', model: 'gpt-4o', parameters: { temperature: 0.1 },
      input: [
        text('system', 'Be brief.'),
        { role: 'user', parts: [{ type: 'text', text: 'What is this?' }, { type: 'image', mimeType: 'image/png', data: 'QUJD', url: null }] },
        { role: 'tool', parts: [{ type: 'tool_result', id: 'c0', result: { ok: true } }] },
        text('user', 'last'),
      ],
      output: [{ role: 'assistant', parts: [CALL] }],
      tools: [{ name: 'weather', description: 'd', parameters: { type: 'object' } }],
      tokens: { input: 50, cacheRead: 40, cacheWrite: 10, output: 25, reasoning: 5 }, cost: 0.5, costSource: 'reported', session: 's', user: 'u', tags: ['a', 'b'], metadata: { team: 'x' }, promptVersion: 'v2', promptVariables: { q: 1 }, agentName: 'n',
    });
    expect(span.costComputed).toBeCloseTo((50 * 2.5 + 40 * 1.25 + 10 * 2.5 + 30 * 10) / 1e6, 12);
  });

  it('reads tools, retrievals, rerankings and annotations', () => {
    expect(read({ 'openinference.span.kind': 'TOOL', 'tool.name': 'weather', 'input.value': '{"city":"Bern"}', 'output.value': '4 C', 'tool_call.id': 'c1' })).toMatchObject({ toolName: 'weather', toolCallId: 'c1', toolArguments: { city: 'Bern' }, toolResult: '4 C' });
    expect(read({ 'openinference.span.kind': 'RETRIEVER', 'input.value': 'q', 'retrieval.documents.0.document.id': 'd', 'retrieval.documents.0.document.content': 'c', 'retrieval.documents.0.document.score': 0.7, 'retrieval.documents.0.document.metadata': '{"page":1}' }).retrieval).toEqual({ query: 'q', topK: null, source: null, documents: [{ id: 'd', content: 'c', score: 0.7, metadata: { page: 1 } }] });
    expect(read({ 'openinference.span.kind': 'RERANKER', 'reranker.query': 'q', 'reranker.top_k': 1, 'reranker.output_documents.0.document.content': 'c' }).retrieval).toMatchObject({ query: 'q', topK: 1, documents: [{ content: 'c' }] });
    expect(read({ 'openinference.span.kind': 'CHAIN', 'annotations.0.annotation.name': 'ok', 'annotations.0.annotation.label': 'good', 'annotations.0.annotation.score': 1, 'evaluations.0.evaluation.name': 'e' }).scores).toEqual([{ name: 'ok', value: 1, label: 'good', explanation: null }, { name: 'e', value: null, label: null, explanation: null }]);
  });

  it('survives an index bomb', () => {
    const bomb = Object.fromEntries(Array.from({ length: 12_000 }, (_, index) => [`llm.input_messages.${index}.message.role`, 'user']));
    const span = read({ 'openinference.span.kind': 'LLM', ...bomb, 'llm.input_messages.999999999.message.content': 'x' });
    expect((span.input as unknown[]).length).toBe(10_001);
    expect(Object.keys(span.attributes)).toHaveLength(12_002);
  });
});

describe('OpenLLMetry', () => {
  it('reads flattened prompts, completions and functions', () => {
    const span = read({
      'llm.request.type': 'chat', 'gen_ai.system': 'OpenAI', 'gen_ai.request.model': 'gpt-4o', 'llm.temperature': 0.3,
      'gen_ai.prompt.0.role': 'user', 'gen_ai.prompt.0.content': 'Weather?', 'gen_ai.prompt.1.role': 'assistant', 'gen_ai.prompt.1.tool_calls.0.id': 'c1', 'gen_ai.prompt.1.tool_calls.0.name': 'weather', 'gen_ai.prompt.1.tool_calls.0.arguments': '{"city":"Bern"}', 'gen_ai.prompt.2.role': 'tool', 'gen_ai.prompt.2.tool_call_id': 'c1', 'gen_ai.prompt.2.content': '4 C',
      'gen_ai.completion.0.content': 'Cold.', 'gen_ai.completion.0.finish_reason': 'stop',
      'llm.request.functions.0.name': 'weather', 'llm.request.functions.0.description': 'd', 'llm.request.functions.0.parameters': '{"type":"object"}',
      'gen_ai.usage.prompt_tokens': 10, 'gen_ai.usage.completion_tokens': 5, 'llm.usage.total_tokens': 15, 'traceloop.association.properties.session_id': 's', 'traceloop.association.properties.user_id': 'u', 'traceloop.prompt.key': 'p', 'traceloop.prompt.version': 4, 'traceloop.prompt.template_variables': '{"a":1}', 'traceloop.workflow.name': 'w',
    });
    expect(span).toMatchObject({
      kind: 'llm', provider: 'openai', input: [text('user', 'Weather?'), { role: 'assistant', parts: [CALL] }, { role: 'tool', parts: [{ type: 'tool_result', id: 'c1', result: '4 C' }] }], output: [{ ...text('assistant', 'Cold.'), finishReason: 'stop' }],
      tools: [{ name: 'weather', description: 'd', parameters: { type: 'object' } }], tokens: { input: 10, output: 5 }, session: 's', user: 'u', promptName: 'p', promptVersion: '4', promptVariables: { a: 1 }, agentName: 'w', parameters: { temperature: 0.3 },
    });
  });

  it('reads tools and workflows', () => {
    expect(read({ 'traceloop.span.kind': 'tool', 'traceloop.entity.name': 'weather', 'traceloop.entity.input': '{"inputs":{"city":"Bern"},"kwargs":{}}', 'traceloop.entity.output': '{"t":4}' })).toMatchObject({ kind: 'tool', toolName: 'weather', toolArguments: { city: 'Bern' }, toolResult: { t: 4 } });
    expect(read({ 'traceloop.span.kind': 'workflow', 'traceloop.entity.input': '{"args":["hi"]}', 'traceloop.entity.output': '"ho"' })).toMatchObject({ kind: 'chain', input: { args: ['hi'] }, output: 'ho' });
  });

  it('adds up what Anthropic counts apart, where the SDK does not', () => {
    const usage = { 'llm.request.type': 'chat', 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 1, 'gen_ai.usage.cache_read_input_tokens': 60 };
    expect(read(usage, { scope: '@traceloop/instrumentation-anthropic' }).tokens?.input).toBe(100);
    expect(read(usage, { scope: 'opentelemetry.instrumentation.anthropic' }).tokens?.input).toBe(40);
    expect(read({ ...usage, 'gen_ai.usage.cache_read_input_tokens': 101 }).tokens?.input).toBe(100);
  });
});

describe('Vercel AI SDK', () => {
  it('reads a call of version 5', () => {
    const span = read({
      'operation.name': 'ai.streamText.doStream chat', 'ai.operationId': 'ai.streamText.doStream', 'ai.model.provider': 'openai.responses', 'ai.model.id': 'gpt-5-mini', 'ai.response.model': 'gpt-5-mini-2025', 'ai.response.id': 'r', 'ai.settings.maxRetries': 2,
      'ai.prompt.messages': JSON.stringify([{ role: 'system', content: 'Be brief.' }, { role: 'user', content: [{ type: 'text', text: 'Weather?' }, { type: 'file', mediaType: 'image/png', data: 'data:image/png;base64,QQ==' }] }, { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: { city: 'Bern' } }] }, { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'c1', toolName: 'weather', output: { type: 'json', value: { t: 4 } } }] }]),
      'ai.prompt.tools': ['{"type":"function","name":"weather","description":"d","inputSchema":{"type":"object"}}'], 'ai.prompt.toolChoice': '{"type":"auto"}',
      'ai.response.text': 'Cold.', 'ai.response.reasoning': 'hm', 'ai.response.toolCalls': '[{"toolCallId":"c2","toolName":"weather","input":{"city":"Basel"}}]', 'ai.response.finishReason': 'tool-calls', 'ai.response.msToFirstChunk': 120.5,
      'ai.usage.inputTokens': 100, 'ai.usage.outputTokens': 40, 'ai.usage.totalTokens': 140, 'ai.usage.cachedInputTokens': 60, 'ai.usage.reasoningTokens': 15,
      'ai.telemetry.functionId': 'chat', 'ai.telemetry.metadata.sessionId': 's', 'ai.telemetry.metadata.userId': 'u', 'ai.telemetry.metadata.tags': ['x'], 'ai.telemetry.metadata.langfusePrompt': '{"name":"p","version":7}',
    }, { scope: 'ai' });
    expect(span).toMatchObject({
      kind: 'llm', provider: 'openai', modelRequested: 'gpt-5-mini', model: 'gpt-5-mini-2025', finishReasons: ['tool-calls'], timeToFirstTokenMs: 120.5,
      input: [text('system', 'Be brief.'), { role: 'user', parts: [{ type: 'text', text: 'Weather?' }, { type: 'file', mimeType: 'image/png', data: 'QQ==' }] }, { role: 'assistant', parts: [CALL] }, { role: 'tool', parts: [{ type: 'tool_result', id: 'c1', name: 'weather', result: { t: 4 } }] }],
      output: [{ role: 'assistant', parts: [{ type: 'reasoning', text: 'hm' }, { type: 'text', text: 'Cold.' }, { type: 'tool_call', id: 'c2', name: 'weather', arguments: { city: 'Basel' } }] }],
      tools: [{ name: 'weather', description: 'd', parameters: { type: 'object' } }], tokens: { input: 40, cacheRead: 60, output: 25, reasoning: 15 }, session: 's', user: 'u', tags: ['x'], promptName: 'p', promptVersion: '7', agentName: 'chat', parameters: { maxRetries: 2, toolChoice: { type: 'auto' } },
    });
  });

  it('reads version 4: prompt and completion tokens, args and result', () => {
    expect(read({ 'ai.operationId': 'ai.generateText', 'ai.prompt': '{"system":"s","prompt":"q"}', 'ai.result.text': 'a', 'ai.usage.promptTokens': 4, 'ai.usage.completionTokens': 2, 'ai.finishReason': 'stop' }, { scope: 'ai' })).toMatchObject({ kind: 'chain', input: [text('system', 's'), text('user', 'q')], output: [text('assistant', 'a')], tokens: { input: 4, output: 2 }, finishReasons: ['stop'] });
    expect(read({ 'ai.operationId': 'ai.toolCall', 'ai.toolCall.name': 'weather', 'ai.toolCall.id': 'c1', 'ai.toolCall.args': '{"city":"Bern"}', 'ai.toolCall.result': '{"t":4}' })).toMatchObject({ kind: 'tool', toolName: 'weather', toolCallId: 'c1', toolArguments: { city: 'Bern' }, toolResult: { t: 4 } });
  });

  it('reads version 6 and what providers add', () => {
    expect(read({ 'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'anthropic.messages', 'ai.model.id': 'claude-haiku-4-5', 'ai.usage.inputTokens': 20, 'ai.usage.outputTokens': 2, 'ai.response.providerMetadata': '{"anthropic":{"cacheCreationInputTokens":9},"gateway":{"cost":"0.25"}}', 'ai.usage.inputTokenDetails.cacheReadTokens': 4 })).toMatchObject({ provider: 'anthropic', tokens: { input: 7, cacheRead: 4, cacheWrite: 9, output: 2 }, cost: 0.25, costSource: 'reported' });
    expect(read({ 'ai.operationId': 'ai.embed.doEmbed', 'ai.values': ['"a"'], 'ai.usage.tokens': 3 })).toMatchObject({ kind: 'embedding', tokens: { input: 3, output: null } });
    expect(read({ 'ai.operationId': 'ai.generateObject.doGenerate', 'ai.response.object': '{"a":1}' }).output).toEqual([{ role: 'assistant', parts: [{ type: 'json', value: { a: 1 } }] }]);
  });

  it('takes the first token’s time from an event', () => {
    expect(read({ 'ai.operationId': 'ai.streamText.doStream' }, { start: 1000, events: [['ai.stream.firstChunk', {}]] })).toMatchObject({ timeToFirstTokenMs: 0 });
  });

  it('reads version 7: plain gen_ai with extras', () => {
    expect(read({ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'f', 'gen_ai.provider.name': 'openai', 'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.output_tokens': 1, 'ai.usage.inputTokenDetails.noCacheTokens': 9 }, { scope: 'gen_ai' })).toMatchObject({ kind: 'agent', agentName: 'f', tokens: { input: 9, output: 1 } });
  });
});

describe('Langfuse', () => {
  it('reads a generation of its SDK', () => {
    const span = read({
      'langfuse.observation.type': 'generation', 'langfuse.observation.model.name': 'gpt-4o', 'langfuse.observation.model.parameters': '{"temperature":0}', 'langfuse.observation.input': '[{"role":"user","content":"q"}]', 'langfuse.observation.output': '{"role":"assistant","content":"a"}',
      'langfuse.observation.usage_details': '{"input":40,"output":20,"input_cached_tokens":60,"output_reasoning_tokens":5,"total":125}', 'langfuse.observation.cost_details': '{"input":0.1,"output":0.2}', 'langfuse.observation.completion_start_time': '"1970-01-01T00:00:01.250Z"',
      'langfuse.session.id': 's', 'user.id': 'u', 'langfuse.observation.prompt.name': 'p', 'langfuse.observation.prompt.version': 2, 'langfuse.environment': 'staging', 'langfuse.trace.tags': ['t'], 'langfuse.observation.metadata.k': 'v', 'langfuse.observation.level': 'ERROR', 'langfuse.observation.status_message': 'bad',
    }, { scope: 'langfuse-sdk' });
    expect(span).toMatchObject({ kind: 'llm', model: 'gpt-4o', input: [text('user', 'q')], output: [text('assistant', 'a')], tokens: { input: 40, cacheRead: 60, output: 20, reasoning: 5 }, timeToFirstTokenMs: 250, session: 's', user: 'u', promptName: 'p', promptVersion: '2', environment: 'staging', tags: ['t'], metadata: { k: 'v' }, status: 'error', statusMessage: 'bad', costSource: 'reported' });
    expect(span.cost).toBeCloseTo(0.3, 12);
  });

  it('takes a provider’s own numbers as they are', () => {
    expect(read({ 'langfuse.observation.type': 'generation', 'langfuse.observation.usage_details': '{"prompt_tokens":100,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":30}}' }).tokens).toMatchObject({ input: 70, cacheRead: 30, output: 20 });
    expect(read({ 'langfuse.observation.type': 'generation', 'langfuse.observation.usage_details': '{"input":100,"output":20,"cache_read_input_tokens":30,"total":120}' }).tokens).toMatchObject({ input: 70, cacheRead: 30, output: 20 });
  });
});

describe('Logfire and Pydantic AI', () => {
  it('reads an agent’s conversation and its sums', () => {
    const all = [{ role: 'system', parts: [{ type: 'text', content: 's' }] }, { role: 'user', parts: [{ type: 'text', content: 'q' }] }, { role: 'assistant', parts: [CALL] }, { role: 'user', parts: [{ type: 'tool_call_response', id: 'c1', name: 'weather', result: '4 C' }] }, { role: 'assistant', parts: [{ type: 'text', content: 'Cold.' }] }];
    expect(read({ 'logfire.msg': 'a run', agent_name: 'a', model_name: 'gpt-4o', 'pydantic_ai.all_messages': JSON.stringify(all), final_result: 'Cold.', 'gen_ai.aggregated_usage.input_tokens': 9, 'gen_ai.aggregated_usage.output_tokens': 3, 'logfire.tags': ['x'], 'logfire.level_num': 17 }, { name: 'agent run' })).toMatchObject({
      kind: 'agent', modelRequested: 'gpt-4o', agentName: 'a', input: [text('system', 's'), text('user', 'q'), { role: 'assistant', parts: [CALL] }, { role: 'tool', parts: [{ type: 'tool_result', id: 'c1', name: 'weather', result: '4 C' }] }], output: [text('assistant', 'Cold.')], tokens: { input: 9, output: 3 }, tags: ['x'], status: 'error',
    });
  });

  it('reads packed events, tools, parameters and cost', () => {
    const events = [{ 'event.name': 'gen_ai.user.message', content: 'q', role: 'user' }, { 'event.name': 'gen_ai.tool.message', content: '4 C', id: 'c1', name: 'weather' }, { 'event.name': 'gen_ai.choice', index: 0, message: { role: 'assistant', content: 'a' } }];
    expect(read({ 'gen_ai.operation.name': 'chat', events: JSON.stringify(events), model_request_parameters: '{"function_tools":[{"name":"weather","description":"d","parameters_json_schema":{"type":"object"}}]}', 'operation.cost': 0.001, 'gen_ai.usage.details.reasoning_tokens': 3, 'gen_ai.usage.output_tokens': 5, 'gen_ai.usage.input_tokens': 2, 'logfire.msg': 'chat' })).toMatchObject({ input: [text('user', 'q'), { role: 'tool', parts: [{ type: 'tool_result', id: 'c1', result: '4 C' }] }], output: [text('assistant', 'a')], tools: [{ name: 'weather', description: 'd', parameters: { type: 'object' } }], cost: 0.001, tokens: { input: 2, output: 2, reasoning: 3 } });
    expect(read({ 'gen_ai.tool.name': 'weather', 'logfire.msg': 'running tool', tool_arguments: '{"city":"Bern"}', tool_response: '4 C' })).toMatchObject({ kind: 'tool', toolName: 'weather', toolArguments: { city: 'Bern' }, toolResult: '4 C' });
  });

  it('reads its instrumentation of OpenAI', () => {
    expect(read({ 'logfire.msg': 'Chat', request_data: '{"model":"gpt-4o","messages":[{"role":"user","content":"q"}],"tools":[{"type":"function","function":{"name":"weather"}}]}', response_data: '{"message":{"role":"assistant","content":"a"},"usage":{"prompt_tokens":5,"completion_tokens":2}}', 'gen_ai.request.model': 'gpt-4o' })).toMatchObject({ kind: 'llm', input: [text('user', 'q')], output: [text('assistant', 'a')], tools: [{ name: 'weather' }], tokens: { input: 5, output: 2 } });
  });
});

describe('LangSmith', () => {
  it('reads LangChain’s messages, generations and usage', () => {
    const inputs = { messages: [[{ lc: 1, type: 'constructor', id: ['langchain', 'schema', 'messages', 'SystemMessage'], kwargs: { content: 's', type: 'system' } }, { lc: 1, type: 'constructor', id: ['langchain', 'schema', 'messages', 'HumanMessage'], kwargs: { content: 'q', type: 'human' } }, { lc: 1, type: 'constructor', id: ['langchain', 'schema', 'messages', 'ToolMessage'], kwargs: { content: '4 C', tool_call_id: 'c1', type: 'tool' } }]] };
    const outputs = { generations: [[{ text: '', generation_info: { finish_reason: 'tool_calls' }, message: { lc: 1, type: 'constructor', id: ['langchain', 'schema', 'messages', 'AIMessage'], kwargs: { content: '', tool_calls: [{ name: 'weather', args: { city: 'Bern' }, id: 'c1', type: 'tool_call' }], additional_kwargs: { tool_calls: [{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } }] }, usage_metadata: { input_tokens: 50, output_tokens: 9, input_token_details: { cache_read: 20 } } } } }]] };
    expect(read({ 'langsmith.span.kind': 'llm', 'langsmith.metadata.ls_provider': 'openai', 'langsmith.metadata.ls_model_name': 'gpt-4o', 'langsmith.metadata.thread_id': 't', 'langsmith.metadata.user_id': 'u', 'langsmith.span.tags': 'a, b', 'langsmith.metadata.lc_hub_repo': 'p', 'langsmith.metadata.lc_hub_commit_hash': 'abc', 'gen_ai.prompt': JSON.stringify(inputs), 'gen_ai.completion': JSON.stringify(outputs) })).toMatchObject({
      kind: 'llm', provider: 'openai', modelRequested: 'gpt-4o', session: 't', user: 'u', tags: ['a', 'b'], promptName: 'p', promptVersion: 'abc',
      input: [text('system', 's'), text('user', 'q'), { role: 'tool', parts: [{ type: 'tool_result', id: 'c1', result: '4 C' }] }], output: [{ role: 'assistant', parts: [CALL], finishReason: 'tool_calls' }], tokens: { input: 30, cacheRead: 20, output: 9 },
    });
  });

  it('reads tools, retrievers, usage and cost', () => {
    expect(read({ 'langsmith.span.kind': 'tool', 'langsmith.trace.name': 'weather', 'gen_ai.prompt': '{"input":"{\'city\': \'Bern\'}"}', 'gen_ai.completion': '{"output":"4 C"}' })).toMatchObject({ kind: 'tool', toolName: 'weather', toolArguments: "{'city': 'Bern'}", toolResult: '4 C' });
    expect(read({ 'langsmith.span.kind': 'retriever', 'gen_ai.prompt': '{"query":"q"}', 'gen_ai.completion': '{"documents":[{"page_content":"c","metadata":{"p":1},"type":"Document"}]}' }).retrieval).toMatchObject({ query: 'q', documents: [{ content: 'c', metadata: { p: 1 } }] });
    // The start is a second after 1970; a first token before it says nothing.
    expect(['1970-01-01T00:00:01.120Z', '1970-01-01T00:00:00.900Z'].map((time) => read({ 'langsmith.span.kind': 'llm', 'langsmith.run.first_token_time': time }).timeToFirstTokenMs)).toEqual([120, null]);
    expect(read({ 'langsmith.span.kind': 'llm', 'langsmith.usage_metadata': '{"input_tokens":100,"output_tokens":10,"total_cost":0.123,"input_token_details":{"cache_read":40,"cache_creation":20}}' })).toMatchObject({ tokens: { input: 40, cacheRead: 40, cacheWrite: 20, output: 10 }, cost: 0.123, costSource: 'reported' });
  });
});
