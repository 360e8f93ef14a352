import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TouchstoneError } from '../../../src/core/errors.ts';
import { ModelError, type Model, type ModelCatalog, type ModelRequest } from '../../../src/core/model/model.ts';
import type { EditorModels } from '../../../src/node/models/editor-model.ts';
import { startFaultServer, type FaultServer } from '../../fixtures/servers/fault-server.ts';
import { catalogOf, failure, never, requestOf, temporaryFolder } from './harness.ts';

/** One adapter as the contract sees it. */
interface Subject {
  readonly name: string;
  model(): Promise<Model>;
  readonly request: ModelRequest;
  readonly text: string;
  /** A model that answers late, to be cancelled. */
  readonly slow?: () => Promise<Model>;
  /** A model that fails. */
  failing(): Promise<{ readonly model: Model; readonly request: ModelRequest }>;
  readonly usage: 'reported' | 'unknown';
  /** How often the outside was asked. */
  attempts?(): number;
}

let server: FaultServer;
let folder: ReturnType<typeof temporaryFolder>;
let catalog: ModelCatalog;
let editorCalls = 0;

const editor: EditorModels = {
  list: () => Promise.resolve([{ id: 'copilot/test', name: 'Test', maxInputTokens: 1_000 }]),
  async generate({ id, messages, onText }) {
    editorCalls += 1;
    if (id === 'copilot/broken') throw new Error('Language model unavailable');
    if (id === 'copilot/slow') await new Promise(() => undefined);
    const said = messages.at(-1)?.content;
    const text = `editor says ${typeof said === 'string' ? said : ''}`;
    onText?.('editor ');
    onText?.(text.slice('editor '.length));
    return { text, toolCalls: [], notes: [], inputTokens: null };
  },
};

beforeAll(async () => {
  server = await startFaultServer({ fault: ({ body }) => (String(body['model']).startsWith('slow') || body['prompt'] === 'slow' ? 'silence' : String(body['model']).startsWith('bad') ? '400' : 'ok') });
  folder = temporaryFolder({
    'provider.mjs': `
      export default class {
        constructor(options) { this.options = options; }
        id() { return 'mine'; }
        async callApi(prompt, context) {
          console.log('noise on standard output');
          if (prompt === 'slow') await new Promise((resolve) => setTimeout(resolve, 600_000));
          if (prompt === 'fail') throw new Error('the provider broke');
          return { output: 'file says ' + prompt + ' ' + context.vars.text + (process.env.ELECTRON_RUN_AS_NODE ?? '') };
        }
      }`,
    'provider.py': `
import time
print("noise on standard output")
def call_api(prompt, options, context):
    print("more noise")
    if prompt == "slow":
        time.sleep(600)
    if prompt == "fail":
        raise ValueError("the provider broke")
    return {"output": "python says " + prompt + " " + context["vars"]["text"]}
`,
    'recorded.jsonl': '{"id":"case-1","output":"recorded says hello"}\n',
    'answer.mjs': `
      import { text } from 'node:stream/consumers';
      const asked = JSON.parse(await text(process.stdin));
      if (asked.prompt === 'slow') await new Promise((resolve) => setTimeout(resolve, 600_000));
      if (asked.prompt === 'fail') { console.error('the program broke'); process.exit(7); }
      process.stdout.write('exec says ' + asked.prompt + ' ' + asked.case.vars.text);`,
  });
  const entry = (model: string, api: 'chat' | 'responses') => ({ provider: 'openai-compatible' as const, baseUrl: server.url, model, api, extra: {}, range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } } });
  catalog = catalogOf({
    editor,
    baseDir: folder.path,
    config: {
      path: '/nowhere/touchstone.yml',
      prices: {},
      models: { chat: entry('m', 'chat'), 'chat-slow': entry('slow', 'chat'), 'chat-bad': entry('bad', 'chat'), responses: entry('m', 'responses'), 'responses-slow': entry('slow', 'responses'), 'responses-bad': entry('bad', 'responses') },
    },
  });
});

afterAll(async () => {
  await catalog.dispose();
  await server.stop();
  folder.remove();
});

const resolve = (id: string, config: Record<string, unknown> = {}): Promise<Model> => catalog.resolve({ id, config });
const LABELS = 'Labels: billing, technical, account\n\nTicket: The invoice shows a charge that I never made.';
const askedOf = (name: string): number => server.requests.filter(({ body, path }) => body['model'] === name || path.includes(`/${name}/`)).length;

const subjects: readonly Subject[] = [
  { name: 'chat completions', model: () => resolve('chat'), request: requestOf('hello'), text: 'answer to hello', slow: () => resolve('chat-slow'), failing: async () => ({ model: await resolve('chat-bad'), request: requestOf('x') }), usage: 'reported', attempts: () => askedOf('m') + askedOf('bad') },
  { name: 'responses', model: () => resolve('responses'), request: requestOf('hello'), text: 'answer to hello', slow: () => resolve('responses-slow'), failing: async () => ({ model: await resolve('responses-bad'), request: requestOf('x') }), usage: 'reported', attempts: () => askedOf('m') + askedOf('bad') },
  { name: 'legacy completions', model: () => resolve('openai:completion:davinci-002', { apiBaseUrl: server.url }), request: requestOf('hello'), text: 'answer to hello', slow: () => resolve('openai:completion:slow', { apiBaseUrl: server.url }), failing: async () => ({ model: await resolve('openai:completion:bad', { apiBaseUrl: server.url }), request: requestOf('x') }), usage: 'reported', attempts: () => askedOf('davinci-002') + askedOf('bad') },
  { name: 'azure', model: () => resolve('azure:chat:my-deployment', { apiBaseUrl: server.url.replace('/v1', ''), apiKeyEnvar: 'OPENAI_API_KEY' }), request: requestOf('hello'), text: 'answer to hello', slow: () => resolve('azure:chat:slow', { apiBaseUrl: server.url.replace('/v1', ''), apiKeyEnvar: 'OPENAI_API_KEY' }), failing: async () => ({ model: await resolve('azure:chat:bad', { apiBaseUrl: server.url.replace('/v1', ''), apiKeyEnvar: 'OPENAI_API_KEY' }), request: requestOf('x') }), usage: 'reported', attempts: () => askedOf('my-deployment') + askedOf('bad') },
  { name: 'editor', model: () => resolve('vscode:copilot/test'), request: requestOf('hello'), text: 'editor says hello', slow: () => resolve('vscode:copilot/slow'), failing: async () => ({ model: await resolve('vscode:copilot/broken'), request: requestOf('x') }), usage: 'unknown', attempts: () => editorCalls },
  { name: 'exec', model: () => resolve(`exec:"${process.execPath}" answer.mjs`), request: requestOf('hello'), text: 'exec says hello hello', slow: () => resolve(`exec:"${process.execPath}" answer.mjs`), failing: async () => ({ model: await resolve(`exec:"${process.execPath}" answer.mjs`), request: requestOf('fail') }), usage: 'unknown' },
  { name: 'http', model: () => resolve(`${server.url}/completions`, { body: { prompt: '{{prompt}}' }, transformResponse: 'json.choices[0].text' }), request: requestOf('hello'), text: 'answer to hello', slow: () => resolve(`${server.url}/completions`, { body: { prompt: 'slow' } }), failing: async () => ({ model: await resolve(`${server.url}/completions`, { body: { prompt: '{{prompt}}' }, transformResponse: 'json.nothing' }), request: requestOf('x') }), usage: 'unknown' },
  { name: 'JavaScript provider', model: () => resolve('file://provider.mjs'), request: requestOf('hello'), text: 'file says hello hello', slow: () => resolve('file://provider.mjs'), failing: async () => ({ model: await resolve('file://provider.mjs'), request: requestOf('fail') }), usage: 'unknown' },
  { name: 'Python provider', model: () => resolve('python:provider.py'), request: requestOf('hello'), text: 'python says hello hello', slow: () => resolve('python:provider.py'), failing: async () => ({ model: await resolve('python:provider.py'), request: requestOf('fail') }), usage: 'unknown' },
  { name: 'replay', model: () => resolve('replay:recorded.jsonl'), request: requestOf('hello'), text: 'recorded says hello', failing: async () => ({ model: await resolve('replay:recorded.jsonl'), request: requestOf('hello', { case: { id: 'case-2', vars: {} } }) }), usage: 'unknown' },
  { name: 'echo', model: () => resolve('echo'), request: requestOf('hello'), text: 'hello', failing: async () => ({ model: await resolve('local:labels'), request: requestOf('hello') }), usage: 'reported' },
  { name: 'local labels', model: () => resolve('local:labels'), request: requestOf(LABELS), text: 'billing', failing: async () => ({ model: await resolve('local:labels'), request: requestOf('hello') }), usage: 'reported' },
];

describe.each(subjects)('the contract of a model: $name', (subject) => {
  it('answers', async () => {
    const model = await subject.model();
    const reply = await model.generate(subject.request, { signal: never() });
    expect(reply.text).toBe(subject.text);
    expect(reply.toolCalls).toEqual([]);
  });

  it('says its usage, or that it is unknown', async () => {
    const { usage } = await (await subject.model()).generate(subject.request, { signal: never() });
    if (subject.usage === 'unknown') expect(usage).toBeNull();
    else expect(usage).toMatchObject({ input: expect.any(Number) as number, output: expect.any(Number) as number });
  });

  it('streams pieces that make up the text', async () => {
    const pieces: string[] = [];
    const reply = await (await subject.model()).generate(subject.request, { signal: never(), onText: (piece) => pieces.push(piece) });
    expect(reply.text).toBe(subject.text);
    expect(pieces.length).toBeGreaterThan(0);
    expect(pieces.join('')).toBe(reply.text);
  });

  it('does nothing when it is already cancelled', async () => {
    const error = await failure((await subject.model()).generate(subject.request, { signal: AbortSignal.abort() }));
    expect(error).toBeInstanceOf(TouchstoneError);
    expect(error).toMatchObject({ code: 'cancelled' });
  });

  it('fails with an error that says what to do, after one attempt', async () => {
    const { model, request } = await subject.failing();
    const before = subject.attempts?.();
    const error = await failure(model.generate(request, { signal: never() }));
    expect(error).toBeInstanceOf(TouchstoneError);
    expect(error).toBeInstanceOf(ModelError);
    expect(error.message.length).toBeGreaterThan(20);
    if (before !== undefined) expect(subject.attempts!()).toBe(before + 1);
  });

  it('says what shapes its answer, without secrets', async () => {
    const model = await subject.model();
    expect(Object.keys(model.identity)).toContain('adapter');
    expect(JSON.stringify(model.identity)).not.toContain('sk-contract');
    expect(model.endpoint).not.toBe('');
  });
});

it.each(subjects.filter(({ slow }) => slow !== undefined))('$name stops promptly when it is cancelled', async ({ slow }) => {
  const model = await slow!();
  const stop = new AbortController();
  const call = failure(model.generate(requestOf('slow'), { signal: stop.signal }));
  setTimeout(() => stop.abort(), 300);
  // The slow models answer after ten minutes at the earliest.
  expect(await call).toMatchObject({ code: 'cancelled' });
});

it('leaves nothing open once it is disposed of', async () => {
  await catalog.dispose();
  await expect.poll(() => server.connections()).toBe(0);
});
