import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { heldAgent } from '../fixtures/eval/held-agent.ts';
import { openWindow, type Window } from './harness.ts';

const TRIAGE = 'prompts/support/triage.prompt.yml';
const DATASET = 'prompts/support/triage.golden.jsonl';
const MINUTE = 60_000;

/** One window for all that a trusted workspace is for: what is done later finds what was done before, as with a person. */
let window: Window;
beforeAll(async () => {
  window = await openWindow({ settings: { 'files.autoSave': 'off' } });
}, 5 * MINUTE);
afterAll(async () => {
  await window?.close();
});

describe('the packaged extension', () => {
  it('opens the workspace with its views', async () => {
    await window.openTouchstone();
    await window.see('Prompts');
    await window.see('Runs');
    expect(await window.notifications()).toEqual([]);
  });

  it('offers its commands in the palette', async () => {
    expect((await window.offeredCommands()).length).toBeGreaterThan(5);
  });
});

describe('evaluating a prompt beside the code', () => {
  it('runs every case by a click on the lens, and the result replaces it', async () => {
    await window.openTouchstone();
    await window.openFile(TRIAGE);
    await window.lens(/no run yet, free/);
    await window.clickLens('Eval 60 cases', /\d+ of 60|\d+\/60/);
    const result = await window.lens(/\d+\/60 · [\d.]+% \[\d+–\d+\] · \$0 · p50/, 3 * MINUTE);
    expect(await result.innerText()).not.toContain('stale');
    expect(await window.notifications()).toEqual([]);
  }, 5 * MINUTE);

  it('shows the score in the views', async () => {
    await expect.poll(() => window.viewRows('Prompts').filter({ hasText: 'Support triage' }).first().innerText(), { timeout: MINUTE }).toMatch(/\d+\/60/);
    await expect.poll(() => window.viewRows('Runs').first().innerText(), { timeout: MINUTE }).toMatch(/Support triage[\s\S]*\d+\/60/);
    await window.pictures('editor');
  });

  it('opens the run, and F8 goes to a failing case', async () => {
    await window.clickLens(/\d+\/60 · /, window.tab(/^Support triage/));
    const panel = await window.webview('[role="grid"]');
    await expect.poll(() => panel.locator('[role="row"]').count(), { timeout: MINUTE }).toBeGreaterThan(5);
    await panel.locator('[role="grid"]').focus();
    await window.page.keyboard.press('F8');
    const accept = panel.getByText('Accept output as expected');
    await accept.waitFor({ timeout: MINUTE });
    await window.pictures('run');
  }, 3 * MINUTE);

  it('accepts an output from the panel as an edit that is shown and not saved', async () => {
    const before = readFileSync(join(window.folder, DATASET), 'utf8');
    const panel = await window.webview('[role="grid"]');
    await panel.getByText('Accept output as expected').click();
    await window.page.locator('.tab.dirty[data-resource-name="triage.golden.jsonl"]').waitFor({ timeout: MINUTE });
    expect(readFileSync(join(window.folder, DATASET), 'utf8')).toBe(before);
    await window.page.locator('.tab[data-resource-name="triage.golden.jsonl"]').first().click();
    await window.runCommand('File: Revert File');
    await window.page.locator('.tab.dirty').waitFor({ state: 'detached', timeout: MINUTE });
  }, 2 * MINUTE);

  it('marks failing cases on their lines', async () => {
    await window.page.locator('.tab[data-resource-name="triage.golden.jsonl"]').first().click();
    await window.lens(/, expected \w+ · /);
    await expect.poll(() => window.page.locator('.squiggly-warning').count(), { timeout: MINUTE }).toBeGreaterThan(0);
    const shown = await window.page.locator('.view-lines .view-line').filter({ hasText: '"expected"' }).count();
    await expect.poll(() => window.page.locator('.codelens-decoration').filter({ hasText: 'Run' }).count(), { timeout: MINUTE }).toBeGreaterThanOrEqual(shown);
    await window.screenshot('dataset-dark');
  }, 2 * MINUTE);
});

describe('making a prompt', () => {
  it('asks for a name, a model and a dataset, and opens a prompt that can be run', async () => {
    await window.openTouchstone();
    await window.runCommand('Touchstone: New Prompt');
    await window.answer('Feedback "sorting": ä');
    await window.pick('local:labels');
    await window.pick('With a golden dataset');
    await window.page.locator('.tab.active[data-resource-name="feedback-sorting-ä.prompt.yml"]').waitFor({ timeout: MINUTE });
    const text = readFileSync(join(window.folder, 'prompts/feedback-sorting-ä.prompt.yml'), 'utf8');
    expect(parse(text)).toMatchObject({ name: 'Feedback "sorting": ä', model: 'local:labels', golden: 'feedback-sorting-ä.golden.jsonl' });
    await window.lens('no run yet, free');
    await window.clickLens('Eval 3 cases', /\d of 3|\d\/3/);
    await window.lens(/\d\/3 · /, 2 * MINUTE);
  }, 4 * MINUTE);

  it('runs it once with variables that are typed, and adds the output as a case', async () => {
    await window.clickLens('Run once', window.choices.filter({ hasText: 'Type the variables' }).first());
    await window.pick('Type the variables');
    await window.answer('The upload button does nothing when I click it');
    await window.lens(/^.*local:labels · .* tok · \$0/, 2 * MINUTE);
    await window.clickLens('Add as case', window.input);
    await window.answer('problem');
    await window.page.locator('.tab.dirty[data-resource-name="feedback-sorting-ä.golden.jsonl"]').waitFor({ timeout: MINUTE });
    await window.screenshot('run-once-dark');
    await window.page.locator('.tab[data-resource-name="feedback-sorting-ä.golden.jsonl"]').first().click();
    await window.save();
    const dataset = join(window.folder, 'prompts/feedback-sorting-ä.golden.jsonl');
    await expect.poll(() => readFileSync(dataset, 'utf8').trimEnd().split('\n').length, { timeout: MINUTE }).toBe(4);
    expect(JSON.parse(readFileSync(dataset, 'utf8').trimEnd().split('\n')[3] ?? '')).toEqual({ message: 'The upload button does nothing when I click it', expected: 'problem' });
  }, 4 * MINUTE);
});

describe('what could go wrong', () => {
  let endpoint: Server;
  const keys: (string | undefined)[] = [];
  beforeAll(async () => {
    endpoint = createServer((request, response) => {
      keys.push(request.headers.authorization);
      request.resume().on('end', () => response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message: `Incorrect key: ${request.headers.authorization ?? ''}` } })));
    });
    await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
    const { port } = endpoint.address() as AddressInfo;
    const write = (path: string, text: string) => writeFileSync(join(window.folder, path), text);
    write('touchstone.yml', `models:\n  house/model: { provider: openai-compatible, baseUrl: "http://127.0.0.1:${port}/v1", model: m, apiKey: "\${env:HOUSE_API_KEY}" }\n`);
    write('prompts/house.prompt.yml', 'name: House\nmodel: house/model\nmessages:\n  - { role: user, content: "{{word}}" }\ntestData:\n  - { word: a, expected: a }\n');
    write('prompts/agent.cjs', heldAgent(20));
    write('prompts/slow.prompt.yml', 'name: Slow\nmodel: "exec:node agent.cjs"\nmessages:\n  - { role: user, content: "{{n}}" }\ngolden: slow.golden.jsonl\nassert:\n  - { type: equals, value: "{{expected}}" }\n');
    write('prompts/slow.golden.jsonl', Array.from({ length: 60 }, (_, n) => `{"id":"case-${n}","n":"${n}","expected":"ok"}\n`).join(''));
  });
  afterAll(async () => {
    await new Promise((resolve) => endpoint?.close(resolve));
  });

  it('hands an API key to its endpoint, and to no file, log or message', async () => {
    const key = 'plain-words-that-are-secret-4711';
    await window.openTouchstone();
    await window.runCommand('Touchstone: Set API Key');
    await window.pick('Another name');
    await window.answer('HOUSE_API_KEY');
    await window.page.locator('.quick-input-widget input[type="password"]').waitFor({ timeout: MINUTE });
    await window.answer(key);
    await window.see('HOUSE_API_KEY is set.');
    await window.openFile('prompts/house.prompt.yml');
    await window.lens('no run yet, price unknown');
    await window.clickLens('Eval 1 case', /1 error/);
    await window.clickLens(/1 error/, window.tab(/^House/));
    await window.webview('[role="grid"]');
    expect(keys).toContain(`Bearer ${key}`);
    expect(existsSync(join(window.folder, '.touchstone/touchstone.db'))).toBe(true);
    const files = [...filesBelow(window.server.folder), ...filesBelow(window.folder)];
    expect(files.filter((path) => contentOf(path).includes(key))).toEqual([]);
    for (const frame of window.page.frames()) expect(await frame.content().catch(() => '')).not.toContain(key); // a frame may go meanwhile
  }, 3 * MINUTE);

  it('says that the engine was killed in the middle of a run, and resumes it', async () => {
    await window.openFile('prompts/slow.prompt.yml');
    await window.lens('no run yet, price unknown');
    await window.clickLens('Eval 60 cases', /\d+ of 60/);
    await window.lens(/20 of 60/);
    const engines = enginesOf(window.server.folder);
    expect(engines).toHaveLength(1);
    process.kill(engines[0] ?? 0, 'SIGKILL');
    await window.see('The engine stopped. Your finished results are kept.');
    await window.lens(/interrupted/);
    await window.screenshot('engine-stopped-dark');
    writeFileSync(join(window.folder, 'prompts/go.txt'), '');
    await window.page.getByRole('button', { name: 'Resume Run' }).click();
    await window.lens(/60\/60 · 100%/, 3 * MINUTE);
  }, 6 * MINUTE);
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)).filter((path) => {
    try {
      return statSync(path).isFile() && !path.includes(`${join('extensions', 'touchstone')}`);
    } catch {
      return false; // a socket's link, or gone meanwhile
    }
  });
}

/** Nothing of a file that is gone meanwhile: VS Code's own come and go. */
function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}

/** Engines that the installed extension of this server has started. */
function enginesOf(server: string): number[] {
  const commands = process.platform === 'linux' ? linuxCommands() : execFileSync('ps', ['-A', '-o', 'pid=,command='], { encoding: 'utf8' }).split('\n');
  return commands.filter((line) => line.includes(server) && line.includes('engine.mjs')).map((line) => Number.parseInt(line, 10));
}

/** `pid command` of every process; a small Linux has no `ps`. */
function linuxCommands(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => {
    try {
      return `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`;
    } catch {
      return ''; // ended meanwhile
    }
  });
}
