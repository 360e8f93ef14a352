import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelEntry } from '../../../src/core/config/model.ts';
import { parseProjectConfig } from '../../../src/core/config/read.ts';
import type { EditorModels } from '../../../src/node/models/editor-model.ts';
import { startFaultServer, type FaultServer } from '../../fixtures/servers/fault-server.ts';
import { catalogOf, failure, KEY, never, requestOf } from './harness.ts';

const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
const entry = (value: Partial<ModelEntry> & Pick<ModelEntry, 'provider'>): ModelEntry => ({ extra: {}, range, ...value });

let server: FaultServer;
beforeAll(async () => {
  server = await startFaultServer();
});
afterAll(() => server.stop());

describe('an HTTP endpoint of one\'s own', () => {
  const ask = async (config: Record<string, unknown>, vars: Record<string, unknown> = {}): Promise<unknown> => {
    const catalog = catalogOf();
    try {
      const model = await catalog.resolve({ id: `${server.url}/completions`, config });
      return await model.generate(requestOf('say "hi"\n', { case: { id: 'c', vars } }), { signal: never() });
    } finally {
      await catalog.dispose();
    }
  };
  const path = 'json.choices[0].text';

  it('gets our JSON where the settings say nothing', async () => {
    expect(await ask({})).toMatchObject({ data: { object: 'text_completion' } });
    expect(server.requests.at(-1)!.body).toEqual({ prompt: 'say "hi"\n', messages: [{ role: 'user', content: 'say "hi"\n' }], case: { id: 'c', vars: {} }, repeat: 0, parameters: {}, config: {} });
  });

  it('puts values into the strings of a JSON body, whatever they hold', async () => {
    const hostile = '", "admin": true, "x": "{{secret}} {{env.OPENAI_API_KEY}}';
    await ask({ body: '{"prompt": "Q: {{question}}", "all": "{{messages}}"}', transformResponse: path }, { question: hostile, secret: 'expanded' });
    expect(server.requests.at(-1)!.body).toEqual({ prompt: `Q: ${hostile}`, all: [{ role: 'user', content: 'say "hi"\n' }] });
  });

  it('fills secrets and variables into headers, which stay one line', async () => {
    await ask({ headers: { Authorization: 'Bearer {{env.OPENAI_API_KEY}}', 'X-Case': '{{name}}' }, body: { prompt: 'x' }, transformResponse: path }, { name: 'a\r\nX-Evil: {{env.OPENAI_API_KEY}}' });
    const { headers } = server.requests.at(-1)!;
    expect(headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'x-case': 'a X-Evil: {{env.OPENAI_API_KEY}}' });
    expect(headers['x-evil']).toBeUndefined();
  });

  it('runs code only through the port for it', async () => {
    expect(await failure(ask({ body: { prompt: 'x' }, transformResponse: 'json.choices.map((c) => c.text).join()' }))).toMatchObject({ code: 'invalid-config' });
    // Longer than the age of the universe, were a name's letters parted in every way to see whether this is a path.
    expect(await failure(ask({ body: { prompt: 'x' }, transformResponse: 'json.choices[0].message.content.replaceAll("a_rather_long_name", "").toUpperCase()' }))).toMatchObject({ code: 'invalid-config' });
    const catalog = catalogOf({ evaluate: (expression, variables) => Promise.resolve(`${expression} over ${Object.keys(variables).join()}`) });
    const model = await catalog.resolve({ id: `${server.url}/completions`, config: { body: { prompt: 'x' }, transformResponse: 'json.choices.length + 1' } });
    expect((await model.generate(requestOf('x'), { signal: never() })).text).toBe('json.choices.length + 1 over json,text');
    await catalog.dispose();
  });
});

describe('the catalog', () => {
  it('lists what can be used, with what is missing', async () => {
    const editor: EditorModels = { list: () => Promise.resolve([{ id: 'copilot/gpt', name: 'GPT', maxInputTokens: 8_000 }]), generate: () => Promise.reject(new Error('not asked')) };
    const catalog = catalogOf({
      editor,
      secrets: (name) => Promise.resolve(name === 'OPENAI_API_KEY' ? KEY : null),
      config: { path: '/ws/touchstone.yml', prices: {}, models: { mine: entry({ provider: 'openai-compatible', baseUrl: 'https://x.example/v1', apiKey: { env: 'MINE' } }), broken: entry({ provider: 'exec' }), 'meta/*': entry({ provider: 'openai' }) } },
    });
    const models = await catalog.list();
    const byId = new Map(models.map((model) => [model.id, model]));
    expect(byId.get('local:labels')).toMatchObject({ kind: 'local', problem: null, price: { source: 'free' } });
    expect(byId.get('vscode:copilot/gpt')).toMatchObject({ label: 'GPT', contextWindow: 8_000, price: null });
    expect(byId.get('mine')).toMatchObject({ problem: 'MINE is not set.', price: null });
    expect(byId.get('broken')?.problem).toContain('`command`');
    expect(byId.get('openai:chat:gpt-4o-mini')).toMatchObject({ problem: null, contextWindow: 128_000, price: { input: 0.15, source: 'table' } });
    expect(byId.has('meta/*')).toBe(false);
    // Vendors without a key are not offered.
    expect(models.some(({ id }) => id.startsWith('anthropic:'))).toBe(false);
    expect(new Set(models.map(({ id }) => id)).size).toBe(models.length);
    await catalog.dispose();
  });

  it('prices a model by its entry, limits its time, and sends its parameters under the prompt\'s', async () => {
    const price = { input: 1, output: 2, date: '2026-01-01', source: 'touchstone.yml' as const };
    const silent = await startFaultServer({ fault: ({ body }) => (body['model'] === 'mute' ? 'silence' : 'ok') });
    const base = { provider: 'openai-compatible' as const, baseUrl: silent.url };
    const catalog = catalogOf({ config: { path: '/ws/touchstone.yml', prices: {}, models: { mine: entry({ ...base, model: 'm', price, parameters: { temperature: 0.3, top_k: 5 } }), mute: entry({ ...base, model: 'mute', timeoutMs: 200 }) } } });
    const mine = await catalog.resolve({ id: 'mine' });
    expect(catalog.price(mine)).toEqual(price);
    await mine.generate(requestOf('x', { parameters: { temperature: 0.9, maxTokens: 4 } }), { signal: never() });
    expect(silent.requests.at(-1)!.body).toMatchObject({ model: 'm', temperature: 0.9, max_tokens: 4, top_k: 5 });
    expect(silent.requests.at(-1)!.headers.authorization).toBeUndefined();

    const mute = await catalog.resolve({ id: 'mute' });
    expect(await failure(mute.generate(requestOf('x'), { signal: never() }))).toMatchObject({ code: 'timeout', transient: true });
    expect(catalog.price(mute)).toBeNull();
    await catalog.dispose();
    await silent.stop();
  });

  it('notes that a system message was folded in', async () => {
    const editor: EditorModels = { list: () => Promise.resolve([]), generate: () => Promise.resolve({ text: 'ok', toolCalls: [], notes: [], inputTokens: 7 }) };
    const catalog = catalogOf({ editor });
    const model = await catalog.resolve({ id: 'vscode:copilot/gpt' });
    const reply = await model.generate(requestOf('x', { messages: [{ role: 'system', content: 's' }, { role: 'user', content: 'u' }] }), { signal: never() });
    expect(reply.metadata).toEqual({ notes: [expect.stringContaining('system message') as string] });
    expect(reply.usage).toEqual({ input: 7, cachedInput: null, output: null, reasoning: null });
    await catalog.dispose();
  });

  it.each([
    ['an OpenAI-compatible endpoint', { id: 'groq:chat:m' }, 'GROQ_API_KEY'],
    ['its headers', { id: 'openai:chat:m', config: { apiBaseUrl: 'http://127.0.0.1:9/v1', headers: { 'x-team': '{{env.TEAM_KEY}}' } } }, 'TEAM_KEY'],
    ['an HTTP endpoint', { id: 'http://127.0.0.1:9/', config: { headers: { authorization: 'Bearer ${env:OWN_KEY}' } } }, 'OWN_KEY'],
    ['a program', { id: 'exec:cat', config: { env: { KEY: '${env:PROGRAM_KEY}' } } }, 'PROGRAM_KEY'],
  ])('tells before the first request which key is missing: %s', async (_name, ref, missing) => {
    const keys = new Map([['OPENAI_API_KEY', 'sk-openai-0123456789']]);
    const catalog = catalogOf({ secrets: (name) => Promise.resolve(keys.get(name) ?? null) });
    const model = await catalog.resolve(ref);
    expect(await failure(model.ready?.() ?? Promise.resolve())).toMatchObject({ code: 'missing-secret', message: expect.stringContaining(missing) as string });
    keys.set(missing, 'a-key-0123456789');
    await expect(model.ready?.()).resolves.toBeUndefined();
    await catalog.dispose();
  });

  it('passes the question for keys on through a time limit', async () => {
    const { models } = parseProjectConfig('/w/touchstone.yml', '/w', 'models:\n  limited: { provider: openai-compatible, model: m, baseUrl: "http://127.0.0.1:9/v1", apiKey: "${env:GATEWAY_KEY}", timeoutMs: 1000 }\n');
    const catalog = catalogOf({ config: { path: '/w/touchstone.yml', models, prices: {} } });
    expect(await failure((await catalog.resolve({ id: 'limited' })).ready?.() ?? Promise.resolve())).toMatchObject({ code: 'missing-secret' });
    await catalog.dispose();
  });

  it('asks again for a key that was refused, and for one that was missing', async () => {
    let value: string | null = null;
    const strict = await startFaultServer({ fault: () => (value === 'good-key-123456' ? 'ok' : '401') });
    const catalog = catalogOf({ secrets: () => Promise.resolve(value) });
    const model = await catalog.resolve({ id: 'openai:chat:m', config: { apiBaseUrl: strict.url } });
    expect(await failure(model.generate(requestOf('x'), { signal: never() }))).toMatchObject({ code: 'missing-secret' });
    value = 'wrong-key-123456';
    expect(await failure(model.generate(requestOf('x'), { signal: never() }))).toMatchObject({ code: 'unauthorized' });
    value = 'good-key-123456';
    expect((await model.generate(requestOf('x'), { signal: never() })).text).toBe('answer to x');
    await catalog.dispose();
    await strict.stop();
  });
});
