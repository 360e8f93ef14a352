import { appendFileSync, chmodSync, copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TraceSource } from '../../src/core/config/model.ts';
import { TouchstoneError } from '../../src/core/errors.ts';
import { createTails, type TailOptions, type Tails } from '../../src/node/tail/tails.ts';
import { MemorySink, otlpLine } from '../fixtures/trace-sink.ts';

let folder = '';
let sink = new MemorySink();
const open: Tails[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'touchstone-tail-'));
  sink = new MemorySink();
});
afterEach(async () => {
  for (const tails of open.splice(0)) await tails.close();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => path.join(folder, name);
const source = (pattern: string, from: TraceSource['from'] = 'start'): TraceSource => ({ path: pattern, from, range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } } });

/** Nothing is noticed by itself unless a test asks for it: `settle` looks. */
function tail(patterns: readonly (string | TraceSource)[], options: Partial<TailOptions> = {}): Tails {
  const tails = createTails({ folder, sources: patterns.map((pattern) => (typeof pattern === 'string' ? source(pattern) : pattern)), sink, positionOf: (file) => sink.positions.get(file) ?? null, home: at('home'), pollMs: 600_000, watch: false, ...options });
  open.push(tails);
  return tails;
}

async function restart(tails: Tails, patterns: readonly (string | TraceSource)[]): Promise<Tails> {
  await tails.close();
  return tail(patterns);
}

describe('tailed files', () => {
  it('reads what is there and what is added, each line once, also after a restart', async () => {
    writeFileSync(at('a.jsonl'), otlpLine('one') + otlpLine('two'));
    let tails = tail(['*.jsonl']);
    await tails.settle();
    expect(sink.names).toEqual(['one', 'two']);
    appendFileSync(at('a.jsonl'), otlpLine('three'));
    await tails.settle();
    tails = await restart(tails, ['*.jsonl']);
    await tails.settle();
    appendFileSync(at('a.jsonl'), otlpLine('four'));
    await tails.settle();
    expect(sink.names).toEqual(['one', 'two', 'three', 'four']);
    const [status] = tails.status();
    expect(status).toMatchObject({ pattern: '*.jsonl', problem: null, files: [{ path: at('a.jsonl'), spans: 1, problem: null }] });
    expect(status!.files[0]!.offset).toBe(status!.files[0]!.size);
  });

  it('reads a file again that could not be taken, although it does not change any more', async () => {
    writeFileSync(at('a.jsonl'), otlpLine('one'));
    sink.ingest = () => Promise.reject(new TouchstoneError('store', 'the database is damaged'));
    const tails = tail(['*.jsonl']);
    await tails.settle();
    expect(tails.status()[0]!.files).toMatchObject([{ problem: 'the database is damaged', spans: 0 }]);
    sink.ingest = MemorySink.prototype.ingest.bind(sink);
    await tails.settle();
    expect(sink.names).toEqual(['one']);
    expect(tails.status()[0]!.files).toMatchObject([{ problem: null, spans: 1 }]);
  });

  it('keeps its place in one step with the rows: what was not taken is read again, nothing else', async () => {
    const lines = Array.from({ length: 40 }, (_, index) => otlpLine(`span ${index}`, { attributes: [{ key: 'pad', value: { stringValue: 'x'.repeat(100_000) } }] }));
    writeFileSync(at('a.jsonl'), lines.join(''));
    tail(['a.jsonl']);
    while (sink.batches < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    sink.dead = true;
    const taken = sink.names.length;
    expect(taken).toBeLessThan(40);
    expect(sink.positions.get(at('a.jsonl'))!.offset).toBe(lines.slice(0, taken).join('').length);
    const dead = sink;
    const next = new MemorySink();
    for (const [file, position] of sink.positions) next.positions.set(file, position);
    const first = sink.names;
    sink = next;
    await tail(['a.jsonl']).settle();
    expect([...first, ...next.names]).toEqual(Array.from({ length: 40 }, (_, index) => `span ${index}`));
    dead.bury();
  });

  it('leaves alone what another window has read', async () => {
    writeFileSync(at('a.jsonl'), otlpLine('one'));
    const windows = [tail(['a.jsonl']), tail(['a.jsonl'])];
    for (const window of windows) await window.settle();
    sink.spans.length = 0;
    for (const name of ['two', 'three', 'four']) {
      appendFileSync(at('a.jsonl'), otlpLine(name));
      for (const window of windows) await window.settle();
      windows.reverse();
    }
    expect(sink.names).toEqual(['two', 'three', 'four']);
  });

  it('waits for the rest of a line, of a character, and of a value over many lines', async () => {
    const bytes = Buffer.from(otlpLine('née 漢字 😀'));
    const tails = tail(['*.jsonl', '*.log']);
    for (const cut of [0, bytes.indexOf('é') + 1, bytes.indexOf('漢') + 2, bytes.indexOf('😀') + 3, bytes.length - 1]) {
      writeFileSync(at('a.jsonl'), bytes.subarray(0, cut));
      await tails.settle();
      expect(sink.names).toEqual(cut === bytes.length - 1 ? ['née 漢字 😀'] : []);
    }
    const console = JSON.stringify({ name: 'printed', context: { trace_id: '0x0af7651916cd43dd8448eb211c80319c', span_id: '0xb7ad6b7169203331' }, kind: 'SpanKind.INTERNAL', parent_id: null, start_time: '2026-11-22T10:00:00.000001Z', end_time: '2026-11-22T10:00:01.000002Z', status: { status_code: 'UNSET' }, attributes: {}, events: [], links: [], resource: { attributes: {} } }, null, 4);
    writeFileSync(at('out.log'), `starting up\n${console.slice(0, 200)}`);
    await tails.settle();
    expect(sink.names).toHaveLength(1);
    appendFileSync(at('out.log'), `${console.slice(200)}\n${console.replaceAll('3331', '3332')}`);
    await tails.settle();
    expect(sink.names.slice(1)).toEqual(['printed', 'printed']);
    expect(sink.rejected).toEqual([{ where: 'line 1', reason: 'not JSON', value: 'starting up' }]);
  });

  it('follows a log through rotation by renaming, with what was written last under the old name', async () => {
    writeFileSync(at('app.jsonl'), otlpLine('one'));
    const tails = tail(['app.jsonl']);
    await tails.settle();
    appendFileSync(at('app.jsonl'), otlpLine('late'));
    renameSync(at('app.jsonl'), at('app.jsonl.1'));
    writeFileSync(at('app.jsonl'), otlpLine('fresh'));
    await tails.settle();
    expect(sink.names).toEqual(['one', 'late', 'fresh']);
  });

  it('reads no line twice when the pattern meets the old file under its new name', async () => {
    writeFileSync(at('app.jsonl'), otlpLine('one') + otlpLine('two'));
    const tails = tail(['*.jsonl']);
    await tails.settle();
    appendFileSync(at('app.jsonl'), otlpLine('late'));
    renameSync(at('app.jsonl'), at('app.1.jsonl'));
    writeFileSync(at('app.jsonl'), otlpLine('fresh'));
    await tails.settle();
    await tails.settle();
    expect([...sink.merged.map((span) => span.name)].sort()).toEqual(['fresh', 'late', 'one', 'two']);
    expect(sink.names.filter((name) => name === 'one' || name === 'two')).toEqual(['one', 'two']);
  });

  it('finds a rotation that happened while nobody looked', async () => {
    writeFileSync(at('app.jsonl'), otlpLine('one'));
    const tails = tail(['app.jsonl']);
    await tails.settle();
    await tails.close();
    appendFileSync(at('app.jsonl'), otlpLine('late'));
    renameSync(at('app.jsonl'), at('app.jsonl.1'));
    writeFileSync(at('app.jsonl'), otlpLine('fresh') + otlpLine('more'));
    await tail(['app.jsonl']).settle();
    expect(sink.names).toEqual(['one', 'late', 'fresh', 'more']);
  });

  it('starts over when a file is cut, also when it has grown beyond its old size since', async () => {
    writeFileSync(at('a.jsonl'), otlpLine('one') + otlpLine('two'));
    const tails = tail(['a.jsonl']);
    await tails.settle();
    copyFileSync(at('a.jsonl'), at('a.jsonl.1'));
    truncateSync(at('a.jsonl'), 0);
    appendFileSync(at('a.jsonl'), otlpLine('three'));
    await tails.settle();
    expect(sink.names).toEqual(['one', 'two', 'three']);
    truncateSync(at('a.jsonl'), 0);
    appendFileSync(at('a.jsonl'), otlpLine('four') + otlpLine('five') + otlpLine('six'));
    await tails.settle();
    expect(sink.names).toEqual(['one', 'two', 'three', 'four', 'five', 'six']);
  });

  it('reads a document again that is written anew as a whole', async () => {
    const trajectory = (steps: number): string => JSON.stringify({ trajectory: Array.from({ length: steps }, (_, index) => ({ action: `step ${index}`, observation: 'done', response: 'next', thought: '', execution_time: 0.1, state: {} })), history: [], info: {} }, null, 2);
    writeFileSync(at('run.traj'), trajectory(2));
    const tails = tail(['*.traj']);
    await tails.settle();
    expect(sink.spans).toHaveLength(5);
    writeFileSync(at('run.traj'), trajectory(4));
    await tails.settle();
    expect([sink.spans.length, sink.rejected]).toEqual([5 + 9, []]);
  });

  it('skips a line that is too long, and says so', async () => {
    writeFileSync(at('a.jsonl'), otlpLine('one') + otlpLine('x'.repeat(5000)) + otlpLine('three'));
    const tails = tail(['a.jsonl'], { maxDocument: 2000 });
    await tails.settle();
    expect(sink.names).toEqual(['one', 'three']);
    expect(tails.status()[0]!.files[0]!.problem).toBe('1 part could not be taken, the last: line 2: longer than 2000 bytes, skipped');
  });

  it('names the line of the file in what it rejects, also after a restart', async () => {
    writeFileSync(at('a.jsonl'), otlpLine('one') + otlpLine('two'));
    const tails = tail(['a.jsonl']);
    await tails.settle();
    appendFileSync(at('a.jsonl'), `${otlpLine('three')}{"unknown":1}\n`);
    await (await restart(tails, ['a.jsonl'])).settle();
    expect(sink.rejected).toEqual([{ where: 'line 4', reason: 'no known format of traces', value: { unknown: 1 } }]);
  });

  it('waits while the store is busy, and loses nothing', async () => {
    writeFileSync(at('a.jsonl'), otlpLine('one'));
    sink.busy = 5;
    const problems: (string | null | undefined)[] = [];
    const tails: Tails = tail(['a.jsonl'], { onChanged: () => problems.push(tails.status()[0]?.files[0]?.problem) });
    await tails.settle();
    expect([sink.names, tails.status()[0]!.files[0]!.problem]).toEqual([['one'], null]);
    expect(problems).toContain('waits: the database is locked');
    expect(problems.at(-1)).toBe(null);
  });

  it('leaves what is there alone when it is told to, up to the last whole line', async () => {
    const three = otlpLine('three');
    writeFileSync(at('a.jsonl'), otlpLine('one') + otlpLine('two') + three.slice(0, 30));
    const tails = tail([source('*.jsonl', 'end')]);
    await tails.settle();
    appendFileSync(at('a.jsonl'), three.slice(30));
    writeFileSync(at('b.jsonl'), otlpLine('new file'));
    await tails.settle();
    expect([...sink.names].sort()).toEqual(['new file', 'three']);
    await (await restart(tails, [source('*.jsonl', 'end')])).settle();
    expect(sink.names).toHaveLength(2);
  });

  it('reads sessions whole when they grow, and gives only what is new of them', async () => {
    const line = (uuid: string, rest: object, second: number): string => `${JSON.stringify({ sessionId: 's-1', uuid, timestamp: `2026-11-22T10:00:${String(second).padStart(2, '0')}.000Z`, ...rest })}\n`;
    const answer = (id: string, text: string, second: number): string => line(`a${id}`, { type: 'assistant', message: { id, role: 'assistant', model: 'claude', content: [{ type: 'text', text }], usage: { input_tokens: 1, output_tokens: 2 } } }, second);
    writeFileSync(at('s.jsonl'), `${JSON.stringify({ type: 'summary', summary: 'x', leafUuid: 'y' })}\n`);
    const tails = tail(['*.jsonl']);
    await tails.settle();
    expect(sink.batches).toBe(0);
    appendFileSync(at('s.jsonl'), line('u1', { type: 'user', message: { role: 'user', content: 'hello' } }, 0) + answer('m1', 'hi', 1));
    await tails.settle();
    expect([...sink.names].sort()).toEqual(['Claude Code session', 'chat claude', 'interaction']);
    sink.spans.length = 0;
    appendFileSync(at('s.jsonl'), line('u2', { type: 'user', message: { role: 'user', content: 'more' } }, 2) + answer('m2', 'sure', 3) + answer('m3', 'un', 4).slice(0, 20));
    await tails.settle();
    // the session has a new end, the first interaction and its call are as they were
    expect([...sink.names].sort()).toEqual(['Claude Code session', 'chat claude', 'interaction']);
    expect(sink.rejected).toEqual([]);
    await tails.settle();
    expect(sink.spans).toHaveLength(3);
  });

  it('follows links nowhere, and says so', async () => {
    mkdirSync(at('work/logs'), { recursive: true });
    mkdirSync(at('elsewhere'));
    writeFileSync(at('elsewhere/secret.jsonl'), otlpLine('secret'));
    symlinkSync(at('elsewhere/secret.jsonl'), at('work/logs/link.jsonl'));
    symlinkSync(at('elsewhere'), at('work/linked'));
    const tails = tail(['logs/*.jsonl', 'linked/*.jsonl', 'logs/link.jsonl'], { folder: at('work') });
    await tails.settle();
    expect(sink.names).toEqual([]);
    expect(tails.status().map(({ files, problem }) => [files.map((file) => file.problem), problem])).toEqual([
      [['this is a link, and links are not followed: name its target in touchstone.yml'], null],
      [[], 'linked is a link that leads out of the workspace folder, and is not followed: name the place itself'],
      [[], 'link.jsonl is a link that leads out of the workspace folder, and is not followed: name the place itself'],
    ]);
    await tails.close();
    await tail([at('elsewhere/*.jsonl'), '~/none/*.jsonl'], { folder: at('work') }).settle();
    expect(sink.names).toEqual(['secret']);
  });

  it('reads below the home folder when the file says so, whatever brackets stand in the way there', async () => {
    mkdirSync(at('home/.claude/projects/-w [1]'), { recursive: true });
    writeFileSync(at('home/.claude/projects/-w [1]/s.jsonl'), otlpLine('session'));
    mkdirSync(at('my {project}'));
    writeFileSync(at('my {project}/a.jsonl'), otlpLine('own'));
    await tail(['~/.claude/projects/*/*.jsonl', '*.jsonl'], { folder: at('my {project}') }).settle();
    expect([...sink.names].sort()).toEqual(['own', 'session']);
  });

  it.skipIf(process.getuid?.() === 0)('says why a file cannot be read (skipped for root, who may read everything)', async () => {
    writeFileSync(at('a.jsonl'), otlpLine('one'));
    chmodSync(at('a.jsonl'), 0);
    const tails = tail(['a.jsonl']);
    await tails.settle();
    expect(tails.status()[0]!.files[0]!.problem).toBe('it may not be read: permission denied');
  });

  it('says what is missing, and takes it when it comes, by itself', async () => {
    const tails = tail(['logs/*.jsonl'], { pollMs: 50 });
    await tails.settle();
    expect(tails.status()).toEqual([{ pattern: 'logs/*.jsonl', files: [], problem: `there is no folder ${at('logs')} yet` }]);
    mkdirSync(at('logs'));
    writeFileSync(at('logs/a.jsonl'), otlpLine('one'));
    await expect.poll(() => sink.names).toEqual(['one']);
    unlinkSync(at('logs/a.jsonl'));
    await expect.poll(() => tails.status()[0]!.files).toEqual([]);
  });

  it('hears of changes from the system, without looking', async () => {
    const tails = tail(['*.jsonl'], { watch: true });
    await tails.settle();
    writeFileSync(at('a.jsonl'), otlpLine('one'));
    await expect.poll(() => sink.names).toEqual(['one']);
    appendFileSync(at('a.jsonl'), otlpLine('two'));
    await expect.poll(() => sink.names).toEqual(['one', 'two']);
  });

  it('follows thousands of files', async () => {
    for (let index = 0; index < 2000; index++) writeFileSync(at(`${index}.jsonl`), otlpLine(`file ${index}`));
    const tails = tail(['*.jsonl']);
    await tails.settle();
    expect(new Set(sink.names).size).toBe(2000);
    for (let index = 0; index < 2000; index += 100) appendFileSync(at(`${index}.jsonl`), otlpLine('added'));
    await tails.settle();
    expect(sink.names.filter((name) => name === 'added')).toHaveLength(20);
    expect(sink.spans).toHaveLength(2020);
    expect(tails.status()[0]).toMatchObject({ problem: '1000 more files are followed' });
  });
});
