import { formatCount } from '../../text/format.ts';
import type { Span } from '../model.ts';
import { misfit } from './arguments-fit.ts';
import { hiddenErrorOf } from './result-error.ts';
import { failureFindings, hiddenErrorFinding } from './failures.ts';
import { isCounted, messagesIn, partsIn, type Finding, type Rule } from './finding.ts';

/** Spans that failed and say so; of a failure that is passed up, the innermost. */
export const errors: Rule = ({ spans, tree }) => {
  const failedBelow = new Set<number>();
  for (const [index, span] of spans.entries()) if (span.status === 'error' && tree.parents[index]! >= 0) failedBelow.add(tree.parents[index]!);
  return failureFindings(spans.flatMap((span, index) => (span.status !== 'error' || failedBelow.has(index) ? [] : [{ spanId: span.spanId, name: span.name, isTool: span.kind === 'tool', error: span.error?.message ?? null }])));
};

/** Tools whose result, and evaluators whose verdict, tells an error that their span does not. */
export const hiddenErrors: Rule = ({ spans }) => spans.flatMap((span) => {
  const error = hiddenErrorOf(span);
  return error === null ? [] : [hiddenErrorFinding(span.kind === 'evaluator', span.toolName ?? span.name, error, span.spanId)];
});

/** Answers that were cut off or withheld. */
export const truncated: Rule = ({ spans }) => spans.flatMap((span): Finding[] => {
  if (span.kind !== 'llm' || !isCounted(span)) return [];
  const reason = span.finishReasons.find((said) => /^(length|max_tokens|max_output_tokens|content_filter|content-filter|SAFETY|MAX_TOKENS)$/i.test(said));
  if (reason === undefined) return [];
  const withheld = /filter|safety/i.test(reason);
  return [{ rule: withheld ? 'content-filter' : 'truncated', severity: 'warning', message: withheld ? `the answer of ${span.name} was withheld (${reason})` : `the answer of ${span.name} was cut off at its length limit`, spanIds: [span.spanId] }];
});

/** Tools that were not offered, and arguments that do not fit their schema. */
export const wrongCalls: Rule = ({ spans }) => spans.flatMap((span) => {
  const { tools } = span;
  if (span.kind !== 'llm' || tools === null || !isCounted(span)) return [];
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return partsIn(messagesIn(span, 'output'), 'tool_call').flatMap((call): Finding[] => {
    const tool = byName.get(call.name);
    if (!tool) return [{ rule: 'unknown-tool', severity: 'error', message: `the model called ${call.name}, which it was not offered`, spanIds: [span.spanId] }];
    const problem = misfit(call.arguments ?? {}, tool.parameters);
    return problem === null ? [] : [{ rule: 'invalid-arguments', severity: 'warning', message: `the model called ${call.name} with arguments that do not fit: ${problem}`, spanIds: [span.spanId] }];
  });
});

/** Calls of tools that nobody answered. Running traces and calls of the last answer are left out: their answer may still come. */
export const unanswered: Rule = ({ spans, byAgent, tree }) => {
  if (tree.running.length > 0) return [];
  const ran = new Set(spans.flatMap((span) => (span.kind === 'tool' && span.toolCallId !== null ? [span.toolCallId] : [])));
  const results = new Set(spans.flatMap((span) => partsIn(messagesIn(span, 'input'), 'tool_result').map((part) => part.id)));
  return byAgent.flatMap((group) => {
    const calls = group.filter((span) => span.kind === 'llm' && isCounted(span));
    return calls.slice(0, -1).flatMap((span) => partsIn(messagesIn(span, 'output'), 'tool_call').filter((call) => call.id !== null && !ran.has(call.id) && !results.has(call.id))
      .map((call): Finding => ({ rule: 'unanswered-call', severity: 'warning', message: `the call of ${call.name} got no result`, spanIds: [span.spanId] })));
  });
};

/** An agent that goes on after it has answered, without anybody having said something. */
export const afterFinalAnswer: Rule = ({ byAgent }) => byAgent.flatMap((group) => {
  const calls = group.filter((span) => span.kind === 'llm' && isCounted(span));
  const final = calls.findIndex((span, index) => index < calls.length - 1 && isFinal(span) && !saysNew(span, calls[index + 1]!));
  if (final < 0) return [];
  const rest = calls.slice(final + 1);
  return [{ rule: 'after-final-answer', severity: 'info', message: `${formatCount(rest.length, 'call')} of the model after the final answer`, spanIds: [calls[final]!, ...rest].map((span) => span.spanId) } satisfies Finding];
});

function isFinal(span: Span): boolean {
  const output = messagesIn(span, 'output');
  return span.finishReasons.some((reason) => /^(stop|end_turn|STOP)$/.test(reason)) && output.length > 0 && partsIn(output, 'tool_call').length === 0 && partsIn(output, 'text').length > 0;
}

/** Whether the next call is about something else, or hears from the user. */
function saysNew(span: Span, next: Span): boolean {
  const [before, after] = [messagesIn(span, 'input'), messagesIn(next, 'input')];
  return after.length <= before.length || after.slice(before.length).some((message) => message.role === 'user') || JSON.stringify(after[0]) !== JSON.stringify(before[0]);
}
