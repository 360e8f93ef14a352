import * as vscode from 'vscode';
import type { PanelHost } from './panel-host.ts';
import { tabTitle } from './tab-title.ts';

/** A panel's view: built around the panel, gone with it. */
export interface PanelView {
  readonly host: Pick<PanelHost<never>, 'reveal' | 'onDidDispose' | 'dispose'>;
}

/** The open panels of one kind: what is shown already is shown again, not twice, and a reload of the window brings them back. */
export class OpenPanels<Target, View extends PanelView> implements vscode.Disposable {
  readonly #kind: PanelKind<Target, View>;
  readonly #open = new Map<string, View>();
  readonly #serializer: vscode.Disposable;

  constructor(kind: PanelKind<Target, View>) {
    this.#kind = kind;
    this.#serializer = vscode.window.registerWebviewPanelSerializer(kind.viewType, {
      deserializeWebviewPanel: async (panel, state: unknown) => {
        const target = await kind.restore(state);
        // Gone, or the workspace is not trusted (any more): a panel without data is closed.
        if (target === undefined) panel.dispose();
        else this.#attach(target, panel);
      },
    });
  }

  /** The view of a target, when there is one. */
  get(target: Target): View | undefined {
    return this.#open.get(this.#kind.key(target));
  }

  /** Shows the panel of a target; opened at most once. `preserveFocus`: one that is open stays where it is, and what has the keys keeps them. */
  show(target: Target, title: string, preserveFocus = false): View {
    const shown = this.get(target);
    if (!preserveFocus) shown?.host.reveal();
    return shown ?? this.#attach(target, vscode.window.createWebviewPanel(this.#kind.viewType, tabTitle(title), { viewColumn: vscode.ViewColumn.Active, preserveFocus }, { enableScripts: true }));
  }

  dispose(): void {
    this.#serializer.dispose();
    for (const view of this.#open.values()) view.host.dispose();
  }

  #attach(target: Target, panel: vscode.WebviewPanel): View {
    const key = this.#kind.key(target);
    const view = this.#kind.create(target, panel);
    this.#open.set(key, view);
    view.host.onDidDispose(() => {
      view.host.dispose();
      if (this.#open.get(key) === view) this.#open.delete(key);
    });
    return view;
  }
}

/** What one kind of panel is. */
export interface PanelKind<Target, View extends PanelView> {
  /** As package.json and `PANELS` name it. */
  readonly viewType: string;
  /** The same for what is the same. */
  key(target: Target): string;
  create(target: Target, panel: vscode.WebviewPanel): View;
  /** What a page of before kept (hostile like everything that was on a disk): what it showed; `undefined`: it cannot be shown any more. */
  restore(state: unknown): Promise<Target | undefined>;
}
