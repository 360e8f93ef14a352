import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { TouchstoneError, type ErrorCode } from '../../../core/errors.ts';
import { isBeginningOfId } from '../../../core/links/recognise.ts';
import { guessNote } from '../../../core/links/vendors.ts';
import { formatCount } from '../../../core/text/format.ts';
import type { LinkExplanation, OpenedLink } from '../../../protocol/remote.ts';
import { COMMANDS } from '../../constants.ts';
import { askFolders } from '../../engine/ask-folders.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { pickFolder } from '../../engine/pick-folder.ts';
import { showInformation, showWarning } from '../../messages.ts';
import { withProgress } from '../../progress.ts';
import { showError, tellFailure, type Services } from '../../services.ts';
import { addSource, setKeys } from '../../traces/add-source.ts';
import { formatBytes } from '../../traces/numbers.ts';
import { sourceHost } from '../../traces/source-wording.ts';
import { findTrace, type TraceTarget } from '../../traces/targets.ts';

interface Explained {
  readonly engine: FolderEngine;
  readonly link: LinkExplanation;
}

/**
 * Opens the trace that a text names: from the store, else from the source whose page or id it is. Whom that would contact is known
 * before anybody is contacted, and asked about the first time.
 */
export async function openLink(services: Services, text: string): Promise<void> {
  if (isBeginningOfId(text.trim())) {
    const { engine, row } = await findTrace(services, text);
    return show(engine, { traceId: row.traceId, spanId: null });
  }
  const explained = await explain(services, text);
  if (!explained) return;
  const { engine, link } = explained;
  if (!link.isStored && !(await agree(services, explained))) return;
  await tryOpen(services, engine, link.source, vscode.l10n.t('Opening the trace'), (signal, request) => engine.request('links/open', { text, request }, signal), () => openLink(services, text));
}

/** One trace of a source, by the source's id. */
export async function openRemote(services: Services, engine: FolderEngine, source: string, id: string): Promise<void> {
  const sources = (await services.remotes.list(engine)).filter(({ name }) => name === source);
  if (!(await services.hosts.agree(sources))) return;
  await tryOpen(services, engine, source, vscode.l10n.t('Opening the trace'), (signal, request) => engine.request('remote/fetch', { source, id, request }, signal), () => openRemote(services, engine, source, id));
}

/** Fetches a stored trace again from where it came. */
export async function refreshTrace(services: Services, engine: FolderEngine, traceId: string): Promise<void> {
  const origin = await engine.request('remote/origin', { traceId });
  if (origin === null) throw new TouchstoneError('usage', vscode.l10n.t('This trace came from no source: there is nothing to ask again.'));
  const sources = (await services.remotes.list(engine)).filter(({ name }) => name === origin.source);
  if (!(await services.hosts.agree(sources))) return;
  await tryOpen(services, engine, origin.source, vscode.l10n.t('Asking {0} again', origin.source), (signal, request) => engine.request('remote/refresh', { traceId, request }, signal), () => refreshTrace(services, engine, traceId), true);
}

/** In a workspace with several folders: the one whose store has it, else the first that has somebody to ask. */
async function explain(services: Services, text: string): Promise<Explained | undefined> {
  const answers = await askFolders(services, services.engines.forTraces(), (engine) => engine.request('links/explain', { text }));
  const all = answers.map(({ engine, answer }): Explained => ({ engine, link: answer }));
  return all.find(({ link }) => link.isStored) ?? all.find(({ link }) => link.wouldContact.length > 0) ?? all[0];
}

async function agree({ remotes, hosts }: Services, { engine, link }: Explained): Promise<boolean> {
  if (link.wouldContact.length === 0) return true;
  const sources = await remotes.list(engine);
  return hosts.agree(sources.filter((source) => link.wouldContact.includes(sourceHost(source))));
}

type Ask = (signal: AbortSignal, request: string) => Promise<OpenedLink>;

async function tryOpen(services: Services, engine: FolderEngine, source: string | null, title: string, ask: Ask, again: () => Promise<void>, preserveFocus = false): Promise<void> {
  try {
    const { opened, shown } = await fetchShown(services, engine, title, ask, preserveFocus);
    await told(services, engine, opened, { shown, preserveFocus }, again);
  } catch (error) {
    await offer(services, engine, source, error, again);
  }
}

/**
 * The panel opens with the first spans; the rest arrives in it. What has come when it is cancelled stays. `shown`: the trace whose panel was
 * opened so; whoever went on to something else since then, or closed it, is left there.
 */
async function fetchShown(services: Services, engine: FolderEngine, title: string, ask: Ask, preserveFocus: boolean): Promise<{ readonly opened: OpenedLink; readonly shown: string | null }> {
  return withProgress(title, async (signal, progress) => {
    const panel: { opening: Promise<string | null> | null } = { opening: null };
    // Others may be on their way at the same time: their first spans are not to be shown for ours.
    const request = randomUUID();
    const listener = services.engines.onRemoteProgress(({ engine: from, params: { request: of, traceId, spans, bytes } }) => {
      if (from !== engine || of !== request) return;
      progress.report({ message: `${formatCount(spans, 'span')} · ${formatBytes(bytes)}` });
      if (panel.opening !== null || traceId === null || spans === 0) return;
      panel.opening = show(engine, { traceId, spanId: null }, preserveFocus).then(() => (services.shownTraces.isShown(engine, traceId) ? traceId : null), () => null);
    });
    try {
      const opened = await ask(signal, request);
      return { opened, shown: await panel.opening };
    } finally {
      listener.dispose();
    }
  });
}

async function show(engine: FolderEngine, { traceId, spanId }: Pick<Required<TraceTarget>, 'traceId' | 'spanId'>, preserveFocus = false): Promise<void> {
  await vscode.commands.executeCommand(COMMANDS.openTrace, { folder: engine.folder.uri.toString(), traceId, spanId } satisfies TraceTarget, { preserveFocus });
}

async function told(services: Services, engine: FolderEngine, opened: OpenedLink, { shown, preserveFocus }: { readonly shown: string | null; readonly preserveFocus: boolean }, again: () => Promise<void>): Promise<void> {
  switch (opened.status) {
    case 'opened': {
      if (shown !== opened.traceId) await show(engine, opened, preserveFocus);
      else if (services.shownTraces.isShown(engine, shown)) await show(engine, opened, true);
      // The trace is open; nobody waits until the message is put away.
      if (opened.from === 'source' && opened.notes.length > 0) void showInformation(opened.notes.join(' '));
      return;
    }
    case 'browser': {
      const { url, reason } = opened;
      // Of a link from anywhere: whoever clicks should know where that leads.
      const open = url === null ? null : vscode.l10n.t('Open {0} in Browser', new URL(url).host);
      const answer = await showInformation(reason, ...(open === null ? [] : [open]));
      if (answer !== undefined && url !== null) await vscode.env.openExternal(vscode.Uri.parse(url, true));
      return;
    }
    case 'unknown-host': {
      const { host, suggestion, backend } = opened;
      const guess = guessNote(backend, host);
      const add = vscode.l10n.t('Add Source…');
      const detail = vscode.l10n.t('Nothing was sent: no source in touchstone.yml is configured for this host. Add it only if you know whose it is.');
      const answer = await showWarning(vscode.l10n.t('{0} is not known to this workspace.', host), { modal: true, detail: guess === null ? detail : `${detail} ${guess}` }, ...(suggestion === null ? [] : [add]));
      if (answer !== add || suggestion === null) return;
      // Of several folders none has such a source: whose touchstone.yml it belongs in is nothing to guess.
      const folder = await pickFolder(services, undefined, add);
      if (folder && (await addSource(services, folder, suggestion)) !== undefined) await again();
    }
  }
}

/** What may be over when it is asked again. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['timeout', 'rate-limited', 'source-server', 'source-response', 'network']);

/** A failure with what helps against it. */
async function offer(services: Services, engine: FolderEngine, source: string | null, error: unknown, again: () => Promise<void>): Promise<void> {
  const code = error instanceof TouchstoneError ? error.code : null;
  const found = source === null ? undefined : (await services.remotes.listed(engine)).find(({ name }) => name === source);
  if ((code === 'missing-secret' || code === 'unauthorized') && found) {
    const setKey = vscode.l10n.t('Set Key…');
    if ((await tellFailure(services.log, error, setKey)) === setKey && (await setKeys(services, found))) await again();
    return;
  }
  if (code !== null && PASSING.has(code)) {
    const retry = vscode.l10n.t('Try Again');
    if ((await tellFailure(services.log, error, retry)) === retry) await again();
    return;
  }
  if (code === 'not-found' && source === null) {
    const add = vscode.l10n.t('Add Source…');
    if ((await tellFailure(services.log, error, add)) === add && (await addSource(services, engine)) !== undefined) await again();
    return;
  }
  await showError(services.log, error);
}
