import { describe, expect, it } from 'vitest';
import { normaliseTrace } from '../../../src/core/trace/normalise/normalise-trace.ts';
import { rawLog, rawSpan, read, text } from './spans.ts';

const CLAUDE = 'com.anthropic.claude_code.tracing';

describe('Claude Code', () => {
  const spans = [
    rawSpan({ 'session.id': 's', user_prompt: '<REDACTED>', 'span.type': 'interaction' }, { id: '1', name: 'claude_code.interaction', scope: CLAUDE, start: 1000, end: 9000 }),
    rawSpan({ 'session.id': 's', 'span.type': 'llm_request', model: 'claude-haiku-4-5', 'gen_ai.request.model': 'claude-haiku-4-5', input_tokens: 3, output_tokens: 10, cache_read_tokens: 100, cache_creation_tokens: 20, ttft_ms: 300, stop_reason: 'tool_use', request_id: 'req_1', success: true }, { id: '2', parent: '1', name: 'claude_code.llm_request', scope: CLAUDE, start: 1000, end: 3000 }),
    rawSpan({ 'session.id': 's', 'span.type': 'llm_request', model: 'claude-haiku-4-5', input_tokens: 5, output_tokens: 1 }, { id: '3', parent: '1', name: 'claude_code.llm_request', scope: CLAUDE, start: 5000, end: 6000 }),
    rawSpan({ 'span.type': 'tool', tool_name: 'Read', tool_use_id: 'tu_1', file_path: '/a' }, { id: '4', parent: '1', name: 'claude_code.tool', scope: CLAUDE, start: 3000, end: 4000 }),
    rawSpan({ 'span.type': 'tool.execution', success: false, error: 'no such file' }, { id: '5', parent: '4', name: 'claude_code.tool.execution', scope: CLAUDE, start: 3000, end: 4000, status: { code: 2, message: 'no such file' } }),
  ];
  const logs = [
    rawLog('claude_code.api_request', { request_id: 'req_1', cost_usd: '0.0125', 'session.id': 's', model: 'claude-haiku-4-5' }, { time: 3001 }),
    rawLog('claude_code.api_request', { cost_usd: 0.5, 'session.id': 's', model: 'claude-haiku-4-5' }, { time: 6010 }),
    rawLog('claude_code.user_prompt', { prompt: 'Read /a', 'session.id': 's' }, { time: 1001 }),
    rawLog('claude_code.api_request', { cost_usd: 9, 'session.id': 'other' }, { time: 6010 }),
  ];
  const [interaction, first, second, tool] = normaliseTrace(spans, logs).spans;

  it('counts tokens that were cached beside the input', () => {
    expect(first).toMatchObject({ kind: 'llm', provider: 'anthropic', tokens: { input: 3, cacheRead: 100, cacheWrite: 20, output: 10 }, timeToFirstTokenMs: 300, finishReasons: ['tool_use'], responseId: 'req_1', session: 's' });
  });

  it('joins the cost of log events, by request and by time', () => {
    expect(first).toMatchObject({ cost: 0.0125, costSource: 'reported' });
    expect(first!.sources.costReported).toEqual(['log claude_code.api_request cost_usd']);
    expect(second).toMatchObject({ cost: 0.5, costSource: 'reported' });
  });

  it('takes the prompt from the log where the span has it redacted', () => {
    expect(interaction).toMatchObject({ kind: 'agent', input: 'Read /a' });
  });

  it('sees that a tool failed one level below', () => {
    expect(tool).toMatchObject({ kind: 'tool', toolName: 'Read', toolCallId: 'tu_1', status: 'error', statusMessage: 'no such file' });
  });

  it('says how to get prompts', () => {
    expect(read({ user_prompt: '<REDACTED>' }, { name: 'claude_code.interaction', scope: CLAUDE }).contentHint).toMatch(/OTEL_LOG_USER_PROMPTS=1/);
  });

  it('knows success as a text', () => {
    expect(read({ tool_name: 'Bash', tool_use_id: 't' }, { name: 'claude_code.tool', scope: CLAUDE }, [rawLog('claude_code.tool_result', { success: 'false', error: 'exit 1' })])).toMatchObject({ status: 'error', error: { message: 'exit 1' } });
    expect(read({ tool_name: 'Bash' }, { name: 'claude_code.tool', scope: CLAUDE }, [rawLog('claude_code.tool_result', { success: 'true' })]).status).toBe('unset');
  });
});

describe('other agents', () => {
  it('Codex: usage of a turn, and of its log events', () => {
    expect(read({ model: 'gpt-5', 'codex.turn.token_usage.input_tokens': 100, 'codex.turn.token_usage.cached_input_tokens': 40, 'codex.turn.token_usage.output_tokens': 20, 'codex.turn.token_usage.reasoning_output_tokens': 5 }, { scope: 'codex_cli_rs' })).toMatchObject({ kind: 'agent', tokens: { input: 60, cacheRead: 40, output: 15, reasoning: 5 } });
    const logs = [rawLog('codex.user_prompt', { prompt: 'hi', 'conversation.id': 'c' }), rawLog('codex.sse_event', { 'event.kind': 'response.completed', input_token_count: 100, cached_token_count: 40, output_token_count: 20, reasoning_token_count: 5 })];
    expect(read({ model: 'gpt-5' }, { scope: 'codex_cli_rs', name: 'stream_request' }, logs)).toMatchObject({ kind: 'llm', provider: 'openai', input: 'hi', session: 'c', tokens: { input: 60, cacheRead: 40, output: 15, reasoning: 5 } });
    expect(read({}, { scope: 'codex_cli_rs' }, [rawLog('codex.tool_result', { tool_name: 'shell', call_id: 'c1', arguments: '{"cmd":"ls"}', output: 'a', success: 'false' })])).toMatchObject({ toolName: 'shell', toolCallId: 'c1', toolArguments: { cmd: 'ls' }, toolResult: 'a', status: 'error' });
  });

  it('Copilot Chat', () => {
    expect(read({ 'gen_ai.operation.name': 'chat', 'copilot_chat.chat_session_id': 's', 'copilot_chat.time_to_first_token': 90 })).toMatchObject({ kind: 'llm', session: 's', timeToFirstTokenMs: 90 });
    expect(read({ 'gen_ai.operation.name': 'chat', 'copilot_chat.turn.index': 1 }).contentHint).toMatch(/captureContent/);
  });

  it('Genkit: models, tools, retrievers', () => {
    const input = { messages: [{ role: 'system', content: [{ text: 's' }] }, { role: 'user', content: [{ text: 'q' }, { media: { url: 'data:image/png;base64,QQ==', contentType: 'image/png' } }] }], tools: [{ name: 'weather', description: 'd', inputSchema: { type: 'object' } }], config: { temperature: 0 } };
    const output = { message: { role: 'model', content: [{ reasoning: 'hm' }, { toolRequest: { name: 'weather', ref: 'c1', input: { city: 'Bern' } } }] }, finishReason: 'stop', usage: { inputTokens: 10, outputTokens: 4, thoughtsTokens: 9 } };
    expect(read({ 'genkit:type': 'action', 'genkit:metadata:subtype': 'model', 'genkit:name': 'googleai/gemini-2.5-flash', 'genkit:input': JSON.stringify(input), 'genkit:output': JSON.stringify(output) })).toMatchObject({
      kind: 'llm', provider: 'googleai', model: 'gemini-2.5-flash', input: [text('system', 's'), { role: 'user', parts: [{ type: 'text', text: 'q' }, { type: 'image', mimeType: 'image/png', data: 'QQ==' }] }],
      output: [{ role: 'assistant', parts: [{ type: 'reasoning', text: 'hm' }, { type: 'tool_call', id: 'c1', name: 'weather', arguments: { city: 'Bern' } }], finishReason: 'stop' }],
      tools: [{ name: 'weather', description: 'd', parameters: { type: 'object' } }], tokens: { input: 10, output: 4, reasoning: 9 }, parameters: { temperature: 0 }, finishReasons: ['stop'],
    });
    expect(read({ 'genkit:metadata:subtype': 'tool', 'genkit:name': 'weather', 'genkit:input': '{"city":"Bern"}', 'genkit:output': '"4 C"', 'genkit:state': 'error', 'genkit:error': 'no' })).toMatchObject({ toolName: 'weather', toolArguments: { city: 'Bern' }, toolResult: '4 C', status: 'error', error: { message: 'no' } });
    expect(read({ 'genkit:metadata:subtype': 'retriever', 'genkit:name': 'kb', 'genkit:input': '{"query":{"content":[{"text":"q"}]}}', 'genkit:output': '{"documents":[{"content":[{"text":"c"}],"metadata":{"id":1}}]}' }).retrieval).toEqual({ query: 'q', topK: null, source: 'kb', documents: [{ id: null, content: 'c', score: null, metadata: { id: 1 } }] });
  });

  it('Google ADK', () => {
    const request = { model: 'gemini-2.0-flash', config: { system_instruction: 's', tools: [{ function_declarations: [{ name: 'weather' }] }] }, contents: [{ role: 'user', parts: [{ text: 'q' }] }, { role: 'model', parts: [{ function_call: { id: 'c1', name: 'weather', args: { city: 'Bern' } } }] }, { role: 'user', parts: [{ function_response: { id: 'c1', name: 'weather', response: { t: 4 } } }] }] };
    const response = { content: { role: 'model', parts: [{ text: 'Cold.' }] }, finish_reason: 'STOP', usage_metadata: { prompt_token_count: 20, candidates_token_count: 3, cached_content_token_count: 5, thoughts_token_count: 7, total_token_count: 30 } };
    expect(read({ 'gcp.vertex.agent.llm_request': JSON.stringify(request), 'gcp.vertex.agent.llm_response': JSON.stringify(response), 'gcp.vertex.agent.session_id': 's', 'gen_ai.system': 'gcp.vertex.agent' }, { name: 'call_llm' })).toMatchObject({
      kind: 'llm', modelRequested: 'gemini-2.0-flash', session: 's', tools: [{ name: 'weather' }], tokens: { input: 15, cacheRead: 5, output: 3, reasoning: 7 },
      input: [text('system', 's'), text('user', 'q'), { role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'weather', arguments: { city: 'Bern' } }] }, { role: 'tool', parts: [{ type: 'tool_result', id: 'c1', name: 'weather', result: { t: 4 } }] }], output: [{ ...text('assistant', 'Cold.'), finishReason: 'STOP' }],
    });
    expect(read({ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'weather', 'gcp.vertex.agent.tool_call_args': '{"city":"Bern"}', 'gcp.vertex.agent.tool_response': '{"id":"c1","name":"weather","response":{"t":4}}' })).toMatchObject({ toolArguments: { city: 'Bern' }, toolResult: { t: 4 } });
  });

  it('MLflow', () => {
    expect(read({ 'mlflow.spanType': '"CHAT_MODEL"', 'mlflow.spanInputs': '{"model":"gpt-4o","messages":[{"role":"user","content":"q"}]}', 'mlflow.spanOutputs': '{"model":"gpt-4o-2024-08-06","choices":[{"finish_reason":"stop","message":{"role":"assistant","content":"a"}}]}', 'mlflow.chat.tokenUsage': '{"input_tokens":5,"output_tokens":2,"total_tokens":7}', 'mlflow.chat.tools': '[{"type":"function","function":{"name":"weather"}}]' })).toMatchObject({ kind: 'llm', model: 'gpt-4o-2024-08-06', input: [text('user', 'q')], output: [{ ...text('assistant', 'a'), finishReason: 'stop' }], tokens: { input: 5, output: 2 }, tools: [{ name: 'weather' }] });
    expect(read({ 'mlflow.spanType': '"TOOL"', 'mlflow.spanFunctionName': '"weather"', 'mlflow.spanInputs': '{"city":"Bern"}', 'mlflow.spanOutputs': '"4 C"' })).toMatchObject({ toolName: 'weather', toolArguments: { city: 'Bern' }, toolResult: '4 C' });
  });

  it('AgentOps', () => {
    expect(read({ 'agentops.span.kind': 'tool', 'agentops.entity.name': 'weather', 'agentops.entity.input': '{"city":"Bern"}', 'agentops.entity.output': '4 C' })).toMatchObject({ kind: 'tool', toolName: 'weather', toolArguments: { city: 'Bern' }, toolResult: '4 C' });
  });
});
