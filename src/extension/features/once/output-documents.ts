import * as vscode from 'vscode';
import type { JsonObject } from '../../../core/json.ts';
import { formatDuration, formatTokens, formatUsd } from '../../../core/text/format.ts';
import type { OnceResult, PromptSummary } from '../../../protocol/engine.ts';
import { Coalesced } from '../../coalesce.ts';
import { INTERNAL_COMMANDS, SCHEMES } from '../../constants.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';

/** Text arrives in small pieces; the editor is told at most so often, in milliseconds. */
const REPAINT_MS = 80;

export interface OutputRequest {
  readonly engine: FolderEngine;
  readonly prompt: PromptSummary;
  readonly model: string;
  readonly vars: JsonObject;
}

export type OutputStatus =
  | { readonly state: 'running'; readonly cancel: () => void }
  | { readonly state: 'done'; readonly result: OnceResult }
  | { readonly state: 'failed'; readonly message: string };

export interface Output {
  readonly uri: vscode.Uri;
  readonly request: OutputRequest;
  text: string;
  status: OutputStatus;
}

/**
 * The outputs of Run Once: read-only texts that hold exactly what the model wrote. What is known about them (tokens, cost,
 * latency) and what can be done with them stands in lenses above the text.
 */
export class OutputDocuments implements vscode.TextDocumentContentProvider, vscode.CodeLensProvider, vscode.Disposable {
  readonly #outputs = new Map<string, Output>();
  readonly #repaints = new Map<string, Coalesced>();
  readonly #didChange = new vscode.EventEmitter<vscode.Uri>();
  readonly #didChangeLenses = new vscode.EventEmitter<void>();
  readonly #disposable: vscode.Disposable;
  readonly onDidChange = this.#didChange.event;
  readonly onDidChangeCodeLenses = this.#didChangeLenses.event;
  #next = 1;

  constructor() {
    this.#disposable = vscode.Disposable.from(
      this.#didChange,
      this.#didChangeLenses,
      vscode.workspace.registerTextDocumentContentProvider(SCHEMES.output, this),
      vscode.languages.registerCodeLensProvider({ scheme: SCHEMES.output }, this),
      vscode.workspace.onDidCloseTextDocument((document) => {
        if (document.uri.scheme === SCHEMES.output) this.#forget(document.uri.toString());
      }),
    );
  }

  create(request: OutputRequest, status: OutputStatus): Output {
    const name = request.prompt.name.replaceAll('/', '-');
    const uri = vscode.Uri.from({ scheme: SCHEMES.output, path: `/${name} · output ${this.#next++}` });
    const output: Output = { uri, request, text: '', status };
    this.#outputs.set(uri.toString(), output);
    return output;
  }

  get(uri: string): Output | undefined {
    return this.#outputs.get(uri);
  }

  append(output: Output, text: string): void {
    output.text += text;
    let repaint = this.#repaints.get(output.uri.toString());
    if (!repaint) {
      repaint = new Coalesced(() => this.#didChange.fire(output.uri), REPAINT_MS);
      this.#repaints.set(output.uri.toString(), repaint);
    }
    repaint.request();
  }

  /** The complete text replaces what was streamed: they are equal, or the stream was not complete. */
  settle(output: Output, status: OutputStatus): void {
    output.status = status;
    if (status.state === 'done') output.text = status.result.output;
    this.#didChange.fire(output.uri);
    this.#didChangeLenses.fire();
  }

  restart(output: Output, status: OutputStatus): void {
    output.text = '';
    this.settle(output, status);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#outputs.get(uri.toString())?.text ?? '';
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const output = this.#outputs.get(document.uri.toString());
    if (!output) return [];
    const top = new vscode.Range(0, 0, 0, 0);
    const lens = (title: string, command = ''): vscode.CodeLens => new vscode.CodeLens(top, { title, command, arguments: [document.uri.toString()] });
    const again = lens(`$(debug-rerun)\u00a0${vscode.l10n.t('Run again')}`, INTERNAL_COMMANDS.outputRunAgain);
    switch (output.status.state) {
      case 'running':
        return [lens(`$(loading~spin)\u00a0${output.request.model}`), lens(vscode.l10n.t('Cancel'), INTERNAL_COMMANDS.outputCancel)];
      case 'failed':
        return [lens(`$(error)\u00a0${output.status.message.split('\n')[0] ?? ''}`), again];
      case 'done':
        return [
          lens(`$(check)\u00a0${resultLine(output.status.result)}`),
          lens(`$(add)\u00a0${vscode.l10n.t('Add as case')}`, INTERNAL_COMMANDS.outputAddAsCase),
          again,
          lens(`$(copy)\u00a0${vscode.l10n.t('Copy')}`, INTERNAL_COMMANDS.outputCopy),
        ];
    }
  }

  dispose(): void {
    for (const uri of [...this.#outputs.keys()]) this.#forget(uri);
    this.#disposable.dispose();
  }

  #forget(uri: string): void {
    const output = this.#outputs.get(uri);
    if (output?.status.state === 'running') output.status.cancel();
    this.#outputs.delete(uri);
    this.#repaints.get(uri)?.dispose();
    this.#repaints.delete(uri);
  }
}

/** `local:labels · 187 → 4 tok · $0.0003427 · 910 ms`, and why the model stopped when it was not done. */
function resultLine({ model, usage, cost, latencyMs, finishReason }: OnceResult): string {
  const parts = [model];
  if (usage !== null) parts.push(`${formatTokens(usage.input)} → ${formatTokens(usage.output)} tok`);
  parts.push(cost === null ? vscode.l10n.t('cost unknown') : formatUsd(cost), formatDuration(latencyMs));
  if (finishReason !== null && finishReason !== 'stop') parts.push(finishReason);
  return parts.join(' · ');
}
