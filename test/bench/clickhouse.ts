import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
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

const CALL = "SpanAttributes['gen_ai.operation.name'] = 'chat'";
const TOKENS = "toUInt64OrZero(SpanAttributes['gen_ai.usage.input_tokens']) + toUInt64OrZero(SpanAttributes['gen_ai.usage.output_tokens'])";

/** What somebody would write by hand for a page of traces, who knows how far back to look for it (`since`); `also`: on the roots. */
function pageByHand(since: string, also = ''): string {
  const time = `Timestamp >= toDateTime64('${since}', 9)`;
  return `WITH roots AS (SELECT TraceId, SpanName, ServiceName, Timestamp, Duration FROM otel_traces WHERE ParentSpanId = '' AND ${time}${also} ORDER BY Timestamp DESC LIMIT 50)
    SELECT roots.TraceId AS id, roots.SpanName, roots.Duration, s.spans, s.errors, s.tokens FROM roots INNER JOIN (SELECT TraceId, count() AS spans, countIf(StatusCode = 'Error') AS errors, sumIf(${TOKENS}, ${CALL}) AS tokens FROM otel_traces WHERE ${time} AND TraceId IN (SELECT TraceId FROM roots) GROUP BY TraceId) AS s USING (TraceId) ORDER BY roots.Timestamp DESC FORMAT JSONEachRow`;
}

function tracesByHand(since: string, condition: string): string {
  return ` AND TraceId IN (SELECT TraceId FROM otel_traces WHERE Timestamp >= toDateTime64('${since}', 9) AND ${condition})`;
}

const [HOUR, SIX_HOURS, DAY, ALL] = ['2026-11-21 22:01:00', '2026-11-21 17:01:00', '2026-11-20 23:00:00', '2026-11-01 00:00:00'];

interface Asked {
  /** A query of a list, or what is summed up. */
  readonly query: string | { readonly by: 'day' | 'model' };
  readonly byHand: string;
}

const QUERIES: Readonly<Record<string, Asked>> = {
  list: { query: '', byHand: pageByHand(HOUR) },
  'filter by service': { query: 'service:billing', byHand: pageByHand(HOUR, tracesByHand(HOUR, "ServiceName = 'billing'")) },
  'filter by an attribute': { query: 'model:gpt-5-mini', byHand: pageByHand(HOUR, tracesByHand(HOUR, "SpanAttributes['gen_ai.request.model'] = 'gpt-5-mini'")) },
  'filter by a rare attribute': { query: 'user:u4711', byHand: pageByHand(ALL, tracesByHand(ALL, "SpanAttributes['user.id'] = 'u4711'")) },
  'filter by status': { query: 'status:error', byHand: pageByHand(SIX_HOURS, tracesByHand(SIX_HOURS, "StatusCode = 'Error'")) },
  'filter by duration': { query: 'duration:>9900ms', byHand: pageByHand(SIX_HOURS, ' AND Duration > 9900000000') },
  'filter by all of them': { query: 'model:gpt-5-mini status:error duration:>5s service:shop', byHand: pageByHand(DAY, ` AND Duration > 5000000000${tracesByHand(DAY, "ServiceName = 'shop'")}${tracesByHand(DAY, "SpanAttributes['gen_ai.request.model'] = 'gpt-5-mini'")}${tracesByHand(DAY, "StatusCode = 'Error'")}`) },
  'search for a word': { query: 'late', byHand: pageByHand(HOUR, tracesByHand(HOUR, "(hasTokenCaseInsensitive(SpanName, 'late') OR arrayExists(v -> hasTokenCaseInsensitive(v, 'late'), mapValues(SpanAttributes)))")) },
  'search for a rare word': { query: '4711', byHand: pageByHand(ALL, tracesByHand(ALL, "(hasTokenCaseInsensitive(SpanName, '4711') OR arrayExists(v -> hasTokenCaseInsensitive(v, '4711'), mapValues(SpanAttributes)))")) },
  'sum up by day': { query: { by: 'day' }, byHand: `SELECT toDate(Timestamp) AS id, countIf(ParentSpanId = '') AS traces, count() AS spans, countIf(StatusCode = 'Error') AS errors, quantilesTDigestIf(0.5, 0.95)(Duration, ParentSpanId = '') AS durations, sum(toUInt64OrZero(SpanAttributes['gen_ai.usage.input_tokens'])) AS input, sum(toUInt64OrZero(SpanAttributes['gen_ai.usage.output_tokens'])) AS output FROM otel_traces GROUP BY id ORDER BY id DESC FORMAT JSONEachRow` },
  'sum up by model': { query: { by: 'model' }, byHand: `SELECT SpanAttributes['gen_ai.request.model'] AS id, uniq(TraceId) AS traces, count() AS spans, countIf(StatusCode = 'Error') AS errors, quantilesTDigest(0.5, 0.95)(Duration) AS durations, sum(toUInt64OrZero(SpanAttributes['gen_ai.usage.input_tokens'])) AS input, sum(toUInt64OrZero(SpanAttributes['gen_ai.usage.output_tokens'])) AS output FROM otel_traces WHERE ${CALL} GROUP BY id ORDER BY spans DESC, id FORMAT JSONEachRow` },
};

/** ClickHouse with the collector's tables on this machine: what people ask of it, beside the SQL that somebody would write by hand. */
export const clickhouseBenchmark: Benchmark = {
  name: 'clickhouse',
  what: 'list, filter, search and sum up 5 million spans in the collector’s schema (chdb)',
  async run({ quick, keep }) {
    const spans = quick ? QUICK_SPANS : SPANS;
    const folder = keep === null ? null : join(keep, `clickhouse-${spans}`);
    if (folder !== null) mkdirSync(folder, { recursive: true });
    const clickhouse = await startClickhouse(folder);
    try {
      if (folder === null || !(await isFilled(clickhouse, spans))) await fillAll(clickhouse, spans);
      return await measureAll(clickhouse, spans);
    } finally {
      await clickhouse.stop();
    }
  },
};

/** All of it, and not a half that was broken off. */
async function isFilled(clickhouse: Clickhouse, spans: number): Promise<boolean> {
  const tables = ['otel_traces', 'otel_traces_trace_id_ts', 'otel_traces_trace_id_ts_mv', 'otel_logs'];
  if ((await clickhouse.run('EXISTS TABLE otel_traces FORMAT TSV')).trim() === '1') {
    if (Number(await clickhouse.run('SELECT count() FROM otel_traces FORMAT TSV')) === spans) return true;
    for (const table of tables) await clickhouse.run(`DROP TABLE IF EXISTS ${table}`);
  }
  return false;
}

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
  const idsOf = async (query: Asked['query']): Promise<string[]> =>
    typeof query === 'string'
      ? (await source.list!({ query: parseQuery(query), limit: 50, cursor: null, now: NOW }, signal)).traces.map(({ id }) => id)
      : (await source.summary!(parseQuery(''), query.by, NOW, signal)).rows.map(({ key }) => key);
  const byHand = async (sql: string): Promise<string[]> => (await clickhouse.run(sql)).split('\n').filter((line) => line !== '').map((line) => (JSON.parse(line) as { id: string }).id);
  // Asked again, it would remember which parts of the table hold nothing that fits; nobody asks seven times.
  await clickhouse.run('SET use_query_condition_cache = 0');
  const claims: Claim[] = [];
  for (const [name, { query, byHand: sql }] of Object.entries(QUERIES)) {
    const times = { ours: [] as (Taken & { readonly ids: string[] })[], bare: [] as Taken[] };
    // Turn by turn, so that whatever else the machine does meets both; the first of each warms up.
    for (let run = 0; run <= RUNS; run++) {
      const ours = await taken(clickhouse, () => idsOf(query));
      const bare = await taken(clickhouse, () => byHand(sql));
      if (ours.ids.length === 0 || ours.ids.join() !== bare.ids.join()) throw new Error(`${name}: ${ours.ids.length} rows, by hand ${bare.ids.length}, or others`);
      if (run === 0) continue;
      times.ours.push(ours);
      times.bare.push(bare);
    }
    const [mine, bare] = [times.ours, times.bare].map((all) => ({ ms: median(all.map(({ ms }) => ms)), processorMs: median(all.map(({ processorMs }) => processorMs)) })) as [Taken, Taken];
    console.log(`  ${name}: ${mine.ms.toFixed(0)} ms, by hand ${bare.ms.toFixed(0)} (${times.ours[0]!.ids.length} rows); ClickHouse’s processor time ${mine.processorMs.toFixed(0)} ms, by hand ${bare.processorMs.toFixed(0)}`);
    claims.push(atMost(`${name}, ${spans.toLocaleString('en')} spans, median`, Math.round(mine.ms), LIMIT_MS, ' ms'), atMost('… beside the bare SQL', median(times.ours.map(({ ms }, index) => ms / times.bare[index]!.ms)), RATIO, '×'));
  }
  source.dispose();
  return claims;
}

interface Taken {
  readonly ms: number;
  readonly processorMs: number;
}

async function taken(clickhouse: Clickhouse, work: () => Promise<string[]>): Promise<Taken & { readonly ids: string[] }> {
  const before = await clickhouse.processorMs();
  const began = performance.now();
  const ids = await work();
  const ms = performance.now() - began;
  return { ms, processorMs: (await clickhouse.processorMs()) - before, ids };
}
