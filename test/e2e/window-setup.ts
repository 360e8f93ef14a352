/** The package as a person installs it, made and unpacked once for all windows of a run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { packagedExtension } from '../../scripts/tools/package.ts';
import { installExtension } from '../../scripts/tools/vscode-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of extensions that every window's VS Code gets a copy of. */
    extensions: string;
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  const extensions = mkdtempSync(join(tmpdir(), 'touchstone-extensions-'));
  const remove = (): void => rmSync(extensions, { recursive: true, force: true, maxRetries: 3 });
  try {
    await installExtension(await packagedExtension({ weights: true }), extensions);
  } catch (error) {
    remove();
    throw error;
  }
  project.provide('extensions', extensions);
  return remove;
}
