import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RawSpan, Span } from '../../src/core/trace/model.ts';
import { hiddenErrorOf } from '../../src/core/trace/findings/result-error.ts';
import { totalOf } from '../../src/core/trace/normalise/tokens.ts';
import { encodeSpans } from '../../src/core/trace/otlp-encode.ts';
import { decodeOtlpJson } from '../../src/core/trace/otlp-json.ts';
import { rollUp } from '../../src/core/trace/roll-up.ts';
import { SPAN_FLAGS, SPAN_KINDS, type TraceSkeleton } from '../../src/core/trace/skeleton.ts';
import { numbersOfTrace } from '../../src/core/trace/store/numbers.ts';
import { openDatabase } from '../../src/node/sqlite/database.ts';
import { phraseOf } from '../../src/node/traces/read/full-text.ts';
import type { TraceReader } from '../../src/node/traces/read/reader.ts';
import { createTraceSink } from '../../src/node/traces/sink.ts';
import { spansOf, traceIdOf } from '../bench/trace-store.ts';
import { context, filledStore, MADE, root, type FilledStore } from '../fixtures/traces/filled-store.ts';

let store: FilledStore;
let reader: TraceReader;
let traces: FilledStore['traces'];
let raw: FilledStore['raw'];

beforeAll(async () => {
  store = await filledStore();
  ({ reader, traces, raw } = store);
});
afterAll(() => store.close());

function idAt(skeleton: TraceSkeleton, position: number): string {
  return Buffer.from(skeleton.spanIds.subarray(position * 8, position * 8 + 8)).toString('hex');
}

/** Why a span failed, in the words that its row has room for. */
function reasonOf(span: Span): string | null {
  const said = span.status === 'error' ? (span.error?.message ?? span.statusMessage ?? span.error?.type ?? '') : (hiddenErrorOf(span) ?? '');
  return said.trimStart().split('\n', 1)[0]!.slice(0, 200).trimEnd() || null;
}

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
            reason: skeleton.texts[skeleton.reasons[at]!] || null, firstToken: known(skeleton.firstTokens[at]!),
          },
          where,
        ).toEqual({
          kind: span.kind, name: span.name, model: span.model, running: span.endNs === null, error: span.status === 'error',
          orphan: span.parentId !== null && missing.has(span.parentId), skew: tree.skew.has(here), counted: span.usageRole !== 'aggregate' && span.usageRole !== 'duplicate', events: span.events.length > 0,
          below: tree.descendants[here], errors: sums[here]!.errors, cost: span.cost, tokens: sums[here]!.tokens === null ? null : totalOf(sums[here]!.tokens), startMs: Math.round(Number(BigInt(span.startNs) - BigInt(skeleton.startNs)) / 1000),
          reason: reasonOf(span), firstToken: span.timeToFirstTokenMs === null ? null : Math.fround(span.timeToFirstTokenMs),
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

  it('is not stretched back to 1970 by a span without a start', async () => {
    const [[first, second]] = [...spansOf(3, 2)] as [[RawSpan, RawSpan]];
    const traceId = 'cd'.repeat(16);
    const sink = createTraceSink({ folder: store.folder, retention: { days: 0, maxBytes: 0 } });
    try {
      await sink.ingest({ spans: [{ ...first, traceId }, { ...second, traceId, startTimeUnixNano: '0', endTimeUnixNano: (BigInt(first.startTimeUnixNano) + 7_000_000n).toString() }], logs: [], rejected: [], origin: { kind: 'eval', place: 'test' } });
      const skeleton = (await reader.read('traces/skeleton', { traceId }, context))!;
      expect(skeleton.startNs).toBe(first.startTimeUnixNano);
      expect([...skeleton.starts]).toEqual([0, 0]);
      expect(skeleton.durations[1]).toBe(7);
    } finally {
      await sink.delete([traceId]);
      await sink.close();
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
  it.each([['small', () => reader], ['large', () => store.largeReader]])('is what the whole trace makes of it, in a trace that is read as a %s one', async (_, chosen) => {
    let compared = 0;
    for (const trace of traces.filter((_trace, index) => index % 3 === 0 || index >= MADE)) {
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
    const sink = createTraceSink({ folder: store.folder, retention: { days: 0, maxBytes: 0 } });
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

describe('a memory', () => {
  it('grows over the traces of a session, in the order of time', async () => {
    const access = (trace: number, index: number, operation: string, records: unknown): RawSpan => {
      const [[template]] = [...spansOf(trace, 1)] as [[RawSpan]];
      const members = { 'gen_ai.operation.name': operation, 'gen_ai.memory.store.id': 'facts', 'gen_ai.memory.records': JSON.stringify(records), 'session.id': 'memory-session' };
      return { ...template, traceId: String(trace).repeat(32).slice(0, 32), spanId: `00000000000000${trace}${index}`, name: operation, startTimeUnixNano: `${1_900_000_000_000_000_000n + BigInt(trace * 100 + index)}`, attributes: Object.entries(members).map(([key, value]) => ({ key, value: { stringValue: value } })) };
    };
    const spans = [
      access(2, 0, 'delete_memory', [{ id: 'a' }]), access(2, 1, 'search_memory', [{ id: 'c', content: 'has a dog' }, { id: 'b', content: 'likes tea' }]),
      access(1, 0, 'create_memory', [{ id: 'a', content: 'lives in Bern' }]), access(1, 1, 'update_memory', [{ id: 'a', content: 'lives in Basel' }, { id: 'b', content: 'likes tea' }]),
    ];
    const sink = createTraceSink({ folder: store.folder, retention: { days: 0, maxBytes: 0 } });
    await sink.ingest({ spans, logs: [], rejected: [], origin: { kind: 'eval', place: 'test' } });
    try {
      const growth = await reader.read('traces/memory', { session: 'memory-session' }, context);
      expect(growth.stores).toEqual(['facts']);
      expect(growth.accesses.map(({ operation, items, size, preview }) => [operation, items, size, preview])).toEqual([
        ['write', 1, 1, 'lives in Bern'], ['write', 2, 2, 'lives in Basel'], ['delete', 1, 1, '{"id":"a"}'], ['read', 2, 2, 'has a dog'],
      ]);
      expect((await reader.read('traces/memory', { session: 'no such session' }, context)).accesses).toEqual([]);
    } finally {
      await sink.delete(['1'.repeat(32), '2'.repeat(32)]);
      await sink.close();
    }
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

  it('text that other traces brought first is found too, at the spans that carry it', async () => {
    const database = await openDatabase(store.folder);
    const carried = database.prepare('SELECT chunk, span FROM chunk_use WHERE trace = ?').raw();
    const bringer = database.prepare("SELECT printf('%016x', id) FROM span WHERE n <= ? AND n >= ? ORDER BY n DESC LIMIT 1").pluck();
    let foreign = 0;
    for (const text of ['t', 'refund', 'the o', 'of', 'nowheresaid', 'refund nowheresaid']) {
      const rows = database.prepare('SELECT rowid FROM trace_search WHERE trace_search MATCH ?').pluck().all(phraseOf(text, true)) as number[];
      for (const { n, id } of database.prepare('SELECT n, lower(hex(id)) AS id FROM trace').all() as { n: number; id: string }[]) {
        const { first, last } = numbersOfTrace(n);
        const uses = new Map(carried.all(n) as [number, number][]);
        const places = rows.flatMap((row) => uses.get(row) ?? (row >= first && row <= last ? row : []));
        foreign += rows.filter((row) => uses.has(row) && (row < first || row > last)).length;
        const named = raw.get(id)!.filter(({ name }) => name.toLowerCase().includes(text)).map(({ spanId }) => spanId);
        const { spanIds } = await reader.read('traces/find', { traceId: id, text, limit: 100_000 }, context);
        expect(new Set(spanIds), `${text} in ${id}`).toEqual(new Set([...named, ...places.map((place) => bringer.get(place, first))]));
      }
    }
    database.close();
    expect(foreign).toBeGreaterThan(20);
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
    const first = await store.largeReader.read('traces/findings', { traceId }, context);
    expect(first.total).toBe(spans.length);
    let state = first;
    while (state.examined < state.total) {
      await new Promise((resolve) => setImmediate(resolve));
      state = await store.largeReader.read('traces/findings', { traceId }, context);
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
    for (const { traceId, spans } of traces.filter((_, index) => index % 5 === 0 || index >= MADE)) {
      for (const chosen of [reader, store.largeReader]) {
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
    expect(tree.split('\n').filter((line) => /^[0-9a-f]{8,16} {2,}(?:llm|tool|agent) {2}/.test(line))).toHaveLength(spans.length);
    const markdown = await reader.read('text', { traceId, format: 'markdown' }, context);
    const said = spans.find((span) => span.kind === 'llm')!.input as { parts: { text: string }[] }[];
    expect(markdown.split(said[0]!.parts[0]!.text)).toHaveLength(2);
  });

  it('goes to a file, whole or not at all', async () => {
    const { traceId } = traces[5]!;
    const file = path.join(store.folder, 'export.json');
    expect(await reader.read('text', { traceId, format: 'json', file }, context)).toBe('');
    expect(readFileSync(file, 'utf8')).toBe(await reader.read('text', { traceId, format: 'json' }, context));
    await expect(reader.read('text', { traceId, format: 'json', file: path.join(store.folder, 'no/such/folder.json') }, context)).rejects.toMatchObject({ code: 'usage' });
    expect(globSync('*.part', { cwd: store.folder })).toEqual([]);
  });
});

/** At the end: it changes a trace that the tests above compare. */
describe('findings of a trace that grows', () => {
  it('stay until there are as many of what it has become', async () => {
    const { traceId } = traces.find((trace) => trace.spans.length > 60 && trace.spans.some((span) => span.status === 'error'))!;
    const sink = createTraceSink({ folder: store.folder, retention: { days: 0, maxBytes: 0 } });
    const finished = async () => {
      for (;;) {
        const state = await store.largeReader.read('traces/findings', { traceId }, context);
        if (state.examined === state.total) return state;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const before = await finished();
    expect(before.findings.length).toBeGreaterThan(0);
    const added = { ...raw.get(traceId)!.at(-1)!, spanId: 'feedfeedfeedfeed' };
    try {
      await sink.ingest({ spans: [added], logs: [], rejected: [], origin: { kind: 'eval', place: 'test' } });
      const meanwhile = await store.largeReader.read('traces/findings', { traceId }, context);
      expect([meanwhile.examined < meanwhile.total, meanwhile.total]).toEqual([true, before.total + 1]);
      expect(meanwhile.findings).toEqual(before.findings);
      expect((await finished()).total).toBe(before.total + 1);
    } finally {
      await sink.close();
    }
  });
});
