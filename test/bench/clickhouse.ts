import { createTraceSource } from '../../src/node/sources/index.ts';
import { parseQuery } from '../../src/core/trace/query/parse.ts';
import { startClickhouse, type Clickhouse } from '../clickhouse/installed.ts';
import { collectorSchema } from '../clickhouse/schema.ts';
import { backend } from '../unit/links/backends.ts';
import { atMost, median, type Benchmark, type Claim } from './benchmark.ts';

const SPANS = 5_000_000;
const QUICK_SPANS = 500_000;
const SPANS_PER_TRACE = 25;
const RUNS = 7;
const LIMIT_MS = 500;
const RATIO = 1.5;
const CHUNK = 1_000_000;
const TRACES_PER_DAY = 20_000;
/** A minute after the last trace has begun. */
const NOW = Date.UTC(2026, 10, 21, 23, 1);
const DAY_S = 86_400;

/** Agents as they are: of 25 spans one root, five calls of a model with their messages, five tools, the rest steps between them. */
function fill(from: number, count: number): string {
  return `INSERT INTO otel_traces SELECT
    toDateTime64('2026-11-21 23:00:00', 9) - toIntervalMillisecond(intDiv(number, ${SPANS_PER_TRACE}) * ${Math.round((DAY_S * 1000) / TRACES_PER_DAY)} - (number % ${SPANS_PER_TRACE}) * 40) AS Timestamp,
    lower(hex(MD5(toString(intDiv(number, ${SPANS_PER_TRACE}))))) AS TraceId, lower(hex(substring(MD5(toString(number + 1)), 1, 8))) AS SpanId, if(number % ${SPANS_PER_TRACE} = 0, '', lower(hex(substring(MD5(toString(number - number % ${SPANS_PER_TRACE} + 1)), 1, 8)))) AS ParentSpanId, '' AS TraceState,
    multiIf(step = 0, 'invoke_agent refund', step % 5 = 1, 'chat gpt-5', step % 5 = 2, concat('execute_tool ', ['lookup_order', 'refund', 'search'][number % 3 + 1]), concat('step ', toString(step % 4))) AS SpanName, if(step % 5 = 1, 'Client', 'Internal') AS SpanKind, ['shop', 'support', 'billing', 'search'][intDiv(number, ${SPANS_PER_TRACE}) % 4 + 1] AS ServiceName,
    map('service.name', ServiceName, 'deployment.environment.name', if(intDiv(number, ${SPANS_PER_TRACE}) % 10 = 0, 'staging', 'production')) AS ResourceAttributes, 'bench' AS ScopeName, '1' AS ScopeVersion,
    multiIf(step = 0, map('gen_ai.operation.name', 'invoke_agent', 'gen_ai.agent.name', 'refund', 'session.id', concat('s', toString(intDiv(number, ${SPANS_PER_TRACE * 4}))), 'user.id', concat('u', toString(intDiv(number, ${SPANS_PER_TRACE}) % 5000))),
      step % 5 = 1, map('gen_ai.operation.name', 'chat', 'gen_ai.provider.name', 'openai', 'gen_ai.request.model', ['gpt-5', 'gpt-5-mini', 'claude-4'][intDiv(number, ${SPANS_PER_TRACE}) % 3 + 1], 'gen_ai.usage.input_tokens', toString(800 + number % 700), 'gen_ai.usage.output_tokens', toString(50 + number % 90), 'gen_ai.response.finish_reasons', '["stop"]',
        'gen_ai.input.messages', concat('[{"role":"user","parts":[{"type":"text","content":"', repeat(concat('order ', toString(number % 9973), ' was late '), 12), '"}]}]')),
      step % 5 = 2, map('gen_ai.operation.name', 'execute_tool', 'gen_ai.tool.name', ['lookup_order', 'refund', 'search'][number % 3 + 1], 'gen_ai.tool.call.arguments', concat('{"id":', toString(number % 9973), '}')),
      map('step', toString(step))) AS SpanAttributes,
    toUInt64(if(step = 0, 1000000000 + cityHash64(number) % 9000000000, 5000000 + cityHash64(number) % 900000000)) AS Duration, if(cityHash64(number, 1) % 400 = 0, 'Error', 'Unset') AS StatusCode, if(StatusCode = 'Error', 'timed out', '') AS StatusMessage,
    [] AS \`Events.Timestamp\`, [] AS \`Events.Name\`, [] AS \`Events.Attributes\`, [] AS \`Links.TraceId\`, [] AS \`Links.SpanId\`, [] AS \`Links.TraceState\`, [] AS \`Links.Attributes\`
    FROM (SELECT number, number % ${SPANS_PER_TRACE} AS step FROM numbers(${from}, ${count}))`;
}

const COLUMNS_OF_LIST = "TraceId, count() AS spans, countIf(StatusCode = 'Error') AS errors, sumIf(toUInt64OrZero(SpanAttributes['gen_ai.usage.input_tokens']) + toUInt64OrZero(SpanAttributes['gen_ai.usage.output_tokens']), SpanAttributes['gen_ai.operation.name'] = 'chat') AS tokens";

/** What somebody would write by hand for just this, with the window of time that the list has found out for itself. */
const BARE = {
  list: `WITH roots AS (SELECT TraceId, SpanName, ServiceName, Timestamp, Duration FROM otel_traces WHERE ParentSpanId = '' AND Timestamp >= toDateTime64('2026-11-21 22:01:00', 9) ORDER BY Timestamp DESC LIMIT 50)
    SELECT roots.TraceId, roots.SpanName, roots.Duration, s.spans, s.errors, s.tokens FROM roots INNER JOIN (SELECT ${COLUMNS_OF_LIST} FROM otel_traces WHERE Timestamp >= toDateTime64('2026-11-21 22:01:00', 9) AND TraceId IN (SELECT TraceId FROM roots) GROUP BY TraceId) AS s USING (TraceId) FORMAT JSONEachRow`,
  filter: `WITH roots AS (SELECT TraceId, SpanName, ServiceName, Timestamp, Duration FROM otel_traces WHERE ParentSpanId = '' AND Timestamp >= toDateTime64('2026-11-20 23:00:00', 9) AND TraceId IN (SELECT TraceId FROM otel_traces WHERE Timestamp >= toDateTime64('2026-11-19 23:00:00', 9) AND SpanAttributes['gen_ai.request.model'] = 'gpt-5-mini') AND TraceId IN (SELECT TraceId FROM otel_traces WHERE Timestamp >= toDateTime64('2026-11-19 23:00:00', 9) AND StatusCode = 'Error') ORDER BY Timestamp DESC LIMIT 50)
    SELECT roots.TraceId, roots.SpanName, roots.Duration, s.spans, s.errors, s.tokens FROM roots INNER JOIN (SELECT ${COLUMNS_OF_LIST} FROM otel_traces WHERE Timestamp >= toDateTime64('2026-11-20 23:00:00', 9) AND TraceId IN (SELECT TraceId FROM roots) GROUP BY TraceId) AS s USING (TraceId) FORMAT JSONEachRow`,
  summary: `SELECT toDate(Timestamp) AS day, countIf(ParentSpanId = '') AS traces, count() AS spans, countIf(StatusCode = 'Error') AS errors, quantilesTDigestIf(0.5, 0.95)(Duration, ParentSpanId = '') AS durations, sum(toUInt64OrZero(SpanAttributes['gen_ai.usage.input_tokens'])) AS input, sum(toUInt64OrZero(SpanAttributes['gen_ai.usage.output_tokens'])) AS output FROM otel_traces GROUP BY day ORDER BY day DESC FORMAT JSONEachRow`,
};

/** ClickHouse with the collector's tables on this machine: what people ask of it, beside the SQL that somebody would write by hand. */
export const clickhouseBenchmark: Benchmark = {
  name: 'clickhouse',
  what: 'list, filter and sum up 5 million spans in the collector’s schema (chdb)',
  async run({ quick }) {
    const spans = quick ? QUICK_SPANS : SPANS;
    const clickhouse = await startClickhouse();
    try {
      await fillAll(clickhouse, spans);
      return await measureAll(clickhouse, spans);
    } finally {
      await clickhouse.stop();
    }
  },
};

async function fillAll(clickhouse: Clickhouse, spans: number): Promise<void> {
  const began = performance.now();
  for (const sql of collectorSchema('map')) await clickhouse.run(sql);
  for (let from = 0; from < spans; from += CHUNK) await clickhouse.run(fill(from, Math.min(CHUNK, spans - from)));
  await clickhouse.run('OPTIMIZE TABLE otel_traces FINAL');
  const size = JSON.parse(await clickhouse.run("SELECT formatReadableSize(sum(bytes_on_disk)) AS disk, formatReadableSize(sum(data_uncompressed_bytes)) AS whole FROM system.parts WHERE active AND table = 'otel_traces' FORMAT JSONEachRow")) as { disk: string; whole: string };
  console.log(`  ${spans.toLocaleString('en')} spans (${size.whole}, ${size.disk} on the disk) in ${((performance.now() - began) / 1000).toFixed(0)} s`);
}

async function measureAll(clickhouse: Clickhouse, spans: number): Promise<Claim[]> {
  const source = createTraceSource(backend('clickhouse', { url: clickhouse.url, timeoutMs: 120_000 }), { proxy: { url: null, strictSsl: true, noProxy: [] }, secrets: () => Promise.resolve(null), redact: (text) => text });
  const { signal } = new AbortController();
  const list = (query: string) => async (): Promise<number> => (await source.list!({ query: parseQuery(query), limit: 50, cursor: null, now: NOW }, signal)).traces.length;
  const ours: Record<keyof typeof BARE, () => Promise<number>> = {
    list: list(''),
    filter: list('model:gpt-5-mini status:error after:2026-11-20T23:00Z'),
    summary: async () => (await source.summary!(parseQuery(''), 'day', NOW, signal)).rows.length,
  };
  const claims: Claim[] = [];
  for (const name of Object.keys(BARE) as (keyof typeof BARE)[]) {
    const times = { ours: [] as number[], bare: [] as number[] };
    let rows = [0, 0];
    // Turn by turn, so that whatever else the machine does meets both; the first of each warms up.
    for (let run = 0; run <= RUNS; run++) {
      const a = await timed(ours[name]);
      const b = await timed(async () => (await clickhouse.run(BARE[name])).split('\n').filter((line) => line !== '').length);
      rows = [a.result, b.result];
      if (run === 0) continue;
      times.ours.push(a.ms);
      times.bare.push(b.ms);
    }
    if (rows[0] !== rows[1] || rows[0] === 0) throw new Error(`${name}: ${rows[0]} rows, by hand ${rows[1]}`);
    const [mine, bare] = [median(times.ours), median(times.bare)];
    console.log(`  ${name}: ${mine.toFixed(0)} ms, by hand ${bare.toFixed(0)} ms (${rows[0]} rows)`);
    claims.push(atMost(`${name} over ${spans.toLocaleString('en')} spans, median`, Math.round(mine), LIMIT_MS, ' ms'), atMost(`${name} beside the bare SQL`, mine / bare, RATIO, '×'));
  }
  source.dispose();
  return claims;
}

async function timed(work: () => Promise<number>): Promise<{ readonly ms: number; readonly result: number }> {
  const began = performance.now();
  const result = await work();
  return { ms: performance.now() - began, result };
}
