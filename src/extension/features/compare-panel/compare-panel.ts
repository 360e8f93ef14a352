import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import type { Side } from '../../../core/compare/model.ts';
import { comparePanelParams } from '../../../protocol/compare-panel-params.ts';
import { FIRST_QUESTION, type ComparedOutput, type ComparePanelMethods, type ComparePanelNotifications, type ComparisonQuestion, type ShownComparison } from '../../../protocol/compare-panel.ts';
import type { Comparison, ComparisonRef, CompareSettings, RunSide } from '../../../protocol/compare.ts';
import type { CellDetail } from '../../../protocol/engine.ts';
import { decoded, type RpcHandler } from '../../../protocol/rpc-peer.ts';
import { Coalesced } from '../../coalesce.ts';
import { isRunSide, sideOf, WORKING_COPY } from '../../compare/sides.ts';
import { requestOf, startComparison, type AskedComparison, type StartOptions } from '../../compare/start.ts';
import { COMMANDS, INTERNAL_COMMANDS } from '../../constants.ts';
import { acceptOutput } from '../../datasets/accept.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { FirstAnswer } from '../../panels/first-answer.ts';
import type { PanelView } from '../../panels/open-panels.ts';
import { copyText, PanelHost } from '../../panels/panel-host.ts';
import { enginePath, overlays } from '../../paths.ts';
import { resumeRun } from '../../runs/start-run.ts';
import type { Services } from '../../services.ts';
import type { RunTarget } from '../../targets.ts';
import { chooseSide } from './choose-side.ts';
import { exportComparison } from './export.ts';
import { openOf, showOutputDifference, showPromptDifference } from './open.ts';
import { refKey, type RememberedComparisons } from './remembered.ts';
import { askShown } from './shown.ts';

/** While runs are under way and while somebody types, the page is told at most so often, in milliseconds. */
const CHANGED_MS = 250;

/** What a panel compares: as it was asked for, and the runs that answer it now. */
export interface ShownTarget {
  readonly engine: FolderEngine;
  readonly asked: AskedComparison;
  readonly comparisons: readonly ComparisonRef[];
}

/**
 * One comparison in a panel, or several with one baseline. Answers what the page asks by asking the engine; runs again what was edited
 * since, and then shows the new runs.
 */
export class ComparePanel implements PanelView {
  readonly #services: Services;
  readonly #remembered: RememberedComparisons;
  readonly host: PanelHost<ComparePanelNotifications>;
  readonly #changed = new Coalesced(() => this.#tell(), CHANGED_MS);
  readonly #first: FirstAnswer<ComparisonQuestion, ShownComparison>;
  #target: ShownTarget;
  /** What the page was shown last, in the order of `comparisons`. */
  #shown: readonly Comparison[] = [];

  constructor(services: Services, target: ShownTarget, remembered: RememberedComparisons, panel: vscode.WebviewPanel) {
    this.#services = services;
    this.#remembered = remembered;
    this.#target = target;
    // Before the page: both take their time.
    this.#first = new FirstAnswer<ComparisonQuestion, ShownComparison>((question, signal) => this.#show(question, signal), FIRST_QUESTION);
    this.host = new PanelHost(services, panel, { name: 'compare', icon: 'compare', handlers: this.#handlers() });
    this.host.onDidShow(() => this.#changed.request());
    const ours = (runId: string): boolean => this.comparisons.some(({ a, b }) => a.runId === runId || b.runId === runId);
    for (const disposable of [
      this.#changed,
      services.runs.onDidChange(({ snapshot }) => {
        if (ours(snapshot.info.id)) this.#change();
      }),
      // Verdicts are told as a change of the run, too: perhaps from another window.
      services.engines.onRunChanged(({ params }) => {
        if (ours(params.runId)) this.#change();
      }),
      services.registry.onDidChangeRegistry(() => this.#change()),
      services.prompts.onDidChangeFiles(() => this.#change()),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 && this.#isCompared(enginePath(document.uri))) this.#change();
      }),
      new vscode.Disposable(() => this.#first.forget()),
    ]) this.host.own(disposable);
  }

  get comparisons(): readonly ComparisonRef[] {
    return this.#target.comparisons;
  }

  /** Shows other runs: those of the same sides as they are now, or of other sides. */
  replace(target: ShownTarget): void {
    this.#target = target;
    this.#remembered.note({ folder: target.engine.folder.uri.toString(), asked: target.asked, comparisons: target.comparisons });
    this.#change();
  }

  /** What a page is about to be told first is out of date as well. */
  #change(): void {
    this.#first.forget();
    this.#changed.request();
  }

  /** A hidden page asks for everything when it is shown again. */
  #tell(): void {
    if (this.host.visible) this.host.notify('comparison/changed', {});
  }

  #handlers(): { readonly [M in keyof ComparePanelMethods]: RpcHandler } {
    const params = comparePanelParams;
    const engine = (): FolderEngine => this.#target.engine;
    return {
      'comparison/get': decoded(params['comparison/get'], (question, signal) => this.#first.to(question, signal)),
      'comparison/page': decoded(params['comparison/page'], (asked, signal) => engine().request('compare/page', asked, signal)),
      'comparison/find': decoded(params['comparison/find'], (asked, signal) => engine().request('compare/find', asked, signal)),
      'comparison/case': decoded(params['comparison/case'], (asked, signal) => engine().request('compare/case', asked, signal)),
      'comparison/prompts': decoded(params['comparison/prompts'], (asked, signal) => engine().request('compare/prompts', asked, signal)),
      'comparison/distributions': decoded(params['comparison/distributions'], (asked, signal) => engine().request('compare/distributions', asked, signal)),
      'comparison/estimate': decoded(params['comparison/estimate'], () => this.#estimate()),
      'comparison/verdict': decoded(params['comparison/verdict'], (asked) => engine().request('compare/verdict', asked)),
      'comparison/again': decoded(params['comparison/again'], ({ untilClear }) => this.host.act(() => this.#start(this.#asked(), { noCache: true, ...(untilClear ? { sequential: true, options: untilClear } : {}) }))),
      'comparison/run-changed': decoded(params['comparison/run-changed'], () => this.host.act(() => this.#start(this.#asked()))),
      'comparison/cancel': decoded(params['comparison/cancel'], () => this.host.act(() => this.#cancel())),
      'comparison/resume': decoded(params['comparison/resume'], () => this.host.act(() => this.#resume())),
      'comparison/swap': decoded(params['comparison/swap'], ({ ref }) => this.host.act(() => this.#swap(ref))),
      'comparison/choose-side': decoded(params['comparison/choose-side'], ({ ref, side }) => this.host.act(() => this.#choose(ref, side))),
      'comparison/promote': decoded(params['comparison/promote'], ({ ref }) => this.host.act(() => this.#promote(ref))),
      'comparison/export': decoded(params['comparison/export'], (asked) => this.host.act(async () => exportComparison(engine(), await this.#get(asked.ref, asked.settings), { ...asked, together: this.#together() }))),
      'prompts/diff': decoded(params['prompts/diff'], ({ ref }) => this.host.act(async () => showPromptDifference(this.#services, engine(), await this.#get(ref)))),
      'outputs/diff': decoded(params['outputs/diff'], (asked) => this.host.act(async () => showOutputDifference(this.#services, engine(), await this.#get(asked.ref), asked))),
      'output/accept': decoded(params['output/accept'], (output) => this.host.act(() => this.#accept(output))),
      'output/trace': decoded(params['output/trace'], (output) => this.host.act(() => this.#trace(output))),
      'open': decoded(params['open'], (what) => this.host.act(async () => openOf(this.#services, engine(), await this.#get(what.ref), what))),
      'copy': decoded(params['copy'], copyText),
    };
  }

  #isCompared(path: string): boolean {
    return this.#shown.some(({ a, b }) => a.promptPath === path || b.promptPath === path);
  }

  /** What would be run now: a run has been run, so what it was of takes its place. */
  #asked(): AskedComparison {
    const { engine, asked } = this.#target;
    const sides = asked.sides.map((spec, at) => {
      const side = at === 0 ? this.#shown[0]?.a : this.#shown[at - 1]?.b;
      if (!side || !isRunSide(spec)) return spec;
      return sideOf({ engine, prompt: { path: side.promptPath, id: side.promptId } }, side.version?.hash ?? WORKING_COPY, side.model);
    });
    return { ...asked, sides };
  }

  /** Of the page's `cells` are those that would be run, of the engine's all. */
  async #estimate(): Promise<{ readonly cells: number; readonly known: number; readonly usd: number | null }> {
    const { engine } = this.#target;
    const { cells, known, usd } = await engine.request('compare/estimate', requestOf(engine, this.#asked()));
    return { cells: cells - known, known, usd };
  }

  #together(): { readonly together?: readonly ComparisonRef[] } {
    return this.comparisons.length > 1 ? { together: this.comparisons } : {};
  }

  /** One that is shown, with the texts as they are in the editors: they tell whether it is stale. */
  #get(ref: ComparisonRef, settings?: CompareSettings): Promise<Comparison> {
    const { engine } = this.#target;
    return engine.request('compare/get', { ref, soon: true, overlays: overlays(engine.folder), ...(settings ? { settings } : {}), ...this.#together() });
  }

  async #show(question: ComparisonQuestion, signal: AbortSignal): Promise<ShownComparison> {
    const { engine } = this.#target;
    const answer = await askShown(engine, this.comparisons, overlays(engine.folder), question, signal);
    if (!answer) throw new TouchstoneError('not-found', vscode.l10n.t('The runs of this comparison are not there any more.'));
    const { shown, all } = answer;
    this.#shown = all;
    this.host.title = titleOf(shown.comparison, all.length);
    return shown;
  }

  async #start(asked: AskedComparison, options: StartOptions = {}): Promise<void> {
    const { engine } = this.#target;
    this.replace({ engine, asked, comparisons: await startComparison(this.#services, engine, asked, options) });
  }

  async #cancel(): Promise<void> {
    const runIds = new Set(this.comparisons.flatMap(({ a, b }) => [a.runId, b.runId]));
    for (const runId of runIds) {
      const { info } = await this.#target.engine.request('runs/get', { runId });
      if (info.status === 'running') await this.#target.engine.request('eval/cancel', { runId });
    }
  }

  async #resume(): Promise<void> {
    const runIds = new Set(this.comparisons.flatMap(({ a, b }) => [a.runId, b.runId]));
    for (const runId of runIds) {
      const { info } = await this.#target.engine.request('runs/get', { runId });
      if (info.status !== 'running' && info.status !== 'finished') await resumeRun(this.#services, this.#target.engine, runId);
    }
    this.#change();
  }

  /** The position of a comparison's `b` among the sides; its baseline stands first. */
  #sideIndex(ref: ComparisonRef): number {
    const index = this.comparisons.findIndex((one) => refKey(one) === refKey(ref));
    if (index < 0) throw new TouchstoneError('not-found', vscode.l10n.t('This comparison was replaced by another one.'));
    return index + 1;
  }

  async #swap(ref: ComparisonRef): Promise<void> {
    const { asked } = this.#target;
    const index = this.#sideIndex(ref);
    await this.#start({ ...asked, sides: [...asked.sides.slice(index, index + 1), ...asked.sides.filter((_, at) => at !== index)] });
  }

  async #choose(ref: ComparisonRef, side: Side): Promise<void> {
    const { engine, asked } = this.#target;
    const index = side === 'a' ? 0 : this.#sideIndex(ref);
    const comparison = await this.#get(ref);
    const chosen = await chooseSide(this.#services, engine, comparison[side]);
    if (chosen !== undefined) await this.#start({ ...asked, sides: asked.sides.map((spec, at) => (at === index ? chosen : spec)) });
  }

  async #promote(ref: ComparisonRef): Promise<void> {
    const { b } = await this.#get(ref);
    await vscode.commands.executeCommand(COMMANDS.promoteVersion, { path: b.promptPath, promptId: b.promptId, ref: b.version?.hash ?? WORKING_COPY });
    this.#change();
  }

  async #cell({ ref, side, caseIndex, repeat }: ComparedOutput): Promise<CellDetail> {
    const { cells } = await this.#target.engine.request('compare/case', { ref, caseIndex });
    const cell = cells[side][repeat];
    if (!cell) throw new TouchstoneError('not-found', vscode.l10n.t('This output is not there yet.'));
    return cell;
  }

  async #accept(output: ComparedOutput): Promise<void> {
    const { case: found, result } = await this.#cell(output);
    await acceptOutput({ file: found.file, caseId: found.id, range: found.range, output: result?.output ?? null });
  }

  async #trace(output: ComparedOutput): Promise<void> {
    const { run, result } = await this.#cell(output);
    if (!result) throw new TouchstoneError('not-found', vscode.l10n.t('This output is not there yet.'));
    const { caseIndex, modelIndex, repeat } = result;
    await vscode.commands.executeCommand(INTERNAL_COMMANDS.openCellTrace, runTarget(this.#target.engine, { runId: run.id }), { caseIndex, modelIndex, repeat });
  }
}

function titleOf({ a, b }: Comparison, count: number): string {
  const more = count > 1 ? ` +${count - 1}` : '';
  return a.promptName === b.promptName ? `${a.promptName}: ${a.label} ⇄ ${b.label}${more}` : `${a.label} ⇄ ${b.label}${more}`;
}

function runTarget(engine: FolderEngine, { runId }: Pick<RunSide, 'runId'>): RunTarget {
  return { folder: engine.folder.uri.toString(), runId };
}
