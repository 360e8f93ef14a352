import { describe, expect, it } from 'vitest';
import { normaliseTrace } from '../../../src/core/trace/normalise/normalise-trace.ts';
import { spansOfLogs } from '../../../src/core/trace/spans-of-logs.ts';
import { rawLog } from './spans.ts';

const codex = (name: string, time: number, attributes: object = {}) => rawLog(`codex.${name}`, { 'conversation.id': 'c1', model: 'gpt-5', ...attributes }, { time });
const claude = (name: string, time: number, attributes: object = {}) => rawLog(`claude_code.${name}`, { 'session.id': 's1', ...attributes }, { time });

describe('sessions that come as log events alone', () => {
  it('Codex: turns, calls with their tokens, tools', () => {
    const logs = [
      codex('conversation_starts', 1000), codex('user_prompt', 2000, { prompt: 'List files' }), codex('api_request', 2600, { duration_ms: 500, 'http.response.status_code': 200 }),
      codex('sse_event', 3000, { 'event.kind': 'response.output_item.done' }), codex('sse_event', 4000, { 'event.kind': 'response.completed', input_token_count: '100', cached_token_count: 40, output_token_count: 20, reasoning_token_count: 5 }),
      codex('tool_result', 5000, { tool_name: 'shell', call_id: 'c', arguments: '{"command":["ls"]}', output: 'a.txt', duration_ms: '700', success: 'true' }),
      codex('api_request', 6000, { duration_ms: 10, 'error.message': 'overloaded' }),
    ];
    const { spans, tree } = normaliseTrace(spansOfLogs(logs));
    expect([...tree.order].map((index) => `${tree.depths[index]} ${spans[index]!.kind} ${spans[index]!.name}`)).toEqual(['0 agent Codex session', '1 agent turn', '2 llm chat gpt-5', '2 tool execute_tool shell', '2 llm chat gpt-5']);
    const [first, failed] = spans.filter((span) => span.kind === 'llm');
    expect(first).toMatchObject({ startNs: '2100000000', endNs: '4000000000', provider: 'openai', session: 'c1', tokens: { input: 60, cacheRead: 40, output: 15, reasoning: 5 }, usageRole: 'leaf' });
    expect(failed).toMatchObject({ status: 'error', statusMessage: 'overloaded', tokens: null });
    expect(spans.find((span) => span.kind === 'tool')).toMatchObject({ startNs: '4300000000', toolName: 'shell', toolArguments: { command: ['ls'] }, toolResult: 'a.txt' });
    expect(spans.find((span) => span.name === 'turn')).toMatchObject({ input: 'List files' });
    expect(spansOfLogs([...logs].reverse()).map((span) => span.spanId).sort()).toEqual(spansOfLogs(logs).map((span) => span.spanId).sort());
  });

  it('Claude Code: calls with their cost, failed tools', () => {
    const logs = [claude('user_prompt', 1000, { prompt: 'Go' }), claude('api_request', 3000, { model: 'claude-haiku-4-5', input_tokens: 3, output_tokens: 7, cache_read_tokens: 10, cache_creation_tokens: 5, cost_usd: '0.02', duration_ms: 1500 }), claude('tool_result', 4000, { tool_name: 'Bash', success: 'false', error: 'exit 1', duration_ms: 100 }), rawLog('other', { 'session.id': 's1' })];
    const { spans } = normaliseTrace(spansOfLogs(logs));
    expect(spans.find((span) => span.kind === 'llm')).toMatchObject({ startNs: '1500000000', provider: 'anthropic', tokens: { input: 3, cacheRead: 10, cacheWrite: 5, output: 7 }, cost: 0.02, costSource: 'reported' });
    expect(spans.find((span) => span.kind === 'tool')).toMatchObject({ toolName: 'Bash', status: 'error', statusMessage: 'exit 1' });
    expect(spansOfLogs(logs, new Set(['s1']))).toEqual([]);
  });
});
