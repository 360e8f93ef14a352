import type { ChatMessage, ToolCall } from '../model/model.ts';
import type { RecordedResult, RecordedTools } from './recorded-tools.ts';

export interface AgentAnswer {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
}

export interface AgentReplay {
  /** What was said after the history that it began with, tools included. */
  readonly messages: readonly ChatMessage[];
  /** The text of the last answer. */
  readonly output: string;
  readonly steps: number;
  /** Why it ended before its answer; `null`: it is done. */
  readonly stopped: string | null;
  readonly notes: readonly string[];
}

/**
 * Goes on with an agent's run from a recorded history: asks the model, answers its calls of tools with what they answered then, and asks
 * again, until the model calls none. It stops at a call that the recording has no answer to: to invent one would prove nothing.
 */
export async function replayAgent(history: readonly ChatMessage[], tools: RecordedTools, ask: (messages: readonly ChatMessage[], step: number) => Promise<AgentAnswer>, maxSteps: number, onTool: (call: ToolCall, result: RecordedResult) => void = () => undefined): Promise<AgentReplay> {
  const messages: ChatMessage[] = [];
  const notes = new Set<string>();
  let output = '';
  for (let step = 1; step <= maxSteps; step++) {
    const answer = await ask([...history, ...messages], step);
    output = answer.text;
    messages.push({ role: 'assistant', content: answer.text, ...(answer.toolCalls.length === 0 ? {} : { toolCalls: answer.toolCalls }) });
    if (answer.toolCalls.length === 0) return { messages, output, steps: step, stopped: null, notes: [...notes] };
    for (const call of answer.toolCalls) {
      const result = tools.answer(call.name, call.arguments);
      if (result === null) return { messages, output, steps: step, stopped: `The recorded run never called ${call.name} with ${short(call.arguments)}: there is no answer to give.`, notes: [...notes] };
      if (result.how === 'similar') notes.add(`${call.name} was called with other arguments than then (${short(call.arguments)}); its recorded answer was given.`);
      onTool(call, result);
      messages.push({ role: 'tool', content: result.text, toolCallId: call.id, name: call.name });
    }
  }
  return { messages, output, steps: maxSteps, stopped: `The agent was not done after ${maxSteps} steps.`, notes: [...notes] };
}

function short(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}
