/** The edit of the sample's prompt that its README proposes, typed into the editor. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Window } from './harness.ts';

export const TRIAGE = 'prompts/support/triage.prompt.yml';

/** What each queue is for, in better words. */
export const BETTER_QUEUES = {
  billing: 'invoices, payments, refunds, subscriptions',
  technical: 'a page is blank, a sync fails',
  account: 'passwords and codes, members, personal data',
  other: 'thanks, praise, compliments, press, partnership offers',
} as const;

/** The prompt's editor must be the active one; nothing is saved. */
export async function writeBetterQueues(window: Window): Promise<void> {
  const lines = readFileSync(join(window.folder, TRIAGE), 'utf8').split('\n');
  for (const [queue, description] of Object.entries(BETTER_QUEUES)) {
    await window.goToLine(lines.findIndex((line) => line.startsWith(`      - ${queue}: `)) + 1);
    await window.page.keyboard.press('End');
    // The first Home goes to where the text of the line begins.
    await window.page.keyboard.press('Shift+Home');
    await window.page.keyboard.insertText(`- ${queue}: ${description}`);
    await window.page.locator('.monaco-editor.focused .view-line').filter({ hasText: `- ${queue}: ${description}` }).first().waitFor({ timeout: 60_000 });
  }
}
