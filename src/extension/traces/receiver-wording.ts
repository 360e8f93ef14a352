import * as vscode from 'vscode';
import { formatCount } from '../../core/text/format.ts';
import type { ReceiverStatus, SourcesState } from '../../protocol/traces.ts';
import { shortTime } from './wording.ts';

/** `on`: the switch, which may be ahead of what the engine has told. */
export function receiverIcon(status: ReceiverStatus | undefined, on: boolean): vscode.ThemeIcon {
  if (status?.state === 'failed') return new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
  if (status?.state === 'on') return new vscode.ThemeIcon('broadcast', new vscode.ThemeColor('testing.iconPassed'));
  if (status?.state === 'elsewhere') return new vscode.ThemeIcon('broadcast');
  return on ? new vscode.ThemeIcon('loading~spin') : new vscode.ThemeIcon('circle-slash');
}

/** One line: where it listens, and what differs from what was asked for. */
export function receiverDescription(status: ReceiverStatus | undefined, on: boolean): string {
  switch (status?.state) {
    case 'on':
      return [ports(status), taken(status)].filter((part) => part !== null).join(' · ');
    case 'elsewhere':
      return vscode.l10n.t('in another window · {0}', ports(status));
    case 'failed':
      return status.reason;
    case 'starting':
      return vscode.l10n.t('starting');
    case 'off':
    case undefined:
      return on ? vscode.l10n.t('starting') : vscode.l10n.t('off');
  }
}

export function receiverTooltip(state: SourcesState | undefined, on: boolean): string {
  const status = state?.receiver;
  const lines: (string | null)[] = [];
  switch (status?.state) {
    case 'on':
      lines.push(vscode.l10n.t('Receives OpenTelemetry at {0}.', endpoint(status.http)));
      lines.push(status.grpc === null ? vscode.l10n.t('gRPC is off.') : vscode.l10n.t('gRPC at {0}.', endpoint(status.grpc)));
      lines.push(taken(status));
      lines.push(vscode.l10n.t('On since {0}.', shortTime(status.since)));
      break;
    case 'elsewhere':
      lines.push(vscode.l10n.t('{0} receives for this folder at {1}. Its traces are shown here, too; when it is closed, this window takes over.', status.owner, endpoint(status.http)));
      break;
    case 'failed':
      lines.push(status.reason);
      break;
    case 'starting':
    case 'off':
    case undefined:
      lines.push(on ? vscode.l10n.t('The receiver is being started.') : vscode.l10n.t('The receiver is off: nothing listens.'));
  }
  if (state && state.counts.requests > 0) {
    const { counts } = state;
    lines.push([formatCount(counts.spans, 'span'), formatCount(counts.logs, 'log record'), ...(counts.metrics > 0 ? [formatCount(counts.metrics, 'metric')] : []), vscode.l10n.t('in {0}', formatCount(counts.requests, 'request'))].join(', '));
    if (counts.lastAt !== null) lines.push(vscode.l10n.t('The last one at {0}.', shortTime(counts.lastAt)));
  }
  return lines.filter((line) => line !== null).join('\n');
}

export function endpoint(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function ports({ http, grpc }: { readonly http: number; readonly grpc: number | null }): string {
  return grpc === null ? `127.0.0.1:${http}` : vscode.l10n.t('127.0.0.1:{0}, gRPC {1}', http, grpc);
}

/** A port that was asked for and that somebody else had. */
function taken(status: Extract<ReceiverStatus, { state: 'on' }>): string | null {
  const moved = [
    status.requestedHttp !== 0 && status.http !== status.requestedHttp ? vscode.l10n.t('{0} was taken, listening on {1}', status.requestedHttp, status.http) : null,
    status.grpc !== null && status.requestedGrpc !== 0 && status.grpc !== status.requestedGrpc ? vscode.l10n.t('{0} was taken, listening on {1}', status.requestedGrpc, status.grpc) : null,
  ].filter((part) => part !== null);
  return moved.length === 0 ? null : moved.join('; ');
}
