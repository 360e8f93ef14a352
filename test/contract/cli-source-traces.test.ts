import { afterEach, describe, expect, it } from 'vitest';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { touchstoneIn } from '../fixtures/command-line.ts';
import { hexTrace, testTrace, type BackendTrace } from '../fixtures/servers/backend-data.ts';
import { BACKEND_KEY, clickhouse, jaegerV3, startBackend, type BackendServer } from '../fixtures/servers/trace-backends.ts';

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const ENV = { TOUCHSTONE_SPANS_KEY: BACKEND_KEY };
/** Steers a terminal, ends lines, turns the reading direction, and is longer than any column. */
const HOSTILE = `\u001b[2J\u202egpt\r\n\u0007${'x'.repeat(5000)}`;

async function workspace(traces: readonly BackendTrace[], type: 'clickhouse' | 'jaeger' = 'clickhouse'): Promise<{ readonly server: BackendServer; readonly folder: string }> {
  const server = await startBackend((type === 'jaeger' ? jaegerV3 : clickhouse), traces);
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-source-traces-'));
  open.push(() => server.stop(), () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'touchstone.yml'), `traces:\n  sources:\n    - { name: spans, type: ${type}, url: "${server.url}"${type === 'jaeger' ? '' : ', user: reader'} }\n`);
  return { server, folder };
}

const sums = (server: BackendServer) => server.asked.filter(({ body }) => body.includes(' AS key'));

/** The trace with other words of strangers in it. */
function hostileTrace(): BackendTrace {
  const trace = testTrace(10);
  return { ...trace, spans: trace.spans.map((span) => ({ ...span, name: HOSTILE, service: HOSTILE, model: span.model === null ? null : HOSTILE })) };
}

describe('touchstone sources traces', () => {
  it('lists what a query finds in ClickHouse, in the form of touchstone traces, and stores none of it', async () => {
    const { server, folder } = await workspace([testTrace(20)]);
    const run = (...args: string[]) => touchstoneIn(folder, ['sources', 'traces', 'spans', ...args], ENV);
    const listed = await run('broke', 'status:ok', '--limit', '5');
    expect(listed).toMatchObject({ code: 0, err: '' });
    expect(listed.out).toMatch(/^Trace +Name +Started \(UTC\) +Took +Spans +Errors +Tokens/);
    expect(listed.out).toMatch(new RegExp(`^${hexTrace}  step 0 +2026-11-20 10:00:00 +1 ms +20 +1 +shop$`, 'm'));
    const roots = server.asked.filter(({ body }) => body.includes("ParentSpanId = ''"));
    expect(roots.length).toBeGreaterThan(0);
    // The words went as values, one more row than asked for tells whether there are more, and nothing else was copied.
    expect([...roots[0]!.params].filter(([name]) => name.startsWith('param_')).map(([, value]) => value)).toEqual(expect.arrayContaining(['6', expect.stringContaining('broke')]));
    expect(server.wrong).toEqual([]);
    const document = JSON.parse((await run('--json')).out) as { traces: unknown[] };
    expect(document).toMatchObject({ source: 'spans', next: null, notes: [], traces: [{ traceId: hexTrace, name: 'step 0', spans: 20, errors: 1, cost: null, stored: null }] });
    const { $defs } = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/cli-output.schema.json'), 'utf8')) as { $defs: object };
    expect(new Ajv2020({ strict: false }).validate({ $defs, $ref: '#/$defs/traces' }, document)).toBe(true);
    expect((await touchstoneIn(folder, ['traces', '--json'], ENV)).out).toMatch(/"traces": \[\]/);
  });

  it('goes on where a page ended, and says what was not asked', async () => {
    const traces = [1, 2, 3].map((at) => ({ ...testTrace(2), id: String(at).repeat(32) }));
    const { folder } = await workspace(traces);
    const first = await touchstoneIn(folder, ['sources', 'traces', 'spans', 'status:running', '--limit', '2'], ENV);
    expect(first.out.trim().split('\n')).toHaveLength(3);
    expect(first.err).toMatch(/status:running/);
    const cursor = /Go on with --cursor (\S+)/.exec(first.err)?.[1] ?? '';
    expect(await touchstoneIn(folder, ['sources', 'traces', 'spans', '--cursor', cursor], ENV)).toMatchObject({ code: 0 });
    expect(await touchstoneIn(folder, ['sources', 'traces', 'spans', '--cursor', 'nonsense'], ENV)).toMatchObject({ code: 2, out: '' });
  });
});

describe('touchstone sources summary', () => {
  it('prints what ClickHouse adds up, by day, model and service', async () => {
    const { server, folder } = await workspace([testTrace(20)]);
    const run = (...args: string[]) => touchstoneIn(folder, ['sources', 'summary', 'spans', ...args], ENV);
    const byDay = await run('after:-7d');
    expect(byDay.code).toBe(0);
    expect(byDay.out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([['Day (UTC)', 'Traces', 'Spans', 'Errors', 'Tokens in', 'Tokens out', 'Cost', 'p50', 'p95'], ['2026-11-20', '1', '20', '1', '40', '20', '10.0 s', '10.0 s'], ['']]);
    expect(byDay.err).toMatch(/^p50 and p95: of the traces’ durations/);
    expect((await run('--by', 'service')).out).toMatch(/^shop +1 +20 +1 +40 +20/m);
    expect((await run('--by', 'model')).out).toMatch(/^gpt-5 +1 +4 +40 +20/m);
    expect(JSON.parse((await run('--by', 'model', '--json')).out)).toEqual({
      source: 'spans', by: 'model', notes: [],
      rows: [{ key: 'gpt-5', traces: 1, spans: 4, errors: 0, cost: null, tokens: { input: 40, output: 20 }, latency: { p50: 10_000, p95: 10_000 } }],
    });
    // Only sums were asked for: three queries by day and by service, one by model.
    expect(sums(server)).toHaveLength(3 + 3 + 1 + 1);
    expect(server.asked.filter(({ body }) => body.includes('FROM `default`.`otel_traces`') && !body.includes(' AS key'))).toEqual([]);
    expect(server.wrong).toEqual([]);
  });

  it('says when there are more than are shown', async () => {
    const trace = testTrace(1001);
    const { folder } = await workspace([{ ...trace, spans: trace.spans.map((span, index) => ({ ...span, service: `service-${index}` })) }]);
    const { out, err } = await touchstoneIn(folder, ['sources', 'summary', 'spans', '--by', 'service'], ENV);
    expect(out.trim().split('\n')).toHaveLength(1 + 1000);
    expect(err).toContain('There are more: the 1,000 services with the most spans are shown.');
  });

  it('makes names of strangers harmless', async () => {
    const { folder } = await workspace([hostileTrace()]);
    for (const args of [['summary', 'spans', '--by', 'model'], ['summary', 'spans', '--by', 'service'], ['traces', 'spans']]) {
      const { code, out } = await touchstoneIn(folder, ['sources', ...args], ENV);
      expect(code).toBe(0);
      expect(out).toMatch(/\\u202egpt⏎\\u0007x+…/);
      expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
      expect(out.split('\n')).toHaveLength(3);
      expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(140);
    }
  });

  it('is refused for sources that cannot, and where an option belongs elsewhere, before anybody is asked', async () => {
    const { server, folder } = await workspace([testTrace(2)], 'jaeger');
    const run = (...args: string[]) => touchstoneIn(folder, ['sources', ...args], ENV);
    const refused = await run('summary', 'spans');
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toContain('Source "spans" (jaeger) cannot sum up traces: of the sources, ClickHouse can.');
    expect((await run('traces', 'other')).err).toContain('touchstone.yml has no source "other". It has spans.');
    for (const args of [['summary'], ['traces'], ['traces', 'spans', '--by', 'day'], ['summary', 'spans', '--limit', '3'], ['--limit', '3'], ['test', 'spans', 'more'], ['summary', 'spans', '--by', 'week'], ['traces', 'spans', 'duration:>fast']]) {
      expect(await run(...args), args.join(' ')).toMatchObject({ code: 2, out: '' });
    }
    expect(server.asked).toEqual([]);
  });

  it('ends with 130 at Ctrl+C, and takes the question back', async () => {
    const { server, folder } = await workspace([testTrace(2)]);
    for (const args of [['traces', 'spans'], ['summary', 'spans']]) {
      let interrupt = (): void => undefined;
      const gone = new Promise<void>((resolve) => {
        server.fault = (_, response) => {
          response.once('close', resolve);
          interrupt();
          return true;
        };
      });
      const cancelled = await touchstoneIn(folder, ['sources', ...args], ENV, (listener) => ((interrupt = listener), () => undefined));
      expect(cancelled).toMatchObject({ code: 130, out: '' });
      await gone;
    }
  });
});
