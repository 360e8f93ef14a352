import { describe, expect, it } from 'vitest';
import { read, rawLog, text } from './spans.ts';

const MESSAGES = [
  { role: 'user', parts: [{ type: 'text', content: 'Weather in Bern?' }] },
  { role: 'assistant', parts: [{ type: 'reasoning', content: 'need the tool' }, { type: 'tool_call', id: 'c1', name: 'weather', arguments: { city: 'Bern' } }] },
  { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: '4 C, rain' }] },
];
const READ = [
  text('user', 'Weather in Bern?'),
  { role: 'assistant', parts: [{ type: 'reasoning', text: 'need the tool' }, { type: 'tool_call', id: 'c1', name: 'weather', arguments: { city: 'Bern' } }] },
  { role: 'tool', parts: [{ type: 'tool_result', id: 'c1', name: null, result: '4 C, rain' }] },
];

describe('OTel GenAI', () => {
  it('reads a call of the newest conventions', () => {
    const span = read({
      'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4o-mini', 'gen_ai.response.model': 'gpt-4o-mini-2024-07-18', 'gen_ai.response.id': 'r1',
      'gen_ai.request.temperature': 0.5, 'gen_ai.request.stop_sequences': ['END'], 'gen_ai.output.type': 'json', 'gen_ai.response.finish_reasons': ['stop'], 'gen_ai.response.time_to_first_chunk': 0.25,
      'gen_ai.system_instructions': JSON.stringify([{ type: 'text', content: 'Be brief.' }]),
      'gen_ai.input.messages': JSON.stringify(MESSAGES),
      'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', parts: [{ type: 'text', content: 'Rain.' }], finish_reason: 'stop' }]),
      'gen_ai.tool.definitions': JSON.stringify([{ type: 'function', name: 'weather', description: 'd', parameters: { type: 'object' } }]),
      'gen_ai.usage.input_tokens': 812, 'gen_ai.usage.output_tokens': 50, 'gen_ai.usage.cache_read.input_tokens': 512, 'gen_ai.usage.cache_write.input_tokens': 100, 'gen_ai.usage.reasoning.output_tokens': 20,
      'gen_ai.conversation.id': 's1', 'user.id': 'u1', 'gen_ai.agent.name': 'a', 'gen_ai.agent.id': 'a1', 'gen_ai.prompt.name': 'triage', 'gen_ai.prompt.version': '3', 'gen_ai.prompt.variable.tone': 'dry',
    }, { kind: 3, resource: { 'service.name': 'bot', 'deployment.environment.name': 'prod' } });
    expect(span).toMatchObject({
      kind: 'llm', operation: 'chat', provider: 'openai', model: 'gpt-4o-mini-2024-07-18', modelRequested: 'gpt-4o-mini', responseId: 'r1', finishReasons: ['stop'], timeToFirstTokenMs: 250,
      parameters: { temperature: 0.5, stop_sequences: ['END'], output_type: 'json' },
      input: [text('system', 'Be brief.'), ...READ], output: [{ ...text('assistant', 'Rain.'), finishReason: 'stop' }],
      tools: [{ name: 'weather', description: 'd', parameters: { type: 'object' } }],
      tokens: { input: 200, cacheRead: 512, cacheWrite: 100, output: 30, reasoning: 20 },
      session: 's1', user: 'u1', agentName: 'a', agentId: 'a1', promptName: 'triage', promptVersion: '3', promptVariables: { tone: 'dry' }, service: 'bot', environment: 'prod', contentHint: null,
    });
    expect(span.sources).toMatchObject({ input: ['gen_ai.system_instructions', 'gen_ai.input.messages'], tokens: ['gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens', 'gen_ai.usage.cache_read.input_tokens', 'gen_ai.usage.cache_write.input_tokens', 'gen_ai.usage.reasoning.output_tokens'], environment: ['resource deployment.environment.name'] });
    // fresh, read, written, and all of the output, at the prices of gpt-4o-mini
    expect(span.cost).toBeCloseTo((200 * 0.15 + 512 * 0.075 + 100 * 0.15 + 50 * 0.6) / 1e6, 12);
    expect(span.costSource).toBe('computed');
  });

  it('reads structured messages as well as their JSON', () => {
    expect(read({ 'gen_ai.operation.name': 'chat', 'gen_ai.input.messages': MESSAGES }).input).toEqual(READ);
  });

  it.each([['1.27', 'gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens'], ['1.26', 'gen_ai.usage.prompt_tokens', 'gen_ai.usage.completion_tokens']])('reads the names of %s', (_, input, output) => {
    expect(read({ 'gen_ai.system': 'xai', 'gen_ai.request.model': 'm', [input]: 3, [output]: 4, 'gen_ai.usage.cache_creation.input_tokens': 1, 'gen_ai.usage.cache_read_input_tokens': 1 })).toMatchObject({ provider: 'x_ai', tokens: { input: 1, cacheRead: 1, cacheWrite: 1, output: 4 } });
  });

  it('reads messages that were events of the span (1.28 to 1.36)', () => {
    const span = read({ 'gen_ai.operation.name': 'chat' }, {
      events: [
        ['gen_ai.system.message', { content: 'Be brief.' }],
        ['gen_ai.user.message', { content: 'Weather in Bern?' }],
        ['gen_ai.assistant.message', { tool_calls: JSON.stringify([{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } }]) }],
        ['gen_ai.tool.message', { content: '4 C, rain', id: 'c1' }],
        ['gen_ai.choice', { index: 0, finish_reason: 'stop', message: JSON.stringify({ role: 'assistant', content: 'Rain.' }) }],
      ],
    });
    expect(span.input).toEqual([text('system', 'Be brief.'), text('user', 'Weather in Bern?'), { role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'weather', arguments: { city: 'Bern' } }] }, READ[2]]);
    expect(span.output).toEqual([{ ...text('assistant', 'Rain.'), finishReason: 'stop' }]);
    expect(span.finishReasons).toEqual(['stop']);
    expect(span.sources.output).toEqual(['event gen_ai.choice']);
  });

  it('reads messages that were log records', () => {
    const logs = [rawLog('gen_ai.user.message', {}, { body: { content: 'hi' } }), rawLog('gen_ai.choice', {}, { body: { index: 0, finish_reason: 'length', message: { content: 'ho', role: 'assistant' } } })];
    const span = read({ 'gen_ai.operation.name': 'chat' }, {}, logs);
    expect([span.input, span.output]).toEqual([[text('user', 'hi')], [{ ...text('assistant', 'ho'), finishReason: 'length' }]]);
    expect(span.sources.input).toEqual(['log gen_ai.user.message']);
  });

  it('reads the event that carries both', () => {
    const span = read({ 'gen_ai.operation.name': 'chat' }, { events: [['gen_ai.client.inference.operation.details', { 'gen_ai.input.messages': JSON.stringify(MESSAGES), 'gen_ai.output.messages': '[{"role":"assistant","parts":[{"type":"text","content":"x"}]}]', 'gen_ai.system_instructions': '[{"type":"text","content":"s"}]' }]] });
    expect([span.input, span.output]).toEqual([[text('system', 's'), ...READ], [text('assistant', 'x')]]);
  });

  it('reads 1.26: events gen_ai.content.*, attributes gen_ai.prompt and gen_ai.completion', () => {
    const events = read({ 'gen_ai.system': 'openai' }, { events: [['gen_ai.content.prompt', { 'gen_ai.prompt': '[{"role":"user","content":"q"}]' }], ['gen_ai.content.completion', { 'gen_ai.completion': '[{"role":"assistant","content":"a"}]' }]] });
    expect([events.input, events.output]).toEqual([[text('user', 'q')], [text('assistant', 'a')]]);
    expect(read({ 'gen_ai.system': 'openai', 'gen_ai.prompt': 'q', 'gen_ai.completion': 'a' })).toMatchObject({ input: 'q', inputForm: 'text', output: 'a', outputForm: 'text' });
  });

  it('keeps parts that it does not know, and takes images apart', () => {
    const parts = [{ type: 'blob', modality: 'image', mime_type: 'image/png', content: 'AAAA' }, { type: 'uri', modality: 'image', uri: 'https://example.com/a.png' }, { type: 'blob', modality: 'audio', mime_type: 'audio/wav', content: 'BBBB' }, { type: 'generic', generic_type: 'x', value: 1 }, { type: 'file', file_id: 'f1' }];
    expect(read({ 'gen_ai.operation.name': 'chat', 'gen_ai.input.messages': JSON.stringify([{ role: 'user', parts }]) }).input).toEqual([{
      role: 'user',
      parts: [
        { type: 'image', mimeType: 'image/png', data: 'AAAA', url: null },
        { type: 'image', mimeType: null, data: null, url: 'https://example.com/a.png' },
        { type: 'file', mimeType: 'audio/wav', name: null, data: 'BBBB', url: null, id: null },
        { type: 'json', value: { type: 'generic', generic_type: 'x', value: 1 } },
        { type: 'file', mimeType: null, name: null, data: null, url: null, id: 'f1' },
      ],
    }]);
  });

  it('shows messages that were cut off as the text that is left', () => {
    const cut = JSON.stringify(MESSAGES).slice(0, 60);
    expect(read({ 'gen_ai.operation.name': 'chat', 'gen_ai.input.messages': cut })).toMatchObject({ input: cut, inputForm: 'text' });
  });

  it('reads tools: arguments and result, as JSON or text', () => {
    expect(read({ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'weather', 'gen_ai.tool.call.id': 'c1', 'gen_ai.tool.call.arguments': '{"city":"Bern"}', 'gen_ai.tool.call.result': '4 C' })).toMatchObject({ kind: 'tool', toolName: 'weather', toolCallId: 'c1', toolArguments: { city: 'Bern' }, toolResult: '4 C' });
    expect(read({ 'mcp.method.name': 'tools/call' }, { name: 'tools/call weather' }).toolName).toBe('weather');
  });

  it('reads retrievals, memories and evaluations', () => {
    expect(read({ 'gen_ai.operation.name': 'retrieval', 'gen_ai.retrieval.query.text': 'q', 'gen_ai.request.top_k': 3, 'gen_ai.data_source.id': 'kb', 'gen_ai.retrieval.documents': JSON.stringify([{ id: 'd1', content: 'c', score: 0.9 }]) }).retrieval).toEqual({ query: 'q', topK: 3, source: 'kb', documents: [{ id: 'd1', content: 'c', score: 0.9, metadata: null }] });
    expect(read({ 'gen_ai.operation.name': 'search_memory', 'gen_ai.memory.store.id': 'm', 'gen_ai.memory.query.text': 'q', 'gen_ai.memory.records': '[{"id":"1","content":"likes tea"}]' })).toMatchObject({ kind: 'memory', memory: { operation: 'read', store: 'm', query: 'q', items: [{ id: '1', content: 'likes tea' }] } });
    expect(['create_memory', 'upsert_memory', 'update_memory', 'delete_memory'].map((operation) => read({ 'gen_ai.operation.name': operation }).memory?.operation)).toEqual(['write', 'write', 'write', 'delete']);
    expect(read({}, { events: [['gen_ai.evaluation.result', { 'gen_ai.evaluation.name': 'relevance', 'gen_ai.evaluation.score.value': 0.4, 'gen_ai.evaluation.score.label': 'poor', 'gen_ai.evaluation.explanation': 'e' }]] }).scores).toEqual([{ name: 'relevance', value: 0.4, label: 'poor', explanation: 'e' }]);
  });

  it('says what went wrong', () => {
    const span = read({ 'gen_ai.operation.name': 'chat', 'error.type': 'timeout' }, { status: { code: 2, message: 'too slow' }, events: [['exception', { 'exception.type': 'TimeoutError', 'exception.message': 'after 30 s', 'exception.stacktrace': 'Traceback (most recent call last):\n  File "/app/bot.py", line 12, in answer\n    x()\n  File "/usr/lib/python3.12/site-packages/httpx/_client.py", line 9, in send\n    y()\n' }]] });
    expect(span).toMatchObject({ status: 'error', statusMessage: 'too slow', error: { type: 'TimeoutError', message: 'after 30 s' }, codeFile: '/app/bot.py', codeLine: 12, codeFunction: 'answer' });
    expect(span.sources.error).toEqual(['event exception', 'error.type', 'status']);
    expect(read({}, { events: [['exception', { 'exception.message': 'handled' }]] })).toMatchObject({ status: 'unset', error: null });
  });

  it('finds the place in the source: stable names, older names, a JavaScript stack', () => {
    expect(read({ 'code.file.path': 'a.ts', 'code.line.number': 3, 'code.column.number': 7, 'code.function.name': 'f', 'code.filepath': 'old.ts' })).toMatchObject({ codeFile: 'a.ts', codeLine: 3, codeColumn: 7, codeFunction: 'f' });
    expect(read({ 'code.filepath': 'src/old.py', 'code.lineno': 4, 'code.function': 'g' })).toMatchObject({ codeFile: 'src/old.py', codeLine: 4, codeFunction: 'g' });
    const stack = 'Error: no\n    at request (node:internal/http:1:2)\n    at send (/app/node_modules/openai/core.js:3:4)\n    at answer (file:///app/src/bot.js:20:13)\n    at main (/app/src/main.js:1:1)';
    expect(read({}, { status: { code: 2 }, events: [['exception', { 'exception.stacktrace': stack }]] })).toMatchObject({ codeFile: '/app/src/bot.js', codeLine: 20, codeColumn: 13, codeFunction: 'answer' });
  });

  it('says which switch brings content that is missing', () => {
    expect(read({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' }).contentHint).toMatch(/^The messages were not sent: set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true/);
    expect(read({ 'traceloop.span.kind': 'task', 'llm.request.type': 'chat', 'gen_ai.system': 'openai', 'gen_ai.completion.0.content': 'x', 'openinference.span.kind': 'LLM' }).contentHint).toMatch(/^The input was not sent: unset OPENINFERENCE/);
    expect(read({ 'openinference.span.kind': 'LLM', 'input.value': '__REDACTED__', 'output.value': '__REDACTED__' }).contentHint).toMatch(/^The content was redacted/);
    expect(read({ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 't' }).contentHint).toMatch(/^The arguments and the result were not sent/);
    expect(read({ 'gen_ai.operation.name': 'chat' }, { end: null }).contentHint).toBeNull();
    expect(read({ 'gen_ai.operation.name': 'chat', 'gen_ai.prompt': 'q' }, { status: { code: 2 } }).contentHint).toBeNull();
    expect(read({ 'http.request.method': 'GET' }).contentHint).toBeNull();
  });
});

describe('vector stores', () => {
  it.each([
    ['Pinecone', { 'db.system': 'pinecone', 'db.operation': 'query', 'pinecone.query.top_k': 2, 'pinecone.query.namespace': 'docs' }, 'docs', 2],
    ['Qdrant', { 'db.system': 'qdrant', 'qdrant.search.collection_name': 'docs', 'db.operation': 'search' }, 'docs', null],
    ['Weaviate', { 'db.system': 'weaviate', 'db.operation': 'near_text', 'db.weaviate.collections.query.class_name': '"Article"' }, 'Article', null],
    ['Chroma', { 'db.system': 'chroma', 'db.operation': 'query', 'db.chroma.query.n_results': 4, 'db.collection.name': 'notes' }, 'notes', 4],
    ['Azure AI Search', { 'db.system.name': 'azure_ai_search', 'db.operation.name': 'search', 'db.collection.name': 'idx', 'db.query.text': 'how' }, 'idx', null],
  ])('%s: query, documents and scores', (_, attributes, source, topK) => {
    const span = read(attributes, { events: [['db.query.result', { 'db.query.result.id': 'p1', 'db.query.result.score': 0.88, 'db.query.result.document': 'text', 'db.query.result.metadata': '{"page":3}' }], ['db.query.result', { 'db.query.result.id': 'p2', 'db.query.result.distance': 0.34 }]] });
    expect(span.kind).toBe('retriever');
    expect(span.retrieval).toMatchObject({ source, topK, documents: [{ id: 'p1', score: 0.88, content: 'text', metadata: { page: 3 } }, { id: 'p2', score: 0.34, content: null }] });
  });
});
