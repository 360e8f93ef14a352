import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTraceText } from '../../src/core/trace/formats/read.ts';
import type { RawLog, RawSpan, Span } from '../../src/core/trace/model.ts';
import { normaliseTraces } from '../../src/core/trace/normalise/normalise-trace.ts';
import { parseQuery } from '../../src/core/trace/query/parse.ts';
import { createTraceSource, type TraceSource } from '../../src/node/sources/index.ts';
import { startClickhouse, type Clickhouse } from '../clickhouse/installed.ts';
import { logRow, spanRow } from '../clickhouse/rows.ts';
import { collectorSchema } from '../clickhouse/schema.ts';
import { CORPUS } from '../fixtures/eval/engine-fixture.ts';
import { MemoryFetchSink } from '../fixtures/servers/memory-fetch-sink.ts';
import { backend } from '../unit/links/backends.ts';

const FOLDERS = ['otlp', 'langfuse', 'genkit', 'jaeger-ui'].map((name) => join(CORPUS, 'traces', name));
const signal = new AbortController().signal;
const NOW = Date.UTC(2026, 10, 22);

/** A real ClickHouse with the collector's tables, both ways of keeping attributes, filled with the recorded traces. */
describe.skipIf(!FOLDERS.every((folder) => existsSync(folder)))('ClickHouse (chdb), with the traces of ../shared/corpus', () => {
  let clickhouse!: Clickhouse;
  let spans: RawSpan[];
  let logs: RawLog[];

  beforeAll(async () => {
    clickhouse = await startClickhouse();
    const read = FOLDERS.flatMap((folder) => readdirSync(folder).map((file) => readTraceText(readFileSync(join(folder, file), 'utf8'))));
    const byId = new Map(read.flatMap((file) => file.spans).filter((span) => span.startTimeUnixNano !== '0').map((span) => [`${span.traceId}${span.spanId}`, span]));
    spans = [...byId.values()];
    logs = read.flatMap((file) => file.logs).filter((log) => log.timeUnixNano !== '0' && log.traceId !== null);
  });
  afterAll(() => clickhouse.stop());

  describe.each(['map', 'json'] as const)('attributes as %s', (form) => {
    let source: TraceSource;
    const table = `spans_${form}`;

    beforeAll(async () => {
      for (const sql of collectorSchema(form, table, `logs_${form}`)) await clickhouse.run(sql);
      for (let at = 0; at < spans.length; at += 200) await clickhouse.run(`INSERT INTO ${table} FORMAT JSONEachRow\n${spans.slice(at, at + 200).map((span) => spanRow(span, form)).join('\n')}`);
      if (logs.length > 0) await clickhouse.run(`INSERT INTO logs_${form} FORMAT JSONEachRow\n${logs.map((log) => logRow(log, form)).join('\n')}`);
      source = createTraceSource(backend('clickhouse', { url: clickhouse.url, table, logsTable: `logs_${form}` }), { proxy: { url: null, strictSsl: true, noProxy: [] }, secrets: () => Promise.resolve(null), redact: (text) => text });
    });
    afterAll(() => source.dispose());

    async function all(query: string, limit = 7): Promise<string[]> {
      const ids: string[] = [];
      for (let cursor: string | null = null; ; ) {
        const page = await source.list!({ query: parseQuery(query), limit, cursor, now: NOW }, signal);
        expect(page.traces.length).toBeLessThanOrEqual(limit);
        ids.push(...page.traces.map(({ id }) => id));
        cursor = page.next;
        if (cursor === null) return ids;
      }
    }

    /** What the store's own language means, over the spans themselves. Traces without a root are not listed. */
    function expected(test: (trace: readonly Span[], raw: readonly RawSpan[]) => boolean): string[] {
      const raw = Map.groupBy(spans, ({ traceId }) => traceId);
      return normaliseTraces(spans).filter((trace) => {
        const own = raw.get(trace.traceId)!;
        return own.some(({ parentSpanId }) => parentSpanId === null) && test(trace.spans, own);
      }).map(({ traceId }) => traceId).sort();
    }

    it('says what is there', async () => {
      await expect(source.test(signal)).resolves.toMatch(new RegExp(`^ClickHouse 2\\d\\..* answered: ${spans.length.toLocaleString('en')} spans in default.${table}, attributes as ${form === 'map' ? 'maps' : 'JSON'}`));
    });

    it('gives every trace as it was stored, span by span', async () => {
      // The tables themselves cannot keep everything: of a list or object a map has the text; JSON columns drop what is empty, and take the members of an object for names with dots.
      const changed = new Set(spans.filter(({ attributes }) => attributes.some(({ value }) => (form === 'map' ? 'arrayValue' in value || 'kvlistValue' in value : /"values":\[\]|^\{\}$|kvlistValue/.test(JSON.stringify(value))))).map(({ traceId, spanId }) => `${traceId}${spanId}`));
      expect(changed.size).toBeLessThan(spans.length / 2);
      const wanted = new Map(normaliseTraces(spans).map((trace) => [trace.traceId, trace.spans]));
      expect(wanted.size).toBeGreaterThan(10);
      for (const [traceId, original] of wanted) {
        const sink = new MemoryFetchSink();
        await source.fetchTrace({ traceId, spanId: null, callId: null, shareToken: null, project: null, tenant: null, time: null }, sink, signal);
        expect(sink.rejected).toEqual([]);
        const [fetched] = normaliseTraces(sink.taken);
        const facts = (list: readonly Span[]) => list.map(({ spanId, parentId, name, kind, startNs, endNs, status, model, tokens, toolName, session, input, inputForm, output, error, service, events }) => ({
          spanId, parentId, name, kind, startNs, endNs: endNs ?? startNs, status, model, tokens, toolName, session, error, service, events: events.map(({ timeNs, name: event }) => ({ timeNs, event })),
          ...(changed.has(`${traceId}${spanId}`) ? {} : { input, inputForm, output }),
        })).sort((a, b) => (a.spanId < b.spanId ? -1 : 1));
        expect(facts(fetched!.spans), traceId).toEqual(facts(original));
        expect(sink.logs.length).toBe(logs.filter((log) => log.traceId === traceId).length);
      }
    });

    it('lists all traces, page by page, newest first', async () => {
      // Several roots of a trace are several rows of it.
      const listed = [...new Set(await all(''))];
      expect(listed.toSorted()).toEqual(expected(() => true));
      const starts = new Map(spans.filter(({ parentSpanId }) => parentSpanId === null).map((span) => [span.traceId, BigInt(span.startTimeUnixNano)]));
      expect(listed.map((id) => starts.get(id)!)).toEqual(listed.map((id) => starts.get(id)!).toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0)));
    });

    it.each<[string, (trace: readonly Span[], raw: readonly RawSpan[]) => boolean]>([
      ['status:error', (_, raw) => raw.some(({ status }) => status.code === 2)],
      ['-status:error', (_, raw) => raw.every(({ status }) => status.code !== 2)],
      ['spans:>5', (trace) => trace.length > 5],
      ['name:*agent*', (_, raw) => raw.some(({ name }) => name.toLowerCase().includes('agent'))],
      ["name:\"it's \\ 'x' %_\"", () => false],
      ['duration:>1s', (_, raw) => raw.some((span) => span.parentSpanId === null && BigInt(span.endTimeUnixNano ?? span.startTimeUnixNano) - BigInt(span.startTimeUnixNano) > 1_000_000_000n)],
      ['after:2025-06-01 before:2025-09-01', (_, raw) => raw.some(({ parentSpanId, startTimeUnixNano }) => parentSpanId === null && Number(startTimeUnixNano) / 1e6 >= new Date(2025, 5, 1).getTime() && Number(startTimeUnixNano) / 1e6 < new Date(2025, 8, 1).getTime())],
      ['spans:>5 OR status:error', (trace, raw) => trace.length > 5 || raw.some(({ status }) => status.code === 2)],
      // One span or two may be what fits.
      ['name:*agent* OR status:error', (_, raw) => raw.some(({ name, status }) => status.code === 2 || name.toLowerCase().includes('agent'))],
      ['name:*agent* -name:*tool*', (_, raw) => raw.some(({ name }) => name.toLowerCase().includes('agent')) && !raw.some(({ name }) => name.toLowerCase().includes('tool'))],
      ['name:*agent* spans:2..8', (trace, raw) => raw.some(({ name }) => name.toLowerCase().includes('agent')) && trace.length >= 2 && trace.length <= 8],
    ])('finds %s', async (query, test) => {
      const found = [...new Set(await all(query))].toSorted();
      const raw = Map.groupBy(spans, ({ traceId }) => traceId);
      // A trace of several roots is a row for each, of which any may fit.
      expect(found).toEqual(expected((trace) => test(trace, raw.get(trace[0]!.traceId)!)));
    });

    it('finds what attributes name, without regard to case', async () => {
      const model = spans.flatMap(({ attributes }) => attributes).find(({ key, value }) => key === 'gen_ai.request.model' && 'stringValue' in value)?.value as { stringValue: string };
      const has = (raw: readonly RawSpan[]): boolean => raw.some(({ attributes }) => attributes.some(({ key, value }) => (key === 'gen_ai.request.model' || key === 'gen_ai.response.model') && 'stringValue' in value && value.stringValue.toLowerCase() === model.stringValue.toLowerCase()));
      const found = await all(`model:${JSON.stringify(model.stringValue.toUpperCase())}`);
      expect(found.length).toBeGreaterThan(0);
      expect(expected((_, raw) => has(raw)).every((id) => found.includes(id))).toBe(true);
      expect(await all(`model:${model.stringValue.slice(0, 3)}*`)).toEqual(expect.arrayContaining(found));
    });

    it.each(['weather', 'weather is', 'weather -paris', 'weather OR translate'])('searches %s in attributes', async (query) => {
      const has = (raw: readonly RawSpan[], word: string): boolean => raw.some((span) => new RegExp(`\\b${word}\\b`, 'i').test(JSON.stringify([span.name, span.status.message, span.attributes.map(({ value }) => value)])));
      const found = new Set(await all(query));
      const holding = expected((_, raw) => {
        const [weather, is, paris, translate] = ['weather', 'is', 'paris', 'translate'].map((word) => has(raw, word));
        return query === 'weather' ? weather! : query === 'weather is' ? weather! && is! : query === 'weather -paris' ? weather! && !paris! : weather! || translate!;
      });
      expect(holding.length).toBeGreaterThan(0);
      // The texts of maps are escaped otherwise than here; names of attributes are words in the JSON of an object only.
      expect(holding.filter((id) => !found.has(id))).toEqual([]);
    });

    it('finds the rare far back, each once, in whatever windows it looks', async () => {
      const many = `many_${form}`;
      for (const sql of collectorSchema(form, many, `many_logs_${form}`)) await clickhouse.run(sql);
      // A root every 37 minutes; of each 97th a span that failed 23 hours later.
      const attributes = form === 'map' ? 'map()' : `'{}'`;
      for (const failed of [false, true]) {
        await clickhouse.run(`INSERT INTO ${many} (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, ServiceName, ResourceAttributes, SpanAttributes, Duration, StatusCode)
          SELECT toDateTime64('2026-11-21 23:00:00', 9) - toIntervalMinute(37 * number)${failed ? ' + toIntervalHour(23)' : ''}, leftPad(hex(number), 32, '0'), leftPad(hex(number * 2 + ${failed ? 1 : 0}), 16, '0'), ${failed ? `leftPad(hex(number * 2), 16, '0')` : `''`}, 'step', 'shop', ${attributes}, ${attributes}, 1000, '${failed ? 'Error' : 'Unset'}'
          FROM numbers(3000)${failed ? ' WHERE number % 97 = 0' : ''}`);
      }
      const other = createTraceSource(backend('clickhouse', { url: clickhouse.url, table: many, logsTable: `many_logs_${form}` }), { proxy: { url: null, strictSsl: true, noProxy: [] }, secrets: () => Promise.resolve(null), redact: (text) => text });
      try {
        for (const [query, ids] of [['status:error', (index: number) => index % 97 === 0], ['-status:error after:-3d', (index: number) => index % 97 !== 0 && 37 * index <= 3 * 24 * 60 - 60], ['spans:2', (index: number) => index % 97 === 0]] as const) {
          const found: string[] = [];
          for (let cursor: string | null = null, isFirst = true; isFirst || cursor !== null; isFirst = false) {
            const page = await other.list!({ query: parseQuery(query), limit: 5, cursor, now: NOW }, signal);
            found.push(...page.traces.map(({ id }) => id));
            cursor = page.next;
          }
          expect(found, query).toEqual(Array.from({ length: 3000 }, (_, index) => index).filter(ids).map((index) => index.toString(16).padStart(32, '0').toUpperCase()));
        }
      } finally {
        other.dispose();
      }
    });

    it('sums by day, model and service, and lists sessions', async () => {
      const days = await source.summary!(parseQuery(''), 'day', NOW, signal);
      const byDay = Map.groupBy(spans, ({ startTimeUnixNano }) => new Date(Number(BigInt(startTimeUnixNano) / 1_000_000n)).toISOString().slice(0, 10));
      expect(days.rows.map(({ key, traces, spans: count, errors }) => ({ key, traces, spans: count, errors }))).toEqual([...byDay].map(([key, list]) => ({
        key, traces: list.filter(({ parentSpanId }) => parentSpanId === null).length, spans: list.length, errors: list.filter(({ status }) => status.code === 2).length,
      })).sort((a, b) => (a.key < b.key ? 1 : -1)));
      const services = await source.summary!(parseQuery('status:error'), 'service', NOW, signal);
      const failed = new Set(expected((_, raw) => raw.some(({ status }) => status.code === 2)));
      expect(services.rows.reduce((sum, row) => sum + row.spans, 0)).toBe(spans.filter(({ traceId }) => failed.has(traceId)).length);
      const models = await source.summary!(parseQuery(''), 'model', NOW, signal);
      expect(models.rows.some(({ inputTokens }) => (inputTokens ?? 0) > 0)).toBe(true);
      const { sessions } = await source.sessions!({ query: parseQuery(''), limit: 50, cursor: null, now: NOW }, signal);
      for (const session of sessions) expect(session.spans).toBeGreaterThan(0);
    });

    it('says what to do when a table is not there, or is another', async () => {
      const other = (table_: string) => createTraceSource(backend('clickhouse', { url: clickhouse.url, table: table_ }), { proxy: { url: null, strictSsl: true, noProxy: [] }, secrets: () => Promise.resolve(null), redact: (text) => text });
      await expect(other('nothing').test(signal)).rejects.toThrow(/no table default\.nothing.*"database" and "table" in touchstone\.yml/);
      await clickhouse.run(`CREATE TABLE IF NOT EXISTS other_${form} (a Int64) ENGINE = Memory`);
      await expect(other(`other_${form}`).test(signal)).rejects.toThrow(/not one of the OpenTelemetry collector’s exporter/);
    });
  });
});
