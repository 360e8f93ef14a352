import { describe, expect, it } from 'vitest';
import { replayAgent, type AgentAnswer } from '../../../src/core/replay/agent.ts';
import { recordedAnswer, recordedCall } from '../../../src/core/replay/recorded-call.ts';
import { RecordedTools } from '../../../src/core/replay/recorded-tools.ts';
import type { ChatMessage } from '../../../src/core/model/model.ts';
import type { Message, Part, Span } from '../../../src/core/trace/model.ts';

const text = (role: string, content: string): Message => ({ role, parts: [{ type: 'text', text: content }] });
const call = (id: string, name: string, args: unknown): Part => ({ type: 'tool_call', id, name, arguments: args });
const result = (id: string, value: unknown): Part => ({ type: 'tool_result', id, name: null, result: value });
const llm = (input: readonly Message[], output: readonly Message[] = []): Span => ({ kind: 'llm', input, inputForm: 'messages', output, outputForm: 'messages', tools: null, parameters: null, toolName: null, toolCallId: null, toolArguments: null, toolResult: null, error: null }) as unknown as Span;
const tool = (name: string, args: unknown, value: unknown, id: string | null = null): Span => ({ ...llm([]), kind: 'tool', toolName: name, toolArguments: args, toolResult: value, toolCallId: id });

describe('a recorded call', () => {
  it('can be sent again: its messages, tools and parameters as an endpoint takes them', () => {
    const span = {
      ...llm([
        text('system', 'Route tickets.'),
        { role: 'user', parts: [{ type: 'text', text: 'Look:' }, { type: 'image', mimeType: 'image/png', data: 'QQ==', url: null }] },
        { role: 'model', parts: [{ type: 'reasoning', text: 'hm' }, call('1', 'lookup', { id: 7 }), call('2', 'lookup', '{"id": 8}')] },
        { role: 'user', parts: [result('1', { found: true }), result('2', 'nothing')] },
      ]),
      tools: [{ name: 'lookup', description: 'Finds', parameters: { type: 'object' } }, { name: 'bare' }],
      parameters: { temperature: 0.2, 'gen_ai.request.top_p': 1, max_tokens: 100, top_p: 0.9, stop_sequences: 'END', odd: { a: 1 } },
    };
    expect(recordedCall(span)).toEqual({
      messages: [
        { role: 'system', content: 'Route tickets.' },
        { role: 'user', content: [{ type: 'text', text: 'Look:' }, { type: 'image', url: 'data:image/png;base64,QQ==' }] },
        { role: 'assistant', content: '', toolCalls: [{ id: '1', name: 'lookup', arguments: '{"id":7}' }, { id: '2', name: 'lookup', arguments: '{"id": 8}' }] },
        { role: 'tool', content: '{"found":true}', toolCallId: '1' },
        { role: 'tool', content: 'nothing', toolCallId: '2' },
      ],
      tools: [{ name: 'lookup', description: 'Finds', parameters: { type: 'object' } }, { name: 'bare' }],
      parameters: { temperature: 0.2, maxTokens: 100, topP: 0.9, stop: ['END'] },
      notes: ['What the model thought before is left out: endpoints do not take it back.', 'The schema of some tools was not recorded: the model knows their names only.'],
    });
  });

  it('has ids of calls where the recording has none, as Gemini has none, and each result that of its call', () => {
    const without = (name: string): Part => ({ type: 'tool_call', id: null, name, arguments: {} });
    const answered = (name: string | null, value: string): Part => ({ type: 'tool_result', id: null, name, result: value });
    const sent = recordedCall(llm([
      text('user', 'Compare.'),
      { role: 'model', parts: [without('price'), without('stock'), without('price')] },
      { role: 'user', parts: [answered('price', '1'), answered('price', '2'), answered('stock', '3')] },
      { role: 'model', parts: [call('call_0', 'rate', {}), without('price')] },
      { role: 'user', parts: [result('call_0', '4'), answered(null, '5'), answered('price', 'of no call')] },
    ]));
    expect(sent?.messages.flatMap(({ toolCalls }) => (toolCalls ?? []).map(({ id, name }) => `${name} ${id}`))).toEqual(['price call_1', 'stock call_2', 'price call_3', 'rate call_0', 'price call_4']);
    expect(sent?.messages.flatMap(({ role, content, toolCallId }) => (role === 'tool' ? [[content, toolCallId]] : []))).toEqual([['1', 'call_1'], ['2', 'call_3'], ['3', 'call_2'], ['4', 'call_0'], ['5', 'call_4'], ['of no call', undefined]]);
  });

  it('says what changes answers and is not sent again', () => {
    const span = { ...llm([text('user', 'Hi')]), parameters: { 'response_format': { type: 'json_object' }, responseSchema: {}, 'gen_ai.request.top_k': 5, top_k: 5, tool_choice: null, stream: true } };
    expect(recordedCall(span)?.notes).toEqual(['The call also set the form of the answer, top_k: left out.']);
  });

  it('without messages cannot', () => {
    expect(recordedCall({ ...llm([]), input: null, inputForm: null })).toBeNull();
    expect(recordedCall({ ...llm([]), input: 'Hi', inputForm: 'text' })?.messages).toEqual([{ role: 'user', content: 'Hi' }]);
  });

  it('has an answer of text and calls', () => {
    expect(recordedAnswer(llm([], [text('assistant', 'Done.'), { role: 'assistant', parts: [call('3', 'close', {})] }]))).toEqual({ output: 'Done.', toolCalls: [{ id: '3', name: 'close', arguments: '{}' }] });
    expect(recordedAnswer({ output: { a: 1 }, outputForm: 'json' })).toEqual({ output: '{"a":1}', toolCalls: [] });
  });
});

describe('recorded tools', () => {
  it('answer what they answered, whatever the order of keys, each time in turn', () => {
    const tools = new RecordedTools([tool('get', { a: 1, b: 2 }, 'first', 'x'), tool('get', { b: 2, a: 1 }, 'second', 'y'), tool('other', '', 'only')]);
    expect([1, 2, 3].map(() => tools.answer('get', '{"b": 2, "a": 1}'))).toEqual([{ text: 'first', how: 'same' }, { text: 'second', how: 'same' }, { text: 'second', how: 'same' }]);
    expect(tools.answer('other', '{"x":1}')).toEqual({ text: 'only', how: 'similar' });
    expect(tools.answer('absent', '{}')).toBeNull();
  });

  it('are found in the histories of calls too, each call once', () => {
    const history = [{ role: 'assistant', parts: [call('1', 'get', { a: 1 })] }, { role: 'tool', parts: [result('1', 'one')] }];
    const tools = new RecordedTools([tool('get', { a: 1 }, 'one', '1'), llm(history), llm([...history, { role: 'assistant', parts: [call('2', 'get', { a: 1 })] }, { role: 'tool', parts: [result('2', 'two')] }])]);
    expect([1, 2, 3].map(() => tools.answer('get', '{"a":1}')?.text)).toEqual(['one', 'two', 'two']);
    expect(tools.size).toBe(1);
  });

  it('are told apart where a program numbers its calls anew at each step', () => {
    const turn = (name: string, answer: string): Message[] => [{ role: 'assistant', parts: [call('call_0', name, {})] }, { role: 'tool', parts: [result('call_0', answer)] }];
    const tools = new RecordedTools([llm([...turn('weather', 'sunny'), ...turn('convert', '70 F')])]);
    expect([tools.answer('weather', '{}')?.text, tools.answer('convert', '{}')?.text]).toEqual(['sunny', '70 F']);
  });

  it('do not choose among several answers to other arguments', () => {
    expect(new RecordedTools([tool('get', { a: 1 }, 'one'), tool('get', { a: 2 }, 'two')]).answer('get', '{"a":3}')).toBeNull();
  });
});

describe('an agent that goes on from a step', () => {
  const history: ChatMessage[] = [{ role: 'user', content: 'Refund A-1' }];
  const scripted = (answers: readonly AgentAnswer[]): { ask: (messages: readonly ChatMessage[]) => Promise<AgentAnswer>; asked: ChatMessage[][] } => {
    const asked: ChatMessage[][] = [];
    return { asked, ask: (messages) => Promise.resolve(answers[asked.push([...messages]) - 1] ?? { text: '', toolCalls: [] }) };
  };

  it('gets the recorded answers until it is done', async () => {
    const { ask, asked } = scripted([{ text: '', toolCalls: [{ id: 'c', name: 'lookup', arguments: '{"id":"A-1"}' }] }, { text: 'Refunded.', toolCalls: [] }]);
    const replay = await replayAgent(history, new RecordedTools([tool('lookup', { id: 'A-1' }, { total: 49 })]), ask, 5);
    expect(replay).toMatchObject({ output: 'Refunded.', steps: 2, stopped: null, notes: [] });
    expect(asked[1]?.at(-1)).toEqual({ role: 'tool', content: '{"total":49}', toolCallId: 'c', name: 'lookup' });
    expect(replay.messages.map(({ role }) => role)).toEqual(['assistant', 'tool', 'assistant']);
  });

  it('stops where nothing was recorded, and where it does not end', async () => {
    const calls = { text: '', toolCalls: [{ id: 'c', name: 'lookup', arguments: '{"id":"B"}' }] };
    const unknown = await replayAgent(history, new RecordedTools([]), scripted([calls]).ask, 5);
    expect(unknown.stopped).toContain('never called lookup with {"id":"B"}');
    const endless = await replayAgent(history, new RecordedTools([tool('lookup', { id: 'A' }, 'x')]), scripted([calls, calls, calls]).ask, 3);
    expect([endless.stopped, endless.steps, endless.notes.length]).toEqual(['The agent was not done after 3 steps.', 3, 1]);
  });
});
