import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { traceIdOfCell, traceparentOfAttempt } from '../../src/core/eval/cell-trace-id.ts';
import type { Span } from '../../src/core/trace/model.ts';
import type { TraceRow } from '../../src/protocol/traces.ts';
import { testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';

const PROMPT = `name: Echo
model: echo
messages:
  - { role: system, content: "Repeat." }
  - { role: user, content: "{{text}}" }
golden: echo.golden.jsonl
assert:
  - { type: contains, value: "{{expected}}" }
`;
const DATA = ['{"id":"yes","text":"a card was declined","expected":"card","tags":["clear"]}', '{"id":"no","text":"hello","expected":"card"}', ''].join('\n');

let test: TestEngine | undefined;
afterEach(async () => {
  await test?.close();
  test = undefined;
});

const evalTraces = async ({ engine }: TestEngine): Promise<readonly TraceRow[]> => (await engine.request('traces/list', { query: 'origin:eval', sort: 'time', descending: false, limit: 100 })).traces;

describe('traces of eval cells', () => {
  it('a cell opens its trace, also while nothing else was written', async () => {
    test = await testEngine({ 'echo.prompt.yml': PROMPT, 'echo.golden.jsonl': DATA, 'touchstone.yml': '' });
    const { engine } = test;
    const { run, cells } = await test.eval();
    const { traceId } = await engine.request('cells/trace', { runId: run.info.id, key: { caseIndex: 1, modelIndex: 0, repeat: 0 } });
    expect(traceId).toBe(traceIdOfCell(run.info.id, 1));
    expect(cells.map(({ result }) => result.traceId)).toEqual([traceIdOfCell(run.info.id, 0), traceId]);
    expect(await engine.request('traces/get', { traceId })).toMatchObject({ name: 'eval no', origin: 'eval', session: run.info.id, spans: 3, llmCalls: 1, errors: 1, hiddenErrors: 1, preview: 'hello' });
    const failed = await engine.request('traces/list', { query: 'origin:eval status:error', sort: 'time', descending: false, limit: 10 });
    expect(failed.traces.map(({ name }) => name)).toEqual(['eval no']);
    const { spans } = JSON.parse((await engine.request('traces/export', { traceId, format: 'json' })).text) as { spans: Span[] };
    expect(spans.map(({ name, kind }) => [name, kind])).toEqual([['eval no', 'chain'], ['chat echo', 'llm'], ['checks', 'evaluator']]);
    expect(spans[0]).toMatchObject({ input: { text: 'hello' }, promptName: 'Echo' });
    expect(spans[2]).toMatchObject({ parentId: spans[0]!.spanId, scores: [{ name: 'checks', value: 0, label: 'fail' }, { name: 'contains', value: 0, label: 'fail' }] });
    expect(spans[1]!.input).toEqual([{ role: 'system', parts: [{ type: 'text', text: 'Repeat.' }] }, { role: 'user', parts: [{ type: 'text', text: 'hello' }] }]);
    await expect(engine.request('cells/trace', { runId: run.info.id, key: { caseIndex: 2, modelIndex: 0, repeat: 0 } })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('every finished cell has one: they are written when asked for, each once, and stay out of the usual list', async () => {
    test = await testEngine({ 'echo.prompt.yml': PROMPT, 'echo.golden.jsonl': DATA, 'touchstone.yml': '' });
    const { engine } = test;
    const { run, cells } = await test.eval({ repeats: 3 });
    // By its id, which reports tell, before anything was written.
    const wanted = cells[4]!.result.traceId!;
    expect(await engine.request('traces/get', { traceId: wanted })).toMatchObject({ traceId: wanted, name: 'eval no' });
    const traces = await evalTraces(test);
    expect(traces.map(({ traceId }) => traceId).sort()).toEqual(cells.map(({ result }) => result.traceId));
    expect(traces.map(({ session }) => session)).toEqual(cells.map(() => run.info.id));
    const revisions = traces.map(({ revision }) => revision);
    expect((await evalTraces(test)).map(({ revision }) => revision)).toEqual(revisions);
    expect((await engine.request('traces/list', { query: '', sort: 'time', descending: true, limit: 10 })).traces).toEqual([]);
    await expect(engine.request('traces/get', { traceId: traceIdOfCell(run.info.id, 99) })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('a case that is run again has a new attempt in its trace, and a deleted run takes its traces along', async () => {
    test = await testEngine({ 'echo.prompt.yml': PROMPT, 'echo.golden.jsonl': DATA, 'touchstone.yml': '' });
    const { engine } = test;
    const { run } = await test.eval();
    expect((await evalTraces(test)).map(({ spans }) => spans)).toEqual([3, 3]);
    await engine.request('cells/rerun', { runId: run.info.id, caseIndex: 0 });
    const again = await evalTraces(test);
    expect(Object.fromEntries(again.map(({ name, spans }) => [name, spans]))).toEqual({ 'eval no': 3, 'eval yes': 4 });
    await engine.request('runs/delete', { runIds: [run.info.id] });
    expect(await evalTraces(test)).toEqual([]);
  });

  it('an untrusted workspace opens nothing for it', async () => {
    test = await testEngine({ 'echo.prompt.yml': PROMPT, 'echo.golden.jsonl': DATA }, { trusted: false });
    await expect(test.engine.request('cells/trace', { runId: 'r', key: { caseIndex: 0, modelIndex: 0, repeat: 0 } })).rejects.toMatchObject({ code: 'untrusted-workspace' });
    expect(existsSync(`${test.folder}/.touchstone`)).toBe(false);
  });
});

/** An agent as people write one: it answers, and reports a span of its own by what its environment says. */
const AGENT = `
const [, traceId, parentSpanId] = process.env.TRACEPARENT.split('-');
const span = { traceId, spanId: 'feedfacecafebeef', parentSpanId, name: 'agent step', kind: 1, startTimeUnixNano: '1790000000000000000', endTimeUnixNano: '1790000001000000000' };
const endpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
if (endpoint) {
  const response = await fetch(endpoint + '/v1/traces', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }) });
  if (response.status !== 200) process.exit(3);
}
process.stdout.write('card ' + (endpoint ? 'traced' : 'alone'));
`;

describe('programs that an eval asks', () => {
  it('join the trace of their cell, and find the receiver while it is on', async () => {
    const prompt = PROMPT.replace('model: echo', `model: 'exec:${process.execPath} agent.mjs'`);
    test = await testEngine({ 'echo.prompt.yml': prompt, 'echo.golden.jsonl': `${DATA.split('\n')[0]!}\n`, 'touchstone.yml': '', 'agent.mjs': AGENT });
    const { engine } = test;
    const alone = await test.eval();
    expect(alone.cells.map(({ result }) => [result.output, result.error])).toEqual([['card alone', null]]);
    expect(await engine.request('sources/receiver', { on: true, http: 0, grpc: null })).toMatchObject({ state: 'on' });
    const { run, cells } = await test.eval();
    expect(cells.map(({ result }) => [result.output, result.error])).toEqual([['card traced', null]]);
    const { traceId } = await engine.request('cells/trace', { runId: run.info.id, key: { caseIndex: 0, modelIndex: 0, repeat: 0 } });
    const { spans } = JSON.parse((await engine.request('traces/export', { traceId, format: 'json' })).text) as { spans: Span[] };
    expect(spans.map(({ name, parentId }) => [name, spans.find(({ spanId }) => spanId === parentId)?.name ?? null])).toEqual([['eval yes', null], [expect.stringMatching(/^chat exec:/), 'eval yes'], ['agent step', expect.stringMatching(/^chat exec:/)], ['checks', 'eval yes']]);
  });

  it('an HTTP model is sent the traceparent', async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers['traceparent'] as string | undefined);
      response.setHeader('content-type', 'application/json');
      response.end('{"output":"a card"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      test = await testEngine({ 'echo.prompt.yml': PROMPT.replace('model: echo', `model: http://127.0.0.1:${port}/`), 'echo.golden.jsonl': `${DATA.split('\n')[0]!}\n`, 'touchstone.yml': '' });
      const { run, cells } = await test.eval();
      expect(cells.map(({ result }) => result.output)).toEqual(['a card']);
      expect(seen).toEqual([traceparentOfAttempt(traceIdOfCell(run.info.id, 0), 1)]);
    } finally {
      server.close();
    }
  });
});
