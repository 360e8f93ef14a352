import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ListedCell } from '../../src/protocol/engine.ts';
import { CORPUS, HAS_CORPUS, testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';

/** What promptfoo 0.123.1 answered for whole configs with its `echo` provider. */
interface Expected {
  readonly results: readonly { readonly ti: number; readonly pi: number; readonly out: string; readonly ok: boolean; readonly score: number; readonly named: Record<string, number> }[];
  readonly namedScores?: readonly Record<string, number>[];
}

/** Where Touchstone differs on purpose: `config test prompt` → what it gives (docs/promptfoo-differences.md says why). */
const EXCEPTIONS: Readonly<Record<string, { readonly out: string; readonly ok: boolean; readonly score: number; readonly why: string }>> = {
  'b_scenarios.yaml 1 0': { out: 'fr|hello {{exp}}|dflt', ok: false, score: 0.5, why: 'a value is text: {{exp}} inside of it is not expanded' },
  'b_scenarios.yaml 3 0': { out: 'es|hello {{exp}}|dflt', ok: false, score: 0.5, why: 'a value is text: {{exp}} inside of it is not expanded' },
};

const FOLDER = join(CORPUS, 'promptfoo-oracle/configs');
const engines: TestEngine[] = [];
afterAll(async () => {
  for (const engine of engines) await engine.close();
});

describe.skipIf(!HAS_CORPUS)('whole promptfoo configs (skipped without ../shared)', () => {
  const configs = HAS_CORPUS ? readdirSync(FOLDER).filter((name) => name.endsWith('.yaml')) : [];
  it.each(configs)('%s gives the same outputs, verdicts, scores and metrics', async (name) => {
    const files = Object.fromEntries(readdirSync(FOLDER).filter((file) => !file.endsWith('.json')).map((file) => [file, readFileSync(join(FOLDER, file), 'utf8')]));
    const workspace = await testEngine(files);
    engines.push(workspace);
    const { runIds } = await workspace.engine.request('eval/start', { targets: [join(workspace.folder, name)], origin: 'cli' });
    const { runs } = await workspace.engine.request('eval/wait', { runIds });
    const expected = JSON.parse(readFileSync(join(FOLDER, name.replace('.yaml', '.expected.json')), 'utf8')) as Expected;
    expect(runs).toHaveLength(new Set(expected.results.map(({ pi }) => pi)).size);
    for (const [prompt, run] of runs.entries()) {
      const cells = await workspace.cells(run.info.id);
      const wanted = expected.results.filter(({ pi }) => pi === prompt).sort((a, b) => a.ti - b.ti);
      expect(cells).toHaveLength(wanted.length);
      for (const [i, result] of wanted.entries()) {
        const exception = EXCEPTIONS[`${name} ${result.ti} ${result.pi}`];
        const { why: _why, ...given } = exception ?? { out: result.out, ok: result.ok, score: result.score, why: '' };
        expect(seen(cells[i]), `test ${result.ti} of prompt ${prompt}`).toEqual({ ...given, score: expect.closeTo(given.score, 10) as unknown, named: exception === undefined ? result.named : (expect.anything() as unknown) });
      }
    }
  });

  it('h_weights.yaml: sums and derived metrics of a prompt', async () => {
    const workspace = await testEngine({ 'promptfooconfig.yaml': readFileSync(join(FOLDER, 'h_weights.yaml'), 'utf8') });
    engines.push(workspace);
    const { run } = await workspace.eval();
    expect(run.models[0]).toMatchObject({ metricSums: { m1: 3, m2: 1 }, derived: { combo: 5 } });
  });
});

function seen(cell: ListedCell | undefined): unknown {
  return { out: cell?.result.output, ok: cell?.result.pass, score: cell?.result.score, named: cell?.result.namedScores };
}

