import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileWatch } from '../../../src/cli/watch.ts';
import { workspaceFolder } from '../../../src/cli/workspace.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-watch-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('watching files', () => {
  it('tells of a written, a replaced and a new file, once each, and of no other', async () => {
    const files = new FileWatch();
    const { signal } = new AbortController();
    try {
      const dataset = join(folder, 'a.golden.jsonl');
      writeFileSync(dataset, '{}\n');
      files.update([dataset], [folder]);
      writeFileSync(join(folder, 'notes.txt'), 'not ours');
      writeFileSync(dataset, '{"id":"a"}\n');
      writeFileSync(dataset, '{"id":"b"}\n');
      expect(await files.next(signal)).toBe(dataset);
      writeFileSync(join(folder, 'b.tmp'), '{"id":"c"}\n');
      renameSync(join(folder, 'b.tmp'), dataset);
      expect(await files.next(signal)).toBe(dataset);
      const prompt = join(folder, 'new.prompt.yml');
      writeFileSync(prompt, 'messages: []\n');
      expect(await files.next(signal)).toBe(prompt);
    } finally {
      files.dispose();
    }
  });

  it('tells of a new prompt in a new folder, wherever it is below one that is evaluated', async () => {
    const files = new FileWatch();
    const { signal } = new AbortController();
    try {
      mkdirSync(join(folder, 'there/already'), { recursive: true });
      files.update([], [folder]);
      const deep = join(folder, 'there/already/a.prompt.yml');
      writeFileSync(deep, 'messages: []\n');
      expect(await files.next(signal)).toBe(deep);
      // Made at once, before anybody can watch the inner folder.
      const fresh = join(folder, 'made/now/b.prompt.yml');
      mkdirSync(join(folder, 'made/now'), { recursive: true });
      writeFileSync(fresh, 'messages: []\n');
      expect(await files.next(signal)).toBe(fresh);
      writeFileSync(fresh, 'messages: []  \n');
      mkdirSync(join(folder, 'node_modules/of-others'), { recursive: true });
      writeFileSync(join(folder, 'node_modules/of-others/c.prompt.yml'), 'messages: []\n');
      expect(await files.next(signal)).toBe(fresh);
    } finally {
      files.dispose();
    }
  });

  it('remembers a change that came while nobody asked', async () => {
    const files = new FileWatch();
    try {
      const file = join(folder, 'a.yml');
      writeFileSync(file, '1');
      files.update([file], []);
      writeFileSync(file, '2');
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect(await files.next(new AbortController().signal)).toBe(file);
    } finally {
      files.dispose();
    }
  });

  it('ends when it is interrupted, also when the folder does not exist', async () => {
    const files = new FileWatch();
    const controller = new AbortController();
    files.update([join(folder, 'no/such/file')], []);
    const next = files.next(controller.signal);
    controller.abort();
    expect(await next).toBeNull();
    files.dispose();
  });
});

describe('the workspace folder', () => {
  it('is the nearest with a mark of ours, then the checkout, then the folder itself', () => {
    const inner = join(folder, 'repo/apps/bot/prompts');
    mkdirSync(inner, { recursive: true });
    mkdirSync(join(folder, 'repo/.git'));
    expect(workspaceFolder(inner, undefined)).toBe(join(folder, 'repo'));
    mkdirSync(join(folder, 'repo/apps/.touchstone'));
    expect(workspaceFolder(inner, undefined)).toBe(join(folder, 'repo/apps'));
    writeFileSync(join(folder, 'repo/apps/bot/touchstone.yml'), '');
    expect(workspaceFolder(inner, undefined)).toBe(join(folder, 'repo/apps/bot'));
    expect(workspaceFolder(inner, '..')).toBe(join(folder, 'repo/apps/bot'));
    expect(() => workspaceFolder(inner, 'nowhere')).toThrow(/not a folder/);
  });
});
