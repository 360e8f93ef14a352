import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTraceText } from '../../src/core/trace/formats/read.ts';
import { mergeSpans } from '../../src/core/trace/merge.ts';
import type { RawSpan } from '../../src/core/trace/model.ts';
import { decodeOtlpJson } from '../../src/core/trace/otlp-json.ts';
import { CORPUS as FOLDER, HAS_CORPUS, testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';
import { CORPUS } from '../unit/trace/corpus-counts.ts';

/** The same span twice, as OTLP and as Jaeger has it: each in a store of its own. */
const TWIN = 'jaeger-ui/otlp2jaeger-out.json';
const fileOf = (name: string): string => path.join(FOLDER, 'traces', name);

describe.skipIf(!HAS_CORPUS || !existsSync(path.join(FOLDER, 'traces')))(`the corpus through the store (skipped without ${FOLDER})`, () => {
  let store: TestEngine;
  let other: TestEngine;
  beforeAll(async () => {
    [store, other] = await Promise.all([testEngine({ 'touchstone.yml': '' }), testEngine({ 'touchstone.yml': '' })]);
  });
  afterAll(async () => {
    await Promise.all([store.close(), other.close()]);
  });

  async function out({ engine }: TestEngine, traceIds: readonly string[]): Promise<RawSpan[]> {
    const spans: RawSpan[] = [];
    for (const traceId of traceIds) {
      const decoded = decodeOtlpJson(JSON.parse((await engine.request('traces/export', { traceId, format: 'otlp' })).text))!;
      expect(decoded.rejected).toEqual([]);
      spans.push(...decoded.spans);
    }
    return spans.sort(bySpan);
  }
  const bySpan = (a: RawSpan, b: RawSpan): number => (a.traceId + a.spanId < b.traceId + b.spanId ? -1 : 1);

  /** What a file says, read apart from the store; recordings without times begin when the file was written. */
  function expected(name: string): RawSpan[] {
    const { mtimeNs, size } = statSync(fileOf(name), { bigint: true });
    const { spans } = readTraceText(readFileSync(fileOf(name), 'utf8'), { baseNs: (mtimeNs + size).toString() });
    return mergeSpans(spans).map(({ span }) => span).sort(bySpan);
  }

  it.each(Object.keys(CORPUS).filter((name) => name !== TWIN))('%s: in and out as OTLP loses nothing', async (name) => {
    const { files } = await store.engine.request('traces/import', { files: [fileOf(name)] });
    expect(await out(store, files[0]!.traceIds)).toEqual(expected(name));
  });

  it('the pair of jaeger-ui agrees: what Jaeger made of the OTLP file is the same trace', async () => {
    const [otlp, jaeger] = await Promise.all([store.engine.request('traces/import', { files: [fileOf('jaeger-ui/otlp2jaeger-in.json')] }), other.engine.request('traces/import', { files: [fileOf(TWIN)] })]);
    const [before, after] = await Promise.all([out(store, otlp.files[0]!.traceIds), out(other, jaeger.files[0]!.traceIds)]);
    expect(before).toHaveLength(CORPUS[TWIN]!.distinct);
    // Jaeger has no place for the URL of a schema.
    expect(after).toEqual(before.map((span) => ({ ...span, resource: { ...span.resource, schemaUrl: '' } })));
  });

  it('a file that is imported again changes nothing', async () => {
    const name = 'jaeger-ui/genaiTestTrace.json';
    const before = await store.engine.request('traces/import', { files: [fileOf(name)] });
    const [traceId] = before.files[0]!.traceIds;
    const first = await store.engine.request('traces/get', { traceId: traceId! });
    await store.engine.request('traces/import', { files: [fileOf(name)] });
    expect({ ...(await store.engine.request('traces/get', { traceId: traceId! })), revision: 0 }).toEqual({ ...first, revision: 0 });
  });
});
