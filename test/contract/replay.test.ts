import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ReplayRequest } from '../../src/protocol/spans.ts';
import type { Span } from '../../src/core/trace/model.ts';
import { engineSettings, serverConfig, testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';
import { AGENT_TURNS, startAgentModel } from '../fixtures/servers/agent-model.ts';
import { startFaultServer, type FaultServer } from '../fixtures/servers/fault-server.ts';
import { recordedCallLine } from '../fixtures/traces/recorded-calls.ts';

const PROMPT = `name: Triage
model: test/model
modelParameters: { temperature: 0 }
messages:
  - { role: system, content: "Route the ticket to billing, technical or other." }
  - { role: user, content: "Ticket: {{ticket}}" }
`;

let test: TestEngine | undefined;
let server: FaultServer | undefined;
afterEach(async () => {
  await test?.close();
  await server?.stop();
  test = server = undefined;
});

const CALL = { traceId: 'a'.repeat(32), spanId: 'a'.repeat(16) };

async function start(model: FaultServer, files: Record<string, string> = {}): Promise<TestEngine> {
  server = model;
  test = await testEngine({ 'triage.prompt.yml': PROMPT, 'touchstone.yml': serverConfig(model.url, ['test/model', 'test/other']), ...files });
  return test;
}

async function record(...lines: string[]): Promise<void> {
  const file = join(test?.folder ?? '', 'calls.jsonl');
  writeFileSync(file, `${lines.join('\n')}\n`);
  await test?.engine.request('traces/import', { files: [file] });
}

const triageCall = (more: { role: 'user' | 'assistant'; content: string }[] = []): string =>
  recordedCallLine({ id: 'a'.repeat(16), model: 'model', answer: 'other', attributes: { 'gen_ai.provider.name': 'test', 'gen_ai.request.temperature': 1 }, messages: [{ role: 'system', content: 'Route the ticket to billing, technical or other.' }, { role: 'user', content: 'Ticket: I was charged twice.' }, ...more] });

const spansOf = async (traceId: string): Promise<readonly Span[]> => (JSON.parse((await test!.engine.request('traces/export', { traceId, format: 'json' })).text) as { spans: Span[] }).spans;
const request = (over: Partial<ReplayRequest>): ReplayRequest => ({ span: CALL, with: { kind: 'recorded' }, times: 1, stream: 's', ...over });

describe('a replay', () => {
  it('asks again what was asked, as often as wanted; each answer is a trace that leads back', async () => {
    const { engine } = await start(await startFaultServer({ answer: () => ({ id: 'x', text: ['billing'], usage: { input: 40, cached: 0, output: 2, reasoning: 0 } }) }));
    await record(triageCall());
    const progress: number[] = [];
    engine.on('replay/progress', ({ done }) => void progress.push(done));
    const replayed = await engine.request('replay/run', request({ times: 3 }));
    expect(replayed).toMatchObject({ recorded: { output: 'other', latencyMs: 800, usage: { input: 100, output: 5 }, model: 'model' }, model: 'test/model', notes: [] });
    expect(replayed.outputs.map(({ output, error }) => [output, error])).toEqual([['billing', null], ['billing', null], ['billing', null]]);
    expect(progress.at(-1)).toBe(3);
    expect(server?.requests.map(({ body }) => [body['messages'], body['temperature']])[0]).toEqual([[{ role: 'system', content: 'Route the ticket to billing, technical or other.' }, { role: 'user', content: 'Ticket: I was charged twice.' }], 1]);
    const [root, call] = await spansOf(replayed.outputs[2]!.traceId);
    expect(root).toMatchObject({ name: 'replay Triage', service: 'touchstone replay', links: [{ traceId: CALL.traceId, spanId: CALL.spanId }] });
    expect(call).toMatchObject({ kind: 'llm', output: [{ parts: [{ type: 'text', text: 'billing' }] }], tokens: { input: 40, output: 2 } });
    // A replay is no use of a prompt, and stands in no list of what apps did.
    expect((await engine.request('traces/list', { query: '', sort: 'time', descending: true, limit: 10 })).traces.map(({ traceId }) => traceId)).toEqual([CALL.traceId]);
  });

  it('asks as the working copy would now, with the values of then and the conversation since', async () => {
    const { engine } = await start(await startFaultServer({ answer: () => ({ id: 'x', text: ['billing'], usage: { input: 40, cached: 0, output: 2, reasoning: 0 } }) }));
    await record(triageCall([{ role: 'assistant', content: 'Which card?' }, { role: 'user', content: 'The blue one.' }]));
    const path = join(test!.folder, 'triage.prompt.yml');
    const overlays = [{ path, text: PROMPT.replace('Ticket:', 'The customer writes:') }];
    // The version that made it is saved: then the unsaved text is another prompt's, and the values are still known.
    await engine.request('versions/save', { path, message: 'first' });
    const { outputs } = await engine.request('replay/run', request({ with: { kind: 'prompt', path, ref: 'working' }, model: 'test/other', overlays }));
    expect(outputs[0]).toMatchObject({ output: 'billing', error: null });
    expect(server?.requests[0]?.body).toMatchObject({ temperature: 0, messages: [{ role: 'system' }, { role: 'user', content: 'The customer writes: I was charged twice.' }, { role: 'assistant', content: 'Which card?' }, { role: 'user', content: 'The blue one.' }] });
    const old = await engine.request('replay/run', request({ with: { kind: 'prompt', path, ref: 'v1' }, overlays }));
    expect(server?.requests[1]?.body).toMatchObject({ messages: [{}, { content: 'Ticket: I was charged twice.' }, {}, {}] });
    expect((await spansOf(old.outputs[0]!.traceId))[1]).toMatchObject({ promptName: 'Triage', promptVersion: expect.stringMatching(/^[0-9a-f]{12}$/) as string });
  });

  it('of an agent goes on from a step, with what its tools answered', async () => {
    const { engine } = await start(await startAgentModel());
    const [weather, convert] = AGENT_TURNS;
    const tool = (turn: typeof weather, id: string): string => recordedCallLine({ id, model: 'model', answer: '', messages: [], attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': turn!.call!.name, 'gen_ai.tool.call.arguments': JSON.stringify(turn!.call!.arguments), 'gen_ai.tool.call.result': JSON.stringify(turn!.call!.result) } }).replace(`"traceId":"${id}${id}"`, `"traceId":"${CALL.traceId}"`);
    await record(recordedCallLine({ id: 'a'.repeat(16), model: 'model', answer: 'x', attributes: { 'gen_ai.provider.name': 'test' }, messages: [{ role: 'user', content: 'How warm is it in Bern, in Fahrenheit?' }] }), tool(weather, 'b'.repeat(16)), tool(convert, 'c'.repeat(16)));
    const { outputs } = await engine.request('replay/run', request({ agent: { maxSteps: 5 } }));
    expect(outputs[0]).toMatchObject({ output: AGENT_TURNS[2]!.text, error: null, stopped: null });
    expect(outputs[0]?.messages.map(({ role }) => role)).toEqual(['assistant', 'tool', 'assistant', 'tool', 'assistant']);
    const spans = await spansOf(outputs[0]!.traceId);
    expect(spans.map(({ kind }) => kind)).toEqual(['agent', 'llm', 'tool', 'llm', 'tool', 'llm']);
    expect(spans[2]).toMatchObject({ toolName: 'get_weather', toolResult: weather!.call!.result });

    expect(outputs[0]?.usage).toEqual(expect.objectContaining({ cachedInput: null }));
    const limited = await engine.request('replay/run', request({ agent: { maxSteps: 1 } }));
    expect(limited.outputs[0]?.stopped).toContain('not done after 1 steps');
  });

  it('says what stands in its way', async () => {
    const { engine } = await start(await startFaultServer({ answer: () => ({ status: 401, body: { error: { message: 'no' } } }) as never }));
    await record(triageCall(), recordedCallLine({ id: 'b'.repeat(16), model: 'nobodys', answer: '', attributes: { 'gen_ai.provider.name': 'nobody' }, messages: [{ role: 'user', content: 'x' }] }), recordedCallLine({ id: 'c'.repeat(16), answer: '', messages: [], attributes: { 'gen_ai.input.messages': '' } }));
    const path = join(test!.folder, 'triage.prompt.yml');
    const of = (id: string): { traceId: string; spanId: string } => ({ traceId: id.repeat(32), spanId: id.repeat(16) });
    await expect(engine.request('replay/run', request({ span: of('b') }))).rejects.toMatchObject({ code: 'unknown-model', message: expect.stringContaining('nobodys') as string });
    await expect(engine.request('replay/run', request({ span: of('c') }))).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('holds no messages') as string });
    await expect(engine.request('replay/run', request({ span: of('b'), with: { kind: 'prompt', path, ref: 'working' } }))).rejects.toMatchObject({ message: expect.stringContaining('needs ticket') as string });
    await expect(engine.request('replay/run', request({ times: 0 }))).rejects.toMatchObject({ code: 'usage' });
    await expect(engine.request('replay/run', request({ agent: { maxSteps: 1e9 } }))).rejects.toMatchObject({ code: 'usage' });
    await engine.request('engine/configure', engineSettings(test!.folder, { trusted: false }));
    await expect(engine.request('replay/run', request({}))).rejects.toMatchObject({ code: 'untrusted-workspace' });
  });
});
