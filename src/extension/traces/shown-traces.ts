import * as vscode from 'vscode';
import type { FolderEngine } from '../engine/folder-engine.ts';

/** Where a span's code was opened. */
export interface OpenedCode {
  /** What the editor shows: the file, or the file as it was at a commit. */
  readonly uri: vscode.Uri;
  /** One-based, in what the editor shows. */
  readonly line: number;
  /** The place in the workspace, as the engine names it. */
  readonly made: { readonly file: string; readonly line: number };
}

/** A trace in a panel. */
export class ShownTrace implements vscode.Disposable {
  readonly engine: FolderEngine;
  readonly traceId: string;
  readonly #shown: ShownTraces;
  #code: OpenedCode | null = null;

  constructor(shown: ShownTraces, engine: FolderEngine, traceId: string) {
    this.#shown = shown;
    this.engine = engine;
    this.traceId = traceId;
  }

  /** Of the span whose code was opened last; `null`: of none yet. */
  get code(): OpenedCode | null {
    return this.#code;
  }

  /** A span's code was opened from the panel. */
  openedCode(code: OpenedCode): void {
    this.#code = code;
    this.#shown.front(this);
  }

  /** Somebody looks at the panel. */
  look(): void {
    this.#shown.front(this);
  }

  dispose(): void {
    this.#shown.remove(this);
  }
}

/** The traces in panels of this window. */
export class ShownTraces implements vscode.Disposable {
  /** The one that was looked at last is at the end. */
  readonly #traces: ShownTrace[] = [];
  readonly #didChange = new vscode.EventEmitter<void>();
  /** Which one was looked at last, or the code that was opened from it. */
  readonly onDidChange = this.#didChange.event;

  /** The one that was looked at last; `null`: no panel is open. */
  get latest(): ShownTrace | null {
    return this.#traces.at(-1) ?? null;
  }

  isShown(engine: FolderEngine, traceId: string): boolean {
    return this.#traces.some((trace) => trace.engine === engine && trace.traceId === traceId);
  }

  /** A panel shows a trace, until what this returns is disposed. */
  add(engine: FolderEngine, traceId: string): ShownTrace {
    const trace = new ShownTrace(this, engine, traceId);
    this.front(trace);
    return trace;
  }

  front(trace: ShownTrace): void {
    this.#take(trace);
    this.#traces.push(trace);
    this.#didChange.fire();
  }

  remove(trace: ShownTrace): void {
    this.#take(trace);
    this.#didChange.fire();
  }

  dispose(): void {
    this.#didChange.dispose();
  }

  #take(trace: ShownTrace): void {
    const at = this.#traces.indexOf(trace);
    if (at >= 0) this.#traces.splice(at, 1);
  }
}
