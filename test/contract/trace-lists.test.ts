import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Span } from '../../src/core/trace/model.ts';
import type { NormalisedTrace } from '../../src/core/trace/normalise/normalise-trace.ts';
import type { Query } from '../../src/core/trace/query/model.ts';
import { printQuery } from '../../src/core/trace/query/print.ts';
import { SPAN_KINDS } from '../../src/core/trace/skeleton.ts';
import { previewOfSpan } from '../../src/core/trace/store/preview.ts';
import { hasWords } from '../../src/node/traces/read/conditions.ts';
import type { TraceReader } from '../../src/node/traces/read/reader.ts';
import { testOf } from '../../src/node/traces/read/texts.ts';
import type { TraceListRequest, TraceRow } from '../../src/protocol/traces.ts';
import { traceIdOf } from '../bench/trace-store.ts';
import { context, EVERYTHING, filledStore, type FilledStore } from '../fixtures/traces/filled-store.ts';
import { randomOf } from '../unit/trace/random.ts';

let store: FilledStore;
let reader: TraceReader;
let traces: FilledStore['traces'];
let raw: FilledStore['raw'];

beforeAll(async () => {
  store = await filledStore();
  ({ reader, traces, raw } = store);
});
afterAll(() => store.close());

async function idsOf(query: string, over: Partial<TraceListRequest> = {}, from = reader): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await from.read('traces/list', { query, sort: 'time', descending: true, limit: 7, ...over, ...(cursor === undefined ? {} : { cursor }) }, context);
    found.push(...page.traces.map(({ traceId }) => traceId));
    if (page.next === null) return found;
    cursor = page.next;
  }
}

async function rowsOf(query: string): Promise<TraceRow[]> {
  return (await reader.read('traces/list', { query, sort: 'time', descending: true, limit: 1000 }, context)).traces.slice();
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

  it('begins each trace with what its first model call was asked, else with what its root was given', async () => {
    const rows = new Map((await rowsOf(EVERYTHING)).map((row) => [row.traceId, row]));
    const said = new Set<string>();
    for (const { traceId, spans } of traces) {
      const earliest = (fitting: (span: Span) => boolean): Set<string> => {
        const all = spans.filter(fitting).map((span) => ({ preview: previewOfSpan(span), start: BigInt(span.startNs) })).filter(({ preview }) => preview !== null);
        const first = all.reduce<bigint | null>((least, { start }) => (least === null || start < least ? start : least), null);
        return new Set(all.filter(({ start }) => start === first).map(({ preview }) => preview!));
      };
      const ofCalls = earliest(({ kind }) => kind === 'llm');
      const expected = ofCalls.size > 0 ? ofCalls : earliest(({ parentId }) => parentId === null);
      const { preview } = rows.get(traceId)!;
      if (preview !== null) said.add(preview);
      expect(expected.size === 0 ? [null] : [...expected], `${traceId} ${rows.get(traceId)!.name}`).toContain(preview);
    }
    expect(said.size).toBeGreaterThan(15);
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
      const phrase = new RegExp(`(?<![a-z0-9])${query.text.split('_').join('[^a-z0-9]+')}${query.prefix ? '' : '(?![a-z0-9])'}`, 'i');
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
      if (choice === 3) {
        const prefix = below(3) === 0;
        return { type: 'text', text: pick(prefix ? ['DAM', 'refund_ag', 'nowh', 'invoke_ag'] : ['refund', 'depot', 'case0', 'nowhere', 'invoke_agent', 'shop']), prefix };
      }
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
      if (hasWords(printQuery(query))) expect(await idsOf(printQuery(query), {}, store.nearReader), `near, ${printQuery(query)}`).toEqual(expected);
      matched += expected.length > 0 && expected.length < rows.length ? 1 : 0;
    }
    // Else nothing was shown.
    expect(matched).toBeGreaterThan(150);
  });

  it('takes a phrase, a beginning, an id and a time', async () => {
    const some = traces[7]!;
    const words = /(\w+ \w+ \w+)/.exec(JSON.stringify(raw.get(some.traceId)!.at(-1)!.attributes.at(-1)))![1]!;
    expect(await idsOf(`"${words}" ${EVERYTHING}`)).toContain(some.traceId);
    expect(await idsOf(`"${words.split(' ').reverse().join(' zz ')}" ${EVERYTHING}`)).toEqual([]);
    expect(await idsOf(`ref* ${EVERYTHING}`, {}, store.nearReader)).toEqual(await idsOf(`ref* ${EVERYTHING}`));
    expect((await idsOf(`ref* ${EVERYTHING}`)).length).toBeGreaterThan((await idsOf('zzref*')).length);
    // So many words begin so that they are not looked for one by one.
    const orders = new Set([...raw.values()].flat().flatMap((span) => [...JSON.stringify(span.attributes).matchAll(/\border\W+(1\d*)/g)].map((match) => match[1])));
    expect(orders.size).toBeGreaterThan(64);
    const each = await Promise.all(['1', ...Array.from({ length: 10 }, (_, digit) => `1${digit}*`)].map((query) => idsOf(`${query} ${EVERYTHING}`)));
    for (const from of [reader, store.nearReader]) expect((await idsOf(`1* ${EVERYTHING}`, {}, from)).toSorted()).toEqual([...new Set(each.flat())].toSorted());
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

describe('a place to go on from that no list gave', () => {
  const cursorOf = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  it.each([[[0, '9999999999999999999', 1]], [[0, '-9999999999999999999', 1]], [[0, 1.5, 1]], [[0, 1, 1.5]], [[9, '1', 1]], [['0', '1', 1]], [[0, '', 1]], [{}], [null]])('is told: %j', async (value) => {
    await expect(reader.read('traces/sessions', { query: '', limit: 5, cursor: cursorOf(value) }, context)).rejects.toMatchObject({ code: 'usage' });
    await expect(reader.read('traces/list', { query: '', sort: 'time', descending: true, limit: 5, cursor: cursorOf(value) }, context)).rejects.toMatchObject({ code: 'usage' });
  });

  it('is told of a number without end', async () => {
    const cursor = Buffer.from('[0,1e999,1]').toString('base64url');
    await expect(reader.read('traces/sessions', { query: '', limit: 5, cursor }, context)).rejects.toMatchObject({ code: 'usage' });
  });
});
