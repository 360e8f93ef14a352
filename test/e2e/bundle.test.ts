import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../scripts/tools/paths.ts';

/**
 * The built command, on everything that it loads only when it is needed: what works from source may be missing, or have lost
 * its names, in a bundle.
 */
const CHECKS: readonly { readonly id: string; readonly output: string; readonly assert: object }[] = [
  { id: 'json draft-07', output: '{"a": 1}', assert: { type: 'is-json', value: { type: 'object', required: ['a'] } } },
  { id: 'json 2019-09', output: '{"a": 1}', assert: { type: 'is-json', value: { $schema: 'https://json-schema.org/draft/2019-09/schema', required: ['a'] } } },
  { id: 'json 2020-12', output: '{"a": 1}', assert: { type: 'is-json', value: { $schema: 'https://json-schema.org/draft/2020-12/schema', required: ['a'] } } },
  { id: 'json schema as YAML, with a format', output: '{"a": "2026-01-01"}', assert: { type: 'is-json', value: 'type: object\nproperties: { a: { type: string, format: date } }' } },
  { id: 'xml', output: '<a><b/></a>', assert: { type: 'is-xml', value: 'a.b' } },
  { id: 'html', output: '<p>hello <b>you</b></p>', assert: { type: 'is-html' } },
  ...['mysql', 'postgresql', 'sqlite', 'bigquery', 'transactsql', 'snowflake'].map((databaseType) => ({ id: `sql ${databaseType}`, output: 'SELECT a FROM t WHERE b = 1', assert: { type: 'is-sql', value: { databaseType } } })),
  { id: 'meteor', output: 'the cats sat on the mats', assert: { type: 'meteor', value: 'the cat sat on the mat', threshold: 0.5 } },
  { id: 'similar', output: 'The invoice is wrong.', assert: { type: 'similar', value: 'The bill is not correct.', threshold: 0.3 } },
  { id: 'javascript file', output: 'four', assert: { type: 'javascript', value: 'file://check.cjs' } },
  { id: 'regex', output: 'abc', assert: { type: 'regex', value: '^a.c$' } },
  { id: 'python', output: 'abc', assert: { type: 'python', value: 'len(output) == 3' } },
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-bundle-'));
  writeFileSync(join(folder, 'check.cjs'), 'module.exports = (output) => output.length === 4;\n');
  writeFileSync(
    join(folder, 'promptfooconfig.yaml'),
    JSON.stringify({
      prompts: ['{{output}}'],
      providers: ['echo', { id: 'file://provider.mjs', label: 'program' }],
      derivedMetrics: [{ name: 'twice', value: 'all * 2' }],
      tests: CHECKS.map(({ id, output, assert }) => ({ description: id, vars: { output }, assert: [{ ...assert, metric: 'all' }] })),
    }),
  );
  writeFileSync(join(folder, 'provider.mjs'), 'export default class { id() { return "program"; } async callApi(prompt) { return { output: prompt, tokenUsage: { prompt: 1, completion: 1 } }; } }\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the built command', () => {
  it('evaluates with every parser, worker and program that is loaded on demand, and writes every report', async () => {
    const reports = ['json', 'xml', 'html', 'csv'].map((ending) => join(folder, `report.${ending}`));
    const { stdout } = await promisify(execFile)(join(root, 'bin/touchstone'), ['eval', '--json', ...reports.flatMap((file) => ['--output', file])], { cwd: folder, maxBuffer: 64e6 }).catch((error: { stdout: string }) => error);
    const { runs } = JSON.parse(stdout) as { runs: { cells: { case: string; model: string; pass: boolean | null; error: unknown; assertions: { reason: string }[] }[] }[] };
    const cells = runs[0]?.cells ?? [];
    expect(cells.filter(({ pass }) => pass !== true).map(({ case: id, model, error, assertions }) => ({ id, model, error, reasons: assertions.map(({ reason }) => reason) }))).toEqual([]);
    expect(cells).toHaveLength(CHECKS.length * 2);
    for (const file of reports) expect(readFileSync(file, 'utf8').length).toBeGreaterThan(500);
  });
});
