import type { InputBoxOptions } from 'vscode';
import { afterEach, describe, expect, it, vi } from 'vitest';

const shown: InputBoxOptions[] = [];
vi.mock('vscode', () => ({
  window: { showInputBox: (options: InputBoxOptions) => Promise.resolve(void shown.push(options)) },
}));
const { showInputBox } = await import('../../../src/extension/questions.ts');

/** VS Code makes a link of it below an input box, and runs the command when it is clicked. */
const HOSTILE = '[x](command:workbench.action.terminal.new)';

describe('what is asked for a text', () => {
  afterEach(() => { shown.length = 0; });

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
