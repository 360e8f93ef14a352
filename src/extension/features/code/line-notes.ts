import * as vscode from 'vscode';
import { errorMessage } from '../../../core/errors.ts';
import { formatDuration } from '../../../core/text/format.ts';
import type { CodeLine } from '../../../protocol/spans.ts';
import { Coalesced } from '../../coalesce.ts';
import { COMMANDS, SETTINGS } from '../../constants.ts';
import { enginePath } from '../../paths.ts';
import { isCancelled, type Services } from '../../services.ts';
import { codeAnnotations } from '../../settings.ts';
import type { ShownTrace } from '../../traces/shown-traces.ts';
import type { TraceTarget } from '../../traces/targets.ts';
import { isCodeFile } from './code-files.ts';
import { lineText } from './wording.ts';

/** A trace that grows is read again at most so often, in milliseconds. */
const REFRESH_MS = 500;

interface Note {
  /** One-based. */
  readonly line: number;
  /** `null`: the line that a name led to; which spans it made nobody knows. */
  readonly made: CodeLine | null;
  /** Of the span whose code was opened last. */
  readonly foremost: boolean;
}

/**
 * While a trace is open, what the lines that made its spans took, at their end. Of several open traces the one that was looked
 * at last. Asked for only while an editor shows code of its folder; edits move the notes along.
 */
export class LineNotes implements vscode.HoverProvider, vscode.Disposable {
  readonly #services: Services;
  readonly #quiet = vscode.window.createTextEditorDecorationType({ after: { color: new vscode.ThemeColor('editorCodeLens.foreground'), margin: '0 0 0 3em' }, rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed });
  readonly #foremost = vscode.window.createTextEditorDecorationType({
    after: { color: new vscode.ThemeColor('editor.foreground'), margin: '0 0 0 3em' },
    backgroundColor: new vscode.ThemeColor('editor.rangeHighlightBackground'),
    isWholeLine: true,
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  readonly #refresh = new Coalesced(() => this.#ask(), REFRESH_MS);
  readonly #disposables: vscode.Disposable[];
  /** What an editor shows: drawing it again would put what edits have moved back to where it was. */
  readonly #drawn = new WeakMap<vscode.TextEditor, string>();
  #known: { readonly trace: ShownTrace; readonly lines: readonly CodeLine[] } | null = null;
  #stale = false;

  constructor(services: Services) {
    this.#services = services;
    const { shownTraces, engines } = services;
    this.#disposables = [
      this.#quiet,
      this.#foremost,
      this.#refresh,
      shownTraces.onDidChange(() => {
        this.#draw();
        this.#refresh.request();
      }),
      engines.onTracesChanged(({ engine, params }) => {
        const shown = shownTraces.latest;
        if (shown?.engine !== engine || !(params.all || params.traceIds.includes(shown.traceId))) return;
        this.#stale = true;
        this.#refresh.request();
      }),
      vscode.window.onDidChangeVisibleTextEditors(() => {
        this.#draw();
        this.#refresh.request();
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (!change.affectsConfiguration(SETTINGS.codeAnnotations)) return;
        this.#draw();
        this.#refresh.request();
      }),
    ];
  }

  /** At the end of a line, where the note stands: its spans, each with a link. */
  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    if (position.character < document.lineAt(position.line).range.end.character) return undefined;
    const made = this.#notes(document).find(({ line }) => line === position.line + 1)?.made;
    const trace = this.#known?.trace;
    return made && trace ? new vscode.Hover(hoverText(trace, made), new vscode.Range(position, position)) : undefined;
  }

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  async #ask(): Promise<void> {
    const trace = this.#services.shownTraces.latest;
    if (trace === null) {
      this.#known = null;
    } else if ((this.#stale || this.#known?.trace !== trace) && trace.engine.pid !== null && this.#isLookedAt(trace)) {
      this.#stale = false;
      try {
        const { lines } = await trace.engine.request('code/lines', { traceId: trace.traceId });
        this.#known = { trace, lines };
      } catch (error) {
        this.#known = { trace, lines: [] };
        if (!isCancelled(error)) this.#services.log.warn(`The code of the trace ${trace.traceId} could not be found: ${errorMessage(error)}`);
      }
    }
    this.#draw();
  }

  /** An editor shows code of the trace's folder. */
  #isLookedAt({ engine, code }: ShownTrace): boolean {
    return vscode.window.visibleTextEditors.some(({ document: { uri } }) => code?.uri.toString() === uri.toString() || (isCodeFile(uri) && this.#services.engines.forUri(uri) === engine));
  }

  #notes({ uri }: vscode.TextDocument): Note[] {
    const trace = this.#services.shownTraces.latest;
    if (trace === null || !codeAnnotations(uri)) return [];
    const lines = this.#known?.trace === trace ? this.#known.lines : [];
    const { code } = trace;
    const opened = code?.uri.toString() === uri.toString() ? code : null;
    const at = opened === null ? null : { line: opened.line, made: lines.find(({ file, line }) => file === opened.made.file && line === opened.made.line) ?? null, foremost: true };
    const file = isCodeFile(uri) ? enginePath(uri) : null;
    return [...(at === null ? [] : [at]), ...lines.filter((line) => line.file === file && line.line !== at?.line).map((made) => ({ line: made.line, made, foremost: false }))];
  }

  #draw(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      const notes = this.#notes(editor.document);
      const signature = JSON.stringify(notes);
      if ((this.#drawn.get(editor) ?? '[]') === signature) continue;
      this.#drawn.set(editor, signature);
      for (const [type, foremost] of [[this.#quiet, false], [this.#foremost, true]] as const) {
        editor.setDecorations(type, notes.filter((note) => note.foremost === foremost && note.line <= editor.document.lineCount).map((note) => decoration(editor.document, note)));
      }
    }
  }
}

function decoration(document: vscode.TextDocument, { line, made }: Note): vscode.DecorationOptions {
  const { end } = document.lineAt(line - 1).range;
  return { range: new vscode.Range(end, end), ...(made === null ? {} : { renderOptions: { after: { contentText: lineText(made) } } }) };
}

/** Names come from outside: as text, never as Markdown. */
function hoverText({ engine, traceId }: ShownTrace, made: CodeLine): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.isTrusted = { enabledCommands: [COMMANDS.openTrace] };
  text.appendText(lineText(made));
  for (const { spanId, name, durationMs, error } of made.calls) {
    const target: TraceTarget = { folder: engine.folder.uri.toString(), traceId, spanId };
    const link = `command:${COMMANDS.openTrace}?${encodeURIComponent(JSON.stringify([target]))}`;
    text.appendMarkdown('\n\n').appendText(`${name.replaceAll(/\s+/g, ' ')} · ${durationMs === null ? vscode.l10n.t('running') : formatDuration(durationMs)}${error ? ` · ${vscode.l10n.t('failed')}` : ''} · `);
    text.appendMarkdown(`[${vscode.l10n.t('Show span')}](${link})`);
  }
  if (made.spans > made.calls.length) text.appendMarkdown('\n\n').appendText(vscode.l10n.t('{0} more', made.spans - made.calls.length));
  return text;
}
