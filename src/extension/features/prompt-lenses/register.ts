import * as vscode from 'vscode';
import { formatCount, formatUsd } from '../../../core/text/format.ts';
import type { PromptState } from '../../../protocol/engine.ts';
import type { ProductionUse } from '../../../protocol/spans.ts';
import { COMMANDS, INTERNAL_COMMANDS, SETTINGS } from '../../constants.ts';
import { enginePath, toRange } from '../../paths.ts';
import type { LensPlaces } from '../../../core/prompt/lens-places.ts';
import { longScore, progress, statusWord } from '../../runs/wording.ts';
import { registryLenses } from '../../registry/lenses.ts';
import type { Services } from '../../services.ts';
import { codeLensEnabled } from '../../settings.ts';
import { SPACE, SteadyLenses } from '../../steady-lenses.ts';
import type { PromptTarget, RunTarget } from '../../targets.ts';
import { productionDetail, productionText } from './production-wording.ts';
import { ProductionUses } from './production-uses.ts';

/**
 * Over `name:` the eval, what is known without running anything, and what production says; over `messages:` how the text compares with an environment's
 * version, which version it is, and *Run once*. Providing them looks for two lines of the text and at what the engine last said;
 * nothing is asked or computed here.
 */
class PromptLenses extends SteadyLenses {
  readonly #services: Services;
  readonly #production: ProductionUses;

  constructor(services: Services) {
    super();
    this.#services = services;
    this.#production = new ProductionUses(services);
    const refresh = (): void => this.refresh();
    this.keep(
      this.#production,
      this.#production.onDidChange(refresh),
      services.prompts.onDidChange(refresh),
      services.registry.onDidChange(refresh),
      services.runs.onDidChange(refresh),
      services.runs.onDidEnd(refresh),
      vscode.workspace.onDidGrantWorkspaceTrust(refresh),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(SETTINGS.codeLensEnabled)) refresh();
      }),
    );
  }

  protected override lensesOf(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!this.#services.prompts.isPromptFile(document.uri) || !codeLensEnabled(document)) return [];
    const prompts = this.#services.prompts.lensPlaces(document);
    const states = this.#services.prompts.states(document.uri);
    // The engine lists the prompts of a file in the order of the text. While they differ in number, the text was just edited.
    return prompts.flatMap((place, index) => this.#lenses(document, index, place, (states?.length === prompts.length ? states[index] : undefined) ?? null));
  }

  #lenses(document: vscode.TextDocument, index: number, place: LensPlaces & { readonly cases: number | null }, state: PromptState | null): vscode.CodeLens[] {
    const range = toRange(place.name);
    const lens = (command: vscode.Command, at = range): vscode.CodeLens => new vscode.CodeLens(at, command);
    const cases = state?.dataset?.cases ?? place.cases;
    if (!vscode.workspace.isTrusted) {
      const counted = this.#services.prompts.countWithoutEngine(document.uri, index);
      return [
        ...(counted === null ? [] : [lens({ title: counted.atLeast ? vscode.l10n.t('more than {0}', formatCount(counted.count, 'case')) : formatCount(counted.count, 'case'), command: '' })]),
        lens({ title: `$(shield)${SPACE}${vscode.l10n.t('Trust this workspace to run')}`, command: INTERNAL_COMMANDS.manageTrust }),
      ];
    }
    if (!this.#services.engines.forUri(document.uri)) return [lens({ title: vscode.l10n.t('Open its folder to run this prompt'), command: 'vscode.openFolder' })];
    const target: PromptTarget = { path: enginePath(document.uri), ...(state ? { promptId: state.id } : {}) };
    const lenses = this.#evalLenses(document, target, state, cases).map((command) => lens(command));
    const production = state && productionLens(this.#production.get(document.uri, state.id));
    if (production) lenses.push(lens(production));
    const known = state && this.#services.registry.get(document.uri, state.id);
    if (known) lenses.push(...registryLenses(target, known).map((command) => lens(command, toRange(place.messages))));
    lenses.push(lens({ title: `$(debug-start)${SPACE}${vscode.l10n.t('Run once')}`, command: COMMANDS.runOnce, arguments: [target] }, toRange(place.messages)));
    return lenses;
  }

  #evalLenses(document: vscode.TextDocument, target: PromptTarget, state: PromptState | null, cases: number | null): vscode.Command[] {
    const active = target.promptId === undefined ? undefined : this.#services.runs.activeFor(target.path, target.promptId);
    if (active) {
      const { snapshot } = active;
      const run: RunTarget = { folder: active.engine.folder.uri.toString(), runId: snapshot.info.id };
      return [
        { title: `$(loading~spin)${SPACE}${progress({ done: snapshot.done, total: snapshot.total, cost: snapshot.costSoFar })}`, command: COMMANDS.openRun, arguments: [run] },
        { title: vscode.l10n.t('Cancel'), command: COMMANDS.cancelRun, arguments: [run] },
      ];
    }
    const problem = state?.problem ?? this.#services.prompts.error(document.uri);
    if (problem !== null) return [{ title: `$(error)${SPACE}${shortened(problem)}`, tooltip: problem, command: 'workbench.actions.view.problems' }];
    if (cases === 0 || (state !== null && state.dataset === null)) {
      return [{ title: `$(new-file)${SPACE}${vscode.l10n.t('Add golden cases')}`, command: COMMANDS.newDataset, arguments: [target] }];
    }
    const what = cases === null ? vscode.l10n.t('Eval') : vscode.l10n.t('Eval {0}', formatCount(cases, 'case'));
    const models = state?.models.length ?? 1;
    const evaluate: vscode.Command = {
      title: `$(play)${SPACE}${models > 1 ? `${what} × ${formatCount(models, 'model')}` : what}`,
      tooltip: vscode.l10n.t('Run every golden case with the text as it is in the editor'),
      command: COMMANDS.evalPrompt,
      arguments: [target],
    };
    return state === null ? [evaluate] : [evaluate, result(document, state)];
  }
}

/** What is known without running anything. */
function result(document: vscode.TextDocument, state: PromptState): vscode.Command {
  const { lastRun, estimate } = state;
  if (!lastRun) {
    const cost = estimate === null ? null : estimate.usd === null ? vscode.l10n.t('price unknown') : estimate.usd === 0 ? vscode.l10n.t('free') : vscode.l10n.t('about {0}', formatUsd(estimate.usd));
    return { title: [vscode.l10n.t('no run yet'), cost].filter((part) => part !== null).join(', '), command: '' };
  }
  const notes = [...(lastRun.status === 'finished' ? [] : [statusWord(lastRun.status)]), ...(lastRun.stale ? [vscode.l10n.t('stale: edited')] : [])];
  const icon = lastRun.status !== 'finished' ? 'circle-slash' : lastRun.summary.errors > 0 ? 'warning' : 'check';
  const folder = vscode.workspace.getWorkspaceFolder(document.uri)?.uri.toString() ?? '';
  return {
    title: `$(${icon})${SPACE}${longScore(lastRun.summary)}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`,
    tooltip: vscode.l10n.t('Open the run'),
    command: COMMANDS.openRun,
    arguments: [{ folder, runId: lastRun.id } satisfies RunTarget],
  };
}

function productionLens(use: ProductionUse | null): vscode.Command | null {
  const text = use && productionText(use);
  return use === null || text === null ? null : { title: `$(record)${SPACE}${text}`, tooltip: productionDetail(use), command: COMMANDS.searchTraces, arguments: [use.query] };
}

function shortened(text: string): string {
  const line = text.split('\n')[0] ?? '';
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

export function register(services: Services): vscode.Disposable {
  const lenses = new PromptLenses(services);
  const selector: vscode.DocumentSelector = [
    { scheme: 'file', pattern: '**/*.prompt.{yml,yaml}' },
    { scheme: 'file', pattern: '**/promptfooconfig*.{yml,yaml}' },
  ];
  return vscode.Disposable.from(lenses, vscode.languages.registerCodeLensProvider(selector, lenses));
}
