import { expect, it } from 'vitest';
import { findArrays } from '../../../src/node/sources/adapters/json-ranges.ts';
import { takeInSlices } from '../../../src/node/sources/adapters/slices.ts';
import { MemoryFetchSink } from '../../fixtures/servers/memory-fetch-sink.ts';

type Documents = Record<string, { scopeSpans: { spans: { name: string }[] }[] }[]>;

/** What would go into the store: pieces as text. */
async function piecesOf(text: string): Promise<string[]> {
  const pieces: string[] = [];
  const sink = Object.assign(new MemoryFetchSink(), { documents: (bytes: Uint8Array) => (pieces.push(new TextDecoder().decode(bytes)), Promise.resolve()) });
  await takeInSlices(new TextEncoder().encode(text), sink);
  return pieces;
}

const hostile = '"]}\\",[{\\\\';
const spans = (count: number, size: number): { name: string; text: string; spans: unknown[] }[] => Array.from({ length: count }, (_, index) => ({ name: `s${index}`, text: hostile + 'ü'.repeat(size), spans: [{ a: [1, { b: '}' }] }, 2] }));

it('cuts OTLP into pieces that keep what is written around the spans, before and after them', async () => {
  const batch = (from: number, list: unknown[]) => ({ resource: { attributes: [{ key: 'service.name', value: { stringValue: `r${from}` } }] }, scopeSpans: [{ scope: { name: hostile }, spans: list, schemaUrl: 'https://a/s' }], schemaUrl: 'https://a/r' });
  const all = spans(1200, 900);
  const batches = [batch(0, all.slice(0, 120)), batch(1, []), batch(2, all.slice(120))];
  for (const whole of [{ result: { resourceSpans: batches } }, { trace: { batches } }, { resourceSpans: batches }]) {
    for (const indent of [0, 2]) {
      const pieces = (await piecesOf(JSON.stringify(whole, null, indent))).map((piece) => (JSON.parse(piece) as Documents)['resourceSpans']!);
      expect(pieces.map((piece) => piece.flatMap(({ scopeSpans }) => scopeSpans[0]!.spans).length)).toEqual([200, 1000]);
      expect(pieces.flatMap((piece) => piece.flatMap(({ scopeSpans }) => scopeSpans[0]!.spans))).toEqual(all);
      expect(pieces.map((piece) => piece.map((each) => ({ ...each, scopeSpans: each.scopeSpans.map((scope) => ({ ...scope, spans: [] })) })))).toEqual([[batch(0, []), batch(2, [])], [batch(2, [])]]);
    }
  }
});

it('cuts Jaeger’s own form with the processes that follow the spans', async () => {
  const processes = { p1: { serviceName: 'shop', tags: [{ key: 'a', value: hostile }] } };
  const all = spans(1000, 900);
  const pieces = (await piecesOf(JSON.stringify({ data: [{ traceID: 'ab', spans: all, processes }], errors: null }))).map((piece) => (JSON.parse(piece) as { data: { spans: unknown[]; processes: unknown }[] }).data);
  expect(pieces.map(([trace]) => trace!.spans.length)).toEqual([200, 800]);
  expect(pieces.flatMap(([trace]) => trace!.spans)).toEqual(all);
  expect(pieces.every(([trace]) => JSON.stringify(trace!.processes) === JSON.stringify(processes))).toBe(true);
});

it.each([
  ['with scopes under their older name', { batches: [{ scopeSpans: [{ spans: spans(600, 900) }] }, { instrumentationLibrarySpans: [{ spans: spans(600, 900) }] }] }],
  ['with something among its spans that is none', { resourceSpans: [{ scopeSpans: [{ spans: spans(600, 900) }, { spans: [...spans(600, 900), null] }] }] }],
  ['with something among its scopes that is none', { resourceSpans: [{ scopeSpans: [{ spans: spans(600, 900) }, 7] }, { scopeSpans: [{ spans: spans(600, 900) }] }] }],
])('loses nothing of OTLP %s', async (_, whole) => {
  const text = JSON.stringify(whole);
  expect(await piecesOf(text)).toEqual([text]);
});

it.each([
  ['broken off', JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: spans(1000, 900) }] }] }).slice(0, -3)],
  ['of another form', JSON.stringify({ data: [1, 2], text: 'x'.repeat(2_000_000) })],
  ['several values', `${JSON.stringify({ result: { resourceSpans: [] }, text: 'x'.repeat(2_000_000) })}\n{}`],
  ['nested without end', '{"result":'.repeat(200_000)],
  ['no object', `"${'x'.repeat(2_000_000)}`],
])('leaves what is %s whole', async (_, text) => {
  expect(await piecesOf(text)).toEqual([text]);
});

it('keeps no places of more elements than any trace has', () => {
  const found = (count: number): number | undefined => findArrays(Buffer.from(`{"spans":[${'{},'.repeat(count - 1)}{}]}`), new Set(['spans']), 'spans')?.arrays.get('spans')?.items.length;
  expect([found(2_000_000), found(2_000_001)]).toEqual([2_000_000, undefined]);
});
