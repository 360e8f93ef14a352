import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTraceText } from '../../src/core/trace/formats/read.ts';
import type { RawSpan, Span } from '../../src/core/trace/model.ts';
import { normaliseTraces, type NormalisedTrace } from '../../src/core/trace/normalise/normalise-trace.ts';
import { totalOf } from '../../src/core/trace/normalise/tokens.ts';
import { encodeSpans } from '../../src/core/trace/otlp-encode.ts';
import { decodeOtlpJson } from '../../src/core/trace/otlp-json.ts';
import type { Query } from '../../src/core/trace/query/model.ts';
import { printQuery } from '../../src/core/trace/query/print.ts';
import { rollUp } from '../../src/core/trace/roll-up.ts';
import { SPAN_FLAGS, SPAN_KINDS, type TraceSkeleton } from '../../src/core/trace/skeleton.ts';
import { openDatabase, type Database } from '../../src/node/sqlite/database.ts';
import { testOf } from '../../src/node/traces/read/texts.ts';
import { TraceReader } from '../../src/node/traces/read/reader.ts';
import { createTraceSink } from '../../src/node/traces/sink.ts';
import type { TraceListRequest, TraceRow } from '../../src/protocol/traces.ts';
import { spansOf, traceIdOf } from '../bench/trace-store.ts';
import { randomOf } from '../unit/trace/random.ts';

const root = path.resolve(import.meta.dirname, '../..');
const corpus = path.join(process.env['TOUCHSTONE_SHARED'] ?? path.resolve(root, '../shared'), 'corpus/traces');
const context = { prices: {} };
const TRACES = 60;
const EVERYTHING = 'origin:*';

let folder: string;
let database: Database;
let reader: TraceReader;
/** Reads every trace as it reads large ones. */
let largeReader: TraceReader;
let traces: NormalisedTrace[];
const raw = new Map<string, RawSpan[]>();

/** Traces of several services; some with a parent that never came, a span that still runs, clocks that disagree. */
function someTraces(): RawSpan[][] {
  return Array.from({ length: TRACES }, (_, index) => [...spansOf(index, 1 + ((index * 7) % 90))].flat().flatMap((span, at): RawSpan[] => {
    if (index % 9 === 4 && at === 1) return [];
    if (index % 11 === 5 && at === 2) return [{ ...span, endTimeUnixNano: null }];
    if (index % 13 === 6 && at === 3) return [{ ...span, startTimeUnixNano: (BigInt(span.startTimeUnixNano) - 50_000_000n).toString() }];
    if (index % 10 === 3 && at === 2) return [{ ...span, attributes: [...span.attributes, { key: 'code.file.path', value: { stringValue: 'src/agent.py' } }, { key: 'code.line.number', value: { intValue: '7' } }] }];
    return [span];
  }));
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'touchstone-reads-'));
  database = await openDatabase(folder);
  const sink = createTraceSink({ folder, retention: { days: 0, maxBytes: 0 } });
  const all = someTraces();
  for (const [index, spans] of all.entries()) {
    const kind = (['received', 'imported', 'tailed', 'eval'] as const)[index % 4]!;
    // In two pieces, the later spans first
    const half = Math.floor(spans.length / 2);
    for (const part of [spans.slice(half), spans.slice(0, half)]) if (part.length > 0) await sink.ingest({ spans: part, logs: [], rejected: [], origin: { kind, place: 'test' } });
  }
  if (existsSync(corpus)) {
    for (const file of globSync('{jaeger-ui,langfuse,genkit,langsmith,otlp}/*.json', { cwd: corpus })) {
      const { spans } = readTraceText(readFileSync(path.join(corpus, file), 'utf8'));
      // The pair of jaeger-ui is one trace in two encodings, which merge.
      if (spans.length === 0 || file.includes('otlp2jaeger')) continue;
      await sink.ingest({ spans, logs: [], rejected: [], origin: { kind: 'imported', place: file } });
      all.push([...spans]);
    }
  }
  await sink.settled();
  await sink.close();
  traces = normaliseTraces(all.flat());
  for (const span of all.flat()) raw.set(span.traceId, [...(raw.get(span.traceId) ?? []), span]);
  reader = new TraceReader(database);
  largeReader = new TraceReader(database, 0);
});

afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

async function idsOf(query: string, over: Partial<TraceListRequest> = {}): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await reader.read('traces/list', { query, sort: 'time', descending: true, limit: 7, ...over, ...(cursor === undefined ? {} : { cursor }) }, context);
    found.push(...page.traces.map(({ traceId }) => traceId));
    if (page.next === null) return found;
    cursor = page.next;
  }
}

async function rowsOf(query: string): Promise<TraceRow[]> {
  return (await reader.read('traces/list', { query, sort: 'time', descending: true, limit: 1000 }, context)).traces.slice();
}

function idAt(skeleton: TraceSkeleton, position: number): string {
  return Buffer.from(skeleton.spanIds.subarray(position * 8, position * 8 + 8)).toString('hex');
}

describe('a list', () => {
  it('pages through every trace once, in any order', async () => {
    const rows = new Map((await rowsOf(EVERYTHING)).map((row) => [row.traceId, row]));
    expect(rows.size).toBe(traces.length);
    const sorts = { time: (row: TraceRow) => Number(row.startNs), duration: (row: TraceRow) => (row.durationNs === null ? NaN : Number(row.durationNs)), cost: (row: TraceRow) => row.cost ?? NaN, tokens: (row: TraceRow) => row.tokens ?? NaN, errors: (row: TraceRow) => row.errors };
    for (const [sort, value] of Object.entries(sorts)) {
      for (const descending of [true, false]) {
        const ids = await idsOf(EVERYTHING, { sort: sort as TraceListRequest['sort'], descending });
        expect(new Set(ids).size, sort).toBe(traces.length);
        expect(ids, sort).toHaveLength(traces.length);
        const values = ids.map((id) => value(rows.get(id)!));
        const known = values.filter((item) => !Number.isNaN(item));
        expect(known, `${sort} ${descending}`).toEqual(known.toSorted((a, b) => (descending ? b - a : a - b)));
        // What is not known comes last, whichever way.
        expect(values.slice(known.length).every(Number.isNaN), sort).toBe(true);
      }
    }
  });

  it('leaves traces of eval runs out unless they are asked for', async () => {
    const origins = async (query: string): Promise<Set<string>> => new Set((await rowsOf(query)).map(({ origin }) => origin));
    expect(await origins('')).toEqual(new Set(['received', 'imported', 'tailed']));
    expect(await origins('kind:llm')).toEqual(new Set(['received', 'imported', 'tailed']));
    expect(await origins('origin:eval')).toEqual(new Set(['eval']));
    expect(await origins('-origin:received,imported')).toEqual(new Set(['tailed', 'eval']));
  });

  it('counts what matches', async () => {
    const { total, next } = await reader.read('traces/list', { query: EVERYTHING, sort: 'time', descending: true, limit: 3 }, context);
    expect([total, next === null]).toEqual([{ count: traces.length, atLeast: false }, false]);
  });

  it('refuses a place that no list gave', async () => {
    for (const cursor of ['x', Buffer.from('[0,"1; DROP TABLE trace",1]').toString('base64url'), Buffer.from('[9,"1",1]').toString('base64url'), Buffer.from('null').toString('base64url')]) {
      await expect(reader.read('traces/list', { query: '', sort: 'time', descending: true, limit: 3, cursor }, context)).rejects.toMatchObject({ code: 'usage' });
    }
  });

  it('has sessions, the newest first, each once', async () => {
    const found: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await reader.read('traces/sessions', { query: EVERYTHING, limit: 4, ...(cursor === undefined ? {} : { cursor }) }, context);
      for (const session of page.sessions) {
        const own = (await rowsOf(EVERYTHING)).filter((row) => row.session === session.session);
        expect([session.traces, session.spans, session.errors], session.session).toEqual([own.length, own.reduce((sum, row) => sum + row.spans, 0), own.reduce((sum, row) => sum + row.errors, 0)]);
        found.push(session.session);
      }
      if (page.next === null) break;
      cursor = page.next;
    }
    const rows = (await rowsOf(EVERYTHING)).filter((row) => row.session !== null);
    expect(found).toEqual([...new Set(rows.map((row) => row.session))]);
  });
});

/** What a query means, said once more over whole spans. */
function fits(query: Query, { spans }: NormalisedTrace, row: TraceRow): boolean {
  switch (query.type) {
    case 'every': return true;
    case 'and': return query.terms.every((term) => fits(term, { spans } as NormalisedTrace, row));
    case 'or': return query.terms.some((term) => fits(term, { spans } as NormalisedTrace, row));
    case 'not': return !fits(query.term, { spans } as NormalisedTrace, row);
    case 'text': {
      // The words in a row, whatever separates them
      const phrase = new RegExp(`(?<![a-z0-9])${query.text.split('_').join('[^a-z0-9]+')}(?![a-z0-9])`, 'i');
      return raw.get(row.traceId)!.some((span) => [span.name, span.status.message, ...[...span.attributes, ...span.resource.attributes].map(({ value }) => ('stringValue' in value ? value.stringValue : ''))].some((text) => phrase.test(text)));
    }
    case 'match': {
      const values: Partial<Record<string, (span: Span) => readonly (string | null)[]>> = {
        kind: (span) => [span.kind], model: (span) => [span.modelRequested, span.modelServed], tool: (span) => [span.toolName], name: (span) => [span.name], service: (span) => [span.service],
        environment: (span) => [span.environment], user: (span) => [span.user], session: (span) => [span.session], agent: (span) => [span.agentName],
        status: () => [row.errors > 0 ? 'error' : null, row.running > 0 ? 'running' : null, row.errors === 0 && row.running === 0 ? 'ok' : null],
        origin: () => [row.origin],
      };
      return query.patterns.some((pattern) => spans.some((span) => values[query.field]!(span).some((value) => value !== null && testOf(pattern)(value))));
    }
    case 'compare': {
      const value = numberOf(query.field, row);
      if (value === null) return false;
      return { '>': value > query.value, '>=': value >= query.value, '<': value < query.value, '<=': value <= query.value, '=': value === query.value }[query.comparison];
    }
    case 'between': {
      const value = numberOf(query.field, row);
      return value !== null && value >= query.from && value <= query.to;
    }
    case 'time': throw new Error('not in this test');
  }
}

function numberOf(field: string, row: TraceRow): number | null {
  return { duration: row.durationNs === null ? null : Number(row.durationNs) / 1e6, cost: row.cost, tokens: row.tokens, spans: row.spans, errors: row.errors, calls: row.llmCalls }[field]!;
}

describe('a query', () => {
  it('finds what the words say: 400 random ones against whole spans', async () => {
    const rows = await rowsOf(EVERYTHING);
    const below = randomOf(5);
    const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
    const any = (depth: number): Query => {
      const choice = depth > 2 ? 3 + below(3) : below(6);
      if (choice === 0 || choice === 1) return { type: choice === 0 ? 'and' : 'or', terms: [any(depth + 1), any(depth + 1)] };
      if (choice === 2) return { type: 'not', term: any(depth + 1) };
      if (choice === 3) return { type: 'text', text: pick(['refund', 'depot', 'case0', 'nowhere', 'invoke_agent', 'shop']), prefix: false };
      if (choice === 4) {
        const field = pick(['kind', 'model', 'tool', 'name', 'service', 'environment', 'user', 'session', 'agent', 'status', 'origin'] as const);
        const texts: Record<typeof field, string[][]> = {
          kind: [['tool'], ['llm'], ['memory'], ['', 'e', '']], model: [['gpt-5'], ['gpt-5', ''], ['GPT-5-MINI'], ['', '']], tool: [['refund'], ['', 'o', ''], ['nothing']], name: [['chat ', ''], ['invoke_agent refund_agent']], service: [['shop-bot'], ['', '-bot']],
          environment: [['staging'], ['prod', '']], user: [['user-3'], ['user-', '']], session: [['session-2'], ['SESSION-', '']], agent: [['refund_agent'], ['x', '']], status: [['error'], ['ok'], ['running']], origin: [['eval'], ['', 'ed']],
        };
        return { type: 'match', field, patterns: [pick(texts[field]), ...(below(3) === 0 ? [pick(texts[field])] : [])] };
      }
      const field = pick(['duration', 'cost', 'tokens', 'spans', 'errors', 'calls'] as const);
      const value = { duration: 700, cost: 0.01, tokens: 5000, spans: 40, errors: 1, calls: 9 }[field];
      return below(3) === 0 ? { type: 'between', field, from: value / 2, to: value * 2 } : { type: 'compare', field, comparison: pick(['>', '>=', '<', '<=', '='] as const), value };
    };
    let matched = 0;
    for (let round = 0; round < 400; round++) {
      const query: Query = { type: 'and', terms: [{ type: 'match', field: 'origin', patterns: [['', '']] }, any(0)] };
      const expected = rows.filter((row) => fits(query, traces.find(({ traceId }) => traceId === row.traceId)!, row)).map(({ traceId }) => traceId);
      expect((await rowsOf(printQuery(query))).map(({ traceId }) => traceId), printQuery(query)).toEqual(expected);
      matched += expected.length > 0 && expected.length < rows.length ? 1 : 0;
    }
    // Else nothing was shown.
    expect(matched).toBeGreaterThan(150);
  }, 120_000);

  it('takes a phrase, a beginning, an id and a time', async () => {
    const some = traces[7]!;
    const words = /(\w+ \w+ \w+)/.exec(JSON.stringify(raw.get(some.traceId)!.at(-1)!.attributes.at(-1)))![1]!;
    expect(await idsOf(`"${words}" ${EVERYTHING}`)).toContain(some.traceId);
    expect(await idsOf(`"${words.split(' ').reverse().join(' zz ')}" ${EVERYTHING}`)).toEqual([]);
    expect((await idsOf(`ref* ${EVERYTHING}`)).length).toBeGreaterThan((await idsOf('zzref*')).length);
    expect(await idsOf(`id:${some.traceId.slice(0, 12)} ${EVERYTHING}`)).toEqual([some.traceId]);
    const start = (trace: number): string => new Date(Number(1_790_000_000_000n + BigInt(trace) * 60_000n)).toISOString().slice(0, 19);
    const window = await idsOf(`after:${start(10)}Z before:${start(13)}Z ${EVERYTHING}`);
    expect(window.toSorted()).toEqual([10, 11, 12].map(traceIdOf).toSorted());
  });

  it.each(['"; DROP TABLE trace; --', 'name:"x\' OR 1=1 --"', '"a" OR "b"" NEAR(c d)', '"text : a"', '"^a + b*"', '"{text} : a"', 'tool:*_%*', '"\u0000 refund"', 'session:"\u0000"', 'model:%'])('%s is text, not syntax', async (query) => {
    const before = (await rowsOf(EVERYTHING)).length;
    await reader.read('traces/list', { query, sort: 'time', descending: true, limit: 5 }, context).catch((error: unknown) => expect(error).toMatchObject({ name: 'QueryError' }));
    expect(await rowsOf(EVERYTHING)).toHaveLength(before);
  });

  it('completes with what the store knows', async () => {
    const complete = async (query: string): Promise<string[]> => (await reader.read('traces/complete', { query, position: query.length }, context)).items.map(({ insert }) => insert);
    expect(await complete('kind:t')).toEqual(SPAN_KINDS.filter((kind) => kind.includes('t')));
    expect(await complete('service:shop')).toEqual(['shop-bot']);
    expect(await complete('tool:look')).toEqual(['lookup_order']);
  });
});

describe('a skeleton', () => {
  it('says what whole spans say, for every trace', async () => {
    for (const trace of traces) {
      const skeleton = (await reader.read('traces/skeleton', { traceId: trace.traceId }, context))!;
      const { spans, tree } = trace;
      expect(skeleton.count).toBe(spans.length);
      const sums = rollUp(spans, tree);
      const index = new Map(spans.map((span, at) => [span.spanId, at]));
      const missing = new Set(tree.missing.map(({ spanId }) => spanId));
      const seen = new Set<string>();
      for (let at = 0; at < skeleton.count; at++) {
        const id = idAt(skeleton, at);
        const here = index.get(id)!;
        const span = spans[here]!;
        const where = `${trace.traceId} ${span.name} ${id}`;
        seen.add(id);
        const parent = tree.parents[here]!;
        expect(skeleton.parents[at]! < 0 ? null : idAt(skeleton, skeleton.parents[at]!), where).toBe(parent < 0 ? null : spans[parent]!.spanId);
        const flags = skeleton.flags[at]!;
        expect(
          {
            kind: SPAN_KINDS[skeleton.kinds[at]!], name: skeleton.texts[skeleton.names[at]!], model: skeleton.texts[skeleton.models[at]!] || null, running: (flags & SPAN_FLAGS.running) !== 0, error: (flags & SPAN_FLAGS.error) !== 0,
            orphan: (flags & SPAN_FLAGS.orphan) !== 0, skew: (flags & SPAN_FLAGS.skew) !== 0, counted: (flags & (SPAN_FLAGS.aggregate | SPAN_FLAGS.duplicate)) === 0, events: (flags & SPAN_FLAGS.hasEvents) !== 0,
            below: skeleton.descendants[at], errors: skeleton.totalErrors[at], cost: known(skeleton.costs[at]!), tokens: known(skeleton.totalTokens[at]!), startMs: Math.round(skeleton.starts[at]! * 1000),
          },
          where,
        ).toEqual({
          kind: span.kind, name: span.name, model: span.model, running: span.endNs === null, error: span.status === 'error',
          orphan: span.parentId !== null && missing.has(span.parentId), skew: tree.skew.has(here), counted: span.usageRole !== 'aggregate' && span.usageRole !== 'duplicate', events: span.events.length > 0,
          below: tree.descendants[here], errors: sums[here]!.errors, cost: span.cost, tokens: sums[here]!.tokens === null ? null : totalOf(sums[here]!.tokens), startMs: Math.round(Number(BigInt(span.startNs) - BigInt(skeleton.startNs)) / 1000),
        });
        if (sums[here]!.cost === null) expect(known(skeleton.totalCosts[at]!), where).toBeNull();
        else expect(skeleton.totalCosts[at], where).toBeCloseTo(sums[here]!.cost, 9);
        // Depth first, and what is below follows at once.
        if (skeleton.parents[at]! >= 0) expect(at, where).toBeLessThanOrEqual(skeleton.parents[at]! + skeleton.descendants[skeleton.parents[at]!]!);
        expect(skeleton.depths[at], where).toBe(skeleton.parents[at]! < 0 ? (missing.has(span.parentId ?? '') ? 1 : 0) : skeleton.depths[skeleton.parents[at]!]! + 1);
      }
      expect(seen.size).toBe(spans.length);
      expect(skeleton.missing.map(({ spanId, children }) => [spanId, children.map((child) => idAt(skeleton, child))])).toEqual(tree.missing.map(({ spanId, children }) => [spanId, children.map((child) => spans[child]!.spanId)]).toSorted((a, b) => skeleton.missing.findIndex((parent) => parent.spanId === a[0]) - skeleton.missing.findIndex((parent) => parent.spanId === b[0])));
    }
  });

  it('is not sent again while nothing changed', async () => {
    const { traceId } = traces[0]!;
    const { revision } = (await reader.read('traces/skeleton', { traceId }, context))!;
    expect(await reader.read('traces/skeleton', { traceId, knownRevision: revision }, context)).toBeNull();
    expect(await reader.read('traces/skeleton', { traceId, knownRevision: revision - 1 }, context)).not.toBeNull();
  });

  it('names the trace by its first digits, and says when there are several or none', async () => {
    const { traceId } = traces[3]!;
    expect((await reader.read('traces/get', { traceId: traceId.slice(0, 20) }, context)).traceId).toBe(traceId);
    await expect(reader.read('traces/get', { traceId: 'ffffffffffff' }, context)).rejects.toMatchObject({ code: 'not-found' });
    await expect(reader.read('traces/get', { traceId: '; DROP' }, context)).rejects.toMatchObject({ code: 'usage' });
    const first = traces.map((trace) => trace.traceId[0]!).find((digit, index, all) => all.indexOf(digit) !== index)!;
    await expect(reader.read('traces/get', { traceId: first }, context)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('Several traces begin') as unknown });
  });
});

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

describe('a span', () => {
  it.each([['small', () => reader], ['large', () => largeReader]])('is what the whole trace makes of it, in a trace that is read as a %s one', async (_, chosen) => {
    let compared = 0;
    for (const trace of traces.filter((_trace, index) => index % 3 === 0 || index >= TRACES)) {
      for (const span of trace.spans.slice(0, 25)) {
        const detail = await chosen().read('traces/span', { traceId: trace.traceId, spanId: span.spanId }, context);
        if (detail.cut.length === 0) expect(detail.span, `${trace.traceId} ${span.name}`).toEqual(span);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(200);
  });

  it('has its way from the root, its neighbours, and the sums below', async () => {
    const trace = traces[33]!;
    const skeleton = (await reader.read('traces/skeleton', { traceId: trace.traceId }, context))!;
    const at = skeleton.count - 1;
    const detail = await reader.read('traces/span', { traceId: trace.traceId, spanId: idAt(skeleton, at) }, context);
    expect(detail.previous).toBe(idAt(skeleton, at - 1));
    expect(detail.next).toBeNull();
    expect(detail.path.length).toBe(skeleton.depths[at]! - (skeleton.flags[at]! & SPAN_FLAGS.orphan ? 1 : 0));
    const whole = await reader.read('traces/span', { traceId: trace.traceId, spanId: idAt(skeleton, 0) }, context);
    const sum = rollUp(trace.spans, trace.tree)[trace.tree.order[0]!]!;
    expect(whole.total).toMatchObject({ spans: skeleton.descendants[0]! + 1, tokens: sum.tokens === null ? null : totalOf(sum.tokens), unpriced: sum.unpriced, errors: sum.errors });
  });

  it('is cut where a text is long, and gives the whole of it', async () => {
    const long = 'x'.repeat(100_000);
    const span: RawSpan = { ...raw.get(traceIdOf(1))![0]!, traceId: 'ab'.repeat(16), attributes: [{ key: 'note/~a', value: { stringValue: long } }] };
    const sink = createTraceSink({ folder, retention: { days: 0, maxBytes: 0 } });
    await sink.ingest({ spans: [span], logs: [], rejected: [], origin: { kind: 'eval', place: 'test' } });
    try {
      const { span: read, cut } = await reader.read('traces/span', { traceId: span.traceId, spanId: span.spanId }, context);
      expect(cut).toEqual([{ pointer: '/attributes/note~1~0a', length: 100_000 }]);
      expect((read.attributes['note/~a'] as string).length).toBeLessThan(100_000);
      expect(await reader.read('traces/value', { traceId: span.traceId, spanId: span.spanId, pointer: cut[0]!.pointer }, context)).toEqual({ value: long });
      await expect(reader.read('traces/value', { traceId: span.traceId, spanId: span.spanId, pointer: '/attributes/__proto__' }, context)).rejects.toMatchObject({ code: 'not-found' });
    } finally {
      await sink.delete([span.traceId]);
      await sink.close();
    }
  });

  it('is not found under a wrong id', async () => {
    for (const spanId of ['0000000000000000', 'zz', '']) await expect(reader.read('traces/span', { traceId: traces[0]!.traceId, spanId }, context)).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('within a trace', () => {
  it('text is found in messages, tools and names', async () => {
    const trace = traces.find(({ spans }) => spans.length > 60)!;
    for (const text of ['refund', 'execute_tool', 'depot with', 'labe']) {
      const { spanIds, more } = await reader.read('traces/find', { traceId: trace.traceId, text, limit: 1000 }, context);
      expect(more).toBe(false);
      // The words in a row, the last one may go on; separators of any kind between them
      const phrase = new RegExp(String.raw`\b${text.split(' ').join('[^a-z0-9]+')}`, 'i');
      const expected = raw.get(trace.traceId)!.filter((span) => phrase.test(span.name) || span.name.includes(text) || span.attributes.some(({ value }) => 'stringValue' in value && phrase.test(value.stringValue)));
      const found = new Set(spanIds);
      // A message that several spans carry is found at the first of them.
      for (const id of found) expect(expected.map((span) => span.spanId), text).toContain(id);
      expect(found.size, text).toBeGreaterThan(0);
      expect((await reader.read('traces/find', { traceId: trace.traceId, text, limit: 2 }, context)).spanIds.length).toBeLessThanOrEqual(2);
    }
    expect((await reader.read('traces/find', { traceId: trace.traceId, text: 'nowhere at all', limit: 10 }, context)).spanIds).toEqual([]);
  });

  it('its groups hold every span once', async () => {
    for (const trace of traces.slice(0, 20)) {
      const { groups } = await reader.read('traces/breakdown', { traceId: trace.traceId }, context);
      expect(groups.reduce((sum, group) => sum + group.count, 0)).toBe(trace.spans.length);
      expect(groups.reduce((sum, group) => sum + group.errors, 0)).toBe(trace.spans.filter((span) => span.status === 'error').length);
      for (const group of groups) {
        const durations = trace.spans.filter((span) => span.kind === group.kind && span.name === group.name && span.model === group.model && span.endNs !== null).map((span) => Math.max(0, Number(BigInt(span.endNs!) - BigInt(span.startNs)) / 1e6)).sort((a, b) => a - b);
        expect(group.p50Ms).toBe(durations.length === 0 ? null : durations[Math.floor((durations.length - 1) / 2)]);
      }
    }
  });

  it('findings of a large trace come piece by piece, and are those of its agents', async () => {
    const { traceId, spans } = traces.find((trace) => trace.spans.length > 80)!;
    const first = await largeReader.read('traces/findings', { traceId }, context);
    expect(first.total).toBe(spans.length);
    let state = first;
    while (state.examined < state.total) {
      await new Promise((resolve) => setImmediate(resolve));
      state = await largeReader.read('traces/findings', { traceId }, context);
    }
    const whole = await reader.read('traces/findings', { traceId }, context);
    expect(whole.examined).toBe(spans.length);
    const rules = (list: readonly { readonly rule: string }[]): string[] => [...new Set(list.map(({ rule }) => rule))].sort();
    expect(rules(state.findings)).toEqual(rules(whole.findings));
    const failed = (list: typeof state.findings): string[] => list.filter(({ severity }) => severity === 'error').map(({ message }) => message).sort();
    expect(failed(state.findings)).toEqual(failed(whole.findings));
  });
});

describe('an export', () => {
  const schema = JSON.parse(readFileSync(path.join(root, 'docs/cli-output.schema.json'), 'utf8')) as object;
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(schema, 'cli');
  const validate = ajv.compile({ $ref: 'cli#/$defs/trace' });

  it('as JSON has the promised shape', async () => {
    for (const { traceId, spans } of traces.filter((_, index) => index % 5 === 0 || index >= TRACES)) {
      for (const chosen of [reader, largeReader]) {
        const document = JSON.parse(await chosen.read('text', { traceId, format: 'json' }, context)) as { spans: Span[] };
        expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
        expect(document.spans.map(({ spanId }) => spanId).toSorted()).toEqual(spans.map(({ spanId }) => spanId).toSorted());
      }
    }
  });

  it('as OTLP loses nothing', async () => {
    for (const { traceId } of traces) {
      const text = await reader.read('text', { traceId, format: 'otlp' }, context);
      const { spans, rejected } = decodeOtlpJson(JSON.parse(text))!;
      expect(rejected).toEqual([]);
      const byId = (list: readonly RawSpan[]): RawSpan[] => [...new Map(list.map((span) => [span.spanId, span])).values()].sort((a, b) => (a.spanId < b.spanId ? -1 : 1));
      const stored = byId(spans);
      const sent = byId(raw.get(traceId)!);
      // Whoever sends a span twice gets it once; all others are what they were, to the last bit.
      if (sent.length === raw.get(traceId)!.length) expect(JSON.stringify(encodeSpans(stored))).toBe(JSON.stringify(encodeSpans(sent)));
      else expect(stored.length).toBe(sent.length);
    }
  });

  it('of one span has what is below it', async () => {
    const { traceId, tree, spans } = traces.find((trace) => trace.spans.length > 60)!;
    const agent = tree.order.find((index) => tree.depths[index] === 1 && tree.descendants[index]! > 5)!;
    const document = JSON.parse(await reader.read('text', { traceId, format: 'json', spanId: spans[agent]!.spanId }, context)) as { spans: Span[] };
    expect(document.spans).toHaveLength(tree.descendants[agent]! + 1);
    expect(document.spans[0]!.spanId).toBe(spans[agent]!.spanId);
  });

  it('as a tree has a line for each span, as Markdown each message once', async () => {
    const { traceId, spans } = traces.find((trace) => trace.spans.length > 60)!;
    const tree = await reader.read('text', { traceId, format: 'tree' }, context);
    expect(tree.split('\n').filter((line) => /^ *(?:llm|tool|agent) {2}/.test(line))).toHaveLength(spans.length);
    const markdown = await reader.read('text', { traceId, format: 'markdown' }, context);
    const said = spans.find((span) => span.kind === 'llm')!.input as { parts: { text: string }[] }[];
    expect(markdown.split(said[0]!.parts[0]!.text)).toHaveLength(2);
  });

  it('goes to a file, whole or not at all', async () => {
    const { traceId } = traces[5]!;
    const file = path.join(folder, 'export.json');
    expect(await reader.read('text', { traceId, format: 'json', file }, context)).toBe('');
    expect(readFileSync(file, 'utf8')).toBe(await reader.read('text', { traceId, format: 'json' }, context));
    await expect(reader.read('text', { traceId, format: 'json', file: path.join(folder, 'no/such/folder.json') }, context)).rejects.toMatchObject({ code: 'usage' });
    expect(globSync('*.part', { cwd: folder })).toEqual([]);
  });
});
