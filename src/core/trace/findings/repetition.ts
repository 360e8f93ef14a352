import { canonicalJson } from '../../json.ts';
import type { Span } from '../model.ts';
import { totalOf } from '../normalise/tokens.ts';
import { errorInResult } from './result-error.ts';
import { isCounted, messagesIn, quote, type Finding, type Rule } from './finding.ts';

/** As often must an agent call the same with the same. */
const REPEATS = 3;
const LONGEST_CYCLE = 4;

function toolsOf(spans: readonly Span[]): Span[] {
  return spans.filter((span) => span.kind === 'tool' && span.toolName !== null);
}

/** Calls whose arguments nobody recorded are not known to be the same. */
function callsOf(spans: readonly Span[]): Span[] {
  return toolsOf(spans).filter((span) => span.toolArguments !== null);
}

function signature(span: Span): string {
  return `${span.toolName} ${canonicalJson(span.toolArguments)}`;
}

/** The same tool with the same arguments, three times and more in one agent. */
export const repeatedCalls: Rule = ({ byAgent }) => byAgent.flatMap((spans) => {
  const groups = Map.groupBy(callsOf(spans), signature);
  return [...groups.values()].filter((group) => group.length >= REPEATS).map((group): Finding => ({ rule: 'repeated-call', severity: 'warning', message: `${group[0]!.toolName} was called ${group.length} times with the same arguments`, spanIds: group.map((span) => span.spanId) }));
});

/** Calls that go round: A B A B, A B C A B C. Calls of one alone are repetitions, told above. */
export const cycles: Rule = ({ byAgent }) => byAgent.flatMap((spans) => {
  const tools = callsOf(spans);
  const signatures = tools.map(signature);
  for (let length = 2; length <= LONGEST_CYCLE; length++) {
    for (let start = 0; start + 2 * length <= signatures.length; start++) {
      if (new Set(signatures.slice(start, start + length)).size < 2) continue;
      let end = start + length;
      while (end < signatures.length && signatures[end] === signatures[end - length]) end++;
      const rounds = Math.floor((end - start) / length);
      if (rounds >= 2) {
        const names = tools.slice(start, start + length).map((span) => span.toolName).join(' → ');
        return [{ rule: 'cycle', severity: 'warning', message: `the agent went round ${rounds} times: ${names}`, spanIds: tools.slice(start, start + rounds * length).map((span) => span.spanId) } satisfies Finding];
      }
    }
  }
  return [];
});

/** The same tool failing in the same way again. */
export const repeatedErrors: Rule = ({ byAgent }) => byAgent.flatMap((spans) => {
  const failed = toolsOf(spans).flatMap((span) => {
    const error = span.error?.message ?? errorInResult(span.toolResult);
    return error === null || error === undefined ? [] : [{ span, error }];
  });
  const groups = Map.groupBy(failed, ({ span, error }) => `${span.toolName} ${error}`);
  return [...groups.values()].filter((group) => group.length >= 2).map((group): Finding => ({ rule: 'repeated-error', severity: 'warning', message: `${group[0]!.span.toolName} failed ${group.length} times in the same way: ${quote(group[0]!.error)}`, spanIds: group.map(({ span }) => span.spanId) }));
});

/** Calls of a model whose input grows while the answer stays the same. */
export const growingInput: Rule = ({ byAgent }) => byAgent.flatMap((spans) => {
  const calls = spans.filter((span) => span.kind === 'llm' && isCounted(span) && messagesIn(span, 'output').length > 0);
  const findings: Finding[] = [];
  for (let start = 0; start < calls.length;) {
    let end = start + 1;
    while (end < calls.length && answer(calls[end]!) === answer(calls[start]!) && inputTokens(calls[end]!) > inputTokens(calls[end - 1]!)) end++;
    if (end - start >= REPEATS) findings.push({ rule: 'no-progress', severity: 'warning', message: `${end - start} calls of the model gave the same answer while their input grew`, spanIds: calls.slice(start, end).map((span) => span.spanId) });
    start = end;
  }
  return findings;
});

/** What was said and called, apart from ids that differ every time. */
function answer(span: Span): string {
  return canonicalJson(messagesIn(span, 'output').map((message) => message.parts.map((part) => (part.type === 'tool_call' ? [part.name, part.arguments] : part))));
}

function inputTokens(span: Span): number {
  return span.tokens === null ? messagesIn(span, 'input').length : (totalOf({ ...span.tokens, output: null, reasoning: null }) ?? 0);
}

/** Two agents that hand over to each other, twice and back. */
export const pingPong: Rule = ({ byAgent }) => byAgent.flatMap((spans) => {
  const turns = spans.filter((span) => span.kind === 'agent' && span.agentName !== null).filter((span, index, all) => index === 0 || span.agentName !== all[index - 1]!.agentName);
  for (let start = 0; start + 4 <= turns.length; start++) {
    let end = start + 2;
    while (end < turns.length && turns[end]!.agentName === turns[end - 2]!.agentName) end++;
    if (end - start >= 6) return [{ rule: 'ping-pong', severity: 'info', message: `${turns[start]!.agentName} and ${turns[start + 1]!.agentName} handed over to each other ${end - start - 1} times`, spanIds: turns.slice(start, end).map((span) => span.spanId) } satisfies Finding];
  }
  return [];
});
