import { readFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { jsonReport } from '../../../src/core/report/json.ts';
import { sampleRun, sampleSource, textOf } from './sample-run.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const schemaFile = path.join(root, 'docs/cli-output.schema.json');
const schema = JSON.parse(readFileSync(schemaFile, 'utf8')) as { $defs: Record<string, object> };
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajvFormats(ajv);
const isEvalDocument = ajv.compile({ $ref: '#/$defs/eval', $defs: schema.$defs });

const cells = [
  { case: 'refund-late', tags: ['clear'], output: 'billing', expected: 'billing' },
  { case: 'two-x', tags: ['terse'], output: 'other', pass: false, latencyMs: 300 },
  { case: 'err', error: { code: 'timeout' as const, message: 'No byte for 120 s.' }, cost: null },
  { case: 'data', output: { label: 'billing', tags: [1, null] }, cached: true },
];

describe('the JSON document', () => {
  it('is what the schema says', async () => {
    const document: unknown = JSON.parse(await textOf(jsonReport(sampleSource(sampleRun(cells)))));
    expect(isEvalDocument(document), JSON.stringify(isEvalDocument.errors)).toBe(true);
  });

  it('is valid without runs, without cells, and with several runs', async () => {
    for (const source of [sampleSource(), sampleSource(sampleRun([])), sampleSource(sampleRun(cells), sampleRun(cells, { id: 'b' }))]) {
      const document: unknown = JSON.parse(await textOf(jsonReport(source)));
      expect(isEvalDocument(document), JSON.stringify(isEvalDocument.errors)).toBe(true);
    }
  });

  it('would notice a missing or misspelt field', async () => {
    const text = await textOf(jsonReport(sampleSource(sampleRun(cells))));
    expect(isEvalDocument(JSON.parse(text.replaceAll('"latencyMs"', '"latency_ms"')))).toBe(false);
    expect(isEvalDocument(JSON.parse(text.replaceAll('"durationMs"', '"duration"')))).toBe(false);
  });

  it('keeps the order of cells, data as data, and errors without an output', async () => {
    const document = JSON.parse(await textOf(jsonReport(sampleSource(sampleRun(cells))))) as { runs: { cells: Record<string, unknown>[]; summary: Record<string, unknown> }[]; summary: Record<string, unknown> };
    const [run] = document.runs;
    expect(run?.cells.map((cell) => cell['case'])).toEqual(['refund-late', 'two-x', 'err', 'data']);
    expect(run?.cells[3]).toMatchObject({ output: { label: 'billing', tags: [1, null] }, cached: true });
    expect(run?.cells[2]).toMatchObject({ output: null, pass: null, score: null, error: { code: 'timeout', message: 'No byte for 120 s.' } });
    expect(document.summary).toMatchObject({ cells: 4, passed: 2, failed: 1, errors: 1 });
    expect(document.summary).toEqual(run?.summary);
  });

  it('sums several runs over all cells', async () => {
    const first = sampleRun([{ case: 'a', latencyMs: 100 }, { case: 'b', pass: false, latencyMs: 200 }], { id: 'a' });
    const second = sampleRun([{ case: 'a', latencyMs: 400 }, { case: 'c', latencyMs: 1000, cached: true }], { id: 'b' });
    const { summary } = JSON.parse(await textOf(jsonReport(sampleSource(first, second)))) as { summary: Record<string, unknown> };
    expect(summary).toMatchObject({ cells: 4, passed: 3, failed: 1, errors: 0, passRate: 0.75, latency: { p50: 200, p95: 380 }, tokens: { input: 40, output: 8 } });
    // Wilson for 3 of 4, R: prop.test(3, 4, correct = FALSE)$conf.int
    expect((summary['interval'] as number[]).map((bound) => bound.toFixed(4))).toEqual(['0.3006', '0.9544']);
  });

  it('calls cases of promptfoo configs by their description', async () => {
    const named = [{ case: 'c0ffee', description: 'card declined' }, { case: 'decade' }];
    const casesOf = async (file: string): Promise<unknown[]> =>
      (JSON.parse(await textOf(jsonReport(sampleSource(sampleRun(named, { path: file }))))) as { runs: { cells: { case: string }[] }[] }).runs[0]?.cells.map((cell) => cell.case) ?? [];
    expect(await casesOf('/ws/promptfooconfig.yaml')).toEqual(['card declined', 'decade']);
    expect(await casesOf('/ws/a.prompt.yml')).toEqual(['c0ffee', 'decade']);
  });
});

const shared = process.env['TOUCHSTONE_SHARED'] ?? path.resolve(root, '../shared');
describe.skipIf(!existsSync(shared))('the published schema (skipped without ../shared)', () => {
  it('is the specification, byte for byte', () => {
    expect(readFileSync(schemaFile, 'utf8')).toBe(readFileSync(path.join(shared, 'specs/cli-output.schema.json'), 'utf8'));
  });
});
