import type { InputBoxOptions, QuickPickOptions } from 'vscode';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const shown: InputBoxOptions[] = [];
const picked: QuickPickOptions[] = [];
const commands: string[] = [];
let answered: (answer?: string) => void;
class TabInputWebview {}
const activeTab: { input: unknown } = { input: undefined };
vi.mock('vscode', () => ({
  TabInputWebview,
  window: {
    showInputBox: (options: InputBoxOptions) => Promise.resolve(void shown.push(options)),
    showQuickPick: (_choices: unknown, options: QuickPickOptions) => {
      picked.push(options);
      return new Promise((resolve) => { answered = resolve; });
    },
    tabGroups: { activeTabGroup: { activeTab } },
  },
  commands: { executeCommand: (command: string) => Promise.resolve(void commands.push(command)) },
}));
const { showInputBox, showQuickPick } = await import('../../../src/extension/questions.ts');

/** VS Code makes a link of it below an input box, and runs the command when it is clicked. */
const HOSTILE = '[x](command:workbench.action.terminal.new)';

afterEach(() => {
  for (const list of [shown, picked, commands]) list.length = 0;
  activeTab.input = undefined;
});

describe('what is asked for a text', () => {
  it('has no links in what it says', async () => {
    await showInputBox({ prompt: `Its file is written to ${HOSTILE}.` });
    expect(shown[0]?.prompt).toContain('workbench.action.terminal.new');
    expect(shown[0]?.prompt).not.toContain('](');
  });

  it('has no links in why a text is not taken, at once or later', async () => {
    await showInputBox({ validateInput: (text) => (text === '' ? undefined : `${text} exists.`) });
    await showInputBox({ validateInput: (text) => Promise.resolve({ message: `${text} exists.`, severity: 2 }) });
    expect(await shown[0]?.validateInput?.('')).toBeUndefined();
    expect(await shown[0]?.validateInput?.(HOSTILE)).toBe('[x] (command:workbench.action.terminal.new) exists.');
    expect(await shown[1]?.validateInput?.(HOSTILE)).toEqual({ message: '[x] (command:workbench.action.terminal.new) exists.', severity: 2 });
  });

  it('stays when the person looks something up elsewhere', async () => {
    await showInputBox({ title: 'Key', password: true });
    expect(shown[0]).toEqual({ ignoreFocusOut: true, title: 'Key', password: true });
  });
});

describe('a question over a webview, which takes the focus a moment after what stood before it has gone', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('stays, and takes the keys again until it is answered', async () => {
    activeTab.input = new TabInputWebview();
    const choice = showQuickPick(['a', 'b'], {});
    expect(picked[0]).toEqual({ ignoreFocusOut: true });
    vi.advanceTimersByTime(200);
    expect(commands).toEqual(['workbench.action.focusQuickOpen', 'workbench.action.focusQuickOpen']);
    answered('a');
    expect(await choice).toBe('a');
    vi.advanceTimersByTime(5000);
    expect(commands).toHaveLength(2);
  });

  it('is any other picker elsewhere: it goes with the focus', async () => {
    const choice = showQuickPick(['a', 'b'], {});
    expect(picked[0]).toEqual({ ignoreFocusOut: false });
    vi.advanceTimersByTime(5000);
    answered();
    expect(await choice).toBeUndefined();
    expect(commands).toEqual([]);
  });
});
