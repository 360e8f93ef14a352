import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWindow, type Window } from './harness.ts';

const MINUTE = 60_000;

/** One span, as a program of this machine sends it. */
async function send(endpoint: string, name: string): Promise<void> {
  const id = (bytes: number): string => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex');
  const end = `${Date.now()}000000`;
  const span = { traceId: id(16), spanId: id(8), name, kind: 1, startTimeUnixNano: `${Date.now() - 50}000000`, endTimeUnixNano: end };
  const answer = await fetch(`${endpoint}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }) });
  expect(answer.status).toBe(200);
}

describe('traces without a folder, in two windows', () => {
  let first: Window;
  let second: Window;
  let endpoint: string;
  const receiver = (window: Window) => window.viewRows('Sources').filter({ hasText: 'Receiver' }).first();
  /** The button of its row says what a click would do, though it is seen only where the pointer is. */
  const isOn = async (window: Window): Promise<boolean> => {
    const action = receiver(window).locator('.action-label[aria-label^="Turn Receiver"]').first();
    await action.waitFor({ state: 'attached', timeout: MINUTE });
    return (await action.getAttribute('aria-label'))?.startsWith('Turn Receiver Off') === true;
  };
  const traces = (window: Window): Promise<string[]> => window.viewRows('Traces').allInnerTexts();

  beforeAll(async () => {
    first = await openWindow({ isEmpty: true, settings: { 'touchstone.receiver.httpPort': 0, 'touchstone.receiver.grpcPort': null } });
  }, 5 * MINUTE);
  afterAll(async () => {
    await first?.close();
  });

  it('says where they are kept, and receives', async () => {
    await first.openTouchstone();
    await first.expandOnly('Traces', 'Sources');
    await first.pane('Traces').getByText(/kept in the extension.s own storage/).waitFor({ timeout: MINUTE });
    await first.runCommand('Touchstone: Turn Receiver On');
    await expect.poll(() => receiver(first).innerText(), { timeout: MINUTE }).toMatch(/127\.0\.0\.1:\d+/);
    endpoint = `http://${/127\.0\.0\.1:\d+/.exec(await receiver(first).innerText())?.[0] ?? ''}`;
    await send(endpoint, 'ask the first window');
    await expect.poll(() => traces(first), { timeout: MINUTE }).toEqual([expect.stringContaining('ask the first window')]);
    const storage = join(first.server.folder, 'data/data/User/globalStorage/touchstone.touchstone/traces/.touchstone/touchstone.db');
    expect(existsSync(storage), storage).toBe(true);
  }, 3 * MINUTE);

  it('opens one', async () => {
    await first.viewRows('Traces').first().click();
    const panel = await first.webview('[role="treegrid"]');
    await expect.poll(() => panel.locator('[role="row"]').filter({ hasText: 'ask the first window' }).count(), { timeout: MINUTE }).toBeGreaterThan(0);
  }, 2 * MINUTE);

  it('shows them in the other window, which says who receives and takes over where the first one stops', async () => {
    second = await first.another();
    await second.openTouchstone();
    await second.expandOnly('Traces', 'Sources');
    await expect.poll(() => traces(second), { timeout: MINUTE }).toEqual([expect.stringContaining('ask the first window')]);
    // Windows without a folder may remember the same: what the first one was told is known here once VS Code has written it.
    if (!(await isOn(second))) await second.runCommand('Touchstone: Turn Receiver On');
    await expect.poll(() => receiver(second).innerText(), { timeout: MINUTE }).toContain('in another window');
    await send(endpoint, 'ask while two look');
    await expect.poll(() => traces(second), { timeout: MINUTE }).toHaveLength(2);
    await first.runCommand('Touchstone: Turn Receiver Off');
    await expect.poll(() => receiver(second).innerText(), { timeout: MINUTE }).toContain(endpoint.replace('http://', ''));
    await expect.poll(() => send(endpoint, 'ask the second window').then(() => true, () => false), { timeout: MINUTE }).toBe(true);
    await expect.poll(() => traces(first), { timeout: MINUTE }).toHaveLength(3);
    await expect.poll(() => traces(second), { timeout: MINUTE }).toHaveLength(3);
  }, 4 * MINUTE);
});
