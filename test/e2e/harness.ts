/**
 * A real VS Code with the packaged extension, driven as a person would: keys, clicks and what can be seen. Each test
 * file opens its own window on its own copy of a workspace and closes it at the end.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Frame, Locator, Page } from 'playwright-core';
import { launchChromium } from '../../scripts/tools/chromium.ts';
import { packagedExtension } from '../../scripts/tools/package.ts';
import { root } from '../../scripts/tools/paths.ts';
import { copyWorkspace, startVSCode, type ServerOptions, type VSCodeServer } from '../../scripts/tools/vscode-server.ts';

const THEMES = {
  light: 'Light Modern',
  dark: 'Dark Modern',
  'high-contrast': 'Default High Contrast',
} as const;
export type Theme = keyof typeof THEMES;

export interface WindowOptions extends Pick<ServerOptions, 'settings' | 'workspaceTrust' | 'env'> {
  /** The workspace whose copy is opened; default: examples. */
  workspace?: string;
  size?: { width: number; height: number };
  theme?: Theme;
}

const WAIT = { timeout: 60_000 };

/** Starts VS Code, installs the VSIX (built with the local model's weights on first use) and opens the window. */
export async function openWindow(options: WindowOptions = {}): Promise<Window> {
  const vsix = await packagedExtension({ weights: true });
  const workspace = copyWorkspace(options.workspace ?? join(root, 'examples'));
  const theme = { 'workbench.colorTheme': THEMES[options.theme ?? 'dark'] };
  let server: VSCodeServer | undefined;
  let browser: Browser | undefined;
  const close = async () => {
    await browser?.close();
    await server?.stop();
    await workspace.remove();
  };
  try {
    server = await startVSCode({ vsix, ...(options.env ? { env: options.env } : {}), workspaceTrust: options.workspaceTrust ?? false, settings: { ...theme, ...options.settings } });
    browser = await launchChromium();
    const page = await browser.newPage({ viewport: options.size ?? { width: 1400, height: 900 } });
    const window = new Window(page, server, workspace.folder, close);
    await page.goto(server.address(workspace.folder));
    await page.locator('.monaco-workbench').waitFor(WAIT);
    await page.locator('.explorer-folders-view, .explorer-viewlet').first().waitFor(WAIT);
    return window;
  } catch (error) {
    await close();
    throw error;
  }
}

/** One window of VS Code with helpers in a person's terms. */
export class Window {
  readonly page: Page;
  readonly server: VSCodeServer;
  /** The opened copy of the workspace, on disk. */
  readonly folder: string;
  /** Ends the browser, VS Code and everything it started, and removes the copy. */
  readonly close: () => Promise<void>;

  constructor(page: Page, server: VSCodeServer, folder: string, close: () => Promise<void>) {
    this.page = page;
    this.server = server;
    this.folder = folder;
    this.close = close;
  }

  /** Runs a command by its title in the palette, e.g. `Touchstone: Eval All Prompts`. */
  async runCommand(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget input.input');
    await input.waitFor(WAIT);
    await input.fill(`>${title}`);
    const row = this.page.locator(`.quick-input-list .monaco-list-row[aria-label^=${JSON.stringify(title)}]`).first();
    await row.waitFor(WAIT);
    await row.click();
  }

  /** Types into the open input box or picker and accepts. */
  async answer(text: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input.input');
    await input.waitFor(WAIT);
    await input.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Opens a file by its path in the workspace and waits for its editor. */
  async openFile(path: string): Promise<void> {
    if (!existsSync(join(this.folder, path))) throw new Error(`${path} is not in the workspace`);
    await this.page.keyboard.press('Control+P');
    const input = this.page.locator('.quick-input-widget input.input');
    await input.waitFor(WAIT);
    await input.fill(path);
    const name = path.split('/').at(-1) ?? path;
    await this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: name }).first().waitFor(WAIT);
    await this.page.keyboard.press('Enter');
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor(WAIT);
    await this.page.locator('.monaco-editor .view-lines').first().waitFor(WAIT);
  }

  /** The first lens of the editor whose text matches. */
  async lens(text: string | RegExp, timeout = WAIT.timeout): Promise<Locator> {
    const lens = this.page.locator('.codelens-decoration a, .codelens-decoration > span').filter({ hasText: text }).first();
    await lens.waitFor({ timeout });
    return lens;
  }

  /** Waits until a text can be seen anywhere in the workbench (not in webviews). */
  async see(text: string | RegExp, timeout = WAIT.timeout): Promise<Locator> {
    const place = this.page.getByText(text).first();
    await place.waitFor({ timeout });
    return place;
  }

  /** The inner frame of the webview in which a selector matches. */
  async webview(selector: string, timeout = WAIT.timeout): Promise<Frame> {
    const deadline = Date.now() + timeout;
    for (;;) {
      for (const frame of this.page.frames()) {
        if (frame === this.page.mainFrame()) continue;
        const found = await frame.locator(selector).first().isVisible().catch(() => false); // the frame went away meanwhile
        if (found) return frame;
      }
      if (Date.now() > deadline) throw new Error(`no webview shows ${selector}; frames: ${this.page.frames().map((frame) => frame.url()).join(', ')}`);
      await this.page.waitForTimeout(100);
    }
  }

  /** Switches the colour theme by its setting and waits until the window wears it. */
  async setTheme(theme: Theme): Promise<void> {
    this.server.configure({ 'workbench.colorTheme': THEMES[theme] });
    const kind = { light: '.vs', dark: '.vs-dark', 'high-contrast': '.hc-black' }[theme];
    await this.page.locator(`.monaco-workbench${kind}`).waitFor(WAIT);
  }

  /** Saves a picture to out/screenshots and returns its path. */
  async screenshot(name: string): Promise<string> {
    const folder = join(root, 'out/screenshots');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${name}.png`);
    await this.page.screenshot({ path, animations: 'disabled' });
    return path;
  }

  /** The text of every notification that is shown now. */
  async notifications(): Promise<string[]> {
    return this.page.locator('.notification-list-item-message').allInnerTexts();
  }
}
