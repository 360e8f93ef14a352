import { formatCount, formatDuration, formatTokens, formatUsd } from '../../../core/text/format.ts';
import type { CodeLine, TracedFunction } from '../../../protocol/spans.ts';

/** What a line's spans took, for its end: `×3 · 1.2 s · 1,204 tok · $0.0012 · 1 error`. What is not known is left out. */
export function lineText({ spans, totalMs, tokens, cost, errors }: Pick<CodeLine, 'spans' | 'totalMs' | 'tokens' | 'cost' | 'errors'>): string {
  return joined([
    spans === 1 ? null : `×${formatCount(spans)}`,
    formatDuration(totalMs),
    tokens === null ? null : `${formatTokens(tokens)} tok`,
    cost === null ? null : formatUsd(cost),
    errorsText(errors),
  ]);
}

/** Above a function: `3 calls · p50 820 ms · 1 error`. */
export function callsText({ calls, p50Ms, errors }: Pick<TracedFunction, 'calls' | 'p50Ms' | 'errors'>): string {
  return joined([formatCount(calls, 'call'), p50Ms === null ? null : `p50 ${formatDuration(p50Ms)}`, errorsText(errors)]);
}

function errorsText(errors: number): string | null {
  return errors === 0 ? null : formatCount(errors, 'error');
}

function joined(parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null).join(' · ');
}
