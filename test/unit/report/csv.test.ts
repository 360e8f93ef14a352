import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { csvReport } from '../../../src/core/report/csv.ts';
import { sampleRun, sampleSource, textOf, type SamplePart } from './sample-run.ts';

async function rowsOf(...parts: SamplePart[]): Promise<{ text: string; rows: Record<string, string>[] }> {
  const text = await textOf(csvReport(sampleSource(...parts)));
  return { text, rows: parse<Record<string, string>>(text, { columns: true, record_delimiter: '\r\n' }) };
}

describe('CSV', () => {
  it('keeps commas, quotes and line ends of any kind', async () => {
    const output = 'one, "two"\r\nthree\nfour';
    const { text, rows } = await rowsOf(sampleRun([{ case: 'a', output, vars: { subject: 'He said "hi", twice' } }]));
    expect(rows[0]).toMatchObject({ case: 'a', output, pass: 'true', cached: 'false', vars: '{"subject":"He said \\"hi\\", twice"}' });
    expect(text.endsWith('\r\n')).toBe(true);
    expect(text.charCodeAt(0)).not.toBe(0xfeff);
  });

  it.each(['=1+2', '+1', '-2+3', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1+2', '=cmd|"/c calc"!A1'])('guards %j against being run as a formula', async (output) => {
    const { rows } = await rowsOf(sampleRun([{ case: output, output, expected: output, pass: false, assertions: [{ type: 'equals', pass: false, score: 0, reason: 'no', weight: 1, metric: null }] }]));
    expect(rows[0]).toMatchObject({ case: `'${output}`, output: `'${output}`, expected: `'${output}` });
  });

  it('leaves numbers and texts with a sign inside alone', async () => {
    const { rows } = await rowsOf(sampleRun([{ case: 'a-b', output: 'a = b', cost: 0.5, latencyMs: 12 }]));
    expect(rows[0]).toMatchObject({ case: 'a-b', output: 'a = b', cost_usd: '0.5', latency_ms: '12' });
  });

  it('leaves unknown empty, and says why a cell has no answer', async () => {
    const { rows } = await rowsOf(sampleRun([{ case: 'a', error: { code: 'timeout', message: 'too slow' }, cost: null }, { case: 'b', pass: false }]));
    expect(rows[0]).toMatchObject({ pass: '', score: '', output: '', cost_usd: '', latency_ms: '', input_tokens: '', error: 'timeout: too slow' });
    expect(rows[1]).toMatchObject({ pass: 'false', reasons: 'equals: Expected billing.' });
  });
});
