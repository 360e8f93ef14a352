import * as vscode from 'vscode';
import { RpcPeer, type RpcHandler } from '../../protocol/rpc-peer.ts';
import { showError, type Services } from '../services.ts';
import { panelHtml, panelRoots } from './html.ts';
import { tabTitle } from './tab-title.ts';

/** A webview panel and the RPC over it: its page, its icon, and what every panel asks for alike. */
export class PanelHost<Notifications> implements vscode.Disposable {
  readonly #panel: vscode.WebviewPanel;
  readonly #services: Services;
  readonly #rpc: RpcPeer<Record<never, never>, Notifications>;
  readonly #disposables: vscode.Disposable[] = [];
  #isClosed = false;

  /** `handlers` get what the page sent: decode it. */
  constructor(services: Services, panel: vscode.WebviewPanel, options: {
    /** Of the page's script and style sheet in dist/webview. */
    readonly name: string;
    /** Name of media/<icon>-light.svg and -dark.svg. */
    readonly icon: string;
    readonly handlers: Readonly<Record<string, RpcHandler>>;
    /** Pictures that are part of what is shown, as data; default: none. */
    readonly pictures?: boolean;
  }) {
    this.#services = services;
    this.#panel = panel;
    const { extensionUri } = services.context;
    const media = (theme: string): vscode.Uri => vscode.Uri.joinPath(extensionUri, 'media', `${options.icon}-${theme}.svg`);
    panel.iconPath = { light: media('light'), dark: media('dark') };
    panel.webview.options = { enableScripts: true, localResourceRoots: panelRoots(extensionUri) };
    this.#rpc = new RpcPeer<Record<never, never>, Notifications>((message) => void panel.webview.postMessage(message), {
      handlers: options.handlers,
      onProblem: (error) => services.log.warn(`The ${options.name} panel: ${error.message}`),
    });
    this.own(panel.webview.onDidReceiveMessage((message: unknown) => this.#rpc.receive(message)));
    panel.webview.html = panelHtml(panel.webview, extensionUri, options.name, panel.title, { pictures: options.pictures ?? false });
  }

  get visible(): boolean {
    return !this.#isClosed && this.#panel.visible;
  }

  /** Of a panel that was closed while its data was on the way, nothing. */
  set title(title: string) {
    if (!this.#isClosed) this.#panel.title = tabTitle(title);
  }

  /** Told to a page that is not there (hidden, still loading) it is lost: such a page asks for everything when it begins. */
  notify<N extends keyof Notifications & string>(name: N, params: Notifications[N]): void {
    this.#rpc.notify(name, params);
  }

  /** Shown again after it was hidden, too. */
  onDidShow(listener: () => void): void {
    this.own(this.#panel.onDidChangeViewState(() => {
      if (this.#panel.visible) listener();
    }));
  }

  onDidDispose(listener: () => void): void {
    this.#panel.onDidDispose(listener);
  }

  reveal(): void {
    this.#panel.reveal(undefined, false);
  }

  close(): void {
    this.#panel.dispose();
  }

  /** Disposed with the panel. */
  own(disposable: vscode.Disposable): void {
    this.#disposables.push(disposable);
  }

  /** An action about files and editors: what fails is shown by VS Code, not by the page. */
  async act(action: () => Promise<void>): Promise<Record<string, never>> {
    try {
      await action();
    } catch (error) {
      void showError(this.#services.log, error);
    }
    return {};
  }

  dispose(): void {
    this.#isClosed = true;
    this.#rpc.dispose();
    vscode.Disposable.from(...this.#disposables).dispose();
  }
}

/** Answers the page's `copy`. */
export async function copyText({ text }: { readonly text: string }): Promise<Record<string, never>> {
  await vscode.env.clipboard.writeText(text);
  return {};
}
