import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importFile } from '../../src/node/tail/import-file.ts';
import type { TraceSink } from '../../src/core/trace/sink.ts';
import { MemorySink, otlpLine } from '../fixtures/trace-sink.ts';
import { CORPUS } from '../unit/trace/corpus-counts.ts';

const corpus = path.join(process.env['TOUCHSTONE_SHARED'] ?? path.resolve(import.meta.dirname, '../../../shared'), 'corpus/traces');

let folder = '';
let sink = new MemorySink();
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'touchstone-import-'));
  sink = new MemorySink();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => path.join(folder, name);
const read = (file: string, signal = new AbortController().signal): ReturnType<typeof importFile> => importFile(file, { sink, signal });

describe('importing a file', () => {
  it.skipIf(!existsSync(corpus)).each(Object.entries(CORPUS))('%s: no span is lost (skipped without the shared corpus)', async (name, expected) => {
    const imported = await read(path.join(corpus, name));
    expect({ format: imported.format, spans: imported.spans, logs: imported.logs, traces: imported.traces, rejected: imported.rejected.length }).toEqual({ format: expected.format ?? 'unknown', spans: expected.spans, logs: expected.logs, traces: expected.traces, rejected: expected.rejected });
    expect([sink.merged.length, sink.logs.length]).toEqual([expected.distinct, expected.logs]);
  });

  it('reads a file of many lines in pieces, compressed or not, and names the lines it cannot take', async () => {
    const lines = Array.from({ length: 3000 }, (_, index) => (index === 2499 ? '{"cut":\n' : otlpLine(`span ${index}`, { attributes: [{ key: 'pad', value: { stringValue: 'x'.repeat(1000) } }] })));
    writeFileSync(at('a.jsonl'), lines.join(''));
    writeFileSync(at('a.jsonl.gz'), gzipSync(lines.join('')));
    writeFileSync(at('a.jsonl.zst'), zstdCompressSync(lines.join('')));
    for (const name of ['a.jsonl', 'a.jsonl.gz', 'a.jsonl.zst']) {
      sink = new MemorySink();
      const seen: number[] = [];
      const imported = await importFile(at(name), { sink, signal: new AbortController().signal, onProgress: ({ bytes, total }) => seen.push(bytes / total) });
      expect(imported).toMatchObject({ format: 'otlp', spans: 2999, traces: 2999, rejected: [{ where: 'line 2500' }] });
      expect(imported.rejected[0]!.reason).toContain('not valid JSON');
      expect(imported.traceIds).toHaveLength(1000);
      expect(new Set(sink.names).size).toBe(2999);
      expect(sink.batches).toBeGreaterThan(2);
      expect(seen.at(-1)).toBe(1);
    }
  });

  it('keeps what was read when it is cancelled, and when the file ends in damage', async () => {
    writeFileSync(at('a.jsonl'), Array.from({ length: 5000 }, (_, index) => otlpLine(`span ${index}`, { attributes: [{ key: 'pad', value: { stringValue: 'x'.repeat(1000) } }] })).join(''));
    const stop = new AbortController();
    await expect(importFile(at('a.jsonl'), { sink, signal: stop.signal, onProgress: ({ spans }) => spans > 0 && stop.abort(new Error('cancelled by the test')) })).rejects.toThrow('cancelled by the test');
    expect(sink.spans.length).toBeGreaterThan(0);
    expect(sink.spans.length).toBeLessThan(5000);

    sink = new MemorySink();
    const whole = gzipSync(readFileSync(at('a.jsonl')));
    writeFileSync(at('cut.jsonl.gz'), whole.subarray(0, whole.length / 2));
    const imported = await read(at('cut.jsonl.gz'));
    expect(imported.spans).toBeGreaterThan(0);
    expect(imported.rejected).toContainEqual({ where: '', reason: 'reading ended early: unexpected end of file' });
  });

  it('waits for a busy store', async () => {
    writeFileSync(at('a.jsonl'), otlpLine('one'));
    sink.busy = 4;
    expect(await read(at('a.jsonl'))).toMatchObject({ spans: 1 });
  });

  it('reads a session as a whole, whatever comes before its first line that speaks', async () => {
    const line = (uuid: string, rest: object): string => `${JSON.stringify({ sessionId: 's-1', uuid, timestamp: '2026-11-22T10:00:00.000Z', ...rest })}\n`;
    writeFileSync(at('s.jsonl'), `${JSON.stringify({ type: 'summary', summary: 'x', leafUuid: 'y' })}\n${line('u1', { type: 'user', message: { role: 'user', content: 'hello' } })}${line('a1', { type: 'assistant', message: { id: 'm1', role: 'assistant', model: 'claude', content: [{ type: 'text', text: 'hi' }] } })}`);
    expect(await read(at('s.jsonl'))).toMatchObject({ format: 'claude-code-session', spans: 3, traces: 1, rejected: [] });
    appendFileSync(at('asides.jsonl'), `${JSON.stringify({ type: 'summary' })}\n`);
    expect(await read(at('asides.jsonl'))).toMatchObject({ format: 'unknown', spans: 0, rejected: [{ where: '', reason: 'no known format of traces' }] });
  });

  it('cuts a long session into batches by what its calls carry', async () => {
    const line = (uuid: string, second: number, rest: object): string => `${JSON.stringify({ sessionId: 's-1', uuid, timestamp: new Date(1_790_000_000_000 + second * 1000).toISOString(), ...rest })}\n`;
    const turns = Array.from({ length: 20 }, (_, turn) => line(`u${turn}`, 2 * turn, { type: 'user', message: { role: 'user', content: 'x'.repeat(100_000) } }) + line(`a${turn}`, 2 * turn + 1, { type: 'assistant', message: { id: `m${turn}`, role: 'assistant', model: 'claude', content: [{ type: 'text', text: 'hi' }] } }));
    writeFileSync(at('s.jsonl'), turns.join(''));
    const sizes: number[] = [];
    const measured: TraceSink = { ingest: (batch) => (sizes.push(JSON.stringify('spans' in batch ? batch.spans : null).length), sink.ingest(batch)) };
    expect(await importFile(at('s.jsonl'), { sink: measured, signal: new AbortController().signal })).toMatchObject({ spans: 41, traces: 1 });
    // 20 calls that carry up to a megabyte each
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(10_000_000);
    expect(Math.max(...sizes)).toBeLessThan(5_000_000);
  });

  it('says what is no file', async () => {
    mkdirSync(at('folder'));
    await expect(read(at('none.json'))).rejects.toMatchObject({ code: 'not-found', message: 'The file cannot be read: there is no such file.', place: { file: at('none.json') } });
    await expect(read(at('folder'))).rejects.toMatchObject({ code: 'not-found', message: 'This is a folder, not a file.' });
    writeFileSync(at('empty.json'), '');
    expect(await read(at('empty.json'))).toMatchObject({ format: 'unknown', spans: 0, rejected: [] });
  });
});
