import { describe, expect, it } from 'vitest';
import { readTraceText } from '../../../src/core/trace/formats/read.ts';
import { normaliseTraces, type NormalisedTrace } from '../../../src/core/trace/normalise/normalise-trace.ts';
import { rollUp } from '../../../src/core/trace/roll-up.ts';
import { text } from './spans.ts';

function traceOf(format: string, ...lines: readonly object[]): NormalisedTrace {
  const { spans, formats, rejected } = readTraceText(lines.map((line) => JSON.stringify(line)).join('\n'));
  expect([formats, rejected]).toEqual([[format], []]);
  const [trace, ...others] = normaliseTraces(spans);
  expect(others).toEqual([]);
  expect([trace!.tree.missing, trace!.tree.cut]).toEqual([[], []]);
  return trace!;
}

/** Names by depth, in the order of the tree. */
function outline({ spans, tree }: NormalisedTrace): string[] {
  return [...tree.order].map((index) => `${'  '.repeat(tree.depths[index]!)}${spans[index]!.kind} ${spans[index]!.name}`);
}

describe('Claude Code transcripts', () => {
  const line = (second: number, type: string, message: object, extra: object = {}): object => ({ type, message, uuid: `u${second}`, parentUuid: null, sessionId: '019e9bfe-7749-7440-8506-39152afbc9ff', timestamp: `2025-01-01T00:00:${String(second).padStart(2, '0')}.000Z`, cwd: '/w', version: '2.0', isSidechain: false, ...extra });
  const usage = { input_tokens: 3, cache_read_input_tokens: 10, cache_creation_input_tokens: 5, output_tokens: 7 };
  const trace = traceOf('claude-code-session',
    { type: 'file-history-snapshot', messageId: 'x', snapshot: {} },
    line(1, 'user', { role: 'user', content: 'Fix the bug' }),
    line(3, 'assistant', { id: 'm1', role: 'assistant', model: 'claude-haiku-4-5', content: [{ type: 'thinking', thinking: 'hm' }], usage, stop_reason: null }, { requestId: 'r1' }),
    line(4, 'assistant', { id: 'm1', role: 'assistant', model: 'claude-haiku-4-5', content: [{ type: 'tool_use', id: 't1', name: 'Task', input: { prompt: 'Look around' } }], usage, stop_reason: 'tool_use' }, { requestId: 'r1' }),
    line(5, 'user', { role: 'user', content: 'Look around' }, { isSidechain: true }),
    line(6, 'assistant', { id: 'm2', role: 'assistant', model: 'claude-haiku-4-5', content: [{ type: 'text', text: 'Seen.' }], usage: { input_tokens: 1, output_tokens: 1 }, stop_reason: 'end_turn' }, { isSidechain: true }),
    line(7, 'user', { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: 'Seen.' }], is_error: true }] }),
    line(9, 'assistant', { id: 'm3', role: 'assistant', model: 'claude-haiku-4-5', content: [{ type: 'text', text: 'Done.' }], usage: { input_tokens: 2, output_tokens: 2 }, stop_reason: 'end_turn' }),
    line(20, 'user', { role: 'user', content: 'Thanks' }),
    { type: 'summary', summary: 's', leafUuid: 'u20' },
  );

  it('makes interactions, calls, tools, and sub-agents below the tool that started them', () => {
    expect(outline(trace)).toEqual(['agent Claude Code session', '  agent interaction', '    llm chat claude-haiku-4-5', '    tool execute_tool Task', '      llm chat claude-haiku-4-5', '    llm chat claude-haiku-4-5', '  agent interaction']);
  });

  it('joins the lines of one answer and counts its usage once', () => {
    const call = trace.spans.find((span) => span.responseId === 'm1')!;
    expect(call).toMatchObject({
      startNs: '1735689601000000000', endNs: '1735689604000000000', provider: 'anthropic', finishReasons: ['tool_use'], tokens: { input: 3, cacheRead: 10, cacheWrite: 5, output: 7 },
      input: [text('user', 'Fix the bug')], output: [{ role: 'assistant', parts: [{ type: 'reasoning', text: 'hm' }, { type: 'tool_call', id: 't1', name: 'Task', arguments: { prompt: 'Look around' } }] }],
    });
    expect(rollUp(trace.spans, trace.tree)[trace.tree.order[0]!]!.tokens).toEqual({ input: 6, cacheRead: 10, cacheWrite: 5, output: 10, reasoning: null });
  });

  it('gives later calls the whole history, sub-agents their own', () => {
    expect((trace.spans.find((span) => span.responseId === 'm3')!.input as unknown[]).length).toBe(3);
    expect(trace.spans.find((span) => span.responseId === 'm2')!.input).toEqual([text('user', 'Look around')]);
  });

  it('ends tools with their result', () => {
    expect(trace.spans.find((span) => span.kind === 'tool')).toMatchObject({ toolName: 'Task', toolArguments: { prompt: 'Look around' }, toolResult: 'Seen.', status: 'error', endNs: '1735689607000000000' });
  });
});

describe('Codex rollouts', () => {
  const line = (second: number, type: string, payload: object): object => ({ timestamp: `2025-01-01T00:00:${String(second).padStart(2, '0')}.000Z`, type, payload });
  const trace = traceOf('codex-session',
    line(0, 'session_meta', { id: '019e9bfe-7749-7440-8506-39152afbc9ff', cli_version: '0.50', instructions: 'Be brief.' }),
    line(1, 'turn_context', { model: 'gpt-5-codex', cwd: '/w' }),
    line(1, 'response_item', { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'List files' }] }),
    line(1, 'event_msg', { type: 'user_message', message: 'List files' }),
    line(2, 'response_item', { type: 'reasoning', summary: [{ type: 'summary_text', text: 'ls' }] }),
    line(3, 'response_item', { type: 'function_call', name: 'shell', arguments: '{"command":["ls"]}', call_id: 'c1' }),
    line(3, 'event_msg', { type: 'token_count', info: { last_token_usage: { input_tokens: 100, cached_input_tokens: 40, output_tokens: 20, reasoning_output_tokens: 5 } } }),
    line(5, 'response_item', { type: 'function_call_output', call_id: 'c1', output: 'a.txt' }),
    line(7, 'response_item', { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'a.txt' }] }),
    line(7, 'event_msg', { type: 'token_count', info: { last_token_usage: { input_tokens: 130, output_tokens: 3 } } }),
    line(8, 'event_msg', { type: 'token_count', info: { last_token_usage: { input_tokens: 130, output_tokens: 3 } } }),
  );

  it('makes turns, calls and tools', () => {
    expect(outline(trace)).toEqual(['agent Codex session', '  agent turn', '    llm chat gpt-5-codex', '    tool execute_tool shell', '    llm chat gpt-5-codex']);
    const [first, second] = trace.spans.filter((span) => span.kind === 'llm');
    expect(first).toMatchObject({ tokens: { input: 60, cacheRead: 40, output: 15, reasoning: 5 }, input: [text('system', 'Be brief.'), text('user', 'List files')], output: [{ role: 'assistant', parts: [{ type: 'reasoning', text: 'ls' }, { type: 'tool_call', id: 'c1', name: 'shell', arguments: { command: ['ls'] } }] }] });
    expect(second).toMatchObject({ tokens: { input: 130, output: 3 }, output: [text('assistant', 'a.txt')], startNs: '1735689605000000000', endNs: '1735689607000000000' });
    expect(trace.spans.find((span) => span.kind === 'tool')).toMatchObject({ toolArguments: { command: ['ls'] }, toolResult: 'a.txt', startNs: '1735689603000000000', endNs: '1735689605000000000' });
    expect(rollUp(trace.spans, trace.tree)[trace.tree.order[0]!]!.tokens).toEqual({ input: 190, cacheRead: 40, cacheWrite: null, output: 18, reasoning: 5 });
  });
});

describe('recorded runs without times', () => {
  it('keep their order and invent no duration', () => {
    const trace = traceOf('tau-bench', { task_id: 3, reward: 0, trial: 1, info: { task: { instruction: 'Book', user_id: 'u' } }, traj: [{ role: 'system', content: 's' }, { role: 'user', content: 'q' }, { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: { name: 'find', arguments: '{"a":1}' } }] }, { role: 'tool', tool_call_id: 'c1', name: 'find', content: 'none' }, { role: 'assistant', content: 'No.' }] });
    expect(outline(trace)).toEqual(['agent tau-bench task 3, trial 1', '  llm chat', '  tool execute_tool find', '  llm chat']);
    expect(trace.spans.filter((span) => span.kind !== 'agent').every((span) => span.startNs === span.endNs)).toBe(true);
    expect(trace.spans.at(-1)).toMatchObject({ scores: [{ name: 'reward', value: 0 }], user: 'u' });
    expect((trace.spans[2]!.input as unknown[]).length).toBe(4);
    expect(trace.spans[1]).toMatchObject({ toolArguments: { a: 1 }, toolResult: 'none' });
  });

  it('SWE-agent measures its commands', () => {
    const trace = traceOf('swe-agent', { environment: 'main', history: [{ role: 'system', content: 's' }, { role: 'user', content: 'issue' }, { role: 'assistant', content: 'go', action: 'ls -l' }], trajectory: [{ action: 'ls -l', observation: 'a', response: 'go', thought: 'go', execution_time: 0.25 }], info: { exit_status: 'submitted', submission: 'diff', model_stats: { tokens_sent: 10, tokens_received: 2, instance_cost: 0.5 } } });
    expect(outline(trace)).toEqual(['agent main', '  llm chat', '  tool execute_tool ls']);
    const tool = trace.spans.find((span) => span.kind === 'tool')!;
    expect(BigInt(tool.endNs!) - BigInt(tool.startNs)).toBe(250_000_000n);
    expect(trace.spans.at(-1)).toMatchObject({ tokens: { input: 10, output: 2 }, cost: 0.5, usageRole: 'leaf', finishReasons: ['submitted'] });
  });

  it('Who&When marks the mistake', () => {
    const trace = traceOf('whowhen', { question: 'q', mistake_agent: 'WebSurfer', mistake_step: '2', mistake_reason: 'why', history: [{ role: 'human', content: 'q' }, { role: 'Orchestrator (-> WebSurfer)', content: 'go' }, { role: 'WebSurfer', content: 'gone' }, { role: 'user', name: 'Computer_terminal', content: 'exitcode: 1' }] });
    expect(outline(trace)).toEqual(['agent q', '  event human', '  agent invoke_agent Orchestrator', '  agent invoke_agent WebSurfer', '  tool execute_tool Computer_terminal']);
    expect(trace.spans.find((span) => span.agentName === 'WebSurfer')).toMatchObject({ scores: [{ name: 'mistake', label: 'WebSurfer', explanation: 'why' }], output: [{ role: 'assistant', name: 'WebSurfer', parts: [{ type: 'text', text: 'gone' }] }] });
  });

  it('begin at a time that is given', () => {
    const { spans } = readTraceText(JSON.stringify({ task_id: 1, reward: 1, traj: [] }), { baseNs: '1700000000000000000' });
    expect(spans[0]!.startTimeUnixNano).toBe('1700000000000000001');
  });
});

describe('what the calls of a session carry', () => {
  const lengths = (trace: NormalisedTrace): number[] => [...trace.tree.order].map((index) => trace.spans[index]!).filter((span) => span.kind === 'llm').map((span) => (span.input as unknown[]).length);
  const claude = (second: number, type: string, message: object, extra: object = {}): object => ({ type, message, uuid: `u${second}`, sessionId: 's', timestamp: `2025-01-01T00:00:${String(second).padStart(2, '0')}.000Z`, ...extra });
  const answer = (second: number): object => claude(second, 'assistant', { id: `m${second}`, role: 'assistant', model: 'm', content: [{ type: 'text', text: 'ok' }] });

  it('begins anew with the summary of a session that was compacted', () => {
    const trace = traceOf('claude-code-session', claude(1, 'user', { role: 'user', content: 'one' }), answer(2), claude(3, 'user', { role: 'user', content: 'two' }), answer(4), claude(5, 'user', { role: 'user', content: 'summary of it all' }, { isCompactSummary: true }), answer(6));
    expect(lengths(trace)).toEqual([1, 3, 1]);
    const codex = (second: number, type: string, payload: object): object => ({ timestamp: `2025-01-01T00:00:${String(second).padStart(2, '0')}.000Z`, type, payload });
    const said = (second: number, role: string, text: string): object => codex(second, 'response_item', { type: 'message', role, content: [{ type: role === 'user' ? 'input_text' : 'output_text', text }] });
    expect(lengths(traceOf('codex-session', codex(0, 'session_meta', { id: 'c' }), said(1, 'user', 'one'), said(2, 'assistant', 'ok'), codex(3, 'compacted', { message: 'summary' }), said(4, 'user', 'two'), said(5, 'assistant', 'ok')))).toEqual([1, 2]);
    expect(lengths(traceOf('codex-session', codex(0, 'session_meta', { id: 'd' }), said(1, 'user', 'one'), said(2, 'assistant', 'ok'), codex(3, 'compacted', { message: '', replacement_history: [{ role: 'user', content: [{ type: 'input_text', text: 'a' }] }, { role: 'user', content: [{ type: 'input_text', text: 'b' }] }] }), said(4, 'user', 'two'), said(5, 'assistant', 'ok')))).toEqual([1, 3]);
  });

  it('is no more than a model takes: the first messages fall out, the last one never', () => {
    const big = 'x'.repeat(400_000);
    const trace = traceOf('claude-code-session', ...[1, 3, 5, 7].flatMap((second) => [claude(second, 'user', { role: 'user', content: big }), answer(second + 1)]), claude(9, 'user', { role: 'user', content: 'y'.repeat(2_000_000) }), answer(10));
    expect(lengths(trace)).toEqual([1, 3, 4, 4, 1]);
  });
});
