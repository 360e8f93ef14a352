import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeOtlpJson } from '../../src/core/trace/otlp-json.ts';
import { openDatabase } from '../../src/node/sqlite/database.ts';
import type { ImportedFile, TracePage } from '../../src/protocol/traces.ts';
import { otlpLine } from '../fixtures/trace-sink.ts';
import { CORPUS } from '../unit/trace/corpus-counts.ts';

/** The commands about traces as people run them: a process of its own, on the real engine and a real store. */
const root = path.resolve(import.meta.dirname, '../..');
const corpus = path.join(process.env['TOUCHSTONE_SHARED'] ?? path.resolve(root, '../shared'), 'corpus/traces');
const schema = JSON.parse(readFileSync(path.join(root, 'docs/cli-output.schema.json'), 'utf8')) as { $defs: object };
const ajv = new Ajv2020({ strict: false });
ajvFormats(ajv);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let folder = '';
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'touchstone-cli-traces-'));
  writeFileSync(at('touchstone.yml'), '');
});
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => path.join(folder, name);

function start(args: readonly string[]): { child: ChildProcess; ended: Promise<Ended>; seen: { stdout: string; stderr: string } } {
  const child = spawn(process.execPath, [path.join(root, 'src/cli/main.ts'), ...args], { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const seen = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (seen.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (seen.stderr += text));
  const ended = new Promise<Ended>((resolve) => child.on('close', (code, signal) => resolve({ ...seen, code: signal === 'SIGINT' ? 130 : code })));
  return { child, ended, seen };
}
const touchstone = (...args: string[]): Promise<Ended> => start(args).ended;

/** What was printed, checked against the schema that is promised for it. */
function documentOf<T>(name: 'import' | 'traces' | 'trace', { stdout }: Ended): T {
  const document: unknown = JSON.parse(stdout);
  const validate = ajv.compile({ $ref: `#/$defs/${name}`, $defs: schema.$defs });
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  return document as T;
}

describe('touchstone import', () => {
  it.skipIf(!existsSync(corpus))('reads every file of the corpus and loses no span (skipped without the shared corpus)', async () => {
    const names = Object.keys(CORPUS);
    const ended = await touchstone('import', '--json', ...names.map((name) => path.join(corpus, name)));
    // one of the files is no trace at all
    expect(ended.code).toBe(1);
    const { files } = documentOf<{ files: ImportedFile[] }>('import', ended);
    expect(Object.fromEntries(files.map((file, index) => [names[index]!, { format: file.format, spans: file.spans, logs: file.logs, traces: file.traces, rejected: file.rejected.length }]))).toEqual(
      Object.fromEntries(names.map((name) => [name, { format: CORPUS[name]!.format ?? 'unknown', spans: CORPUS[name]!.spans, logs: CORPUS[name]!.logs, traces: CORPUS[name]!.traces, rejected: CORPUS[name]!.rejected }])),
    );
    const page = documentOf<TracePage>('traces', await touchstone('traces', '--limit', '1000', '--json'));
    // The pair of jaeger-ui is the same trace twice.
    const pair = CORPUS['jaeger-ui/otlp2jaeger-out.json']!;
    const rows = Object.values(CORPUS);
    expect(page.traces).toHaveLength(rows.reduce((sum, row) => sum + row.traces, 0) - pair.traces);
    expect(page.traces.reduce((sum, trace) => sum + trace.spans, 0)).toBe(rows.reduce((sum, row) => sum + row.distinct, 0) - pair.distinct);
  });

  it('says file and line of what it cannot take, and takes the rest', async () => {
    writeFileSync(at('a.jsonl'), `${otlpLine('one')}{"cut":\n${otlpLine('three')}${JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'no ids' }] }] }] })}\n`);
    writeFileSync(at('b.jsonl'), otlpLine('four'));
    const ended = await touchstone('import', 'a.jsonl', 'b.jsonl');
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/a\.jsonl +otlp +2 +2 +0 +2\nb\.jsonl +otlp +1 +1 +0 +0\n/);
    expect(ended.stderr).toMatch(/^a\.jsonl:2: not valid JSON: .*\na\.jsonl:4: resourceSpans\[0\]\.scopeSpans\[0\]\.spans\[0\]: .*\n$/);
    const missing = await touchstone('import', 'none.jsonl', 'b.jsonl');
    expect(missing).toMatchObject({ code: 2, stderr: 'none.jsonl: The file cannot be read: there is no such file.\n' });
    expect(missing.stdout).toMatch(/b\.jsonl +otlp +1 +1/);
    expect((await touchstone('import', 'b.jsonl')).code).toBe(0);
    expect(documentOf<TracePage>('traces', await touchstone('traces', '--json')).traces.map(({ name }) => name).sort()).toEqual(['four', 'one', 'three']);
  });

  it('waits while another process holds the database, and can be cancelled there', async () => {
    writeFileSync(at('a.jsonl'), otlpLine('one'));
    const database = await openDatabase(folder);
    database.exec('BEGIN IMMEDIATE');
    const { child, ended } = start(['import', 'a.jsonl']);
    setTimeout(() => child.kill('SIGINT'), 2500);
    expect(await ended).toMatchObject({ code: 130 });
    database.exec('ROLLBACK');
    database.close();
    expect((await touchstone('import', 'a.jsonl')).code).toBe(0);
  });
});

describe('touchstone traces and trace', () => {
  it.skipIf(!existsSync(corpus))('lists, filters and shows (skipped without the shared corpus)', async () => {
    await touchstone('import', path.join(corpus, 'jaeger-ui/genaiTestTrace.json'), path.join(corpus, 'langfuse/openai-agents-2025-09-30.json'));
    const list = await touchstone('traces', 'kind:tool', 'errors:>0');
    expect(list.code).toBe(0);
    expect(list.stdout).toMatch(/^Trace +Name +Started \(UTC\) +Took +Spans +Errors .*\n4a1b2c3d +POST \/api\/graphql +2026-02-02 02:40:00 +44\.0 s +57 +1 .*\n$/);
    expect(await touchstone('traces', 'no-such-text-anywhere')).toMatchObject({ code: 0, stdout: '', stderr: 'No trace is found by this.\n' });
    expect(await touchstone('traces', 'status:bogus')).toMatchObject({ code: 2, stderr: expect.stringContaining('column 8') as string });
    const first = documentOf<TracePage>('traces', await touchstone('traces', '--limit', '1', '--json'));
    const second = documentOf<TracePage>('traces', await touchstone('traces', '--limit', '1', '--cursor', first.next!, '--json'));
    expect(new Set([...first.traces, ...second.traces].map(({ traceId }) => traceId)).size).toBe(2);

    const tree = await touchstone('trace', '4a1b');
    expect(tree.stdout).toMatch(/^POST \/api\/graphql · 44\.0 s · 5 model calls · 7 tool calls/);
    expect(tree.stdout).toContain('✗ GET /api/v1/pods failed');
    expect(tree.stdout).toMatch(/\n[0-9a-f]{8,16} {8}tool {2}execute_tool list_dashboards/);
    const document = documentOf<{ traceId: string; spans: unknown[]; findings: unknown[] }>('trace', await touchstone('trace', '4a1b2c3d4e5f60718293a4b5c6d7e8f9', '--json'));
    expect([document.spans.length, document.findings.length > 0]).toEqual([57, true]);
    expect(await touchstone('trace', '4a1b', '--output', 'out.otlp.json')).toMatchObject({ code: 0, stdout: '', stderr: 'Wrote out.otlp.json\n' });
    expect(decodeOtlpJson(JSON.parse(readFileSync(at('out.otlp.json'), 'utf8')))?.spans).toHaveLength(57);
    expect((await touchstone('trace', '4a1b', '--markdown')).stdout).toContain('## user\n\nWhy did the checkout latency regress');
    expect(await touchstone('trace', 'ffff')).toMatchObject({ code: 2, stdout: '' });
    expect(await touchstone('trace', '4a1b', '--json', '--otlp')).toMatchObject({ code: 2, stderr: '--json and --otlp cannot be given together.\n' });
  });

  it('prints no character that could steer the terminal', async () => {
    writeFileSync(at('a.jsonl'), otlpLine('evil \u001B]0;title\u0007\u202E name'));
    await touchstone('import', 'a.jsonl');
    for (const args of [['traces'], ['trace', 'latest'], ['trace', 'latest', '--markdown']]) {
      const { stdout } = await touchstone(...args);
      expect(stdout).toContain('evil');
      expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202E]/u);
    }
  });
});

describe('touchstone serve', () => {
  it('receives and follows files until Ctrl+C, and says what came', async () => {
    writeFileSync(at('touchstone.yml'), 'traces: { sources: [logs.jsonl] }\n');
    writeFileSync(at('logs.jsonl'), otlpLine('from a file'));
    const { child, ended, seen } = start(['serve', '--port', '0', '--no-grpc', '--json']);
    await expect.poll(() => seen.stdout).toContain('\n');
    const { receiver, endpoint, environment } = JSON.parse(seen.stdout.split('\n')[0]!) as { receiver: { state: string; http: number; grpc: number | null }; endpoint: string; environment: Record<string, string> };
    expect([receiver.state, receiver.grpc, endpoint]).toEqual(['on', null, `http://127.0.0.1:${receiver.http}`]);
    expect(environment).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' });
    const response = await fetch(`${endpoint}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: otlpLine('over the network') });
    expect([response.status, await response.text()]).toEqual([200, '{}']);
    appendFileSync(at('logs.jsonl'), otlpLine('appended'));
    const names = async (): Promise<string[]> => documentOf<TracePage>('traces', await touchstone('traces', '--json')).traces.map(({ name }) => name).sort();
    await expect.poll(names, { interval: 500 }).toEqual(['appended', 'from a file', 'over the network']);
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect([code, JSON.parse(stdout.trim().split('\n').at(-1)!)]).toEqual([0, { received: { spans: 3, logs: 0, metrics: 0, rejected: 0 } }]);
  });

  it('prints what to set, and a second one waits for the first', async () => {
    const first = start(['serve', '--port', '0', '--grpc-port', '0']);
    await expect.poll(() => first.seen.stdout).toMatch(/^Receiving OpenTelemetry on http:\/\/127\.0\.0\.1:\d+ \(HTTP\) and 127\.0\.0\.1:\d+ \(gRPC\)\n[^]*export OTEL_EXPORTER_OTLP_ENDPOINT=http:\/\/127\.0\.0\.1:\d+\n[^]*Ctrl\+C ends\.\n$/);
    const second = start(['serve', '--port', '0', '--grpc-port', '0']);
    await expect.poll(() => second.seen.stdout).toMatch(/^Waiting: a touchstone command receives for this workspace/);
    first.child.kill('SIGINT');
    expect(await first.ended).toMatchObject({ code: 0, stderr: 'Received 0 spans.\n' });
    await expect.poll(() => second.seen.stdout).toContain('\nReceiving OpenTelemetry');
    second.child.kill('SIGTERM');
    expect(await second.ended).toMatchObject({ code: 0 });
    expect(await touchstone('serve', '--port', '70000')).toMatchObject({ code: 2 });
  });
});
