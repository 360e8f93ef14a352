import { formatCount, formatDuration, formatTokens, formatUsd } from '../../../core/text/format.ts';
import type { TraceBreakdown } from '../../../protocol/traces.ts';
import { durationMs, millisecondsOf } from '../../traces/numbers.ts';

type Group = TraceBreakdown['groups'][number];

/**
 * A trace as a text that VS Code's diff editor can set beside another one: sums first, then one paragraph for each kind of
 * step, in an order that does not depend on the trace, one value a line.
 */
export function describeBreakdown({ row, groups }: TraceBreakdown): string {
  const values = (indent: string, pairs: readonly (readonly [string, string | null])[]): string[] =>
    pairs.flatMap(([name, value]) => (value === null ? [] : [`${indent}${`${name}:`.padEnd(14)} ${value}`]));
  const head = values('', [
    ['name', row.name],
    ['started', new Date(millisecondsOf(row.startNs)).toISOString()],
    ['duration', row.durationNs === null ? 'running' : formatDuration(durationMs(row))],
    ['spans', formatCount(row.spans)],
    ['errors', formatCount(row.errors)],
    ['LLM calls', formatCount(row.llmCalls)],
    ['tool calls', formatCount(row.toolCalls)],
    ['tokens', formatTokens(row.tokens)],
    ['input tokens', formatTokens(row.inputTokens)],
    ['output tokens', formatTokens(row.outputTokens)],
    ['cost', row.unpriced > 0 && row.cost !== null ? `at least ${formatUsd(row.cost)}` : formatUsd(row.cost)],
    ['models', [...row.models].sort().join(', ')],
    ['service', row.service],
    ['environment', row.environment],
    ['session', row.session],
    ['trace', row.traceId],
  ]);
  const steps = [...groups].sort((a, b) => titleOf(a).localeCompare(titleOf(b), 'en')).flatMap((group) => ['', titleOf(group), ...values('  ', [
    ['count', formatCount(group.count)],
    ['errors', formatCount(group.errors)],
    ['p50', group.p50Ms === null ? null : formatDuration(group.p50Ms)],
    ['total time', formatDuration(group.totalMs)],
    ['tokens', group.tokens === null ? null : formatTokens(group.tokens)],
    ['cost', group.cost === null ? null : formatUsd(group.cost)],
  ])]);
  return `${[...head, ...steps].join('\n')}\n`;
}

function titleOf({ kind, name, model }: Group): string {
  return [kind, name, model].filter((part) => part !== null && part !== '').join(' ');
}
