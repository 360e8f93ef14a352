import { formatCount, formatDuration, formatPercent, formatUsd } from '../../../core/text/format.ts';
import type { ProductionUse } from '../../../protocol/spans.ts';

/** Versions that a tooltip lists: the rest is in the Traces view. */
const MOST_VERSIONS = 5;

/** `1,204 calls · p95 2.1 s · $0.0004 a call · 1.2% errors`; `null`: nobody has called it. */
export function productionText({ calls, errors, p95Ms, costPerCall }: Pick<ProductionUse, 'calls' | 'errors' | 'p95Ms' | 'costPerCall'>): string | null {
  if (calls === 0) return null;
  return joined([
    formatCount(calls, 'call'),
    p95Ms === null ? null : `p95 ${formatDuration(p95Ms)}`,
    costPerCall === null ? null : `${formatUsd(costPerCall)} a call`,
    errors === 0 ? null : `${formatPercent(errors / calls)} errors`,
  ]);
}

/** The same with what does not fit above a line: since when, feedback, versions. Line by line. */
export function productionDetail({ calls, errors, p50Ms, p95Ms, feedback, versions, since, pending }: ProductionUse): string {
  return [
    joined([`${formatCount(calls, 'recorded call')} of this prompt`, since === null ? null : `since ${since.slice(0, 10)}`]),
    joined([p50Ms === null ? null : `p50 ${formatDuration(p50Ms)}`, p95Ms === null ? null : `p95 ${formatDuration(p95Ms)}`, errors === 0 ? 'no errors' : formatCount(errors, 'error')]),
    ...feedback.map(({ name, count, mean }) => `${name}: ${mean === null ? '' : `mean ${String(Number(mean.toPrecision(3)))}, `}${count === 1 ? 'once' : `${formatCount(count)} times`}`),
    ...versions.slice(0, MOST_VERSIONS).map((version) => joined([version.label, formatCount(version.calls, 'call'), version.errors === 0 ? null : formatCount(version.errors, 'error')])),
    pending === 0 ? '' : `${formatCount(pending, 'trace')} not looked at yet`,
  ].filter((line) => line !== '').join('\n');
}

function joined(parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null).join(' · ');
}
