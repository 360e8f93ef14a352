import * as vscode from 'vscode';
import type { SourceType } from '../../core/config/model.ts';
import { BACKEND_NAMES } from '../../core/links/vendors.ts';
import { formatCount, formatDuration, formatTokens, formatUsd } from '../../core/text/format.ts';
import type { RemoteSource, RemoteTraceRow } from '../../protocol/remote.ts';
import { durationMs, millisecondsOf } from './numbers.ts';
import { shortTime } from './wording.ts';

export function sourceLabel(type: SourceType): string {
  return type === 'sqlite' ? 'SQLite' : BACKEND_NAMES[type];
}

/** `Langfuse: production`; of a source that is named as its type is, that alone. */
export function sourceTitle({ type, name }: Pick<RemoteSource, 'type' | 'name'>): string {
  return name === type ? sourceLabel(type) : `${sourceLabel(type)}: ${name}`;
}

/** Where it is asked, for people: `host[:port]`; of a file its path. */
export function sourceHost({ type, url }: Pick<RemoteSource, 'type' | 'url'>): string {
  return type === 'sqlite' ? url : new URL(url).host;
}

/** What a source's failure says below its row, which is narrow: that the failure is this source's stands above. */
export function problemAtSource(message: string, { name }: Pick<RemoteSource, 'name'>): string {
  const who = `(source "${name}") `;
  const at = message.indexOf(who);
  if (at < 0) return message;
  const said = message.slice(at + who.length);
  return said.slice(0, 1).toUpperCase() + said.slice(1);
}

export function missingKeys({ secrets }: Pick<RemoteSource, 'secrets'>): string[] {
  return secrets.filter(({ isSet }) => !isSet).map(({ name }) => name);
}

/** What stands behind a trace that is listed and may not be here yet. */
export function remoteDescription(row: RemoteTraceRow): string {
  return [
    row.errors !== null && row.errors > 0 ? formatCount(row.errors, 'error') : null,
    shortTime(millisecondsOf(row.startNs)),
    row.durationNs === null ? null : formatDuration(durationMs(row)),
    row.cost === null ? null : formatUsd(row.cost),
    row.tokens === null ? null : vscode.l10n.t('{0} tok', formatTokens(row.tokens)),
  ].filter((part) => part !== null).join(' · ');
}
