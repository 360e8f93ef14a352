import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../../scripts/tools/paths.ts';
import { readTraceText } from '../../../src/core/trace/formats/read.ts';
import type { RawSpan, Span } from '../../../src/core/trace/model.ts';
import { normaliseTrace, normaliseTraces, type NormalisedTrace } from '../../../src/core/trace/normalise/normalise-trace.ts';
import { rollUp } from '../../../src/core/trace/roll-up.ts';
import { rawSpan, text, type SpanSketch } from './spans.ts';

const folder = path.join(process.env['TOUCHSTONE_SHARED'] ?? path.resolve(root, '../shared'), 'corpus/traces/langfuse');

function outline({ spans, tree }: NormalisedTrace): string[] {
  return [...tree.order].map((index) => `${'  '.repeat(tree.depths[index]!)}${spans[index]!.kind} ${spans[index]!.agentName ?? spans[index]!.toolName ?? ''}`.trimEnd());
}

function ofKind({ spans, tree }: NormalisedTrace, kind: Span['kind']): Span[] {
  return [...tree.order].map((index) => spans[index]!).filter((span) => span.kind === kind);
}

function totalOf({ spans, tree }: NormalisedTrace): ReturnType<typeof rollUp>[number] {
  return rollUp(spans, tree)[tree.roots[0]!]!;
}

describe.skipIf(!existsSync(folder))(`recorded exports (skipped without ${folder})`, () => {
  const traceOf = (file: string): NormalisedTrace => normaliseTraces(readTraceText(readFileSync(path.join(folder, file), 'utf8')).spans)[0]!;

  it('Google ADK', () => {
    const trace = traceOf('google-adk-2025-08-28.json');
    expect(outline(trace)).toEqual(['chain', '  agent hello_agent', '    llm', '      tool say_hello', '    llm']);
    const [first, second] = ofKind(trace, 'llm');
    const system = { role: 'system', parts: [{ type: 'text', text: 'Always greet using the say_hello tool.\n\nYou are an agent. Your internal name is "hello_agent".' }] };
    expect(first).toMatchObject({ model: 'gemini-2.0-flash', input: [system, text('user', 'hi')], output: [{ role: 'assistant', parts: [{ type: 'tool_call', name: 'say_hello', arguments: {} }] }], tools: [{ name: 'say_hello' }], tokens: { input: 28, output: 3 }, session: 'demo-session', user: 'demo-user' });
    expect(second!.input).toMatchObject([system, text('user', 'hi'), { role: 'assistant' }, { role: 'tool', parts: [{ type: 'tool_result', name: 'say_hello', result: { greeting: 'Hello Langfuse 👋' } }] }]);
    expect(second!.output).toMatchObject([text('assistant', 'Hello Langfuse 👋!\n')]);
    expect(ofKind(trace, 'tool')[0]).toMatchObject({ toolName: 'say_hello', toolArguments: {}, toolResult: { greeting: 'Hello Langfuse 👋' } });
    expect(totalOf(trace).tokens).toMatchObject({ input: 67, output: 9 });
  });

  it('Pydantic AI: three agents, whose sums repeat their calls', () => {
    const trace = traceOf('pydantic-ai-tools-2025-12-04.json');
    expect(outline(trace).filter((line) => !line.includes('llm'))).toEqual([
      'other', '  agent joke_agent', '    chain', '      tool get_pun_suggestion', '      tool get_dad_joke_suggestion', '      tool get_one_liner_suggestion', '  agent joke_agent', '  agent evaluator_agent',
    ]);
    const [first] = ofKind(trace, 'llm');
    expect(first!.tools).toHaveLength(5);
    expect(first!.output).toMatchObject([{ parts: [{ type: 'tool_call', name: 'get_pun_suggestion', arguments: { topic: 'programming' } }, { name: 'get_dad_joke_suggestion' }, { name: 'get_one_liner_suggestion' }] }]);
    for (const tool of ofKind(trace, 'tool')) expect(tool).toMatchObject({ toolArguments: { topic: 'programming' }, toolResult: expect.stringContaining('programming') as string });
    expect(ofKind(trace, 'agent').map(({ usageRole }) => usageRole)).toEqual(['aggregate', 'aggregate', 'aggregate']);
    expect(totalOf(trace).tokens).toMatchObject({ input: 265 + 417 + 502 + 131, output: 73 + 53 + 14 + 69 });
  });
});

// Constructed after the sources of the instrumentations that are named; no recording of them is at hand.
describe('constructed after their conventions', () => {
  let made = 0;
  const at = (id: string, parent: string | null, name: string, more: SpanSketch = {}): SpanSketch => ({ id, parent, name, start: ++made * 10, end: 1000 - made, ...more });

  it('CrewAI by OpenInference: kickoff, agents by their role, tools by their call, LiteLLM’s calls', () => {
    const spans: RawSpan[] = [
      rawSpan({ 'openinference.span.kind': 'CHAIN', crew_key: 'k', crew_id: 'c', crew_inputs: '{"city":"Bern"}', 'input.value': '{"city":"Bern"}', 'output.value': 'It rains.', crew_agents: '[{"role":"Reporter"}]', 'session.id': 's' }, at('1', null, 'Weather.kickoff')),
      rawSpan({ 'openinference.span.kind': 'AGENT', 'graph.node.id': 'Reporter', task_key: 't', 'input.value': '{"agent":"Reporter","context":"","tools":[]}', 'output.value': 'It rains.' }, at('2', '1', 'Reporter._execute_core')),
      rawSpan({ 'openinference.span.kind': 'LLM', 'llm.model_name': 'gpt-4o', 'llm.input_messages.0.message.role': 'user', 'llm.input_messages.0.message.content': 'Weather in Bern?', 'llm.output_messages.0.message.role': 'assistant', 'llm.output_messages.0.message.content': 'Action: get_weather', 'llm.token_count.prompt': 50, 'llm.token_count.completion': 9, 'llm.token_count.total': 59 }, at('3', '2', 'completion')),
      rawSpan({ 'openinference.span.kind': 'TOOL', 'tool.name': 'get_weather', 'input.value': JSON.stringify({ tool_string: 'Action: get_weather\nAction Input: {"city": "Bern"}', tool: 'CrewStructuredTool(name="get_weather")', calling: { tool_name: 'get_weather', arguments: { city: 'Bern' } } }), 'output.value': '4 C, rain' }, at('4', '2', 'get_weather._use')),
    ];
    const trace = normaliseTrace(spans);
    expect(outline(trace)).toEqual(['chain', '  agent Reporter', '    llm', '    tool get_weather']);
    expect(ofKind(trace, 'tool')[0]).toMatchObject({ toolArguments: { city: 'Bern' }, toolResult: '4 C, rain' });
    expect(ofKind(trace, 'llm')[0]).toMatchObject({ input: [text('user', 'Weather in Bern?')], output: [text('assistant', 'Action: get_weather')] });
    expect(trace.spans[0]).toMatchObject({ session: 's', input: { city: 'Bern' }, output: 'It rains.' });
    expect(totalOf(trace).tokens).toMatchObject({ input: 50, output: 9 });
  });

  it('CrewAI by OpenLLMetry: workflow, task and agent', () => {
    const trace = normaliseTrace([
      rawSpan({ 'gen_ai.system': 'crewai', 'traceloop.span.kind': 'workflow', 'traceloop.entity.name': 'Weather', 'crewai.crew.result': 'It rains.' }, at('1', null, 'crewai.workflow')),
      rawSpan({ 'traceloop.span.kind': 'task', 'crewai.task.description': 'Report' }, at('2', '1', 'Report.task')),
      rawSpan({ 'traceloop.span.kind': 'agent', 'traceloop.entity.name': 'Reporter', 'crewai.agent.role': 'Reporter' }, at('3', '2', 'Reporter.agent')),
      rawSpan({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.prompt.0.role': 'user', 'gen_ai.prompt.0.content': 'Weather?', 'gen_ai.completion.0.role': 'assistant', 'gen_ai.completion.0.content': 'Rain.', 'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.output_tokens': 2 }, at('4', '3', 'gpt-4o.llm')),
    ]);
    expect(trace.spans.map(({ kind }) => kind)).toEqual(['chain', 'chain', 'agent', 'llm']);
    expect(ofKind(trace, 'agent')[0]!.agentName).toBe('Reporter');
    expect(totalOf(trace).tokens).toMatchObject({ input: 5, output: 2 });
  });

  it('AutoGen: its own spans in OTel’s words, messages between agents, calls by the client’s instrumentation', () => {
    const trace = normaliseTrace([
      rawSpan({ 'messaging.operation': 'create', 'messaging.destination': 'WeatherTeam_1' }, at('1', null, 'autogen create WeatherTeam_1', { scope: 'autogen SingleThreadedAgentRuntime', kind: 4 })),
      rawSpan({ 'gen_ai.operation.name': 'create_agent', 'gen_ai.system': 'autogen', 'gen_ai.agent.name': 'reporter', 'gen_ai.agent.id': 'reporter/1', 'gen_ai.agent.description': 'Reports' }, at('2', '1', 'create_agent reporter', { scope: 'autogen-core', kind: 3 })),
      rawSpan({ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.system': 'autogen', 'gen_ai.agent.name': 'reporter', 'gen_ai.agent.id': 'reporter/1' }, at('3', '1', 'invoke_agent reporter', { scope: 'autogen-core', kind: 3 })),
      rawSpan({ 'gen_ai.operation.name': 'chat', 'gen_ai.system': 'openai', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.usage.input_tokens': 40, 'gen_ai.usage.output_tokens': 7 }, at('4', '3', 'chat gpt-4o', { kind: 3, events: [['gen_ai.user.message', { content: 'Weather?' }], ['gen_ai.choice', { index: 0, finish_reason: 'tool_calls', message: '{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"get_weather","arguments":"{\\"city\\":\\"Bern\\"}"}}]}' }]] })),
      rawSpan({ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.system': 'autogen', 'gen_ai.tool.name': 'get_weather', 'gen_ai.tool.description': 'Weather of a city', 'gen_ai.tool.call.id': 'c1' }, at('5', '3', 'execute_tool get_weather', { scope: 'autogen-core', status: { code: 2, message: 'no network' }, events: [['exception', { 'exception.type': 'OSError', 'exception.message': 'no network' }]] })),
    ]);
    expect(outline(trace)).toEqual(['other', '  agent reporter', '  agent reporter', '    llm', '    tool get_weather']);
    expect(ofKind(trace, 'agent')[1]).toMatchObject({ agentId: 'reporter/1', operation: 'invoke_agent' });
    expect(ofKind(trace, 'llm')[0]).toMatchObject({ input: [text('user', 'Weather?')], output: [{ role: 'assistant', finishReason: 'tool_calls', parts: [{ type: 'tool_call', id: 'c1', name: 'get_weather', arguments: { city: 'Bern' } }] }] });
    // AutoGen sends neither arguments nor results of its tools; the call has the arguments.
    expect(ofKind(trace, 'tool')[0]).toMatchObject({ toolCallId: 'c1', status: 'error', error: { type: 'OSError', message: 'no network' } });
    expect(totalOf(trace).tokens).toMatchObject({ input: 40, output: 7 });
  });
});
