/**
 * A real VS Code with the packaged extension, driven as a person would: keys, clicks and what can be seen. Each test
 * file opens its own window on its own copy of a workspace and closes it at the end.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Frame, Locator, Page } from 'playwright-core';
import { inject } from 'vitest';
import { launchChromium } from '../../scripts/tools/chromium.ts';
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
  /** A window without a folder. */
  isEmpty?: boolean;
  size?: { width: number; height: number };
  theme?: Theme;
}

const WAIT = { timeout: 60_000 };

/** The widget of what is asked. One that fades away can be seen for a moment still, and takes nothing any more. */
const QUESTION = '.quick-input-widget:not([inert])';

/** What it says, and what stands in its field. Runs in the page. */
const ASKED = `(() => {
  const widget = document.querySelector('${QUESTION}');
  const input = widget?.querySelector('input.input');
  const texts = [...(widget?.querySelectorAll('.quick-input-title, .quick-input-description, .quick-input-message') ?? [])].map(({ textContent }) => textContent);
  return { heading: [...texts, input?.placeholder].filter(Boolean).join(' · '), value: input?.value ?? '' };
})()`;

/** Starts VS Code with the package of window-setup.ts and opens the window. */
export async function openWindow(options: WindowOptions = {}): Promise<Window> {
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
    server = await startVSCode({ extensions: inject('extensions'), ...(options.env ? { env: options.env } : {}), workspaceTrust: options.workspaceTrust ?? false, settings: { ...theme, ...options.settings } });
    browser = await launchChromium();
    const page = await browser.newPage({ viewport: options.size ?? { width: 1400, height: 900 } });
    const window = new Window(page, server, workspace.folder, close);
    await page.goto(server.address(options.isEmpty === true ? null : workspace.folder));
    await page.locator('.monaco-workbench').waitFor(WAIT);
    // Nothing lies open in a window without a folder.
    await (options.isEmpty === true ? page.getByRole('tab', { name: 'Touchstone' }) : page.locator('.explorer-folders-view, .explorer-viewlet')).first().waitFor(WAIT);
    // Parts of the workbench that VS Code starts last may still take the focus, or close what a person has opened.
    await page.waitForFunction(`performance.getEntriesByName('code/LifecyclePhase/Eventually').length > 0`, undefined, WAIT);
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

  /** One more window of the same VS Code, at the same address; it is closed with the first. */
  async another(): Promise<Window> {
    const page = await this.page.context().browser()!.newPage({ viewport: { width: 1400, height: 900 } });
    await page.goto(this.page.url());
    await page.getByRole('tab', { name: 'Touchstone' }).first().waitFor(WAIT);
    return new Window(page, this.server, this.folder, () => page.close());
  }

  /** Opens the views of Touchstone; a click on the icon of the side bar that is shown would hide it. */
  async openTouchstone(): Promise<void> {
    if (!(await this.pane('Prompts').isVisible())) await this.page.getByRole('tab', { name: 'Touchstone' }).first().click();
    await this.pane('Prompts').waitFor(WAIT);
  }

  /** A view of the side bar, by its title. */
  pane(view: string): Locator {
    return this.page.locator(`.pane:has(.pane-header[aria-label^="${view}"])`);
  }

  /** The tab of an editor or panel, by its title. */
  tab(title: string | RegExp): Locator {
    return this.page.locator('.tab').filter({ hasText: title }).first();
  }

  /** Opens the context menu of something and runs an action of it. Nothing else may be about to take the focus: a menu goes with it. */
  async contextMenu(target: Locator, action: string): Promise<void> {
    const choice = this.page.locator('.monaco-menu .action-label').filter({ hasText: action });
    for (const deadline = Date.now() + WAIT.timeout; ; ) {
      await target.click({ button: 'right' });
      if (await choice.waitFor({ timeout: 5000 }).then(() => true, () => false)) break;
      if (Date.now() > deadline) throw new Error(`no menu offers ${action}; ${await this.#state()}`);
    }
    // A menu takes no button that comes up as soon as it has opened.
    await choice.click({ delay: 300 });
  }

  /** Clicks a button that a row or a view has while the pointer is over it. */
  async hoverAction(target: Locator, action: string): Promise<void> {
    for (const deadline = Date.now() + WAIT.timeout; ; ) {
      await this.page.mouse.move(0, 0);
      await target.hover();
      // What is drawn anew has no pointer over it until that moves again.
      if (await target.getByRole('button', { name: action }).click({ timeout: 5000 }).then(() => true, () => false)) return;
      if (Date.now() > deadline) throw new Error(`no button ${action} in ${await target.innerText()}; ${await this.#state()}`);
    }
  }

  /** Saves the active editor, which is dirty. */
  async save(): Promise<void> {
    await this.page.keyboard.press('Control+S');
    await this.page.locator('.tab.active.dirty').waitFor({ state: 'detached', ...WAIT });
  }

  /** Types a command into a new terminal and runs it. */
  async runInTerminal(command: string): Promise<void> {
    await this.runCommand('Terminal: Create New Terminal');
    const terminal = this.page.locator('.terminal-wrapper.active');
    const field = terminal.locator('.xterm-helper-textarea').last();
    await field.waitFor({ state: 'attached', ...WAIT });
    // A shell that is not ready yet keeps what is typed.
    await field.focus();
    await this.page.keyboard.type(command);
    await this.page.keyboard.press('Enter');
  }

  /** The rows of a view of the side bar. */
  viewRows(view: string): Locator {
    return this.pane(view).locator('.monaco-list-row');
  }

  /** Expands views of Touchstone, and collapses the others, which would be in their way. */
  async expandOnly(...views: readonly string[]): Promise<void> {
    for (const view of ['Prompts', 'Runs', 'Traces', 'Sources']) {
      const header = this.pane(view).locator('.pane-header');
      const isWanted = views.includes(view);
      // By the keys, which ask for one of both: views move while others open and close, and a click would fall on what came there.
      await header.press(isWanted ? 'ArrowRight' : 'ArrowLeft', WAIT);
      await this.pane(view).locator(`.pane-header[aria-expanded="${String(isWanted)}"]`).waitFor(WAIT);
    }
  }

  /** The text field of what is asked now: an input box, a picker or the palette. */
  get input(): Locator {
    return this.page.locator(`${QUESTION} input.input`).filter({ visible: true });
  }

  /** What the open picker offers. */
  get choices(): Locator {
    return this.page.locator(`${QUESTION} .quick-input-list .monaco-list-row`);
  }

  /** Runs a command by its whole title in the palette, e.g. `Touchstone: Eval All Prompts`; its dots may be left out. */
  async runCommand(title: string): Promise<void> {
    // The whole title: another command's may begin alike. Keys stand behind a comma.
    const labels = [title, `${title}…`].flatMap((label) => [`[aria-label=${JSON.stringify(label)}]`, `[aria-label^=${JSON.stringify(`${label},`)}]`]);
    await this.#inPalette('F1', `>${title}`, this.page.locator(`${QUESTION} .quick-input-list .monaco-list-row:is(${labels.join(', ')})`).first());
    await this.#accept(async () => (await this.#asked()).value !== `>${title}`);
  }

  /** The titles of the commands that the palette offers of Touchstone. */
  async offeredCommands(): Promise<string[]> {
    const rows = this.page.locator(`${QUESTION} .quick-input-list .monaco-list-row`);
    await this.#inPalette('F1', '>Touchstone: ', rows.filter({ hasText: 'Touchstone: ' }).first());
    // Listed by their names, and no others: what is typed has been looked for.
    const offered = async (): Promise<string[]> => (await rows.allInnerTexts()).map((text) => text.trim());
    let titles = await offered();
    for (const deadline = Date.now() + WAIT.timeout; titles.length === 0 || !titles.every((title) => title.startsWith('Touchstone: ')); titles = await offered()) {
      if (Date.now() > deadline) throw new Error(`the palette offers others, too; ${await this.#state()}`);
      await this.page.waitForTimeout(100);
    }
    await this.page.keyboard.press('Escape');
    return titles;
  }

  /** Reloads as VS Code's command does: a browser's own reload may come before VS Code has stored which editors are open. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load', WAIT);
    // The page may go while the command still looks at it.
    await Promise.race([loaded, this.runCommand('Developer: Reload Window').then(() => loaded, () => loaded)]);
    await this.page.locator('.monaco-workbench').waitFor(WAIT);
  }

  /** Types into the open input box or picker and accepts. A `question` is waited for first: it may take a moment to stand in the place of another. */
  async answer(text: string, question?: string): Promise<void> {
    await this.#waitFor(question);
    await this.input.fill(text);
    await this.#accept(async () => (await this.#asked()).value !== text);
  }

  /** Accepts what a question proposes. */
  async acceptProposal(question?: string): Promise<void> {
    await this.#waitFor(question);
    await this.#accept();
  }

  /** Accepts a choice of the open picker, by its text. */
  async pick(text: string): Promise<void> {
    const choice = this.choices.filter({ hasText: text }).first();
    await choice.waitFor(WAIT);
    // What is still being filled begins at its first row again.
    await this.page.locator(`${QUESTION} .monaco-progress-container.active`).waitFor({ state: 'detached', ...WAIT });
    await this.#moveTo(choice);
    await this.#accept(async () => (await choice.count()) === 0);
  }

  /**
   * Opens VS Code's own picker with a text in it and goes to a row. Two things take the picker from whoever is faster than a person: a webview
   * takes the focus only a moment after a question has gone (microsoft/vscode#93950), and a key that opens it waits until the extension host
   * answers and then empties its field, once for each time it was pressed. So it is looked at until all of it stands as it should.
   */
  async #inPalette(key: string, text: string, row: Locator): Promise<void> {
    for (const deadline = Date.now() + 2 * WAIT.timeout; ; ) {
      if (!(await this.input.isVisible())) {
        await this.page.keyboard.press(key);
        await this.input.waitFor({ timeout: WAIT.timeout / 2 }).catch(() => undefined); // the key went to what had the focus: again
      }
      const filled = await this.input.fill(text, { timeout: 1000 }).then(() => true, () => false);
      const isListed = filled && (await row.waitFor({ timeout: 5000 }).then(() => true, () => false));
      if (isListed && (await this.#asked()).value === text && (await this.#isMovedTo(row, 5000))) return;
      if (Date.now() > deadline) throw new Error(`${key} does not lead to ${text}; ${await this.#state()}`);
      // What was listed before a command was there is listed anew for another text.
      await this.input.fill(text.slice(0, 1), { timeout: 1000 }).catch(() => undefined); // it has gone
    }
  }

  /** What the window shows of questions and messages, for whoever reads of a failure without seeing it. */
  async #state(): Promise<string> {
    const texts = async (selector: string): Promise<string> => (await this.page.locator(selector).filter({ visible: true }).allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' ').trim()).join(' | ') || 'none';
    const { heading, value } = await this.#asked();
    const focused = await this.page.evaluate<string>(`(({ tagName, className }) => tagName + '.' + className)(document.activeElement ?? document.body)`);
    return `question: ${heading} [${value}]; rows: ${await texts(`${QUESTION} .quick-input-list .monaco-list-row`)}; dialogs: ${await texts('.monaco-dialog-box')}; notifications: ${await texts('.notification-list-item-message')}; tabs: ${await texts('.tab')}; focus: ${focused}`;
  }

  /** Goes to a line of the active editor, counted from 1. */
  async goToLine(line: number): Promise<void> {
    await this.page.keyboard.press('Control+G');
    await this.answer(`:${line}`);
    await this.page.locator('.monaco-editor.focused').first().waitFor(WAIT);
  }

  /** Opens a file by its path in the workspace and waits for its editor. */
  async openFile(path: string): Promise<void> {
    if (!existsSync(join(this.folder, path))) throw new Error(`${path} is not in the workspace`);
    const name = path.split('/').at(-1) ?? path;
    // The whole name: another file's may end alike.
    await this.#inPalette('Control+P', path, this.choices.filter({ has: this.page.locator('.label-name').filter({ hasText: new RegExp(`^${name.replaceAll('.', '\\.')}$`) }) }).first());
    await this.#accept();
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor(WAIT);
    await this.page.locator('.monaco-editor .view-lines').first().waitFor(WAIT);
  }

  async #waitFor(question: string | undefined): Promise<void> {
    await this.page.locator(QUESTION).filter({ visible: true, ...(question === undefined ? {} : { hasText: question }) }).waitFor(WAIT);
    await this.input.waitFor(WAIT);
  }

  async #moveTo(choice: Locator): Promise<void> {
    const isThere = await choice.waitFor(WAIT).then(() => true, () => false);
    if (!isThere || !(await this.#isMovedTo(choice, WAIT.timeout))) throw new Error(`the keys do not lead to ${String(choice)}; ${await this.#state()}`);
  }

  /** By the keys: a row that is drawn anew between press and release of a mouse's button loses the click. */
  async #isMovedTo(choice: Locator, timeout: number): Promise<boolean> {
    await this.#takeKeys();
    for (const deadline = Date.now() + timeout; ; await this.page.keyboard.press('ArrowDown')) {
      const classes = await choice.getAttribute('class', { timeout: 1000 }).catch(() => null); // it is drawn anew right now
      if (classes?.split(' ').includes('focused')) return true;
      if (Date.now() > deadline || !(await this.input.isVisible())) return false;
    }
  }

  /** Presses Enter and waits until the question is gone, or another one stands in its place. */
  async #accept(replaced: () => Promise<boolean> = () => Promise.resolve(false)): Promise<void> {
    const { heading } = await this.#asked();
    for (const deadline = Date.now() + WAIT.timeout; ; ) {
      await this.#takeKeys();
      await this.page.keyboard.press('Enter');
      do {
        await this.page.waitForTimeout(50);
        if (!(await this.page.locator(QUESTION).isVisible()) || (await this.#asked()).heading !== heading || (await replaced())) return;
        if (Date.now() > deadline) throw new Error(`Enter did not answer: ${heading}; ${await this.#state()}`);
      } while (await this.#hasKeys(2000));
    }
  }

  /** Whether the open question has the keys within some milliseconds; true where there is none any more. */
  #hasKeys(timeout: number): Promise<boolean> {
    return this.page.waitForFunction(`document.querySelector('${QUESTION}')?.contains(document.activeElement) ?? true`, undefined, { timeout }).then(() => true, () => false);
  }

  /** A question over a webview has the keys a moment after it has come; whoever waits for longer clicks into it. */
  async #takeKeys(): Promise<void> {
    if (!(await this.#hasKeys(3000))) await this.input.click();
  }

  /** What the open question says, and what stands in its field. */
  async #asked(): Promise<{ heading: string; value: string }> {
    return this.page.evaluate<{ heading: string; value: string }>(ASKED);
  }

  /** The first lens of the editor whose text matches. */
  async lens(text: string | RegExp, timeout = WAIT.timeout): Promise<Locator> {
    const lens = this.page.locator('.codelens-decoration a, .codelens-decoration > span').filter({ hasText: text }).first();
    await lens.waitFor({ timeout });
    return lens;
  }

  /**
   * Clicks a lens until what it does can be seen. VS Code replaces lenses when it draws them, and on a busy machine a click
   * between press and release of the button may fall into that moment.
   */
  async clickLens(text: string | RegExp, then: RegExp | Locator): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await (await this.#restingLens(text)).click();
      try {
        if (then instanceof RegExp) await this.lens(then, 20_000);
        else await then.waitFor({ timeout: 20_000 });
        return;
      } catch (error) {
        if (attempt === 3) throw error;
      }
    }
  }

  /** A lens at the place where it stays for a moment: others of its line that become longer or shorter move it. */
  async #restingLens(text: string | RegExp): Promise<Locator> {
    const lens = await this.lens(text, 2 * WAIT.timeout);
    const place = async (): Promise<string> => JSON.stringify(await lens.boundingBox({ timeout: 1000 }).catch(() => null)); // it is drawn anew right now
    for (let before = await place(); ; ) {
      await this.page.waitForTimeout(300);
      const now = await place();
      if (now === before && now !== 'null') return lens;
      before = now;
    }
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
    const kind = { light: '.vs', dark: '.vs-dark', 'high-contrast': '.hc-black' }[theme];
    const workbench = this.page.locator(`.monaco-workbench${kind}`);
    for (const deadline = Date.now() + WAIT.timeout; ; ) {
      this.server.configure({ 'workbench.colorTheme': THEMES[theme] });
      // A change that comes while the one before is read may be missed.
      if (await workbench.waitFor({ timeout: 10_000 }).then(() => true, () => false)) return;
      if (Date.now() > deadline) throw new Error(`the window does not wear ${THEMES[theme]}; ${await this.#state()}`);
    }
  }

  /** Saves a picture to out/screenshots and returns its path. */
  async screenshot(name: string): Promise<string> {
    const folder = join(root, 'out/screenshots');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${name}.png`);
    await this.page.screenshot({ path, animations: 'disabled' });
    return path;
  }

  /** Saves a picture in each theme, and leaves the window dark. */
  async pictures(name: string): Promise<void> {
    for (const theme of ['light', 'high-contrast', 'dark'] as const) {
      await this.setTheme(theme);
      await this.screenshot(`${name}-${theme}`);
    }
  }

  /** A notification that is shown. */
  notification(text: string | RegExp): Locator {
    return this.page.locator('.notification-list-item').filter({ hasText: text }).first();
  }

  /** The text of every notification that is shown now. */
  async notifications(): Promise<string[]> {
    return this.page.locator('.notification-list-item-message').allInnerTexts();
  }
}
