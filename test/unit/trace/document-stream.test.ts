import { describe, expect, it } from 'vitest';
import { DocumentStream, type DocumentRun, type DocumentStreamOptions } from '../../../src/core/trace/formats/document-stream.ts';
import { splitDocuments } from '../../../src/core/trace/formats/split-documents.ts';
import { randomOf } from './random.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Read {
  /** Documents with the lines of the file they begin on. */
  readonly documents: readonly string[];
  readonly rejected: readonly string[];
  readonly ends: readonly number[];
}

function gather(runs: readonly (DocumentRun | null)[]): Read {
  const all = runs.filter((run) => run !== null);
  return {
    documents: all.flatMap((run) => splitDocuments(decoder.decode(run.bytes)).map(({ where, text }) => `${run.firstLine + lineOf(where, decoder.decode(run.bytes)) - 1} ${parsed(text)}`)),
    rejected: all.flatMap((run) => run.rejected.map(({ where, reason }) => `${where}: ${reason}`)),
    ends: all.map((run) => run.end),
  };
}

/** Lines after the first of a run are cut out and not looked at: whoever parses them says that they are damaged. */
function parsed(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return 'damaged';
  }
}

/** A text with one value says no line: it is that of its first character. */
function lineOf(where: string, text: string): number {
  return where === '' ? text.slice(0, text.search(/\S/)).split('\n').length : Number(where.replace('line ', ''));
}

function readAll(bytes: Uint8Array, chunk: number, options: DocumentStreamOptions = {}): Read {
  const stream = new DocumentStream(options);
  const runs: (DocumentRun | null)[] = [];
  // As files are read: into one buffer, again and again.
  const buffer = Buffer.alloc(Math.min(chunk, bytes.length));
  for (let at = 0; at < bytes.length; at += chunk) {
    const piece = bytes.subarray(at, at + chunk);
    buffer.set(piece);
    runs.push(...stream.push(buffer.subarray(0, piece.length)));
  }
  runs.push(stream.end());
  return gather(runs);
}

const LINES = ['{"a":"é漢😀","b":[1,{"c":"]}\\"{"}]}', '', '{"a":2}', '  [3]  ', '{"d":"\\\\"}'];
const VALUES = [{ name: 'a "quoted" } name', list: [{ x: 'ü\n' }, []] }, [1, [2]], { z: {} }];

describe('a stream of documents', () => {
  it.each([1, 2, 3, 7, 64, 10_000])('gives the same documents and lines in chunks of %i bytes', (chunk) => {
    const lines = encoder.encode(`${LINES.join('\n')}\n`);
    expect(readAll(lines, chunk, { runBytes: 10 })).toMatchObject({ documents: ['1 {"a":"é漢😀","b":[1,{"c":"]}\\"{"}]}', '3 {"a":2}', '4 [3]', '5 {"d":"\\\\"}'], rejected: [] });
    const values = encoder.encode(VALUES.map((value) => JSON.stringify(value, null, 4)).join('\n'));
    expect(readAll(values, chunk, { runBytes: 10 })).toMatchObject({ documents: ['1 {"name":"a \\"quoted\\" } name","list":[{"x":"ü\\n"},[]]}', '10 [1,[2]]', '16 {"z":{}}'], rejected: [] });
    expect(readAll(encoder.encode(`\uFEFF${LINES[0]!}\r\n${LINES[2]!}\r\n`), chunk).documents).toEqual(['1 {"a":"é漢😀","b":[1,{"c":"]}\\"{"}]}', '2 {"a":2}']);
  });

  it('can go on from the end of any run', () => {
    const below = randomOf(7);
    const texts = [`${LINES.join('\n')}\n${LINES.join('\n')}\n`, VALUES.flatMap((value) => [JSON.stringify(value, null, 2), 'a line of a log']).join('\n')];
    for (const text of texts) {
      const bytes = encoder.encode(text);
      const whole = readAll(bytes, 1000);
      for (let round = 0; round < 200; round++) {
        const stream = new DocumentStream({ runBytes: 1 + below(40) });
        const cut = below(bytes.length);
        const first = [...stream.push(bytes.subarray(0, cut)), stream.flush()];
        const end = gather(first).ends.at(-1) ?? 0;
        const line = decoder.decode(bytes.subarray(0, end)).split('\n').length;
        const rest = new DocumentStream({ offset: end, line });
        const second = [...rest.push(bytes.subarray(end)), rest.end()];
        expect(gather([...first, ...second])).toMatchObject({ documents: whole.documents, rejected: whole.rejected });
      }
    }
  });

  it('gives a last line without an end once it is closed, and waits for one that is not', () => {
    const stream = new DocumentStream();
    expect(stream.push(encoder.encode('{"a":1}\n{"b":'))).toEqual([]);
    expect(gather([stream.flush()])).toMatchObject({ documents: ['1 {"a":1}'], ends: [8] });
    expect([stream.flush(), stream.held]).toEqual([null, 5]);
    stream.push(encoder.encode('2}'));
    expect(gather([stream.flush()])).toMatchObject({ documents: ['2 {"b":2}'], ends: [15] });
    stream.push(encoder.encode('\n{"c":3}\n'));
    expect(gather([stream.flush()])).toMatchObject({ documents: ['3 {"c":3}'], ends: [24] });
    expect([stream.flush(), stream.end()]).toEqual([null, null]);
  });

  it('gives the values before one that has not ended', () => {
    const stream = new DocumentStream();
    stream.push(encoder.encode('{\n  "a": 1\n}\n{\n  "b":'));
    expect(gather([stream.flush()])).toMatchObject({ documents: ['1 {"a":1}'], ends: [13] });
    stream.push(encoder.encode(' 2\n}'));
    expect(gather([stream.flush()])).toMatchObject({ documents: ['4 {"b":2}'], ends: [25] });
  });

  it('rejects a damaged line and no other', () => {
    expect(readAll(encoder.encode('{"a":1}\n{"b":\n{"c":3}\n'), 5, { runBytes: 1 })).toMatchObject({ documents: ['1 {"a":1}', '3 {"c":3}'], rejected: ['line 2: not valid JSON: the line ends within a value'] });
    expect(readAll(encoder.encode('INFO starting\n{"a":1}\n'), 5)).toMatchObject({ documents: ['2 {"a":1}'], rejected: ['line 1: not JSON'] });
    expect(readAll(encoder.encode('{"a":1}\n{"b":'), 5)).toMatchObject({ documents: ['1 {"a":1}', '2 damaged'], rejected: [] });
  });

  it('ends a value that was never finished where the next one begins', () => {
    expect(readAll(encoder.encode('{\n  "a": {\n{\n  "b": 2\n}\nplain [text\n{\n  "c": 3\n}\n'), 4)).toMatchObject({ documents: ['3 {"b":2}', '7 {"c":3}'], rejected: ['line 1: this value never ends', 'line 6: not JSON'] });
    expect(readAll(encoder.encode('{\n  "a": "cut\n  "z": 1\n}\n{\n  "b": 2\n}\n'), 4)).toMatchObject({ documents: ['5 {"b":2}'], rejected: ['line 1: not valid JSON: a text does not end on its line'] });
    expect(readAll(encoder.encode('{\n  "a": 1,\n'), 4)).toMatchObject({ documents: [], rejected: ['line 1: the input ends within this value'] });
  });

  it('skips what is longer than a document may be, visibly, and holds no more than that', () => {
    const long = `{"long":"${'x'.repeat(500)}"}`;
    const stream = new DocumentStream({ maxDocument: 100 });
    const runs: (DocumentRun | null)[] = [];
    for (const byte of encoder.encode(`{"a":1}\n${long}\n{"b":2}\n${long}`)) {
      runs.push(...stream.push(Uint8Array.of(byte)));
      expect(stream.held).toBeLessThanOrEqual(100);
    }
    runs.push(stream.end());
    expect(gather(runs)).toMatchObject({ documents: ['1 {"a":1}', '3 {"b":2}'], rejected: ['line 2: longer than 100 bytes, skipped', 'line 4: longer than 100 bytes, skipped'] });
    const indented = `{\n${'  "k": 1,\n'.repeat(50)}  "z": 1\n}\n{\n  "b": 2\n}\n`;
    expect(readAll(encoder.encode(indented), 9, { maxDocument: 100 })).toMatchObject({ documents: ['54 {"b":2}'], rejected: ['line 1: longer than 100 bytes, skipped'] });
  });

  it('refuses what is no text in UTF-8 once', () => {
    expect(readAll(Uint8Array.of(0xff, 0xfe, 0x7b, 0, 10, 0, 0x7d, 0), 3)).toMatchObject({ documents: [], rejected: [': the file is UTF-16: save it as UTF-8'] });
    expect(readAll(Uint8Array.of(8, 1, 0, 0, 10, 10, 3), 7)).toMatchObject({ documents: [], rejected: [': the file is not text'], ends: [7] });
  });
});
