import { mkdtemp, rm, cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedNode22 } from '../../scripts/node22.mjs';
import { root } from '../../scripts/tools/paths.ts';
import { must, run } from '../../scripts/tools/processes.ts';

interface Document {
  runs: Array<{ run: { prompt: string }; cells: Array<{ case: string; model: string; output: string | null; pass: boolean; score: number }> }>;
}

/**
 * The bundles on the oldest Node that they must run on, the one of VS Code 1.101: SQLite's binary, the scoring worker, the
 * embedded local model and replayed outputs give what they give on Node 24.
 */
describe('the sample workspace on Node 22.15', () => {
  let folder: string;
  beforeAll(async () => {
    await must(process.execPath, ['scripts/build.mjs'], { cwd: root });
    folder = await mkdtemp(join(tmpdir(), 'touchstone-node22-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('gives the same outputs and scores as on Node 24', async () => {
    const node22 = await installedNode22();
    expect((await must(node22, ['-p', 'process.versions.node'])).trim()).toBe('22.15.0');
    const old = await evalSample(node22, 'old');
    const current = await evalSample(process.execPath, 'current');
    expect(current.length).toBeGreaterThan(100);
    expect(current.some((cell) => cell.pass)).toBe(true);
    expect(old).toEqual(current);
  });

  async function evalSample(node: string, name: string): Promise<Array<{ prompt: string; case: string; model: string; output: string | null; pass: boolean; score: number }>> {
    const workspace = join(folder, name);
    await cp(join(root, 'examples'), workspace, { recursive: true, filter: (path) => !path.includes('.touchstone/') });
    const { code, output } = await run(node, [join(root, 'dist/cli.mjs'), 'eval', '--json', '--no-cache'], { cwd: workspace });
    expect(code, output.slice(-2000)).toBeLessThan(2);
    const document = JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1)) as Document;
    return document.runs.flatMap(({ run: { prompt }, cells }) => cells.map((cell) => ({ prompt, case: cell.case, model: cell.model, output: cell.output, pass: cell.pass, score: cell.score })));
  }
});
