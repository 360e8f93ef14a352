import * as vscode from 'vscode';
import { errorMessage, TouchstoneError } from '../../../core/errors.ts';
import { decoded, RpcPeer, type RpcHandler } from '../../../protocol/rpc-peer.ts';
import { tracePanelParams } from '../../../protocol/trace-panel-decode.ts';
import type { PanelTarget, ShownTrace, TraceExportFormat, TracePanelMethods, TracePanelNotifications } from '../../../protocol/trace-panel.ts';
import type { TraceRow, TraceSkeleton } from '../../../protocol/traces.ts';
import { Coalesced } from '../../coalesce.ts';
import { COMMANDS } from '../../constants.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { panelHtml, panelRoots } from '../../panels/html.ts';
import { showError, type Services } from '../../services.ts';
import { deleteTraces, exportTrace } from '../../traces/actions.ts';
import type { TraceTarget } from '../../traces/targets.ts';
import { openCode } from './open-code.ts';

/** A trace that grows is asked about at most so often, in milliseconds. */
const CHANGED_MS = 250;
/** Characters that are put on the clipboard, at most. */
const LARGEST_COPY = 32_000_000;

/** One trace in a panel: answers what the panel asks, by asking the engine. */
export class TracePanel implements vscode.Disposable {
  readonly #services: Services;
  readonly #engine: FolderEngine;
  readonly #traceId: string;
  readonly #panel: vscode.WebviewPanel;
  readonly #rpc: RpcPeer<Record<never, never>, TracePanelNotifications>;
  readonly #changed = new Coalesced(() => this.#tell(), CHANGED_MS);
  readonly #disposables: vscode.Disposable[] = [this.#changed];
  #toReveal: string | null;

  constructor(services: Services, engine: FolderEngine, traceId: string, panel: vscode.WebviewPanel, reveal: string | null) {
    this.#services = services;
    this.#engine = engine;
    this.#traceId = traceId;
    this.#panel = panel;
    this.#toReveal = reveal;
    const media = (name: string): vscode.Uri => vscode.Uri.joinPath(services.context.extensionUri, 'media', name);
    panel.iconPath = { light: media('trace-light.svg'), dark: media('trace-dark.svg') };
    panel.webview.options = { enableScripts: true, localResourceRoots: panelRoots(services.context.extensionUri) };
    this.#rpc = new RpcPeer<Record<never, never>, TracePanelNotifications>((message) => void panel.webview.postMessage(message), {
      handlers: this.#handlers(),
      onProblem: (error) => services.log.warn(`The trace panel: ${error.message}`),
    });
    this.#disposables.push(
      panel.webview.onDidReceiveMessage((message: unknown) => this.#rpc.receive(message)),
      panel.onDidChangeViewState(() => {
        if (panel.visible) this.#changed.request();
      }),
      services.engines.onTracesChanged(({ engine: from, params }) => {
        if (from === engine && (params.all || params.traceIds.includes(traceId))) this.#changed.request();
      }),
    );
    panel.webview.html = panelHtml(panel.webview, services.context.extensionUri, 'trace', panel.title);
  }

  get target(): TraceTarget {
    return { folder: this.#engine.folder.uri.toString(), traceId: this.#traceId };
  }

  /** Shows the panel, and a span in it. */
  reveal(spanId: string | null): void {
    this.#panel.reveal(undefined, false);
    if (spanId === null) return;
    // A panel that is still loading is told with its first answer; one that was hidden has lost its messages.
    this.#toReveal = spanId;
    this.#rpc.notify('trace/reveal', { spanId });
  }

  onDidDispose(listener: () => void): void {
    this.#panel.onDidDispose(listener);
  }

  dispose(): void {
    this.#rpc.dispose();
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  /** The latest revision; a hidden panel is told when it is shown again. */
  async #tell(): Promise<void> {
    if (!this.#panel.visible) return;
    try {
      const row = await this.#row();
      this.#rpc.notify('trace/changed', { revision: row.revision });
    } catch (error) {
      if (error instanceof TouchstoneError && error.code === 'not-found') this.#rpc.notify('trace/deleted', {});
      else this.#services.log.warn(`The trace ${this.#traceId} could not be read: ${errorMessage(error)}`);
    }
  }

  async #row(): Promise<TraceRow> {
    const row = await this.#engine.request('traces/get', { traceId: this.#traceId });
    this.#panel.title = titleOf(row);
    return row;
  }

  #handlers(): { readonly [M in keyof TracePanelMethods]: RpcHandler } {
    const engine = this.#engine;
    const traceId = this.#traceId;
    return {
      'trace/get': async (): Promise<ShownTrace> => {
        const row = await this.#row();
        const reveal = this.#toReveal;
        this.#toReveal = null;
        return { row, reveal };
      },
      'trace/skeleton': decoded(tracePanelParams['trace/skeleton'], async (params, signal) => forWebview(await engine.request('traces/skeleton', { traceId, ...params }, signal))),
      'trace/span': decoded(tracePanelParams['trace/span'], (params, signal) => engine.request('traces/span', { traceId, ...params }, signal)),
      'trace/value': decoded(tracePanelParams['trace/value'], (params, signal) => engine.request('traces/value', { traceId, ...params }, signal)),
      'trace/find': decoded(tracePanelParams['trace/find'], (params, signal) => engine.request('traces/find', { traceId, ...params }, signal)),
      'trace/findings': (_params, signal) => engine.request('traces/findings', { traceId }, signal),
      'trace/memory': decoded(tracePanelParams['trace/memory'], (params, signal) => engine.request('traces/memory', params, signal)),
      'trace/copy': decoded(tracePanelParams['trace/copy'], ({ format, spanId }) => this.#act(() => this.#copy(format, spanId))),
      'trace/export': decoded(tracePanelParams['trace/export'], ({ format, spanId }) => this.#act(async () => exportTrace(engine, await this.#row(), format, spanId))),
      'trace/delete': () => this.#act(async () => {
        if (await deleteTraces(this.#services, [this.target])) this.#panel.dispose();
      }),
      'open': decoded(tracePanelParams['open'], (target) => this.#act(() => this.#open(target))),
      'copy': decoded(tracePanelParams['copy'], async ({ text }) => {
        await vscode.env.clipboard.writeText(text);
        return {};
      }),
    };
  }

  /** What fails here is shown by VS Code, not by the panel: it is about files and editors. */
  async #act(action: () => Promise<void>): Promise<Record<string, never>> {
    try {
      await action();
    } catch (error) {
      void showError(this.#services.log, error);
    }
    return {};
  }

  async #copy(format: TraceExportFormat, spanId: string | undefined): Promise<void> {
    const { text } = await this.#engine.request('traces/export', { traceId: this.#traceId, format, ...(spanId === undefined ? {} : { spanId }) });
    if (text.length > LARGEST_COPY) throw new TouchstoneError('usage', vscode.l10n.t('The trace is too large for the clipboard. Export it to a file.'));
    await vscode.env.clipboard.writeText(text);
    vscode.window.setStatusBarMessage(vscode.l10n.t('Copied.'), 3000);
  }

  async #open(target: PanelTarget): Promise<void> {
    switch (target.what) {
      case 'code': {
        const { span } = await this.#engine.request('traces/span', { traceId: this.#traceId, spanId: target.spanId });
        return openCode(this.#engine.folder, span);
      }
      case 'traces':
        await vscode.commands.executeCommand(COMMANDS.searchTraces, target.query);
        return;
      case 'trace':
        await vscode.commands.executeCommand(COMMANDS.openTrace, { folder: this.target.folder, traceId: target.traceId, spanId: target.spanId } satisfies TraceTarget);
        return;
      case 'value': {
        const { value } = await this.#engine.request('traces/value', { traceId: this.#traceId, spanId: target.spanId, pointer: target.pointer });
        const name = target.pointer.split('/').at(-1)?.replaceAll('~1', '-').replaceAll('~0', '~') || 'span';
        const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
        return this.#services.texts.show(`${name}.${typeof value === 'string' ? 'txt' : 'json'}`, text, { viewColumn: vscode.ViewColumn.Beside, preview: true });
      }
    }
  }
}

export function titleOf(row: TraceRow): string {
  return row.name === '' ? row.traceId.slice(0, 8) : row.name;
}

/** Over the channel of processes bytes may arrive as Node's Buffer, which postMessage would turn into JSON. */
function forWebview(skeleton: TraceSkeleton | null): TraceSkeleton | null {
  if (skeleton === null || !Buffer.isBuffer(skeleton.spanIds)) return skeleton;
  const { buffer, byteOffset, length } = skeleton.spanIds;
  return { ...skeleton, spanIds: new Uint8Array(buffer, byteOffset, length) };
}
