import * as vscode from 'vscode';
import { errorMessage, TouchstoneError } from '../../../core/errors.ts';
import { decoded, type RpcHandler } from '../../../protocol/rpc-peer.ts';
import { tracePanelParams } from '../../../protocol/trace-panel-params.ts';
import type { PanelTarget, ShownPrompt, ShownTrace, TraceExportFormat, TracePanelMethods, TracePanelNotifications } from '../../../protocol/trace-panel.ts';
import type { SpanPrompt } from '../../../protocol/spans.ts';
import type { TraceRow, TraceSkeleton } from '../../../protocol/traces.ts';
import { Coalesced } from '../../coalesce.ts';
import { COMMANDS } from '../../constants.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { FirstAnswer } from '../../panels/first-answer.ts';
import type { PanelView } from '../../panels/open-panels.ts';
import { copyText, PanelHost } from '../../panels/panel-host.ts';
import { overlays } from '../../paths.ts';
import type { Services } from '../../services.ts';
import { deleteTraces, exportTrace } from '../../traces/actions.ts';
import type { ShownTrace as OpenTrace } from '../../traces/shown-traces.ts';
import type { TraceTarget } from '../../traces/targets.ts';
import { openCode } from './open-code.ts';

/** A trace that grows is asked about at most so often, in milliseconds. */
const CHANGED_MS = 250;
/** A page has loaded by then; milliseconds. */
const FIRST_ANSWER_MS = 20_000;

type SkeletonQuestion = TracePanelMethods['trace/skeleton'][0];

/** Characters that are put on the clipboard, at most. */
const LARGEST_COPY = 32_000_000;

/** One trace in a panel: answers what the panel asks, by asking the engine. */
export class TracePanel implements PanelView {
  readonly #services: Services;
  readonly #engine: FolderEngine;
  readonly #traceId: string;
  readonly host: PanelHost<TracePanelNotifications>;
  readonly #shown: OpenTrace;
  readonly #first: { readonly row: FirstAnswer<Record<string, never>, TraceRow>; readonly skeleton: FirstAnswer<SkeletonQuestion, TraceSkeleton | null> };
  #toReveal: string | null = null;

  constructor(services: Services, engine: FolderEngine, traceId: string, panel: vscode.WebviewPanel) {
    this.#services = services;
    this.#engine = engine;
    this.#traceId = traceId;
    // Before the page: both take their time.
    this.#first = { row: new FirstAnswer((_question, signal) => this.#row(signal), {}), skeleton: new FirstAnswer((question, signal) => this.#skeleton(question, signal), {}) };
    this.host = new PanelHost(services, panel, { name: 'trace', icon: 'trace', handlers: this.#handlers(), pictures: true });
    const changed = new Coalesced(() => this.#tell(), CHANGED_MS);
    this.host.own(changed);
    this.#shown = services.shownTraces.add(engine, traceId);
    this.host.own(this.#shown);
    this.host.onDidShow(() => {
      this.#shown.look();
      changed.request();
    });
    const forget = (): void => {
      this.#first.row.forget();
      this.#first.skeleton.forget();
    };
    // A panel that was opened out of sight has no page yet: what was read is not kept for it.
    const kept = setTimeout(forget, FIRST_ANSWER_MS);
    this.host.own(new vscode.Disposable(() => {
      clearTimeout(kept);
      forget();
    }));
    this.host.own(services.engines.onTracesChanged(({ engine: from, params }) => {
      if (from !== engine || !(params.all || params.traceIds.includes(traceId))) return;
      forget();
      changed.request();
    }));
  }

  get target(): TraceTarget {
    return { folder: this.#engine.folder.uri.toString(), traceId: this.#traceId };
  }

  /** Shows a span in the panel. */
  revealSpan(spanId: string): void {
    // A panel that is still loading is told with its first answer; one that was hidden has lost its messages.
    this.#toReveal = spanId;
    this.host.notify('trace/reveal', { spanId });
  }

  /** The latest revision; a hidden panel is told when it is shown again. */
  async #tell(): Promise<void> {
    if (!this.host.visible) return;
    try {
      const row = await this.#row();
      this.host.notify('trace/changed', { revision: row.revision });
    } catch (error) {
      if (error instanceof TouchstoneError && error.code === 'not-found') this.host.notify('trace/deleted', {});
      else this.#services.log.warn(`The trace ${this.#traceId} could not be read: ${errorMessage(error)}`);
    }
  }

  async #row(signal?: AbortSignal): Promise<TraceRow> {
    const row = await this.#engine.request('traces/get', { traceId: this.#traceId }, signal);
    this.host.title = titleOf(row);
    return row;
  }

  async #skeleton(question: SkeletonQuestion, signal: AbortSignal): Promise<TraceSkeleton | null> {
    return forWebview(await this.#engine.request('traces/skeleton', { traceId: this.#traceId, ...question }, signal));
  }

  #handlers(): { readonly [M in keyof TracePanelMethods]: RpcHandler } {
    const engine = this.#engine;
    const traceId = this.#traceId;
    return {
      'trace/get': async (_params, signal): Promise<ShownTrace> => {
        const row = await this.#first.row.to({}, signal);
        const reveal = this.#toReveal;
        this.#toReveal = null;
        return { row, reveal };
      },
      'trace/skeleton': decoded(tracePanelParams['trace/skeleton'], (question, signal) => this.#first.skeleton.to(question, signal)),
      'trace/span': decoded(tracePanelParams['trace/span'], (params, signal) => engine.request('traces/span', { traceId, ...params }, signal)),
      'trace/value': decoded(tracePanelParams['trace/value'], (params, signal) => engine.request('traces/value', { traceId, ...params }, signal)),
      'trace/find': decoded(tracePanelParams['trace/find'], (params, signal) => engine.request('traces/find', { traceId, ...params }, signal)),
      'trace/findings': (_params, signal) => engine.request('traces/findings', { traceId }, signal),
      'trace/prompt': decoded(tracePanelParams['trace/prompt'], async (params, signal) => shownPrompt(await engine.request('spans/prompt', { traceId, ...params, overlays: overlays(engine.folder) }, signal))),
      'trace/memory': decoded(tracePanelParams['trace/memory'], (params, signal) => engine.request('traces/memory', params, signal)),
      'trace/copy': decoded(tracePanelParams['trace/copy'], ({ format, spanId }) => this.host.act(() => this.#copy(format, spanId))),
      'trace/export': decoded(tracePanelParams['trace/export'], ({ format, spanId }) => this.host.act(async () => exportTrace(engine, await this.#row(), format, spanId))),
      'trace/delete': () => this.host.act(async () => {
        if (await deleteTraces(this.#services, [this.target])) this.host.close();
      }),
      'open': decoded(tracePanelParams['open'], (target) => this.host.act(() => this.#open(target))),
      'copy': decoded(tracePanelParams['copy'], copyText),
    };
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
        const opened = await openCode(this.#services.texts, this.#engine, { traceId: this.#traceId, spanId: target.spanId });
        if (opened) this.#shown.openedCode(opened);
        return;
      }
      case 'prompt':
      case 'new-prompt':
      case 'golden':
      case 'replay':
        await vscode.commands.executeCommand(CALL_COMMANDS[target.what], { folder: this.target.folder, traceId: this.#traceId, spanId: target.spanId } satisfies TraceTarget);
        return;
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

const CALL_COMMANDS = { 'prompt': COMMANDS.openPromptOfCall, 'new-prompt': COMMANDS.newPromptFromCall, 'golden': COMMANDS.addToGolden, 'replay': COMMANDS.replayCall } as const;

/** Values stay where they are: the panel shows which there are. */
function shownPrompt({ how, certain, note, origins }: SpanPrompt): ShownPrompt {
  return { how, certain, note, origins: origins.map(({ name, exact, score, versions, variables }) => ({ name, exact, score, versions: versions.map(({ label }) => label), variables: variables.map((variable) => variable.name) })) };
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
