import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { junitReport } from '../../../src/core/report/junit.ts';
import { sampleRun, sampleSource, textOf, type SamplePart } from './sample-run.ts';

const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', parseAttributeValue: false, parseTagValue: false, trimValues: false, isArray: (name) => ['testsuite', 'testcase', 'property'].includes(name) });

interface Suites {
  testsuites: { tests: string; failures: string; errors: string; testsuite: { name: string; tests: string; failures: string; errors: string; skipped: string; time: string; timestamp: string; testcase?: TestCase[] }[] };
}
interface TestCase {
  name: string;
  classname: string;
  time: string;
  failure?: { message: string; type: string; '#text': string };
  error?: { message: string; type: string };
}

async function read(...parts: SamplePart[]): Promise<{ xml: string; suites: Suites['testsuites'] }> {
  const xml = await textOf(junitReport(sampleSource(...parts)));
  expect(XMLValidator.validate(xml)).toBe(true);
  return { xml, suites: (parser.parse(xml) as Suites).testsuites };
}

describe('JUnit XML', () => {
  it('has a suite for every model and a test case for every cell', async () => {
    const { suites } = await read(
      sampleRun(
        [
          { case: 'a', model: 0 }, { case: 'a', model: 1, pass: false, output: 'technical' },
          { case: 'b', model: 0, error: { code: 'rate-limited', message: '429 after 4 retries' } }, { case: 'b', model: 1, latencyMs: 1234 },
        ],
        { models: ['local:labels', 'openai/gpt-4.1'] },
      ),
    );
    expect(suites).toMatchObject({ tests: '4', failures: '1', errors: '1' });
    const [local, remote] = suites.testsuite;
    expect(local).toMatchObject({ name: 'prompts/support/triage [local:labels]', tests: '2', failures: '0', errors: '1', skipped: '0', time: '2.100', timestamp: '2026-11-21T20:00:00' });
    expect(remote).toMatchObject({ tests: '2', failures: '1', errors: '0' });
    expect(local?.testcase?.map((test) => test.name)).toEqual(['a', 'b']);
    expect(local?.testcase?.[1]?.error).toMatchObject({ type: 'rate-limited', message: '429 after 4 retries' });
    expect(remote?.testcase?.[0]?.failure).toMatchObject({ type: 'assertion', message: 'equals: Expected billing.' });
    expect(remote?.testcase?.[0]?.failure?.['#text']).toContain('Output:\ntechnical');
    expect(remote?.testcase?.[1]).toMatchObject({ classname: 'prompts.support.triage.openai/gpt-4_1', time: '1.234' });
  });

  it('is well-formed whatever a model or a dataset says', async () => {
    const hostile = `]]>"'&<failure> a\u0000b\u0008c\u001B[31md\uD800e\uFFFFf\u{1F600}\r\n\tg`;
    const { xml, suites } = await read(
      sampleRun([{ case: hostile, output: hostile, pass: false, assertions: [{ type: 'equals', pass: false, score: 0, reason: hostile, weight: 1, metric: null }] }, { case: 'e', error: { code: 'code-failed', message: hostile } }]),
    );
    expect(xml).not.toMatch(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u);
    const [failed, errored] = suites.testsuite[0]?.testcase ?? [];
    expect(failed?.failure?.['#text']).toContain(`]]>"'&<failure> abc[31mdef\u{1F600}`);
    expect(errored?.error?.message).toContain(`]]>"'&<failure> abc[31mdef\u{1F600}`);
  });

  it('numbers repeats, and cuts long outputs', async () => {
    const long = 'x'.repeat(10_000);
    const { suites } = await read(sampleRun([{ case: 'a', repeat: 0 }, { case: 'a', repeat: 1, pass: false, output: long }], { repeats: 2 }));
    expect(suites.testsuite[0]?.testcase?.map((test) => test.name)).toEqual(['a #1', 'a #2']);
    expect(suites.testsuite[0]?.testcase?.[1]?.failure?.['#text']).toContain('… (6000 more characters)');
  });

  it('names the member that failed inside an assert-set', async () => {
    const member = { type: 'word-count', pass: false, score: 0, reason: '9 words, at most 2 allowed.', weight: 1, metric: null };
    const { suites } = await read(sampleRun([{ case: 'a', pass: false, assertions: [{ type: 'assert-set', pass: false, score: 0, reason: 'One of 1 failed.', weight: 1, metric: null, components: [member] }] }]));
    expect(suites.testsuite[0]?.testcase?.[0]?.failure?.message).toBe('word-count: 9 words, at most 2 allowed.');
  });
});
