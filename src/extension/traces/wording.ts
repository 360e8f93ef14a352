import * as vscode from 'vscode';
import { CACHED_TAG } from '../../core/eval/cell-trace-id.ts';
import { formatCount, formatDuration, formatTokens, formatUsd } from '../../core/text/format.ts';
import type { SessionRow, TraceListRequest, TraceRow } from '../../protocol/traces.ts';
import { durationMs, millisecondsOf } from './numbers.ts';

export type TraceSort = TraceListRequest['sort'];

/** `14:32` today, `20 Nov, 14:32` before. */
export function shortTime(ms: number, now = Date.now()): string {
  const date = new Date(ms);
  const today = date.toDateString() === new Date(now).toDateString();
  return date.toLocaleString(undefined, { ...(today ? {} : { day: 'numeric', month: 'short' }), hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

/** OpenTelemetry's names begin with the operation, which is the same in all lines of a list; without a name the id's beginning. */
export function traceLabel(row: Pick<TraceRow, 'name' | 'traceId'>): string {
  return row.name.replace(/^(?:invoke_agent|invoke_workflow) (?=\S)/, '') || row.traceId.slice(0, 8);
}

/** What stands behind a trace's name: what the list is sorted by comes first, because a narrow view cuts off the rest. */
export function traceDescription(row: TraceRow, sort: TraceSort): string {
  const parts: Record<TraceSort, string | null> = {
    time: shortTime(millisecondsOf(row.startNs)),
    duration: durationText(row),
    cost: costText(row),
    tokens: row.tokens === null ? null : vscode.l10n.t('{0} tok', formatTokens(row.tokens)),
    errors: errorsText(row),
  };
  const order: readonly TraceSort[] = ['errors', 'duration', 'cost', 'tokens', 'time'];
  return [parts[sort], row.preview, ...order.filter((key) => key !== sort).map((key) => parts[key]), row.environment].filter((part) => part !== null && part !== '').join(' · ');
}

/** An answer from the cache took no time. */
function durationText(row: TraceRow): string {
  if (row.durationNs === null) return vscode.l10n.t('running');
  return row.origin === 'eval' && row.tags.includes(CACHED_TAG) ? vscode.l10n.t('cached') : formatDuration(durationMs(row));
}

/** A cell of an eval fails as a whole. */
function errorsText(row: TraceRow): string | null {
  if (row.errors === 0) return null;
  return row.origin === 'eval' ? vscode.l10n.t('failed') : formatCount(row.errors, 'error');
}

function hiddenErrorsText({ origin, errors, hiddenErrors }: TraceRow): string {
  if (origin === 'eval' && errors === 1) return vscode.l10n.t('Its checks failed.');
  return errors === hiddenErrors ? vscode.l10n.t('Only results tell of the errors; no status does.') : vscode.l10n.t('{0} of the errors are told by results only.', hiddenErrors);
}

/** A cost without some of the calls is a lower bound, and is written so. */
function costText(row: TraceRow): string | null {
  if (row.cost === null) return null;
  return row.unpriced > 0 ? `≥ ${formatUsd(row.cost)}` : formatUsd(row.cost);
}

export function traceIcon(row: TraceRow): vscode.ThemeIcon {
  if (row.running > 0) return new vscode.ThemeIcon('loading~spin');
  if (row.errors > 0) return new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed'));
  return new vscode.ThemeIcon('list-tree');
}

/** A tooltip line by line. What stands in it comes from outside: as text, never as Markdown. */
function lines(): { readonly tooltip: vscode.MarkdownString; readonly line: (...parts: readonly (string | null)[]) => void } {
  const tooltip = new vscode.MarkdownString();
  return {
    tooltip,
    line: (...parts) => {
      const text = parts.filter((part) => part !== null && part !== '').join(' · ');
      if (text === '') return;
      if (tooltip.value !== '') tooltip.appendMarkdown('  \n');
      tooltip.appendText(text.replaceAll(/\s+/g, ' '));
    },
  };
}

/** Everything that the list knows of a trace. */
export function traceTooltip(row: TraceRow): vscode.MarkdownString {
  const { tooltip, line } = lines();
  line(row.name);
  line(row.preview);
  line(new Date(millisecondsOf(row.startNs)).toLocaleString(), durationText(row));
  line(formatCount(row.spans, 'span'), row.llmCalls > 0 ? formatCount(row.llmCalls, 'LLM call') : null, row.toolCalls > 0 ? formatCount(row.toolCalls, 'tool call') : null, errorsText(row));
  if (row.hiddenErrors > 0) line(hiddenErrorsText(row));
  line(row.tokens === null ? null : vscode.l10n.t('{0} tokens ({1} in, {2} out)', formatTokens(row.tokens), formatTokens(row.inputTokens), formatTokens(row.outputTokens)), costText(row));
  if (row.unpriced > 0) line(vscode.l10n.t('{0} without a known price', formatCount(row.unpriced, 'call')));
  line(row.models.join(', '));
  line(row.service, row.environment, row.user);
  line(row.session === null ? null : vscode.l10n.t('session {0}', row.session));
  line(row.tags.join(', '));
  line(originText(row.origin), row.traceId);
  return tooltip;
}

function originText(origin: TraceRow['origin']): string {
  switch (origin) {
    case 'received':
      return vscode.l10n.t('received');
    case 'imported':
      return vscode.l10n.t('imported');
    case 'tailed':
      return vscode.l10n.t('from a file');
    case 'eval':
      return vscode.l10n.t('from a run');
    case 'fetched':
      return vscode.l10n.t('fetched from a source');
  }
}

export function sessionDescription(session: SessionRow): string {
  const cost = session.cost === null ? null : formatUsd(session.cost);
  const errors = session.errors === 0 ? null : formatCount(session.errors, 'error');
  return [formatCount(session.traces, 'trace'), errors, cost, shortTime(millisecondsOf(session.startNs))].filter((part) => part !== null).join(' · ');
}

export function sessionTooltip(session: SessionRow): vscode.MarkdownString {
  const { tooltip, line } = lines();
  line(session.session);
  line(formatCount(session.traces, 'trace'), formatCount(session.spans, 'span'), session.errors > 0 ? formatCount(session.errors, 'error') : null);
  line(session.tokens === null ? null : vscode.l10n.t('{0} tokens', formatTokens(session.tokens)), session.cost === null ? null : formatUsd(session.cost));
  line(session.service, session.user);
  return tooltip;
}
